//! The machine: its name, its system, since when it runs, and how it was started.

use crate::{
    registry::{Key, Lifetime, Value},
    text::until_zero,
};
use std::{io, time::Duration};
use windows::{
    Win32::{
        System::SystemInformation::{
            ComputerNameDnsHostname, ComputerNameNetBIOS, GetComputerNameExW, GetTickCount64,
        },
        UI::WindowsAndMessaging::{GetSystemMetrics, SM_CLEANBOOT, SM_REMOTESESSION},
    },
    core::PWSTR,
};

/// Its name on the network.
pub fn host_name() -> io::Result<String> {
    name(ComputerNameDnsHostname)
}

/// Its name as the domain of its local accounts.
pub fn account_domain() -> io::Result<String> {
    name(ComputerNameNetBIOS)
}

fn name(kind: windows::Win32::System::SystemInformation::COMPUTER_NAME_FORMAT) -> io::Result<String> {
    let mut room = vec![0; 512];
    let mut length = 512;
    // SAFETY: the buffer has the length that is told.
    unsafe { GetComputerNameExW(kind, Some(PWSTR(room.as_mut_ptr())), &mut length)? };
    Ok(until_zero(&room))
}

/// Name and version of the system, such as `Windows Server 2022 Standard (10.0.20348)`.
pub fn version() -> String {
    let key = Key::local_machine(r"SOFTWARE\Microsoft\Windows NT\CurrentVersion");
    let text = |name: &str| match key.get(name) {
        Ok(Some(Value::Text(text))) => Some(text),
        _ => None,
    };
    let product = text("ProductName").unwrap_or_else(|| "Windows".into());
    match text("CurrentBuild") {
        Some(build) => format!("{product} ({build})"),
        None => product,
    }
}

/// Whether this is a controller of a domain, whose accounts are all of the domain.
pub fn is_domain_controller() -> bool {
    let product = Key::local_machine(r"SYSTEM\CurrentControlSet\Control\ProductOptions").get("ProductType");
    matches!(product, Ok(Some(Value::Text(kind))) if kind.eq_ignore_ascii_case("LanmanNT"))
}

/// How long it has been running, sleep included.
pub fn uptime() -> Duration {
    // SAFETY: it takes nothing and gives a number.
    Duration::from_millis(unsafe { GetTickCount64() })
}

/// A text that differs after each boot: `new` if this is the first call since then. It stands where Windows forgets it
/// at a boot, and not when the machine sleeps.
pub fn boot(new: &str) -> io::Result<String> {
    let ours = Key::local_machine(r"SOFTWARE\Claviger");
    let key = Key::local_machine(r"SOFTWARE\Claviger\Boot");
    if let Ok(Some(Value::Text(text))) = key.get("Id")
        && !text.is_empty()
    {
        return Ok(text);
    }
    // Made together with what Windows forgets it would be forgotten, too, and could hold nothing that stays.
    ours.make(Lifetime::ForGood)?;
    key.make(Lifetime::UntilBoot)?;
    key.set("Id", &Value::Text(new.to_owned()))?;
    Ok(new.to_owned())
}

/// Whether this is safe mode (S8.16), in which nobody is asked for a code.
pub fn is_safe_mode() -> bool {
    // SAFETY: it takes a number and gives one.
    let is_clean = unsafe { GetSystemMetrics(SM_CLEANBOOT) } != 0;
    // Windows makes this key when it starts in safe mode, and at no other time.
    let option = Key::local_machine(r"SYSTEM\CurrentControlSet\Control\SafeBoot\Option").get("OptionValue");
    is_clean || matches!(option, Ok(Some(Value::Number(number))) if number != 0)
}

/// Whether this process is in a session of Remote Desktop.
pub fn is_remote_session() -> bool {
    // SAFETY: as above.
    unsafe { GetSystemMetrics(SM_REMOTESESSION) != 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_known() {
        assert!(!host_name().unwrap().is_empty());
        assert!(!account_domain().unwrap().is_empty());
        assert!(version().starts_with("Windows") || version().contains("Microsoft"), "{}", version());
        assert!(uptime() > Duration::ZERO);
    }

    #[test]
    fn a_boot_has_one_name_and_what_stays_can_stand_beside_it() {
        Key::local_machine(r"SOFTWARE\Claviger").delete().unwrap();
        let first = boot("a").unwrap();
        assert_eq!(boot("b").unwrap(), first);
        let beside = Key::local_machine(r"SOFTWARE\Claviger\Beside");
        beside.set("Stays", &Value::Number(1)).unwrap();
        beside.delete().unwrap();
    }
}
