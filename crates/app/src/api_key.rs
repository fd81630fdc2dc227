//! Keys for the REST API (S6.10): shown once, stored hashed.

use crate::{
    App, Problem, Refusal, Token,
    draft::{Draft, Target},
    token,
};
use claviger_domain::{
    account::{Kind, Realm},
    field::{Presence, line},
    id::ApiKeyId,
    permission::{Actor, Who},
    time::{Span, Timestamp},
};
use claviger_store::{
    Commit,
    table::{self, api_key::ApiKey},
};
use serde_json::json;
use std::{collections::HashMap, sync::RwLock};

/// How long a node goes on believing a key.
const FRESH: Span = Span::seconds(5);
const REMEMBERED: usize = 1024;
const PREFIX: &str = "clv_";

/// Keys seen a moment ago, by the hash of their token.
#[derive(Default)]
pub(crate) struct Cache(RwLock<HashMap<[u8; 32], (Timestamp, ApiKey)>>);

impl App {
    /// Makes a key for an administrator, with their role.
    pub async fn create_api_key(&self, actor: &Actor, email: &str, name: &str) -> Result<Token, Refusal> {
        let name = line("name", "Name", name, 100, Presence::Required)?;
        let organization = self.organization().await?;
        let owner =
            table::account::by_identifier(&self.0.store, organization.id, Realm::Administrator, email)
                .await?;
        let owner = owner.ok_or(Refusal::NotFound("administrator"))?;
        let Kind::Administrator { role } = owner.kind else { return Err(Refusal::NotFound("administrator")) };
        let token = Token::new(PREFIX, self.random());
        let mut draft = Draft::of(self, actor, organization);
        let key = ApiKey {
            id: ApiKeyId::new(draft.now, self.random()),
            owner: owner.id,
            name,
            role,
            expires_at: None,
        };
        draft.write(table::api_key::insert(draft.organization.id, &key, token.hash(), draft.now));
        draft.log(
            "api_key.create",
            &Target::from(&owner),
            "success",
            json!({ "name": key.name, "role": role.key() }),
        );
        match draft.commit().await? {
            Commit::Committed => Ok(token),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// Who is behind a key; nobody if it is unknown, has run out, or its administrator can't sign in.
    pub async fn api_actor(&self, token: &str, address: &str) -> Result<Option<Actor>, Problem> {
        let hash = token::hash(token);
        let now = self.now();
        let key = match self.remembered(&hash, now) {
            Some(key) => key,
            None => {
                let organization = self.organization().await?;
                let Some(key) = table::api_key::find(&self.0.store, organization.id, hash).await? else {
                    return Ok(None);
                };
                self.remember(hash, &key, now);
                key
            }
        };
        if key.expires_at.is_some_and(|at| at <= now) {
            return Ok(None);
        }
        let who = Who::ApiKey { owner: key.owner, role: key.role };
        Ok(Some(Actor { who, name: key.name, address: address.to_owned() }))
    }

    fn remembered(&self, hash: &[u8; 32], now: Timestamp) -> Option<ApiKey> {
        let keys = self.0.api_keys.0.read().ok()?;
        let (at, key) = keys.get(hash)?;
        (*at <= now && now.since(*at) < FRESH).then(|| key.clone())
    }

    fn remember(&self, hash: [u8; 32], key: &ApiKey, now: Timestamp) {
        if let Ok(mut keys) = self.0.api_keys.0.write() {
            if keys.len() >= REMEMBERED {
                keys.clear();
            }
            keys.insert(hash, (now, key.clone()));
        }
    }
}
