//! What the credential provider knows while the agent is away: the agent writes it down, administrators alone can change
//! it. On Linux that is a group and a profile of PAM.

use claviger_win32::{
    folder::program_data,
    registry::{Key, Value},
};
use std::{collections::BTreeSet, io, path::PathBuf};

/// The class of the credential provider and of its filter.
pub const CLASS: &str = "{5C1A9E3B-7D42-4F0E-9B66-2E8D3C90A7F4}";

const KEY: &str = r"SOFTWARE\Claviger\Agent";
const ASKED: &str = "Asked";
const OTHERS: &str = "HideOtherProviders";
const TILE: &str = "OfferTile";
const WHEN_DOWN: &str = "OpenWhenDown";
/// What is in the agent's folder: what it remembers of the system, with the notes in it.
pub const TASKS: &str = "tasks";
/// The folder of the notes.
pub const LET_IN: &str = "let-in";

/// What becomes of the other credential providers (S8.15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// They are left alone.
    Shown,
    /// They are filtered out.
    Hidden,
}

/// Whether there is a tile of ours beside the others (S8.12): it takes the directory's passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tile {
    /// There is, because somebody is bound.
    Offered,
    /// There is none.
    Absent,
}

/// What becomes of those who are asked while the agent can't be asked (S8.14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenDown {
    /// They are refused.
    Closed,
    /// They get in with the first factor alone.
    Open,
}

fn key() -> Key {
    Key::local_machine(KEY)
}

/// The names of those who are asked for a code, in small letters.
pub fn asked() -> io::Result<BTreeSet<String>> {
    match key().get(ASKED)? {
        Some(Value::Texts(names)) => Ok(names.into_iter().collect()),
        None => Ok(BTreeSet::new()),
        Some(_) => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Whether somebody is asked; if that can't be read, everybody may be.
pub fn is_asked(name: &str) -> bool {
    asked().map_or(true, |names| names.contains(&name.to_ascii_lowercase()))
}

/// Writes down who is asked.
pub fn put_asked(names: &BTreeSet<String>) -> io::Result<()> {
    key().set(ASKED, &Value::Texts(names.iter().map(|name| name.to_ascii_lowercase()).collect()))
}

/// What becomes of the other providers; if that can't be read, they stay hidden.
pub fn others() -> Others {
    match key().get(OTHERS) {
        Ok(None | Some(Value::Number(0))) => Others::Shown,
        Ok(Some(_)) | Err(_) => Others::Hidden,
    }
}

/// Writes it down.
pub fn put_others(others: Others) -> io::Result<()> {
    key().set(OTHERS, &Value::Number(u32::from(others == Others::Hidden)))
}

/// Whether there is a tile of ours while the others are shown.
pub fn tile() -> Tile {
    match key().get(TILE) {
        Ok(Some(Value::Number(1))) => Tile::Offered,
        Ok(_) | Err(_) => Tile::Absent,
    }
}

/// Writes it down.
pub fn put_tile(tile: Tile) -> io::Result<()> {
    key().set(TILE, &Value::Number(u32::from(tile == Tile::Offered)))
}

/// What becomes of those who are asked.
pub fn when_down() -> WhenDown {
    match key().get(WHEN_DOWN) {
        Ok(Some(Value::Number(1))) => WhenDown::Open,
        Ok(_) | Err(_) => WhenDown::Closed,
    }
}

/// Writes it down.
pub fn put_when_down(when_down: WhenDown) -> io::Result<()> {
    key().set(WHEN_DOWN, &Value::Number(u32::from(when_down == WhenDown::Open)))
}

/// The agent's own folder, if it is told of no other.
pub fn folder() -> io::Result<PathBuf> {
    Ok(program_data()?.join("Claviger"))
}

/// Where notes lie of those who were let in because the agent could not be asked (S8.14): the agent's half that changes
/// the system reads and removes them.
pub fn notes() -> io::Result<PathBuf> {
    Ok(folder()?.join(TASKS).join(LET_IN))
}

/// Forgets all of it.
pub fn forget() -> io::Result<()> {
    [ASKED, OTHERS, TILE, WHEN_DOWN].into_iter().try_for_each(|name| key().remove(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test, because there is one registry.
    #[test]
    fn what_is_written_down_is_known() {
        forget().unwrap();
        assert_eq!(
            (asked().unwrap(), others(), when_down()),
            (BTreeSet::new(), Others::Shown, WhenDown::Closed)
        );
        put_asked(&BTreeSet::from(["Alice".to_owned(), "bob".to_owned()])).unwrap();
        assert!(is_asked("ALICE") && is_asked("bob") && !is_asked("carol") && !is_asked(""));
        put_others(Others::Hidden).unwrap();
        put_when_down(WhenDown::Open).unwrap();
        put_tile(Tile::Offered).unwrap();
        assert_eq!(tile(), Tile::Offered);
        assert_eq!((others(), when_down()), (Others::Hidden, WhenDown::Open));
        // What somebody made of it by hand opens nothing.
        for name in [ASKED, OTHERS, WHEN_DOWN] {
            key().set(name, &Value::Text("0".into())).unwrap();
        }
        assert!(is_asked("carol"));
        assert_eq!((others(), when_down()), (Others::Hidden, WhenDown::Closed));
        forget().unwrap();
    }
}
