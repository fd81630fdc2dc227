//! Who is behind a key for the REST API (S6.10).

use crate::{App, Problem, api_keys::Standing, token};
use claviger_domain::{
    api_key::Terms,
    id::{AccountId, ApiKeyId},
    permission::{Actor, Role, Who},
    time::{Span, Timestamp},
};
use claviger_store::{
    Batch,
    table::{self, api_key::OwnedKey},
};
use serde_json::json;
use std::{
    collections::HashMap,
    sync::{
        Arc, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// How long a node goes on believing a key.
const FRESH: Span = Span::seconds(5);
const REMEMBERED: usize = 1024;
/// A last use is noted once a minute.
const NOTED_EVERY: Span = Span::minutes(1);

/// A key and when it was loaded.
type Seen = (Timestamp, Arc<OwnedKey>);

/// Keys seen a moment ago, by the hash of their token.
#[derive(Default)]
pub(crate) struct Cache {
    keys: RwLock<HashMap<[u8; 32], Seen>>,
    /// Counts what was forgotten: a key that was loaded before is not remembered after.
    forgotten: AtomicU64,
}

/// A program that calls, and what its key can lend to another.
#[derive(Clone, Debug)]
pub struct Caller {
    /// As the log and the permission check know it.
    pub actor: Actor,
    /// Its key's terms, with the role that its administrator leaves it.
    pub terms: Terms,
}

impl App {
    /// Who is behind a key; nobody if it is unknown, has run out, is not let in from there, or its administrator
    /// can't sign in.
    pub async fn api_actor(&self, token: &str, address: &str) -> Result<Option<Actor>, Problem> {
        Ok(self.find_key(token, address).await?.map(|(actor, ..)| actor))
    }

    /// The same with what the key can lend.
    pub async fn api_caller(&self, token: &str, address: &str) -> Result<Option<Caller>, Problem> {
        Ok(self
            .find_key(token, address)
            .await?
            .map(|(actor, role, owned)| Caller { actor, terms: Terms { role, ..owned.key.terms.clone() } }))
    }

    async fn find_key(
        &self,
        token: &str,
        address: &str,
    ) -> Result<Option<(Actor, Role, Arc<OwnedKey>)>, Problem> {
        let hash = token::hash(token);
        let now = self.now();
        let owned = match self.remembered(&hash, now) {
            Some(owned) => owned,
            None => match self.load_key(hash, now, address).await? {
                Some(owned) => owned,
                None => return Ok(None),
            },
        };
        let terms = &owned.key.terms;
        if Standing::of(&owned, now) != Standing::Works {
            return Ok(None);
        }
        let Some(role) = terms.role.within(owned.owner_role) else { return Ok(None) };
        let who = Who::ApiKey { owner: owned.key.owner, role };
        let actor = Actor { who, name: owned.key.name.clone(), address: address.to_owned() };
        if !terms.addresses.allows(address) {
            self.log_refusal(&actor, "api_key.refused", &owned.key.name, json!({ "why": "address" })).await?;
            return Ok(None);
        }
        Ok(Some((actor, role, owned)))
    }

    async fn load_key(
        &self,
        hash: [u8; 32],
        now: Timestamp,
        address: &str,
    ) -> Result<Option<Arc<OwnedKey>>, Problem> {
        let organization = self.organization().await?.id;
        let before = self.0.api_keys.forgotten.load(Ordering::Acquire);
        let Some(owned) = table::api_key::find(&self.0.store, organization, hash).await? else {
            return Ok(None);
        };
        let owned = Arc::new(owned);
        self.remember(hash, &owned, now, before);
        let noted = owned.key.last_used.as_ref().is_some_and(|(at, _)| now.since(*at) < NOTED_EVERY);
        let is_let_in =
            Standing::of(&owned, now) == Standing::Works && owned.key.terms.addresses.allows(address);
        if !noted && is_let_in {
            let used = table::api_key::used(organization, hash, (now, address), NOTED_EVERY);
            let _ = self.0.store.commit(Batch::of([used])).await?;
        }
        Ok(Some(owned))
    }

    fn remembered(&self, hash: &[u8; 32], now: Timestamp) -> Option<Arc<OwnedKey>> {
        let keys = self.0.api_keys.keys.read().ok()?;
        let (at, key) = keys.get(hash)?;
        (*at <= now && now.since(*at) < FRESH).then(|| Arc::clone(key))
    }

    fn remember(&self, hash: [u8; 32], key: &Arc<OwnedKey>, now: Timestamp, before: u64) {
        let cache = &self.0.api_keys;
        if let Ok(mut keys) = cache.keys.write()
            && cache.forgotten.load(Ordering::Acquire) == before
        {
            if keys.len() >= REMEMBERED {
                keys.clear();
            }
            keys.insert(hash, (now, Arc::clone(key)));
        }
    }

    /// A key that was revoked is dead on this node at once; on others it is once they stop believing it.
    pub(crate) fn forget_key(&self, id: ApiKeyId) {
        self.forget_keys(|owned| owned.key.id == id);
    }

    /// The same for all keys of an administrator whose role or state was changed.
    pub(crate) fn forget_keys_of(&self, owner: AccountId) {
        self.forget_keys(|owned| owned.key.owner == owner);
    }

    fn forget_keys(&self, gone: impl Fn(&OwnedKey) -> bool) {
        let cache = &self.0.api_keys;
        if let Ok(mut keys) = cache.keys.write() {
            cache.forgotten.fetch_add(1, Ordering::AcqRel);
            keys.retain(|_, (_, owned)| !gone(owned));
        }
    }
}
