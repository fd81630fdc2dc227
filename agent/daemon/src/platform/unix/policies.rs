//! What policies change: files of root's, and settings of sshd (S9.1).

use super::ssh::Ssh;
use crate::{
    files, logs,
    platform::system::{Paths, machine},
};
use claviger_agent_core::policy::{self, Book, Cycle, Ground, Look};
use claviger_domain::{
    policy::{Effect, FileContent, Place, closed, is_banner, sshd::Setting},
    time::Timestamp,
};
use claviger_wire::{orders::PolicyOrder, server::Presence};
use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, Metadata},
    io::ErrorKind,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
};

/// The largest file that is kept, to be put back.
const LARGEST: u64 = 1 << 20;
const BOOK: &str = "policies.json";

/// What was at a place before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "was")]
pub enum Before {
    /// Nothing, or nothing of its own.
    #[default]
    Nothing,
    /// A file.
    File {
        /// In Base64.
        content: String,
        /// Its permissions.
        mode: u32,
        /// Its owner.
        uid: u32,
        /// Its group.
        gid: u32,
    },
}

/// What the root half remembers of policies: one file of root's.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Kept {
    /// What is laid down, and what was there before.
    pub book: Book<Before>,
    /// What sshd was checked with last; see `Ssh::settings_facts`.
    #[serde(default)]
    pub ssh_facts: String,
}

impl Kept {
    /// Reads it. A damaged one is set aside: what it told of can't be put back any more, and new policies go on.
    pub fn load(folder: &Path) -> Result<Self, files::Failed> {
        let path = folder.join(BOOK);
        let Some(text) = files::read(&path)? else { return Ok(Self::default()) };
        Ok(serde_json::from_str(&text).unwrap_or_else(|error| {
            logs::warn(&format!("{} is damaged and set aside: {error}", path.display()));
            let _ = fs::rename(&path, path.with_extension("damaged"));
            Self::default()
        }))
    }

    /// Makes the device as `orders` lay it down. `folder` is where this is kept.
    pub fn carry_out(
        &mut self,
        orders: &[PolicyOrder],
        (paths, folder): (&Paths, &Path),
        now: Timestamp,
    ) -> Cycle {
        let Self { book, ssh_facts } = self;
        let laid_down: Vec<Effect> = book.effects().cloned().collect();
        let known = orders.iter().flat_map(|order| &order.effects).chain(&laid_down);
        let mut device = Device::new(paths, (folder, ssh_facts), known);
        policy::carry_out(orders, book, &mut device, now)
    }
}

/// Puts back what policies changed. `data` is the root half's folder.
pub fn put_back(paths: &Paths, data: &Path) -> Result<(), files::Failed> {
    for note in Kept::load(data)?.carry_out(&[], (paths, data), Timestamp(0)).notes {
        logs::complain(&note);
    }
    Ssh::new(paths).remove_settings()
}

/// A device as policies change it.
pub struct Device<'a> {
    ssh: Ssh,
    sshd: Presence,
    folder: &'a Path,
    ssh_facts: &'a mut String,
    /// The settings of sshd that are wanted at present, whatever the drop-in holds.
    settings: Vec<Setting>,
    written: Option<String>,
}

impl<'a> Device<'a> {
    /// This device. `kept` is where the book is kept, and what sshd was checked with last; a line of the drop-in that is
    /// not of `effects` is somebody else's.
    pub fn new<'e>(
        paths: &Paths,
        (folder, ssh_facts): (&'a Path, &'a mut String),
        effects: impl IntoIterator<Item = &'e Effect>,
    ) -> Self {
        let ssh = Ssh::new(paths);
        let known: Vec<&Setting> = effects.into_iter().filter_map(setting_of).collect();
        let mut settings = ssh.settings().unwrap_or_default();
        settings.retain(|setting| known.contains(&setting));
        let written = files::read(&folder.join(BOOK)).ok().flatten();
        Self { ssh, sshd: machine::ssh_server(paths), folder, ssh_facts, settings, written }
    }

    fn look_at_setting(&mut self, setting: &Setting) -> Result<Look, String> {
        if self.sshd == Presence::Missing {
            return Ok(Look::NothingToSee);
        }
        let is_there = self.settings.contains(setting) && self.ssh.holds(&self.settings).map_err(words)?;
        if !is_there {
            return Ok(Look::Otherwise);
        }
        let facts = self.ssh.settings_facts(&self.settings).map_err(words)?;
        if facts != *self.ssh_facts {
            self.ssh.check_settings(&self.settings).map_err(|refused| refused.detail)?;
            *self.ssh_facts = facts;
        }
        Ok(Look::AsLaidDown)
    }

    /// Puts all settings in force, or none of them.
    fn put(&mut self, settings: Vec<Setting>) -> Result<(), String> {
        if self.sshd == Presence::Present {
            self.ssh.put_settings(&settings).map_err(|refused| refused.detail)?;
        }
        self.settings = settings;
        Ok(())
    }
}

