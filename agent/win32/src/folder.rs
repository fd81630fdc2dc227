//! Folders that only the system and administrators look into.

use crate::{
    process::{self, SYSTEM},
    text::{Wide, at},
};
use std::{
    io,
    path::{Path, PathBuf},
};
use windows::Win32::System::SystemInformation::GetSystemWindowsDirectoryW;
use windows::{
    Win32::{
        Foundation::{ERROR_SUCCESS, HLOCAL, LocalFree},
        Security::{
            ACL,
            Authorization::{
                ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW,
                GetNamedSecurityInfoW, SDDL_REVISION_1, SE_FILE_OBJECT, SetNamedSecurityInfoW,
            },
            DACL_SECURITY_INFORMATION, GetSecurityDescriptorDacl, OWNER_SECURITY_INFORMATION,
            PROTECTED_DACL_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, PSID,
        },
    },
    core::{BOOL, PWSTR},
};

/// LocalSystem and administrators: everything, and on everything below. Nothing is inherited from above.
const PRIVATE: &str = "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";

/// The group of administrators.
const ADMINISTRATORS: &str = "S-1-5-32-544";

/// Makes a folder for the system and administrators alone. One that somebody else made before is refused, as its owner
/// can change its rights, and so is one that leads elsewhere.
pub fn make_private(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)?;
    let trouble = |what: String| io::Error::other(format!("{} {what}: remove it", path.display()));
    if std::fs::symlink_metadata(path)?.is_symlink() {
        return Err(trouble("leads elsewhere".into()));
    }
    restrict(path)?;
    let owner = owner(path)?;
    if ![SYSTEM, ADMINISTRATORS, &process::own_account()?].contains(&owner.as_str()) {
        return Err(trouble(format!("belongs to {owner}")));
    }
    Ok(())
}

fn restrict(path: &Path) -> io::Result<()> {
    let name = path.to_str().ok_or(io::ErrorKind::InvalidInput)?;
    let (name, text) = (Wide::new(name)?, Wide::new(PRIVATE)?);
    let mut rights = PSECURITY_DESCRIPTOR::default();
    let (mut list, mut is_there, mut is_default) = (std::ptr::null_mut::<ACL>(), BOOL(0), BOOL(0));
    // SAFETY: the texts outlive the calls; the list lives in the rights, which are freed after its use.
    let told = unsafe {
        ConvertStringSecurityDescriptorToSecurityDescriptorW(
            text.as_ptr(),
            SDDL_REVISION_1,
            &mut rights,
            None,
        )?;
        let found = GetSecurityDescriptorDacl(rights, &mut is_there, &mut list, &mut is_default);
        let what = DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
        let told = found.map(|()| {
            SetNamedSecurityInfoW(name.as_ptr(), SE_FILE_OBJECT, what, None, None, Some(list), None)
        });
        LocalFree(Some(HLOCAL(rights.0)));
        told?
    };
    if told == ERROR_SUCCESS { Ok(()) } else { Err(io::Error::from_raw_os_error(told.0.cast_signed())) }
}

/// The security identifier of a folder's owner, as text.
fn owner(path: &Path) -> io::Result<String> {
    let name = Wide::new(path.to_str().ok_or(io::ErrorKind::InvalidInput)?)?;
    let (mut owner, mut rights) = (PSID::default(), PSECURITY_DESCRIPTOR::default());
    // SAFETY: the name outlives the call; the owner lives in the rights, which are freed after its use, as the text is.
    unsafe {
        let told = GetNamedSecurityInfoW(
            name.as_ptr(),
            SE_FILE_OBJECT,
            OWNER_SECURITY_INFORMATION,
            Some(&mut owner),
            None,
            None,
            None,
            &mut rights,
        );
        if told != ERROR_SUCCESS {
            return Err(io::Error::from_raw_os_error(told.0.cast_signed()));
        }
        let mut text = PWSTR::null();
        let found = ConvertSidToStringSidW(owner, &mut text).map(|()| at(text));
        LocalFree(Some(HLOCAL(text.0.cast())));
        LocalFree(Some(HLOCAL(rights.0)));
        Ok(found?)
    }
}

/// Where programs of the machine keep what is theirs: `ProgramData` beside the system, asked of the system and of no
/// variable, which a caller could set.
pub fn program_data() -> io::Result<PathBuf> {
    let mut room = vec![0; 512];
    // SAFETY: the buffer's length goes with it.
    let length = unsafe { GetSystemWindowsDirectoryW(Some(&mut room)) };
    if length == 0 {
        return Err(io::Error::last_os_error());
    }
    let windows = PathBuf::from(crate::text::until_zero(&room));
    Ok(windows.with_file_name("ProgramData"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_folder_can_be_made_twice_and_used() {
        let path = std::env::temp_dir().join(format!("claviger-folder-{}", std::process::id())).join("deep");
        make_private(&path).unwrap();
        make_private(&path).unwrap();
        std::fs::write(path.join("x"), "y").unwrap();
        assert_eq!(owner(&path).unwrap(), process::own_account().unwrap());
        assert!(owner(&path.join("missing")).is_err());
        std::fs::remove_dir_all(path.with_file_name("")).unwrap();
        assert!(program_data().unwrap().ends_with("ProgramData"));
    }
}
