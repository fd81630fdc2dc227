//! What the plug-in of the login window knows while the agent is away: a file of root's, which everybody may read. On
//! Linux that is a group and a profile of PAM.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::Path,
};

/// The agent's own folder, and what is in it.
pub const FOLDER: &str = "/Library/Claviger";
/// The file, in the folder.
pub const FILE: &str = "away";
/// What the agent remembers of the system, with the notes in it.
pub const TASKS: &str = "tasks";
/// The folder of the notes.
pub const LET_IN: &str = "let-in";
/// Where login programs call.
pub const SOCKET: &str = "/var/run/claviger-login.sock";

/// Its first line.
const HEADER: &str = "claviger away 1";
/// Room for the names of very many.
const MOST: u64 = 16 << 20;

/// What becomes of those who are asked while the agent can't be asked (S8.14).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenDown {
    /// They are refused.
    #[default]
    Closed,
    /// They get in with the first factor alone.
    Open,
}

/// What is written down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Away {
    /// The names of those who are asked for a code, in small letters.
    pub asked: BTreeSet<String>,
    /// What becomes of them.
    pub when_down: WhenDown,
}

impl Away {
    /// What the file holds; nobody is asked if there is none. One that others than root could have written is no good.
    pub fn read(path: &Path) -> io::Result<Self> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            file => file?,
        };
        let about = file.metadata()?;
        if !about.is_file() || about.uid() != 0 || about.mode() & 0o022 != 0 {
            return Err(io::Error::other("it is not root's alone"));
        }
        let mut text = String::new();
        file.take(MOST).read_to_string(&mut text)?;
        Self::parse(&text).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix("end\n")?.lines();
        if lines.next() != Some(HEADER) {
            return None;
        }
        let when_down = match lines.next()? {
            "when_down=closed" => WhenDown::Closed,
            "when_down=open" => WhenDown::Open,
            _ => return None,
        };
        let asked = lines.map(|line| line.strip_prefix("asked=").map(str::to_owned));
        Some(Self { asked: asked.collect::<Option<_>>()?, when_down })
    }

    /// The text of the file. Its end says that it is whole.
    pub fn text(&self) -> String {
        let when_down = match self.when_down {
            WhenDown::Closed => "closed",
            WhenDown::Open => "open",
        };
        let asked: String = self.asked.iter().map(|name| format!("asked={}\n", plain(name))).collect();
        format!("{HEADER}\nwhen_down={when_down}\n{asked}end\n")
    }

    /// Whether somebody is asked.
    pub fn asks(&self, name: &str) -> bool {
        self.asked.contains(&plain(name))
    }
}

/// As names are compared: macOS doesn't tell capitals from small letters in them.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).collect::<String>().to_lowercase()
}

/// Whether somebody is asked; if that can't be read, everybody but root may be.
pub fn is_asked(path: &Path, name: &str) -> bool {
    Away::read(path).map_or(name != "root", |away| away.asks(name))
}

/// Forgets all of it.
pub fn forget(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn away(names: &[&str]) -> Away {
        Away { asked: names.iter().map(|name| (*name).to_owned()).collect(), when_down: WhenDown::Open }
    }

    #[test]
    fn what_is_written_down_is_known_and_a_damaged_file_opens_nothing() {
        let file = std::env::temp_dir().join(format!("claviger-away-{}", std::process::id()));
        assert_eq!(Away::read(&file).unwrap(), Away::default());
        assert!(!is_asked(&file, "alice"));
        let text = away(&["alice", "bob"]).text();
        fs::write(&file, &text).unwrap();
        assert_eq!(Away::read(&file).unwrap(), away(&["alice", "bob"]));
        assert!(is_asked(&file, "ALICE") && !is_asked(&file, "carol") && !is_asked(&file, ""));
        for cut in 0..text.len() {
            fs::write(&file, &text[..cut]).unwrap();
            assert!(is_asked(&file, "carol") && !is_asked(&file, "root"), "cut after {cut}");
            assert_eq!(Away::read(&file).map(|away| away.when_down).unwrap_or_default(), WhenDown::Closed);
        }
        fs::write(&file, &text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(Away::read(&file).is_err(), "somebody else could have written it");
        forget(&file).unwrap();
        forget(&file).unwrap();
    }

    #[test]
    fn a_name_adds_no_line() {
        let text = away(&["x\nwhen_down=open", "y"]).text();
        assert_eq!(Away::parse(&text).unwrap().asked.len(), 2);
    }
}
