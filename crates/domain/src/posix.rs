//! What a user is on a Unix system: number, group, shell (S3.1, S8.12).

mod ssh_key;

pub use ssh_key::{KEYS_EACH, SshKey};

use crate::field::{FieldError, Fields, number};

/// The shell of whoever has no other.
pub const DEFAULT_SHELL: &str = "/bin/bash";
/// Numbers below belong to the system.
const FIRST_ID: i64 = 1_000;
const LAST_ID: i64 = 2_147_483_647;
/// "nobody" and the number that stands for none.
const TAKEN: [i64; 2] = [65_534, 65_535];
const LONGEST_SHELL: usize = 128;

/// The attributes of S3.1 for Unix systems.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Posix {
    /// The user's number; the device chooses one without.
    pub uid: Option<u32>,
    /// The number of their group; a group of their own without.
    pub gid: Option<u32>,
    /// What is started at login; empty for [`DEFAULT_SHELL`].
    pub shell: String,
}

impl Posix {
    /// The shell that an account gets.
    pub fn shell(&self) -> &str {
        if self.shell.is_empty() { DEFAULT_SHELL } else { &self.shell }
    }
}

/// The attributes as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PosixForm {
    /// 1000 or more, or empty.
    pub uid: String,
    /// 1000 or more, or empty.
    pub gid: String,
    /// A path, or empty.
    pub shell: String,
}

impl From<&Posix> for PosixForm {
    fn from(posix: &Posix) -> Self {
        let text = |id: Option<u32>| id.map(|id| id.to_string()).unwrap_or_default();
        Self { uid: text(posix.uid), gid: text(posix.gid), shell: posix.shell.clone() }
    }
}

impl PosixForm {
    /// What it says, or everything that is wrong.
    pub fn parse(&self) -> Result<Posix, Vec<FieldError>> {
        let mut fields = Fields::new();
        let uid = fields.take(id("uid", "UID", &self.uid));
        let gid = fields.take(id("gid", "GID", &self.gid));
        let shell = fields.take(shell(&self.shell));
        let posix = uid.zip(gid).zip(shell).map(|((uid, gid), shell)| Posix { uid, gid, shell });
        fields.finish(posix)
    }
}

fn id(field: &'static str, label: &str, text: &str) -> Result<Option<u32>, FieldError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let id = number(field, label, text, FIRST_ID, LAST_ID)?;
    if TAKEN.contains(&id) {
        return Err(FieldError::new(field, format!("{label} {id} belongs to the system. Choose another.")));
    }
    Ok(u32::try_from(id).ok())
}

/// An absolute path of harmless signs: it is written into a file whose fields end with colons.
fn shell(text: &str) -> Result<String, FieldError> {
    let text = text.trim();
    let is_right = text.starts_with('/')
        && text.len() <= LONGEST_SHELL
        && !text.ends_with('/')
        && text.split('/').all(|part| part != "..")
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"/_.+-".contains(&c));
    match text {
        "" => Ok(String::new()),
        text if is_right => Ok(text.to_owned()),
        _ => Err(FieldError::new("shell", "Enter the full path of a shell, like /bin/bash.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(uid: &str, gid: &str, shell: &str) -> PosixForm {
        PosixForm { uid: uid.into(), gid: gid.into(), shell: shell.into() }
    }

    #[test]
    fn nothing_need_be_laid_down() {
        let posix = form("", " ", "").parse().unwrap();
        assert_eq!((posix.clone(), posix.shell()), (Posix::default(), DEFAULT_SHELL));
        let posix = form("1000", "2147483647", " /usr/bin/zsh ").parse().unwrap();
        let expected = Posix { uid: Some(1000), gid: Some(2_147_483_647), shell: "/usr/bin/zsh".into() };
        assert_eq!(posix, expected);
        assert_eq!(PosixForm::from(&posix).parse(), Ok(posix));
    }

    #[test]
    fn numbers_of_the_system_and_other_signs_are_refused() {
        for bad in ["0", "999", "65534", "65535", "2147483648", "-1", "x", "1000x"] {
            let errors = form(bad, bad, "").parse().unwrap_err();
            assert_eq!(errors.iter().map(|error| error.field).collect::<Vec<_>>(), ["uid", "gid"], "{bad}");
        }
        let long = format!("/{}", "a".repeat(128));
        for bad in ["bash", "/bin/ba:sh", "/bin/b sh", "/bin/../x", "/bin/bash\n:", "/bin/é", "/", &long] {
            assert_eq!(form("", "", bad).parse().unwrap_err()[0].field, "shell", "{bad:?}");
        }
    }
}
