//! Local accounts of the machine.

use crate::text::{Wide, at, until_zero};
use std::io;
use windows::{
    Win32::{
        Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_NONE_MAPPED},
        NetworkManagement::NetManagement::{
            LOCALGROUP_MEMBERS_INFO_3, NERR_Success, NERR_UserNotFound, NetApiBufferFree,
            NetLocalGroupAddMembers, NetLocalGroupDelMembers, NetUserAdd, NetUserGetInfo, NetUserSetInfo,
            UF_ACCOUNTDISABLE, UF_NORMAL_ACCOUNT, UF_SCRIPT, USER_ACCOUNT_FLAGS, USER_INFO_0, USER_INFO_1,
            USER_INFO_2, USER_INFO_1003, USER_INFO_1008, USER_PRIV_USER,
        },
        Security::{
            Authorization::{ConvertSidToStringSidW, ConvertStringSidToSidW},
            LookupAccountNameW, LookupAccountSidW, PSID, SID_NAME_USE,
        },
    },
    core::{PCWSTR, PWSTR},
};

/// A name as Windows resolves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The domain that has it; for local accounts the machine's own name.
    pub domain: String,
    /// Its security identifier, as text.
    pub identifier: String,
}

/// A local account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// Its name as it was made.
    pub name: String,
    /// Whether it can be used.
    pub standing: Standing,
}

/// Whether an account can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It can.
    Open,
    /// It is disabled.
    Disabled,
}

/// A local group that every Windows has, whatever it is called there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Administrators.
    Administrators,
    /// Users.
    Users,
    /// Remote Desktop Users.
    RemoteDesktop,
}

impl Group {
    const fn identifier(self) -> &'static str {
        match self {
            Self::Administrators => "S-1-5-32-544",
            Self::Users => "S-1-5-32-545",
            Self::RemoteDesktop => "S-1-5-32-555",
        }
    }
}

const SUCCESS: u32 = NERR_Success;
/// An account of a person.
const NORMAL: USER_ACCOUNT_FLAGS = USER_ACCOUNT_FLAGS(UF_SCRIPT.0 | UF_NORMAL_ACCOUNT);
/// `ERROR_MEMBER_IN_ALIAS` and `ERROR_MEMBER_NOT_IN_ALIAS`: it is as wanted already.
const IS_MEMBER: u32 = 1_378;
const IS_NO_MEMBER: u32 = 1_377;

fn done(told: u32) -> io::Result<()> {
    if told == SUCCESS { Ok(()) } else { Err(error(told)) }
}

/// Some numbers are not the system's own, but those of its networking.
fn error(told: u32) -> io::Error {
    let words = match told {
        2_202 => "the name is not one that Windows takes",
        2_221 => "there is no such account",
        2_224 => "there is an account of this name",
        2_245 => "the password does not meet the rules of this machine",
        other => return io::Error::from_raw_os_error(other.cast_signed()),
    };
    io::Error::other(words)
}

/// Who a name stands for; nothing if nobody.
pub fn resolve(name: &str) -> io::Result<Option<Resolved>> {
    let name = Wide::new(name)?;
    let (mut identifier, mut domain) = ([0_u64; 16], [0_u16; 512]);
    let (mut size, mut length, mut kind) = (size_of_val(&identifier) as u32, 512, SID_NAME_USE::default());
    let sid = PSID(identifier.as_mut_ptr().cast());
    // SAFETY: both buffers have the lengths that are told, and the first is as aligned as an identifier.
    let told = unsafe {
        LookupAccountNameW(
            PCWSTR::null(),
            name.as_ptr(),
            Some(sid),
            &mut size,
            Some(PWSTR(domain.as_mut_ptr())),
            &mut length,
            &mut kind,
        )
    };
    match told {
        Ok(()) => Ok(Some(Resolved { domain: until_zero(&domain), identifier: text_of(sid)? })),
        Err(error) if error.code() == ERROR_NONE_MAPPED.to_hresult() => Ok(None),
        Err(error) if error.code() == ERROR_INSUFFICIENT_BUFFER.to_hresult() => {
            Err(io::ErrorKind::InvalidData.into())
        }
        Err(error) => Err(error.into()),
    }
}

fn text_of(sid: PSID) -> io::Result<String> {
    let mut text = PWSTR::null();
    // SAFETY: the identifier was written by Windows; the text is freed.
    unsafe {
        ConvertSidToStringSidW(sid, &mut text)?;
        let copy = at(text);
        windows::Win32::Foundation::LocalFree(Some(windows::Win32::Foundation::HLOCAL(text.0.cast())));
        Ok(copy)
    }
}

/// The name that an identifier stands for, with its domain in front: `MACHINE\alice`.
pub fn name_of(identifier: &str) -> io::Result<(String, String)> {
    let text = Wide::new(identifier)?;
    let mut sid = PSID::default();
    let (mut name, mut domain) = ([0_u16; 512], [0_u16; 512]);
    let (mut name_length, mut domain_length, mut kind) = (512, 512, SID_NAME_USE::default());
    // SAFETY: the buffers have the lengths that are told; the identifier is freed.
    let told = unsafe {
        ConvertStringSidToSidW(text.as_ptr(), &mut sid)?;
        let told = LookupAccountSidW(
            PCWSTR::null(),
            sid,
            Some(PWSTR(name.as_mut_ptr())),
            &mut name_length,
            Some(PWSTR(domain.as_mut_ptr())),
            &mut domain_length,
            &mut kind,
        );
        windows::Win32::Foundation::LocalFree(Some(windows::Win32::Foundation::HLOCAL(sid.0)));
        told
    };
    told?;
    Ok((until_zero(&domain), until_zero(&name)))
}

