//! What the root half remembers: the last state, which accounts are ours, and what was in force.

use super::proof::Proof;
use crate::files;
use anyhow::{Context, Result};
use claviger_agent_core::plan::{Held, HeldAccount};
use claviger_domain::id::AccountId;
use claviger_wire::server::SignedState;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// One folder of root's with two files: the state as it was signed, and this.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Book {
    #[serde(skip)]
    folder: PathBuf,
    /// What the file holds: a look each minute is no reason to write.
    #[serde(skip)]
    written: String,
    accounts: BTreeMap<AccountId, Account>,
    /// The last state's; an older one is refused even if that state is damaged.
    #[serde(default)]
    pub(super) revision: i64,
    /// S8.7a.
    pub(super) proof: Proof,
    /// What sshd was checked with last; see `Ssh::facts`.
    #[serde(default)]
    pub(super) ssh_facts: String,
    /// Whom we made administrators of Windows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) administrators: BTreeMap<AccountId, String>,
    /// Whether codes were asked for the last time.
    #[serde(default)]
    pub(super) force: Force,
}

/// Whether codes are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Force {
    #[default]
    Off,
    On,
}

#[derive(Debug, Serialize, Deserialize)]
struct Account {
    name: String,
    uid: Option<u32>,
}

const BOOK: &str = "book.json";
const STATE: &str = "state.json";

impl Book {
    /// Opens the folder. A damaged book is an error: without it every account would be a stranger's.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        files::make_folder(folder, 0o700)?;
        let path = folder.join(BOOK);
        let text = files::read_private(&path)?;
        let book: Option<Self> = match &text {
            Some(text) => Some(serde_json::from_str(text).with_context(|| {
                format!(
                    "{} is damaged; remove it, and confirm the accounts of this device anew",
                    path.display()
                )
            })?),
            None => None,
        };
        let written = text.as_deref().cloned().unwrap_or_default();
        Ok(Self { folder: folder.to_owned(), written, ..book.unwrap_or_default() })
    }

    /// Writes it down, durably.
    pub(super) fn save(&mut self) -> Result<()> {
        let text = serde_json::to_string(self)?;
        if self.written != text {
            files::replace_private(&self.folder.join(BOOK), &text)?;
            self.written = text;
        }
        Ok(())
    }

    /// The last state; its signature is for the caller to check.
    pub(super) fn state(&self) -> Result<Option<SignedState>> {
        // A damaged state is none: the next one that the server signed is taken.
        let text = files::read_private(&self.folder.join(STATE)).ok().flatten();
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Keeps a state.
    pub(super) fn put_state(&self, signed: &SignedState) -> Result<()> {
        Ok(files::replace_private(&self.folder.join(STATE), &serde_json::to_string(signed)?)?)
    }

    /// The accounts that are ours.
    pub(super) fn held(&self) -> Held {
        let held = |account: &Account| HeldAccount { name: account.name.clone(), uid: account.uid };
        self.accounts.iter().map(|(user, account)| (*user, held(account))).collect()
    }

    /// Notes down whose an account is from now on; nobody else's any more.
    pub(super) fn hold(&mut self, user: AccountId, name: &str, uid: Option<u32>) -> Result<()> {
        self.accounts.retain(|other, account| *other == user || account.name != name);
        self.accounts.insert(user, Account { name: name.to_owned(), uid });
        self.save()
    }

    /// The user's account; nothing if it isn't ours.
    pub(super) fn account(&self, user: AccountId) -> Option<(&str, Option<u32>)> {
        self.accounts.get(&user).map(|account| (account.name.as_str(), account.uid))
    }
}
