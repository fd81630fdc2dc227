//! The files of sudo and of the SSH keys, whole.

use super::users;
use claviger_domain::{
    device::{AccountName, Sudo, Switch},
    id::AccountId,
};
use claviger_wire::server::State;
use std::{collections::BTreeSet, fmt::Write};

/// What every file of ours begins with; a file without it was written by somebody else.
pub const HEADER: &str = "# Written by claviger-agent. Changes are overwritten.\n";

/// S8.12: who may do what as root; nothing if nobody may.
pub fn sudoers(state: &State, ready: &BTreeSet<AccountId>) -> Option<String> {
    let mut text = String::from(HEADER);
    for user in users(state, ready) {
        // The name was read as an account's before: it has nothing in it that sudoers would read as anything else.
        let Some(name) = AccountName::parse(&user.name) else { continue };
        let commands = match user.sudo {
            Sudo::None => continue,
            Sudo::WithPassword => "ALL",
            Sudo::WithoutPassword => "NOPASSWD: ALL",
        };
        // Writing to a String can't fail.
        let _ = writeln!(text, "{name} ALL=(ALL:ALL) {commands}");
    }
    (text.len() > HEADER.len()).then_some(text)
}

/// S8.12: the keys of everybody, a line each, the name first; nothing where keys are switched off or there are none.
pub fn keys(state: &State, ready: &BTreeSet<AccountId>) -> Option<String> {
    if state.rules.ssh.public_keys == Switch::Off {
        return None;
    }
    let mut text = String::new();
    for user in users(state, ready) {
        for key in user.ssh_keys.iter().map(|key| key.trim()).filter(|key| is_key(key)) {
            let _ = writeln!(text, "{} {key}", user.name);
        }
    }
    (!text.is_empty()).then_some(text)
}

/// The keys of one user, of what [`keys`] wrote.
pub fn keys_of<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let name = name.to_owned();
    text.lines()
        .filter_map(move |line| line.split_once(' '))
        .filter(move |(of, _)| *of == name)
        .map(|(_, key)| key)
}

const KINDS: &[&str] = &[
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// A key and perhaps a comment; none of the options that sshd takes before a key.
fn is_key(line: &str) -> bool {
    let mut words = line.split(' ');
    let kind = words.next().unwrap_or_default();
    let body = words.next().unwrap_or_default();
    KINDS.contains(&kind)
        && !body.is_empty()
        && body.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/' | b'='))
        && !line.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::{everybody, state, user};
    use claviger_wire::server::Access;

    #[test]
    fn sudoers_names_those_who_may_sign_in_and_nobody_else() {
        let mut state = state();
        let mut locked = user(3, "carol");
        (locked.access, locked.sudo) = (Access::Locked, Sudo::WithoutPassword);
        let mut first = user(1, "alice");
        first.sudo = Sudo::WithPassword;
        let mut second = user(2, "b.ob-x");
        second.sudo = Sudo::WithoutPassword;
        let mut odd = user(4, "eve ALL=(ALL) NOPASSWD: ALL\nx");
        odd.sudo = Sudo::WithPassword;
        state.users = vec![first, second, locked, odd, user(5, "dave")];
        let expected = format!("{HEADER}alice ALL=(ALL:ALL) ALL\nb.ob-x ALL=(ALL:ALL) NOPASSWD: ALL\n");
        assert_eq!(sudoers(&state, &everybody(&state)), Some(expected));
        assert_eq!(sudoers(&state, &BTreeSet::new()), None);
    }

    #[test]
    fn only_plain_keys_get_through() {
        let mut state = state();
        let mut alice = user(1, "alice");
        alice.ssh_keys = vec![
            "ssh-ed25519 AAAAC3Nza me@laptop".into(),
            "command=\"/bin/sh\" ssh-ed25519 AAAAC3Nza".into(),
            "ssh-rsa AAAA\nroot ssh-rsa AAAA".into(),
            "ssh-rsa".into(),
            "".into(),
        ];
        let mut al = user(2, "al");
        al.ssh_keys = vec!["ssh-rsa AAAA".into()];
        state.users = vec![alice, al];
        let text = keys(&state, &everybody(&state)).unwrap();
        assert_eq!(text, "alice ssh-ed25519 AAAAC3Nza me@laptop\nal ssh-rsa AAAA\n");
        assert_eq!(keys_of(&text, "al").collect::<Vec<_>>(), ["ssh-rsa AAAA"]);
        assert_eq!(keys_of(&text, "alic").count(), 0);
        state.rules.ssh.public_keys = Switch::Off;
        assert_eq!(keys(&state, &everybody(&state)), None);
    }
}
