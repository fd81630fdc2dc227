//! One attempt to get in, or to look at what there is.

use crate::{
    blob,
    events::{OfProvider, OfTile, Screen},
};
use serde_json::{Value, json};
use std::{ffi::c_void, slice};
use windows::Win32::{
    Foundation::NTSTATUS,
    System::{
        Com::{
            CLSCTX_INPROC_SERVER, COINIT_APARTMENTTHREADED, CoCreateInstance, CoInitializeEx, CoTaskMemFree,
            CoUninitialize,
        },
        LibraryLoader::{GetProcAddress, LoadLibraryW},
    },
    UI::Shell::{
        CPFS_HIDDEN, CPGSR_RETURN_CREDENTIAL_FINISHED, CPSI_NONE, CPUS_CHANGE_PASSWORD, CPUS_CREDUI,
        CPUS_LOGON, CPUS_PLAP, CPUS_UNLOCK_WORKSTATION, CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION,
        CREDENTIAL_PROVIDER_USAGE_SCENARIO, ICredentialProvider, ICredentialProviderCredential,
        ICredentialProviderCredential2, ICredentialProviderCredentialEvents, ICredentialProviderEvents,
        ICredentialProviderFilter,
    },
};
use windows_core::{BOOL, GUID, HSTRING, Interface, PWSTR, Result, s};

const OURS: GUID = GUID::from_u128(0x5c1a9e3b_7d42_4f0e_9b66_2e8d3c90a7f4);
/// Providers that every Windows has: password, PIN, smart card.
const OTHERS: [GUID; 3] = [
    GUID::from_u128(0x60b78e88_ead8_445c_9cfd_0b87f74ea6cd),
    GUID::from_u128(0xd6886603_9d2f_4eb2_b667_1971041fa96b),
    GUID::from_u128(0x8fd7e19c_3bf7_489b_a72c_846ab3678c96),
];
const USER: u32 = 1;
const PASSWORD: u32 = 2;
const MESSAGE: u32 = 3;
const CODE: u32 = 4;
const AGAIN: u32 = 6;

/// Does what a line says and tells what came of it.
pub(crate) fn run(line: &str) -> Value {
    let Ok(asked) = serde_json::from_str::<Value>(line) else { return json!({ "error": "no line of ours" }) };
    // SAFETY: each thread has its own apartment, and gives it back.
    let told = unsafe {
        let _ = CoInitializeEx(None, COINIT_APARTMENTTHREADED);
        let told = match asked.get("do").and_then(Value::as_str) {
            Some("exports") => exports(&asked),
            _ => enter(&asked),
        };
        CoUninitialize();
        told
    };
    let mut told = told.unwrap_or_else(|error| json!({ "error": error.to_string() }));
    if let Some(told) = told.as_object_mut() {
        told.insert("id".into(), asked.get("id").cloned().unwrap_or_default());
    }
    told
}

fn text<'a>(asked: &'a Value, name: &str) -> &'a str {
    asked.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn scenario(asked: &Value) -> CREDENTIAL_PROVIDER_USAGE_SCENARIO {
    match text(asked, "scenario") {
        "unlock" => CPUS_UNLOCK_WORKSTATION,
        "credui" => CPUS_CREDUI,
        "change_password" => CPUS_CHANGE_PASSWORD,
        "plap" => CPUS_PLAP,
        _ => CPUS_LOGON,
    }
}

/// A text that the provider gave; it is freed.
pub(crate) fn take(text: PWSTR) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: it ends with a zero, and lives on the task allocator.
    unsafe {
        let copy = text.to_string().unwrap_or_default();
        CoTaskMemFree(Some(text.0.cast::<c_void>()));
        copy
    }
}

/// Whether Windows can load the library by its path, finds both functions, and is refused a class that isn't ours.
unsafe fn exports(asked: &Value) -> Result<Value> {
    // SAFETY: the functions have the types that COM knows them by.
    unsafe {
        let library = LoadLibraryW(&HSTRING::from(text(asked, "path")))?;
        let names = [s!("DllGetClassObject"), s!("DllCanUnloadNow"), s!("DllMain")];
        let found = names.map(|name| GetProcAddress(library, name).is_some());
        let unknown: Result<ICredentialProvider> = CoCreateInstance(&OTHERS[2], None, CLSCTX_INPROC_SERVER);
        Ok(json!({ "found": found, "unknown_class": unknown.is_err() }))
    }
}