/// A local account; nothing if there is none of that name.
pub fn find(name: &str) -> io::Result<Option<Local>> {
    let name = Wide::new(name)?;
    let mut buffer = std::ptr::null_mut();
    // SAFETY: Windows makes the buffer, of this level; it is freed after everything was copied.
    unsafe {
        let told = NetUserGetInfo(PCWSTR::null(), name.as_ptr(), 1, &mut buffer);
        if told == NERR_UserNotFound {
            return Ok(None);
        }
        done(told)?;
        let info = &*buffer.cast::<USER_INFO_1>();
        let is_disabled = info.usri1_flags.contains(UF_ACCOUNTDISABLE);
        let local = Local {
            name: at(info.usri1_name),
            standing: if is_disabled { Standing::Disabled } else { Standing::Open },
        };
        NetApiBufferFree(Some(buffer.cast()));
        Ok(Some(local))
    }
}

/// A new account.
#[derive(Clone, Debug)]
pub struct New<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whose it is.
    pub full_name: &'a str,
    /// Its password.
    pub password: &'a str,
}

/// Makes an account that anybody may have who has its password; it is in no group yet.
pub fn add(new: &New<'_>) -> io::Result<()> {
    let (mut name, mut password) = (Wide::new(new.name)?, Wide::new(new.password)?);
    let (mut full_name, mut comment) = (Wide::new(new.full_name)?, Wide::new(new.full_name)?);
    let info = USER_INFO_2 {
        usri2_name: name.as_mut(),
        usri2_password: password.as_mut(),
        usri2_priv: USER_PRIV_USER,
        usri2_comment: comment.as_mut(),
        usri2_flags: NORMAL,
        usri2_full_name: full_name.as_mut(),
        usri2_acct_expires: u32::MAX,
        usri2_max_storage: u32::MAX,
        ..USER_INFO_2::default()
    };
    // SAFETY: what is pointed to outlives the call, and is of that level.
    done(unsafe { NetUserAdd(PCWSTR::null(), 2, (&raw const info).cast(), None) })
}

/// Gives an account another name.
pub fn rename(from: &str, to: &str) -> io::Result<()> {
    let mut to = Wide::new(to)?;
    change(from, 0, &USER_INFO_0 { usri0_name: to.as_mut() })
}

/// Disables it, or opens it again.
pub fn stand(name: &str, standing: Standing) -> io::Result<()> {
    let flags = match standing {
        Standing::Open => NORMAL,
        Standing::Disabled => NORMAL | UF_ACCOUNTDISABLE,
    };
    change(name, 1_008, &USER_INFO_1008 { usri1008_flags: flags })
}

/// Gives it another password.
pub fn set_password(name: &str, password: &str) -> io::Result<()> {
    let mut password = Wide::new(password)?;
    change(name, 1_003, &USER_INFO_1003 { usri1003_password: password.as_mut() })
}

fn change<T>(name: &str, level: u32, info: &T) -> io::Result<()> {
    let name = Wide::new(name)?;
    // SAFETY: the callers above pass what the level asks for.
    done(unsafe {
        NetUserSetInfo(PCWSTR::null(), name.as_ptr(), level, std::ptr::from_ref(info).cast(), None)
    })
}

/// Puts an account of this machine into a group.
pub fn join(group: Group, name: &str) -> io::Result<()> {
    member(group, name, |group, info| {
        // SAFETY: both outlive the call; one member is told.
        unsafe { NetLocalGroupAddMembers(PCWSTR::null(), group.as_ptr(), 3, info, 1) }
    })
}

/// Takes it out.
pub fn leave(group: Group, name: &str) -> io::Result<()> {
    member(group, name, |group, info| {
        // SAFETY: as above.
        unsafe { NetLocalGroupDelMembers(PCWSTR::null(), group.as_ptr(), 3, info, 1) }
    })
}

fn member(group: Group, name: &str, call: impl FnOnce(&Wide, *const u8) -> u32) -> io::Result<()> {
    let (_, group) = name_of(group.identifier())?;
    let group = Wide::new(&group)?;
    let mut who = Wide::new(&format!(r"{}\{name}", crate::system::account_domain()?))?;
    let info = LOCALGROUP_MEMBERS_INFO_3 { lgrmi3_domainandname: who.as_mut() };
    match call(&group, (&raw const info).cast()) {
        SUCCESS | IS_MEMBER | IS_NO_MEMBER => Ok(()),
        told => Err(error(told)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_found_by_identifier_and_nobody_by_a_name_that_nobody_has() {
        for group in [Group::Administrators, Group::Users] {
            assert!(!name_of(group.identifier()).unwrap().1.is_empty(), "{group:?}");
        }
        assert_eq!(resolve("nobody-of-this-name").unwrap(), None);
        assert_eq!(find("nobody-of-this-name").unwrap(), None);
    }

    #[test]
    fn an_account_that_is_made_is_there() {
        let name = format!("clv{}", std::process::id());
        add(&New { name: &name, full_name: "Alice A", password: "a long Passw0rd of nobody" }).unwrap();
        let found = find(&name).unwrap().unwrap();
        assert_eq!((found.name, found.standing), (name, Standing::Open));
    }
}
