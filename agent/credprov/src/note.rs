//! S8.14: a note of somebody who was let in because the agent could not be asked. The agent picks it up when it is back,
//! and the server hears of it. No logon hangs on that.

use claviger_agent_ipc::away;
use claviger_wire::login::{Hello, LET_IN_NOTES};
use std::{
    fs,
    io::{self, ErrorKind},
    path::Path,
    process,
};

/// Leaves one, in the folder that the agent made. When it happened is when the file was written.
pub(crate) fn leave(hello: &Hello) -> io::Result<()> {
    leave_in(&away::notes()?, hello)
}

fn leave_in(folder: &Path, hello: &Hello) -> io::Result<()> {
    let number = process::id();
    let unfinished = folder.join(format!(".{number}"));
    if fs::read_dir(folder)?.take(LET_IN_NOTES).count() >= LET_IN_NOTES {
        return Err(io::Error::other("too many notes wait"));
    }
    fs::write(&unfinished, hello.packet())?;
    let linked = publish(&unfinished, folder, number);
    let removed = fs::remove_file(&unfinished);
    linked.and(removed)
}

/// Gives it a name that is not taken; whole, as nothing else has a name without a dot.
fn publish(unfinished: &Path, folder: &Path, number: u32) -> io::Result<()> {
    let mut names = (0..LET_IN_NOTES).map(|nth| folder.join(format!("{number}-{nth}")));
    let linked = names.find_map(|name| match fs::hard_link(unfinished, name) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => None,
        linked => Some(linked),
    });
    linked.unwrap_or_else(|| Err(io::Error::other("too many notes wait")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use claviger_wire::login::{Phase, Shown};

    #[test]
    fn each_note_is_whole_and_there_are_not_too_many() {
        let folder = std::env::temp_dir().join(format!("claviger-notes-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let hello = Hello {
            phase: Phase::Code,
            user: "alice".into(),
            service: "windows".into(),
            rhost: String::new(),
            tty: String::new(),
            shown: Shown::Nothing,
            key: None,
        };
        for _ in 0..LET_IN_NOTES {
            leave_in(&folder, &hello).unwrap();
        }
        assert!(leave_in(&folder, &hello).is_err());
        let left: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left.len(), LET_IN_NOTES);
        assert!(
            left.iter().all(|path| Hello::parse(&fs::read(path).unwrap()).is_ok_and(|read| read == hello))
        );
        fs::remove_dir_all(&folder).unwrap();
        assert!(leave_in(&folder, &hello).is_err(), "the agent makes the folder");
    }
}