/// Every call that LogonUI makes, in its order.
unsafe fn enter(asked: &Value) -> Result<Value> {
    let scenario = scenario(asked);
    // SAFETY: as below; everything that is given is freed.
    unsafe {
        let filter: ICredentialProviderFilter = CoCreateInstance(&OURS, None, CLSCTX_INPROC_SERVER)?;
        let providers = [OTHERS[0], OTHERS[1], OURS, OTHERS[2]];
        let mut allowed = [BOOL(1); 4];
        filter.Filter(scenario, 0, providers.as_ptr(), allowed.as_mut_ptr(), 4)?;
        let allowed = allowed.map(|allowed| allowed.as_bool());
        let provider: ICredentialProvider = CoCreateInstance(&OURS, None, CLSCTX_INPROC_SERVER)?;
        if let Err(error) = provider.SetUsageScenario(scenario, 0) {
            return Ok(json!({ "allowed": allowed, "offered": false, "refusal": error.code().0 }));
        }
        if asked.get("remote").is_some() {
            hand_over(&filter, &provider, asked)?;
        }
        let events: ICredentialProviderEvents = OfProvider.into();
        provider.Advise(&events, 7)?;
        let kinds = fields(&provider)?;
        let (mut count, mut default, mut goes_on) = (0, 9, BOOL(0));
        provider.GetCredentialCount(&mut count, &mut default, &mut goes_on)?;
        let tile = provider.GetCredentialAt(default)?;
        let mut told = on_tile(&tile, asked, kinds.len() as u32)?;
        provider.UnAdvise()?;
        if let Some(told) = told.as_object_mut() {
            told.insert("allowed".into(), json!(allowed));
            told.insert("offered".into(), json!(true));
            told.insert("fields".into(), json!(kinds));
            told.insert("tiles".into(), json!(count));
            told.insert("goes_on_by_itself".into(), json!(goes_on.as_bool()));
        }
        Ok(told)
    }
}

/// Remote Desktop: what the client sent goes through the filter to the provider.
unsafe fn hand_over(
    filter: &ICredentialProviderFilter,
    provider: &ICredentialProvider,
    asked: &Value,
) -> Result<()> {
    let mut bytes = blob::of(text(asked, "domain"), text(asked, "user"), text(asked, "password"));
    let given = CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION {
        ulAuthenticationPackage: 3,
        clsidCredentialProvider: OTHERS[0],
        cbSerialization: bytes.len() as u32,
        rgbSerialization: bytes.as_mut_ptr(),
    };
    let mut ours = CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION::default();
    // SAFETY: what is given outlives the calls; what comes back is freed.
    unsafe {
        filter.UpdateRemoteCredential(&given, &mut ours)?;
        let taken = provider.SetSerialization(&ours);
        CoTaskMemFree(Some(ours.rgbSerialization.cast()));
        taken
    }
}

unsafe fn fields(provider: &ICredentialProvider) -> Result<Vec<Value>> {
    // SAFETY: what is given is freed.
    unsafe {
        let count = provider.GetFieldDescriptorCount()?;
        let mut found = Vec::new();
        for index in 0..count {
            let field = provider.GetFieldDescriptorAt(index)?;
            found.push(json!({ "kind": (*field).cpft.0, "label": take((*field).pszLabel) }));
            CoTaskMemFree(Some(field.cast()));
        }
        if provider.GetFieldDescriptorAt(count).is_ok() {
            found.push(json!("one too many"));
        }
        Ok(found)
    }
}

unsafe fn on_tile(tile: &ICredentialProviderCredential, asked: &Value, count: u32) -> Result<Value> {
    let screen = Screen::default();
    let events: ICredentialProviderCredentialEvents = OfTile(screen.clone()).into();
    // SAFETY: what is given is freed.
    unsafe {
        tile.Advise(&events)?;
        let second: ICredentialProviderCredential2 = tile.cast()?;
        let mut user = PWSTR::null();
        let told = (Interface::vtable(&second).GetUserSid)(Interface::as_raw(&second), &mut user);
        let is_nobodys = told.0 == 1 && user.is_null();
        let _ = tile.SetSelected()?;
        for id in 0..count {
            let (mut state, mut interactive) = Default::default();
            tile.GetFieldState(id, &mut state, &mut interactive)?;
            let text = tile.GetStringValue(id).map(take).unwrap_or_default();
            screen.change(id, |field| {
                (field.state, field.interactive, field.text) = (state.0, interactive.0, text)
            });
        }
        let wild = tile.SetStringValue(99, &HSTRING::from("x")).is_err() && tile.GetStringValue(99).is_err();
        if asked.get("remote").is_none() {
            tile.SetStringValue(USER, &HSTRING::from(text(asked, "user")))?;
            tile.SetStringValue(PASSWORD, &HSTRING::from(text(asked, "password")))?;
        }
        let mut told = conversation(tile, asked, &screen)?;
        tile.SetDeselected()?;
        tile.UnAdvise()?;
        if let Some(told) = told.as_object_mut() {
            told.insert("nobodys_tile".into(), json!(is_nobodys));
            told.insert("wild_fields_refused".into(), json!(wild));
        }
        Ok(told)
    }
}

