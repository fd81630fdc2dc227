//! Connect keys: made and shown once, listed, rotated, revoked (S8.1).

use crate::{
    App, Problem, Refusal, Token,
    beside::{Read, trim},
    draft::{Draft, Target},
};
use claviger_domain::{
    connect_key::{ConnectKey, Form, State},
    field::FieldError,
    id::ConnectKeyId,
    permission::{Granted, ManageUsers, ViewUsers},
    secret::Secret,
};
use claviger_store::{
    Commit, Statement,
    table::{connect_key, device_group},
};
use claviger_wire::server::CONNECT_KEY_PREFIX;
use serde_json::json;

/// A key that was just made or rotated: the only time its text is known.
#[derive(Clone, Debug)]
pub struct NewConnectKey {
    /// What agents are installed with.
    pub text: Secret<String>,
    /// What is kept.
    pub key: ConnectKey,
}

/// A page of keys.
#[derive(Clone, Debug)]
pub struct ConnectKeys {
    /// The newest first.
    pub keys: Vec<ConnectKey>,
    /// Whether there are more.
    pub has_older: bool,
}

impl From<&ConnectKey> for Target {
    fn from(key: &ConnectKey) -> Self {
        Self { id: key.id.to_string(), name: key.name.clone() }
    }
}

fn details(key: &ConnectKey) -> serde_json::Value {
    json!({ "expires_at": key.expires_at, "uses_left": key.uses_left, "device_group": key.device_group })
}

impl App {
    /// A page of keys, made before that one.
    pub async fn connect_keys(
        &self,
        _: &Granted<ViewUsers>,
        before: Option<ConnectKeyId>,
        limit: i64,
    ) -> Result<ConnectKeys, Problem> {
        let organization = self.organization().await?.id;
        let mut keys = connect_key::page(&self.0.store, organization, before, limit + 1).await?;
        let (_, has_older) = trim(&mut keys, Read::First, limit);
        Ok(ConnectKeys { keys, has_older })
    }

    async fn load_connect_key(&self, id: ConnectKeyId) -> Result<ConnectKey, Refusal> {
        let organization = self.organization().await?.id;
        let found = connect_key::load(&self.0.store, organization, id).await?;
        found.ok_or(Refusal::NotFound("connect key"))
    }

    /// One key.
    pub async fn connect_key(&self, _: &Granted<ViewUsers>, id: ConnectKeyId) -> Result<ConnectKey, Refusal> {
        self.load_connect_key(id).await
    }

    /// A token, and the key's whole text with it: a device knows its server by what stands behind the dot.
    async fn connect_token(&self) -> Result<(Token, Secret<String>), Problem> {
        let token = Token::new(CONNECT_KEY_PREFIX, self.random());
        let fingerprint = self.device_key_fingerprint().await?;
        let text = Secret::new(format!("{}.{fingerprint}", token.expose()));
        Ok((token, text))
    }

    /// Makes a key.
    pub async fn create_connect_key(
        &self,
        granted: &Granted<ManageUsers>,
        form: &Form,
    ) -> Result<NewConnectKey, Refusal> {
        self.require_fresh_code(granted.actor())?;
        let terms = form.parse(self.now())?;
        let (token, text) = self.connect_token().await?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        let organization = draft.organization.id;
        if let Some(group) = terms.device_group {
            let found = device_group::load(&self.0.store, organization, group).await?;
            found.ok_or_else(|| FieldError::new("device_group", "There is no such group any more."))?;
            draft.write(device_group::exists(organization, group));
        }
        let key = ConnectKey {
            id: ConnectKeyId::new(draft.now, self.random()),
            revision: 1,
            name: terms.name,
            created_at: draft.now,
            expires_at: terms.expires_at,
            uses_left: terms.uses,
            uses: 0,
            device_group: terms.device_group,
            state: State::Active,
        };
        draft.write(connect_key::insert(organization, &key, token.hash()));
        draft.log("connect_key.create", &Target::from(&key), "success", details(&key));
        match draft.commit().await? {
            Commit::Committed => Ok(NewConnectKey { text, key }),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// Gives a key another text; the old one enrolls nobody any more. Devices that it enrolled stay.
    pub async fn rotate_connect_key(
        &self,
        granted: &Granted<ManageUsers>,
        id: ConnectKeyId,
    ) -> Result<NewConnectKey, Refusal> {
        let (token, text) = self.connect_token().await?;
        let organization = self.organization().await?.id;
        let rotate = |key: &ConnectKey| connect_key::rotate(organization, key, token.hash());
        let key = self.change_connect_key(granted, (id, "connect_key.rotate"), rotate).await?;
        Ok(NewConnectKey { text, key })
    }

    /// Revokes a key for good. Devices that it enrolled stay.
    pub async fn revoke_connect_key(
        &self,
        granted: &Granted<ManageUsers>,
        id: ConnectKeyId,
    ) -> Result<ConnectKey, Refusal> {
        let organization = self.organization().await?.id;
        let revoke = |key: &ConnectKey| connect_key::revoke(organization, key);
        let key = self.change_connect_key(granted, (id, "connect_key.revoke"), revoke).await?;
        Ok(ConnectKey { state: State::Revoked, ..key })
    }

    async fn change_connect_key(
        &self,
        granted: &Granted<ManageUsers>,
        (id, action): (ConnectKeyId, &str),
        change: impl Fn(&ConnectKey) -> Statement,
    ) -> Result<ConnectKey, Refusal> {
        self.require_fresh_code(granted.actor())?;
        let key = self.load_connect_key(id).await?;
        if key.state == State::Revoked {
            return Err(Refusal::state("revoked", "The key was revoked. Make a new one."));
        }
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write(change(&key));
        draft.log(action, &Target::from(&key), "success", details(&key));
        match draft.commit().await? {
            Commit::Committed => Ok(ConnectKey { revision: key.revision + 1, ..key }),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }
}
