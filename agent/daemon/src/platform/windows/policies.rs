//! What policies change on Windows: values of the registry (S9.1).

use super::Paths;
use crate::{files, logs};
use claviger_agent_core::policy::{self, Book, Cycle, Ground, Look};
use claviger_domain::{
    policy::{Data, Effect, Place},
    time::Timestamp,
};
use claviger_win32::registry::{Key, Value};
use claviger_wire::orders::PolicyOrder;
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fs, io::ErrorKind, iter, path::Path};
use zeroize::Zeroizing;

const BOOK: &str = "policies.json";
const NO_SUCH_PLACE: &str = "Policies lay down values of the registry on Windows, and nothing else.";

/// What was at a place before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "was")]
pub enum Before {
    /// No value.
    Nothing,
    /// A value.
    Value {
        /// The number of its type.
        kind: u32,
        /// Its bytes, in Base64.
        data: String,
    },
}

/// What the root half remembers of policies: one sealed file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Kept {
    /// What is laid down, and what was there before.
    pub book: Book<Before>,
    /// The keys that were made for it, in small letters: once they are empty they go.
    #[serde(default)]
    pub made: BTreeSet<String>,
}

impl Kept {
    /// Reads it. A damaged one is set aside: what it told of can't be put back any more, and new policies go on.
    pub fn load(folder: &Path) -> Result<Self, files::Failed> {
        let path = folder.join(BOOK);
        let read = match files::read_private(&path) {
            Ok(None) => return Ok(Self::default()),
            Ok(Some(text)) => serde_json::from_str(&text).map_err(words),
            Err(error) if error.source.kind() == ErrorKind::InvalidData => Err(words(error)),
            Err(error) => return Err(error),
        };
        Ok(read.unwrap_or_else(|error| {
            logs::warn(&format!("{} is damaged and set aside: {error}", path.display()));
            let _ = fs::rename(&path, path.with_extension("damaged"));
            Self::default()
        }))
    }

    /// Makes the device as `orders` lay it down. `folder` is where this is kept.
    pub fn carry_out(
        &mut self,
        orders: &[PolicyOrder],
        (_, folder): (&Paths, &Path),
        now: Timestamp,
    ) -> Cycle {
        let Self { book, made } = self;
        policy::carry_out(orders, book, &mut Windows::new(folder, made), now)
    }
}

/// Puts back what policies changed. `data` is the root half's folder.
pub fn put_back(paths: &Paths, data: &Path) -> Result<(), files::Failed> {
    let mut kept = Kept::load(data)?;
    // The folder isn't there where nothing was ever laid down.
    if kept.book.effects().next().is_some() {
        for note in kept.carry_out(&[], (paths, data), Timestamp(0)).notes {
            logs::complain(&note);
        }
    }
    Ok(())
}

/// A Windows device as policies change it.
struct Windows<'a> {
    folder: &'a Path,
    made: &'a mut BTreeSet<String>,
    written: Option<Zeroizing<String>>,
}

impl<'a> Windows<'a> {
    fn new(folder: &'a Path, made: &'a mut BTreeSet<String>) -> Self {
        Self { folder, made, written: files::read_private(&folder.join(BOOK)).ok().flatten() }
    }
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn value(data: &Data) -> Value {
    match data {
        Data::Sz(text) => Value::Text(text.clone()),
        Data::ExpandSz(text) => Value::Expanding(text.clone()),
        Data::MultiSz(texts) => Value::Texts(texts.clone()),
        Data::Dword(number) => Value::Number(*number),
        Data::Qword(number) => Value::Large(*number),
    }
}

/// A key and those above it, but not the root of its hive.
fn upwards(location: &str) -> impl Iterator<Item = &str> {
    iter::successors(Some(location), |key| key.rsplit_once('\\').map(|(above, _)| above))
        .filter(|key| key.contains('\\'))
}

impl Ground for Windows<'_> {
    type Before = Before;

    fn before(&mut self, place: &Place) -> Result<Before, String> {
        let Place::Registry { location, name } = place else { return Err(NO_SUCH_PLACE.into()) };
        for key in upwards(location) {
            if Key::local_machine(key).exists().map_err(words)? {
                break;
            }
            self.made.insert(key.to_owned());
        }
        let found = Key::local_machine(location).exactly(name).map_err(words)?;
        Ok(found.map_or(Before::Nothing, |(kind, bytes)| Before::Value { kind, data: BASE64.encode(&bytes) }))
    }

    fn look(&mut self, effect: &Effect) -> Result<Look, String> {
        let Effect::Registry(wanted) = effect else { return Err(NO_SUCH_PLACE.into()) };
        let is_there = Key::local_machine(&wanted.location).holds(&wanted.name, &value(&wanted.data));
        Ok(if is_there.map_err(words)? { Look::AsLaidDown } else { Look::Otherwise })
    }

    fn lay_down(&mut self, effects: &[Effect]) -> Result<(), String> {
        for effect in effects {
            let Effect::Registry(wanted) = effect else { return Err(NO_SUCH_PLACE.into()) };
            Key::local_machine(&wanted.location)
                .set(&wanted.name, &value(&wanted.data))
                .map_err(|error| format!("{}: {error}", effect.place_words()))?;
        }
        Ok(())
    }

    fn put_back(&mut self, place: &Place, before: &Before) -> Result<(), String> {
        let Place::Registry { location, name } = place else { return Err(NO_SUCH_PLACE.into()) };
        let key = Key::local_machine(location);
        // Its key went with whoever removed it: there is nothing left to put back into.
        if key.exists().map_err(words)? {
            match before {
                Before::Nothing => key.remove(name).map_err(words)?,
                Before::Value { kind, data } => {
                    let bytes = BASE64.decode(data.as_bytes()).map_err(words)?;
                    key.set(name, &Value::Other(*kind, bytes)).map_err(words)?;
                }
            }
        }
        for key in upwards(location).take_while(|key| self.made.contains(*key)) {
            if !Key::local_machine(key).remove_if_empty().map_err(words)? {
                break;
            }
        }
        // The book forgets it next: that must not be on the disk before this is.
        let hive = location.split('\\').next().unwrap_or_default();
        Key::local_machine(hive).flush().map_err(words)
    }

    fn keep(&mut self, book: &Book<Before>) -> Result<(), String> {
        let places: Vec<Place> = book.effects().map(Effect::place).collect();
        let is_used = |key: &String| {
            let is_above = |place: &Place| match place {
                Place::Registry { location, .. } => upwards(location).any(|other| other == key),
                Place::Sshd { .. } | Place::File { .. } => false,
            };
            places.iter().any(is_above)
        };
        self.made.retain(is_used);
        let kept = Kept { book: book.clone(), made: self.made.clone() };
        let text = Zeroizing::new(serde_json::to_string(&kept).map_err(words)?);
        if self.written.as_ref() != Some(&text) {
            files::replace_private(&self.folder.join(BOOK), &text).map_err(words)?;
            self.written = Some(text);
        }
        Ok(())
    }

    fn note(&mut self, _: &[Effect]) -> String {
        String::new()
    }
}