/// Submits name and password, and then code after code for as long as they are asked for.
unsafe fn conversation(
    tile: &ICredentialProviderCredential,
    asked: &Value,
    screen: &Screen,
) -> Result<Value> {
    let mut codes = asked.get("codes").and_then(Value::as_array).cloned().unwrap_or_default().into_iter();
    let mut steps = Vec::new();
    let mut entered = Value::Null;
    loop {
        // SAFETY: what is given is freed.
        let step = unsafe { submit(tile, asked, screen)? };
        entered = step.get("entered").cloned().unwrap_or(entered);
        let is_over =
            step.get("is_finished") == Some(&Value::Bool(true)) || screen.field(CODE).state == CPFS_HIDDEN.0;
        steps.push(step);
        let Some(code) = codes.next().filter(|_| !is_over) else { break };
        // SAFETY: the text outlives the call.
        unsafe { tile.SetStringValue(CODE, &HSTRING::from(code.as_str().unwrap_or_default()))? };
    }
    if asked.get("again").is_some() {
        // SAFETY: it takes a number.
        unsafe { tile.CommandLinkClicked(AGAIN)? };
    }
    let shown: Vec<u32> =
        screen.fields().iter().filter(|(_, field)| field.state != CPFS_HIDDEN.0).map(|(id, _)| *id).collect();
    // SAFETY: as above.
    let report = if entered.is_null() { Value::Null } else { unsafe { report(tile, asked, screen)? } };
    Ok(
        json!({ "steps": steps, "in": !entered.is_null(), "entered": entered, "shown": shown, "report": report }),
    )
}

unsafe fn submit(tile: &ICredentialProviderCredential, asked: &Value, screen: &Screen) -> Result<Value> {
    let (mut response, mut handed) =
        (Default::default(), CREDENTIAL_PROVIDER_CREDENTIAL_SERIALIZATION::default());
    let (mut said, mut icon) = (PWSTR::null(), CPSI_NONE);
    // SAFETY: there is room for each; what is given is freed.
    unsafe {
        tile.GetSerialization(&mut response, &mut handed, &mut said, &mut icon)?;
        let is_finished = response == CPGSR_RETURN_CREDENTIAL_FINISHED;
        let mut step = json!({
            "is_finished": is_finished, "text": take(said), "icon": icon.0,
            "message": screen.field(MESSAGE).text, "asks_for_code": screen.field(CODE).state != CPFS_HIDDEN.0,
            "focus": screen.fields().iter().find(|(_, field)| field.interactive == 3).map(|(id, _)| *id),
        });
        if is_finished && !handed.rgbSerialization.is_null() {
            let bytes = slice::from_raw_parts(handed.rgbSerialization, handed.cbSerialization as usize);
            let is_ours = handed.clsidCredentialProvider == OURS;
            let entered = blob::open(bytes, text(asked, "password")).filter(|_| is_ours);
            CoTaskMemFree(Some(handed.rgbSerialization.cast()));
            if let Some(step) = step.as_object_mut() {
                step.insert("entered".into(), entered.unwrap_or_else(|| json!("not what Windows takes")));
            }
        }
        Ok(step)
    }
}

/// What Windows makes of it: success, unless the line says otherwise.
unsafe fn report(tile: &ICredentialProviderCredential, asked: &Value, screen: &Screen) -> Result<Value> {
    let number = |name: &str| {
        let number = asked.get(name).and_then(Value::as_u64).unwrap_or_default();
        NTSTATUS(u32::try_from(number).unwrap_or_default().cast_signed())
    };
    let (mut said, mut icon) = (PWSTR::null(), CPSI_NONE);
    // SAFETY: there is room for each; what is given is freed.
    unsafe { tile.ReportResult(number("status"), number("sub_status"), &mut said, &mut icon)? };
    Ok(json!({
        "text": take(said), "icon": icon.0, "asks_for_code": screen.field(CODE).state != CPFS_HIDDEN.0,
        "password": screen.field(PASSWORD).text,
    }))
}
