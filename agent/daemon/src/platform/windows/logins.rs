//! What makes logons ask: the credential provider that the installer registered, and what the agent writes down for it.

use super::{Paths, Trouble, trouble};
use claviger_agent_ipc::away::{self, CLASS, Others};
use claviger_win32::registry::{Key, Value};
use std::path::Path;

const PROVIDERS: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Authentication";
const POLICIES: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System";
/// Without fast user switching Windows says whether somebody unlocks or signs in; with it, both look like signing in, and
/// unlocking would ask for a code.
const SWITCHING: &str = "HideFastUserSwitching";
/// Where the policy's value from before is kept: 2 for none.
const BEFORE: &str = "HideFastUserSwitchingBefore";
const NONE: u32 = 2;

fn own() -> Key {
    Key::local_machine(r"SOFTWARE\Claviger\Agent")
}

/// Why Windows would not load the provider; nothing if it would.
pub fn missing() -> Result<Option<String>, Trouble> {
    let server = Key::local_machine(&format!(r"SOFTWARE\Classes\CLSID\{CLASS}\InprocServer32"));
    let told = server.get("").map_err(trouble("the registry"))?;
    let Some(Value::Text(library) | Value::Expanding(library)) = told else {
        return Ok(Some("the credential provider is not registered".into()));
    };
    if !Path::new(&library).is_file() {
        return Ok(Some(format!("the credential provider is not at {library}")));
    }
    for kind in ["Credential Providers", "Credential Provider Filters"] {
        let key = Key::local_machine(&format!(r"{PROVIDERS}\{kind}\{CLASS}"));
        if !key.exists().map_err(trouble("the registry"))? {
            return Ok(Some(format!("the credential provider is not among the {kind}")));
        }
    }
    Ok(None)
}

/// Hides the other providers, or shows them again (S8.15).
pub fn put_others(others: Others) -> Result<(), Trouble> {
    match others {
        Others::Hidden => hide_switching()?,
        Others::Shown => show_switching()?,
    }
    away::put_others(others).map_err(trouble("the registry"))
}

fn hide_switching() -> Result<(), Trouble> {
    let policy = Key::local_machine(POLICIES);
    let said = "the policy HideFastUserSwitching";
    if own().get(BEFORE).map_err(trouble(said))?.is_none() {
        let before = match policy.get(SWITCHING).map_err(trouble(said))? {
            Some(Value::Number(number)) => number,
            _ => NONE,
        };
        own().set(BEFORE, &Value::Number(before)).map_err(trouble(said))?;
    }
    policy.set(SWITCHING, &Value::Number(1)).map_err(trouble(said))
}

fn show_switching() -> Result<(), Trouble> {
    let policy = Key::local_machine(POLICIES);
    let said = "the policy HideFastUserSwitching";
    match own().get(BEFORE).map_err(trouble(said))? {
        None => return Ok(()),
        Some(Value::Number(before)) if before != NONE => {
            policy.set(SWITCHING, &Value::Number(before)).map_err(trouble(said))?;
        }
        Some(_) => policy.remove(SWITCHING).map_err(trouble(said))?,
    }
    own().remove(BEFORE).map_err(trouble(said))
}

/// Puts everything back as it was before.
pub fn put_back(_: &Paths) -> Result<(), Trouble> {
    put_others(Others::Shown)?;
    away::forget().map_err(trouble("the registry"))
}
