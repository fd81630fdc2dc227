//! An agent that is played, at a socket of its own.

use claviger_agent_ipc::{
    Connection, Error, Listener,
    away::{Away, WhenDown},
};
use claviger_wire::login::{Hello, Turn, typed};
use std::{
    fs,
    path::{Path, PathBuf},
    process, thread,
    time::Duration,
};

/// Its folder; calls are answered for as long as the test runs.
pub(super) struct Played(PathBuf);

/// Its end of one call.
pub(super) struct Call(Connection);

impl Played {
    /// One that answers each call so.
    pub(super) fn new(name: &str, answer: impl Fn(&Hello, &Call) + Send + 'static) -> Self {
        let played = Self::nobody(name);
        let listener = Listener::bind(&played.0.join("login.sock")).unwrap();
        thread::spawn(move || {
            while let Ok(call) = listener.accept() {
                call.wait(Duration::from_secs(10)).unwrap();
                let hello = Hello::parse(&call.receive().unwrap()).unwrap();
                answer(&hello, &Call(call));
            }
        });
        played
    }

    /// One that is away.
    pub(super) fn nobody(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("claviger-plug-in-{}-{name}", process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }
}

impl Call {
    pub(super) fn say(&self, turns: &[Turn]) {
        turns.iter().for_each(|turn| self.0.send(&turn.packet()).unwrap());
    }

    pub(super) fn heard(&self) -> String {
        let packet = self.0.receive().unwrap();
        String::from_utf8(typed(&packet).unwrap().to_vec()).unwrap()
    }

    /// Waits until the other end is gone.
    pub(super) fn is_gone(&self) {
        assert_eq!(self.0.receive().unwrap_err(), Error::Closed);
    }
}

/// Writes down who is asked.
pub(super) fn away(folder: &Path, asked: &[&str], when_down: WhenDown) {
    let asked = asked.iter().map(|name| (*name).to_owned()).collect();
    fs::write(folder.join("away"), Away { asked, when_down }.text()).unwrap();
}
