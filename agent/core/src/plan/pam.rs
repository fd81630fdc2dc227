//! Which PAM profiles are in force, and whether the stack says so.

use claviger_domain::device::WhenDown;
use claviger_wire::server::Codes;
use std::collections::BTreeSet;

/// A profile that the package brings along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// A key that sshd accepted counts as the first factor.
    PublicKey,
    /// The server judges the passwords of bound users.
    Password,
    /// The code; without the agent nobody who is enrolled gets in.
    Code,
    /// S8.14: the code; without the agent the first factor is enough.
    CodeUnlessDown,
}

/// Whether passwords of bound users are judged by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passwords {
    /// They are.
    Ours,
    /// The device's own are all there is.
    Left,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::PublicKey, Self::Password, Self::Code, Self::CodeUnlessDown];

    /// The name of its file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PublicKey => "claviger-pubkey",
            Self::Password => "claviger-password",
            Self::Code => "claviger",
            Self::CodeUnlessDown => "claviger-fail-open",
        }
    }
}

/// The profiles that are to be in force.
pub fn wanted(codes: Codes, when_down: WhenDown, passwords: Passwords) -> BTreeSet<Profile> {
    let mut wanted = BTreeSet::new();
    if passwords == Passwords::Ours {
        wanted.insert(Profile::Password);
    }
    if codes == Codes::Asked {
        wanted.insert(Profile::PublicKey);
        wanted.insert(match when_down {
            WhenDown::Closed => Profile::Code,
            WhenDown::Open => Profile::CodeUnlessDown,
        });
    }
    wanted
}

/// The profiles that the stacks `auth` and `account` hold as they stand in `common-auth` and `common-account`. A
/// profile that is only half there is not there.
pub fn in_force(auth: &str, account: &str) -> BTreeSet<Profile> {
    let auth: Vec<Line<'_>> = auth.lines().filter_map(ours).collect();
    let account: Vec<Line<'_>> = account.lines().filter_map(ours).collect();
    let has = |lines: &[Line<'_>], control: &str, options: &[&str]| {
        lines.iter().any(|line| line.control.contains(control) && line.options == options)
    };
    let in_auth = |control, options: &[&str]| has(&auth, control, options);
    let in_account = |options: &[&str]| has(&account, "", options);
    let mut found = BTreeSet::new();
    if in_auth("success=", &["first_factor_done"]) {
        found.insert(Profile::PublicKey);
    }
    if in_auth("default=die", &["password"]) {
        found.insert(Profile::Password);
    }
    if in_auth("default=bad", &[]) && in_account(&["require_mfa"]) {
        found.insert(Profile::Code);
    }
    if in_auth("default=bad", &["fail_open"]) && in_account(&["require_mfa", "fail_open"]) {
        found.insert(Profile::CodeUnlessDown);
    }
    found
}

/// A line of a stack that calls our module.
struct Line<'a> {
    control: &'a str,
    options: Vec<&'a str>,
}

const MODULE: &str = "pam_claviger.so";

fn ours(line: &str) -> Option<Line<'_>> {
    let line = line.split('#').next().unwrap_or_default();
    let (before, after) = line.split_once(MODULE)?;
    let control = before.trim().split_once(char::is_whitespace)?.1.trim();
    // A timeout that somebody added by hand changes nothing of what the line is for.
    let options = after.split_whitespace().filter(|option| !option.contains('=')).collect();
    Some(Line { control, options })
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUTH: &str = "\
# here are the per-package modules (the \"Primary\" block)
auth\t[success=3 default=ignore]\tpam_claviger.so first_factor_done
auth\t[success=2 ignore=ignore default=die]\tpam_claviger.so password
auth\t[success=1 default=ignore]\tpam_unix.so nullok try_first_pass
auth\trequisite\t\t\tpam_deny.so
auth\trequired\t\t\tpam_permit.so
auth\t[success=ok ignore=ignore module_unknown=ignore default=bad]\tpam_claviger.so timeout=9
";
    const ACCOUNT: &str = "account\t[success=ok ignore=ignore module_unknown=ignore default=bad]\tpam_claviger.so require_mfa\n";

    #[test]
    fn what_stands_in_the_stack_is_found() {
        assert_eq!(
            in_force(AUTH, ACCOUNT),
            BTreeSet::from([Profile::PublicKey, Profile::Password, Profile::Code])
        );
        assert_eq!(in_force("", ""), BTreeSet::new());
        // Without its account line the code could be gone round with a key: that is not in force.
        assert!(!in_force(AUTH, "").contains(&Profile::Code));
        let commented = AUTH.replace("auth\t[success=ok", "#auth\t[success=ok");
        assert!(!in_force(&commented, ACCOUNT).contains(&Profile::Code));
    }

    #[test]
    fn a_stack_that_fails_open_is_told_from_one_that_fails_closed() {
        let auth = AUTH.replace("timeout=9", "fail_open");
        let account = ACCOUNT.replace("require_mfa", "require_mfa fail_open");
        let found = in_force(&auth, &account);
        assert!(found.contains(&Profile::CodeUnlessDown) && !found.contains(&Profile::Code));
    }

    #[test]
    fn profiles_follow_the_rules() {
        let none = BTreeSet::new();
        assert_eq!(wanted(Codes::NotAsked, WhenDown::Closed, Passwords::Left), none);
        assert_eq!(
            wanted(Codes::NotAsked, WhenDown::Open, Passwords::Ours),
            BTreeSet::from([Profile::Password])
        );
        assert_eq!(
            wanted(Codes::Asked, WhenDown::Closed, Passwords::Left),
            BTreeSet::from([Profile::PublicKey, Profile::Code])
        );
        assert_eq!(
            wanted(Codes::Asked, WhenDown::Open, Passwords::Ours),
            BTreeSet::from([Profile::PublicKey, Profile::Password, Profile::CodeUnlessDown])
        );
    }
}