const fn setting_of(effect: &Effect) -> Option<&Setting> {
    match effect {
        Effect::Sshd(setting) => Some(setting),
        Effect::File(_) | Effect::Registry(_) => None,
    }
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

impl Ground for Device<'_> {
    type Before = Before;

    fn before(&mut self, place: &Place) -> Result<Before, String> {
        match place {
            Place::File { path } => file_before(Path::new(path)),
            // The drop-in is ours alone: without it everything is as it was.
            Place::Sshd { .. } => Ok(Before::Nothing),
            Place::Registry { .. } => Err(NO_REGISTRY.into()),
        }
    }

    fn look(&mut self, effect: &Effect) -> Result<Look, String> {
        match effect {
            Effect::File(file) => look_at_file(file),
            Effect::Sshd(setting) => self.look_at_setting(setting),
            Effect::Registry(_) => Err(NO_REGISTRY.into()),
        }
    }

    fn lay_down(&mut self, effects: &[Effect]) -> Result<(), String> {
        let mut settings = self.settings.clone();
        for effect in effects {
            match effect {
                Effect::File(file) => {
                    let path = safe(Path::new(&file.path))?;
                    files::replace(&path, &file.content, file.mode.bits()).map_err(words)?;
                }
                Effect::Sshd(setting) => {
                    settings.retain(|known| !known.keyword.eq_ignore_ascii_case(&setting.keyword));
                    settings.push(setting.clone());
                }
                Effect::Registry(_) => return Err(NO_REGISTRY.into()),
            }
        }
        match effects.iter().any(|effect| matches!(effect, Effect::Sshd(_))) {
            true => self.put(settings),
            false => Ok(()),
        }
    }

    fn put_back(&mut self, place: &Place, before: &Before) -> Result<(), String> {
        match place {
            Place::File { path } => put_file_back(Path::new(path), before),
            Place::Sshd { keyword } => {
                let mut settings = self.settings.clone();
                settings.retain(|known| !known.keyword.eq_ignore_ascii_case(keyword));
                let done = self.put(settings.clone());
                if done.is_err() && settings.is_empty() {
                    // Nothing of ours is a reason for sshd to refuse what others wrote.
                    self.ssh.remove_settings().map_err(words)?;
                    self.settings.clear();
                    return Ok(());
                }
                done
            }
            Place::Registry { .. } => Err(NO_REGISTRY.into()),
        }
    }

    fn keep(&mut self, book: &Book<Before>) -> Result<(), String> {
        let kept = Kept { book: book.clone(), ssh_facts: self.ssh_facts.clone() };
        let text = serde_json::to_string(&kept).map_err(words)?;
        if self.written.as_deref() != Some(text.as_str()) {
            files::replace(&self.folder.join(BOOK), &text, 0o600).map_err(words)?;
            self.written = Some(text);
        }
        Ok(())
    }

    fn note(&mut self, effects: &[Effect]) -> String {
        let is_of_sshd = effects.iter().any(|effect| matches!(effect, Effect::Sshd(_)));
        match (is_of_sshd, self.sshd) {
            (true, Presence::Missing) => "openssh-server is not installed: taken up when it appears.".into(),
            (true, Presence::Present) | (false, _) => String::new(),
        }
    }
}

const NO_REGISTRY: &str = "There is no registry on this system.";

/// The file with every link in its folders followed, if nobody but root can have a say in where that is.
fn safe(path: &Path) -> Result<PathBuf, String> {
    let parent = path.parent().unwrap_or(Path::new("/"));
    let folder = fs::canonicalize(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
    for ancestor in folder.ancestors() {
        let about = fs::metadata(ancestor).map_err(|error| format!("{}: {error}", ancestor.display()))?;
        if about.uid() != 0 || about.mode() & 0o022 != 0 {
            return Err(format!("{} can be changed by others than root", ancestor.display()));
        }
    }
    let path = folder.join(path.file_name().unwrap_or_default());
    let name = path.to_string_lossy();
    match closed(&name) {
        Some(why) if !is_banner(&name) => Err(why),
        _ => Ok(path),
    }
}

/// What is at a path; nothing if nothing is. A link, a folder or a device is no file of ours.
fn about(path: &Path) -> Result<Option<Metadata>, String> {
    match fs::symlink_metadata(path) {
        Ok(about) if about.is_file() => Ok(Some(about)),
        Ok(_) => Err(format!("{} is no plain file", path.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn file_before(path: &Path) -> Result<Before, String> {
    let path = safe(path)?;
    let Some(about) = about(&path)? else { return Ok(Before::Nothing) };
    if about.len() > LARGEST {
        return Err(format!("{} is larger than 1 MiB and could not be put back", path.display()));
    }
    Ok(Before::File {
        content: BASE64.encode(&bytes(&path)?),
        mode: about.permissions().mode() & 0o7777,
        uid: about.uid(),
        gid: about.gid(),
    })
}

fn look_at_file(file: &FileContent) -> Result<Look, String> {
    let path = safe(Path::new(&file.path))?;
    let Some(about) = about(&path)? else { return Ok(Look::Otherwise) };
    let is_roots = about.uid() == 0 && about.gid() == 0 && about.mode() & 0o7777 == file.mode.bits();
    let is_long = u64::try_from(file.content.len()).is_ok_and(|length| length == about.len());
    match is_roots && is_long && bytes(&path)? == file.content.as_bytes() {
        true => Ok(Look::AsLaidDown),
        false => Ok(Look::Otherwise),
    }
}

fn put_file_back(path: &Path, before: &Before) -> Result<(), String> {
    // Its folder went with whoever removed it: there is nothing left to put back into.
    if !path.parent().is_some_and(Path::exists) {
        return Ok(());
    }
    let path = safe(path)?;
    match before {
        Before::Nothing => files::remove(&path).map_err(words),
        Before::File { content, mode, uid, gid } => {
            let content = BASE64.decode(content.as_bytes()).map_err(words)?;
            let new = files::beside(&path, content, *mode).map_err(words)?;
            chown(&new, Some(*uid), Some(*gid))
                .and_then(|()| fs::set_permissions(&new, fs::Permissions::from_mode(*mode)))
                .map_err(|error| format!("{}: {error}", new.display()))?;
            files::swap_in(&new, &path).map_err(words)
        }
    }
}
