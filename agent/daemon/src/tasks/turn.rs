//! Whose turn it is to change the system: that of one process at a time, and of none that was uninstalled meanwhile.

use crate::{files::Failed, platform::system::storage};
use std::{
    fs::File,
    io::{self, ErrorKind},
    path::Path,
};

/// Held while the system is changed.
#[derive(Debug)]
pub struct Turn(#[expect(dead_code, reason = "what holds it is that it is open")] File);

impl Turn {
    /// Waits for whoever changes the system. There is nothing to wait for where the folder is gone: who put everything back
    /// took it away.
    pub fn wait(folder: &Path) -> Result<Option<Self>, Failed> {
        let path = folder.join("turn");
        let taken = || -> io::Result<Option<Self>> {
            let file = storage::private().create(true).truncate(false).open(&path)?;
            file.lock()?;
            Ok(path.try_exists()?.then_some(Self(file)))
        };
        match taken() {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            taken => taken.map_err(|source| Failed { path: path.clone(), source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, sync::mpsc, thread, time::Duration};

    const SHORT: Duration = Duration::from_millis(50);

    /// Somebody who waits, and what came of it.
    fn waiting(folder: &Path) -> mpsc::Receiver<bool> {
        let (tell, told) = mpsc::channel();
        let folder = folder.to_owned();
        thread::spawn(move || {
            let turn = Turn::wait(&folder).unwrap();
            tell.send(turn.is_some()).unwrap();
        });
        told
    }

    #[test]
    fn turns_are_taken_one_after_the_other_until_it_is_uninstalled() {
        let folder = std::env::temp_dir().join(format!("claviger-turn-{}", std::process::id()));
        assert!(Turn::wait(&folder).unwrap().is_none(), "nothing was installed");
        fs::create_dir_all(&folder).unwrap();
        let mine = Turn::wait(&folder).unwrap().unwrap();
        let told = waiting(&folder);
        told.recv_timeout(SHORT).unwrap_err();
        drop(mine);
        assert!(told.recv().unwrap());

        let mine = Turn::wait(&folder).unwrap().unwrap();
        let told = waiting(&folder);
        told.recv_timeout(SHORT).unwrap_err();
        #[cfg(unix)]
        fs::remove_dir_all(&folder).unwrap();
        drop(mine);
        #[cfg(unix)]
        assert!(!told.recv().unwrap(), "who waited for the uninstallation changes nothing");
        #[cfg(windows)]
        assert!(told.recv().unwrap());
        let _ = fs::remove_dir_all(&folder);
    }
}
