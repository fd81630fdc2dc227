//! What a user is on Unix systems: number, group, shell, SSH keys (S3.1).

use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target},
};
use claviger_domain::{
    account::{Account, Realm},
    field::FieldError,
    id::AccountId,
    permission::{Granted, ManageUsers, ViewUsers},
    posix::{KEYS_EACH, Posix, PosixForm, SshKey},
};
use claviger_store::{
    Commit, Statement,
    table::{
        self,
        posix::{self, OwnedSshKey},
    },
};
use serde_json::{Value, json};

/// Keys of one user, as the database counts them.
const MOST: i64 = KEYS_EACH as i64;

impl App {
    /// What is laid down for a user.
    pub async fn posix(&self, _: &Granted<ViewUsers>, user: AccountId) -> Result<Posix, Refusal> {
        self.load_account(Realm::User, user).await?;
        let organization = self.organization().await?.id;
        Ok(posix::load(&self.0.store, organization, user).await?.unwrap_or_default())
    }

    /// A user's SSH keys, the oldest first.
    pub async fn ssh_keys(
        &self,
        _: &Granted<ViewUsers>,
        user: AccountId,
    ) -> Result<Vec<OwnedSshKey>, Refusal> {
        self.load_account(Realm::User, user).await?;
        let organization = self.organization().await?.id;
        Ok(posix::keys(&self.0.store, organization, user).await?)
    }

    /// Lays down number, group and shell.
    pub async fn set_posix(
        &self,
        granted: &Granted<ManageUsers>,
        user: AccountId,
        form: &PosixForm,
    ) -> Result<Posix, Refusal> {
        let after = form.parse()?;
        let account = self.load_account(Realm::User, user).await?;
        let organization = self.organization().await?.id;
        let before = posix::load(&self.0.store, organization, user).await?.unwrap_or_default();
        self.refuse_taken_uid(&after, user).await?;
        if after == before {
            return Ok(after);
        }
        let details = json!({ "before": told(&before), "after": told(&after) });
        let saved = self.of_user(
            granted,
            &account,
            ("user.posix", details),
            [posix::save(organization, user, &after)],
        );
        match saved.await? {
            Commit::Committed => Ok(after),
            Commit::Conflict => {
                self.refuse_taken_uid(&after, user).await?;
                Err(Refusal::Changed)
            }
        }
    }

    async fn refuse_taken_uid(&self, posix: &Posix, own: AccountId) -> Result<(), Refusal> {
        let Some(uid) = posix.uid else { return Ok(()) };
        let organization = self.organization().await?.id;
        match posix::with_uid(&self.0.store, organization, uid).await? {
            Some(user) if user != own => Err(FieldError::new("uid", "Another user has this UID.").into()),
            Some(_) | None => Ok(()),
        }
    }

    /// Adds an SSH key to a user; it is good on every device that they are bound to.
    pub async fn add_ssh_key(
        &self,
        granted: &Granted<ManageUsers>,
        user: AccountId,
        line: &str,
    ) -> Result<SshKey, Refusal> {
        self.require_fresh_code(granted.actor())?;
        let key = SshKey::parse("key", line)?;
        let account = self.load_account(Realm::User, user).await?;
        let organization = self.organization().await?.id;
        let now = self.now();
        let add = [posix::add_key(organization, user, &key, now), posix::at_most(organization, user, MOST)];
        match self.of_user(granted, &account, ("user.ssh_key.add", named(&key)), add).await? {
            Commit::Committed => Ok(key),
            Commit::Conflict => {
                let had = posix::keys(&self.0.store, organization, user).await?;
                let refused = |message: String| Err(FieldError::new("key", message).into());
                match had {
                    had if had.iter().any(|owned| owned.key.digest() == key.digest()) => {
                        refused("The user has this key already.".into())
                    }
                    had if had.len() >= KEYS_EACH => {
                        refused(format!("A user can have at most {KEYS_EACH} keys. Remove one first."))
                    }
                    _ => Err(Refusal::Changed),
                }
            }
        }
    }

    /// Takes an SSH key away from a user. It is named by its SHA-256 in hexadecimal.
    pub async fn remove_ssh_key(
        &self,
        granted: &Granted<ManageUsers>,
        user: AccountId,
        digest: &str,
    ) -> Result<(), Refusal> {
        let account = self.load_account(Realm::User, user).await?;
        let organization = self.organization().await?.id;
        let had = posix::keys(&self.0.store, organization, user).await?;
        let is_meant = |owned: &&OwnedSshKey| data_encoding::HEXLOWER.encode(&owned.key.digest()) == digest;
        let found = had.iter().find(is_meant).ok_or(Refusal::NotFound("SSH key"))?;
        // S8.13b: whoever is given a key again shows a code with it.
        let forget = table::remembered_login::forget_account(organization, user);
        let remove = [posix::remove_key(organization, user, found.key.digest()), forget];
        match self.of_user(granted, &account, ("user.ssh_key.remove", named(&found.key)), remove).await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    async fn of_user(
        &self,
        granted: &Granted<ManageUsers>,
        account: &Account,
        (action, details): (&str, Value),
        statements: impl IntoIterator<Item = Statement>,
    ) -> Result<Commit, Problem> {
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write(table::account::unchanged(draft.organization.id, account));
        draft.write_all(statements);
        draft.log(action, &Target::from(account), "success", details);
        draft.commit().await
    }
}

fn told(posix: &Posix) -> Value {
    json!({ "uid": posix.uid, "gid": posix.gid, "shell": posix.shell })
}

fn named(key: &SshKey) -> Value {
    json!({ "fingerprint": key.fingerprint(), "comment": key.comment() })
}
