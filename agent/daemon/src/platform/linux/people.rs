//! Who has accounts here, and who of them is asked for a code, as the system's own files say.

use crate::platform::Standing;
use claviger_agent_core::plan::GROUP;
use claviger_agent_ipc::Peer;
use std::path::PathBuf;

/// The accounts of this machine.
#[derive(Clone, Debug)]
pub struct People {
    passwd: PathBuf,
}

impl Default for People {
    fn default() -> Self {
        Self::at("/etc/passwd".into())
    }
}

impl People {
    /// Those of this file, with `group` beside it.
    pub const fn at(passwd: PathBuf) -> Self {
        Self { passwd }
    }

    /// Whether that caller may ask for that name.
    pub fn standing(&self, peer: Peer, name: &str) -> Standing {
        if peer.uid == 0 {
            return Standing::Itself;
        }
        match self.uid_of(name) {
            Ok(Some(uid)) if uid == peer.uid => Standing::Itself,
            Ok(None) => Standing::Nobody,
            Ok(Some(_)) | Err(_) => Standing::Other,
        }
    }

    fn uid_of(&self, name: &str) -> std::io::Result<Option<u32>> {
        let text = std::fs::read(&self.passwd)?;
        let text = String::from_utf8_lossy(&text);
        let mut fields = text.lines().map(|line| line.split(':'));
        let found = fields.find_map(|mut line| (line.next() == Some(name)).then(|| line.nth(1)));
        Ok(found.flatten().and_then(|uid| uid.parse().ok()))
    }

    /// Whether somebody is in the group of the enrolled; if that can't be read, everybody but root may be.
    pub fn is_asked(&self, name: &str) -> bool {
        let Ok(text) = std::fs::read(self.passwd.with_file_name("group")) else { return name != "root" };
        let text = String::from_utf8_lossy(&text);
        let mut lines = text.lines().map(|line| line.split(':'));
        let members = lines.find_map(|mut line| (line.next() == Some(GROUP)).then(|| line.nth(2)));
        members.flatten().is_some_and(|members| members.split(',').any(|member| member == name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_asks_for_anyone_and_a_user_for_themselves() {
        let accounts = std::env::temp_dir().join(format!("claviger-passwd-{}", std::process::id()));
        std::fs::write(&accounts, "root:x:0:0::/root:/bin/sh\nalice:x:1001:1001:A:/home/a:/bin/sh\n\n")
            .unwrap();
        let ask = |uid, name| People::at(accounts.clone()).standing(Peer { uid }, name);
        assert_eq!(ask(0, "alice"), Standing::Itself);
        assert_eq!(ask(1001, "alice"), Standing::Itself);
        assert_eq!(ask(1002, "alice"), Standing::Other);
        assert_eq!(ask(1002, "root"), Standing::Other);
        // An account of a directory service, say: not ours, and not this machine's to refuse.
        assert_eq!(ask(1002, "bob"), Standing::Nobody);
        std::fs::remove_file(&accounts).unwrap();
        assert_eq!(ask(1001, "alice"), Standing::Other);
    }
}
