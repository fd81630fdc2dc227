//! The settings that policies lay down for sshd (S9.1): a drop-in of their own after ours, so that neither can take the
//! other with it.

use super::{Refused, Ssh, Trouble, refused};
use crate::files;
use claviger_agent_core::plan::{files::HEADER, sshd::reads_drop_ins};
use claviger_domain::{device::Blocked, policy::sshd::Setting};
use std::path::PathBuf;

impl Ssh {
    /// The drop-in of policies.
    pub fn policies(&self) -> PathBuf {
        self.folder.join("01-claviger-policies.conf")
    }

    /// The settings in it; those alone that it holds as they were written.
    pub fn settings(&self) -> Result<Vec<Setting>, Trouble> {
        let text = files::read(&self.policies())?.unwrap_or_default();
        let lines = text.strip_prefix(HEADER).unwrap_or_default().lines();
        let setting = |line: &str| {
            let (keyword, value) = line.split_once(' ')?;
            Some(Setting { keyword: keyword.to_owned(), value: value.to_owned() })
        };
        Ok(lines.filter_map(setting).collect())
    }

    /// Whether the drop-in holds these and nothing else.
    pub fn holds(&self, settings: &[Setting]) -> Result<bool, Trouble> {
        Ok(files::read(&self.policies())? == text(settings))
    }

    /// Everything that a check of settings depends on, to know when to check again.
    pub fn settings_facts(&self, settings: &[Setting]) -> Result<String, Trouble> {
        self.facts_of(format!("{settings:?}\n"))
    }

    /// Syntax, and what sshd makes of the settings.
    pub fn check_settings(&self, settings: &[Setting]) -> Result<(), Refused> {
        self.test()?;
        let expected: Vec<(String, String)> =
            settings.iter().map(|one| (one.keyword.to_ascii_lowercase(), one.value.clone())).collect();
        match self.effective("nobody")?.differs_from(&expected) {
            Some(detail) => Err(refused(Blocked::SshOverruled, detail)),
            None => Ok(()),
        }
    }

    /// Makes the drop-in hold these and nothing else, or leaves everything as it was.
    pub fn put_settings(&self, settings: &[Setting]) -> Result<(), Refused> {
        let before = files::read(&self.policies())?;
        let text = text(settings);
        if before == text {
            return Ok(());
        }
        if text.is_some() {
            let main = files::read(&self.main)?.unwrap_or_default();
            if !reads_drop_ins(&main, &self.folder.to_string_lossy()) {
                let detail = format!("{} has no Include for {}", self.main.display(), self.folder.display());
                return Err(refused(Blocked::SshIgnoresDropIns, detail));
            }
        }
        let path = self.policies();
        self.swap((&path, before.as_deref()), text.as_deref(), || self.check_settings(settings))
    }

    /// Takes the drop-in away, whatever sshd makes of the rest.
    pub fn remove_settings(&self) -> Result<(), files::Failed> {
        files::remove(&self.policies())
    }
}

fn text(settings: &[Setting]) -> Option<String> {
    let lines: String = settings.iter().map(|one| format!("{} {}\n", one.keyword, one.value)).collect();
    (!lines.is_empty()).then(|| format!("{HEADER}{lines}"))
}
