//! What ID tokens are signed with, from one key to the next without a gap (S10.1).

use super::jws::{PublicKey, SigningKey, verified};
use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target},
};
use claviger_domain::{
    application::oidc::{
        Algorithm,
        key::{Duty, PUBLISHED_BEFORE, duties, is_due},
    },
    id::OidcKeyId,
    permission::{Actor, Granted, ManageUsers, ViewUsers, Who},
    time::Timestamp,
};
use claviger_store::{
    Commit,
    table::oidc_key::{self, OidcKey, secret_place},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// A key as it is shown.
#[derive(Clone, Debug)]
pub struct ShownKey {
    /// What applications know it by.
    pub id: OidcKeyId,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// What it does now.
    pub duty: Duty,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it signs.
    pub signs_from: Timestamp,
}

/// How another key takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// A day after it is published; the one that signed stays published for a day.
    Planned,
    /// At once, and the ones before are forgotten: somebody else may have them.
    AtOnce,
}

impl Turn {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Planned, Self::AtOnce];

    /// The word in the log and in the API.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::AtOnce => "at_once",
        }
    }

    /// What that word means.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|turn| turn.key() == key)
    }
}

/// The keys with what each does, those that are gone left out.
fn published(keys: Vec<OidcKey>, now: Timestamp) -> Vec<(OidcKey, Duty)> {
    let mut all = Vec::with_capacity(keys.len());
    for algorithm in Algorithm::ALL {
        let of_kind: Vec<_> = keys.iter().filter(|key| key.algorithm == *algorithm).cloned().collect();
        let begins: Vec<_> = of_kind.iter().map(|key| key.signs_from).collect();
        all.extend(of_kind.into_iter().zip(duties(&begins, now)));
    }
    all.retain(|(_, duty)| *duty != Duty::Gone);
    all
}

fn public(key: &OidcKey) -> PublicKey<'_> {
    PublicKey { kid: key.id.to_string(), algorithm: key.algorithm, key: &key.public_key }
}

impl App {
    async fn oidc_keys(&self) -> Result<Vec<(OidcKey, Duty)>, Problem> {
        let organization = self.organization().await?.id;
        Ok(published(oidc_key::all(&self.0.store, organization).await?, self.now()))
    }

    /// RFC 7517: what applications check ID tokens with.
    pub async fn oidc_key_set(&self) -> Result<Value, Problem> {
        let keys = self.oidc_keys().await?;
        let keys: Vec<_> = keys.iter().filter_map(|(key, _)| public(key).jwk()).collect();
        Ok(json!({ "keys": keys }))
    }

    /// The claims of an ID token that was signed here, however old it is.
    pub(super) async fn own_token(&self, token: &str) -> Result<Option<Value>, Problem> {
        let organization = self.organization().await?.id;
        let keys = oidc_key::all(&self.0.store, organization).await?;
        Ok(verified(token, &keys.iter().map(public).collect::<Vec<_>>()))
    }

    /// The claims as a token that the key of that kind signs.
    pub(super) async fn sign_token(&self, algorithm: Algorithm, claims: &Value) -> Result<String, Problem> {
        let keys = self.oidc_keys().await?;
        let signs = keys.iter().find(|(key, duty)| key.algorithm == algorithm && *duty == Duty::Signs);
        let (key, _) = signs.ok_or_else(|| Problem::Internal("no key signs ID tokens".into()))?;
        let pkcs8 = self.0.sealer.open(secret_place(key.id), &key.secret)?;
        let signing = SigningKey::from_pkcs8(key.id.to_string(), algorithm, pkcs8.expose());
        let signed = signing.and_then(|signing| signing.sign(claims));
        signed.map_err(|error| Problem::Internal(error.to_string()))
    }

    /// The first keys, if there are none. Whoever came first made them.
    pub(crate) async fn make_first_oidc_keys(&self) -> Result<(), Problem> {
        let organization = self.organization().await?.id;
        if !oidc_key::all(&self.0.store, organization).await?.is_empty() {
            return Ok(());
        }
        let actor = system();
        let mut draft = Draft::new(self, &actor).await?;
        let now = draft.now;
        self.next_oidc_keys(&mut draft, &[], now).await?;
        draft.log("application.signing_key.make", &Target::default(), "success", json!({}));
        draft.commit().await.map(drop)
    }

    /// Makes the next keys where it is time, and forgets those that are no longer published.
    pub(crate) async fn rotate_oidc_keys(&self) -> Result<(), Problem> {
        let organization = self.organization().await?.id;
        let (keys, now) = (oidc_key::all(&self.0.store, organization).await?, self.now());
        let Some(last) = keys.iter().map(|key| key.signs_from).max() else { return Ok(()) };
        let kept = published(keys.clone(), now);
        let gone: Vec<_> = keys
            .iter()
            .filter(|key| kept.iter().all(|(kept, _)| kept.id != key.id))
            .map(|key| key.id)
            .collect();
        if !is_due(last, now) && gone.is_empty() {
            return Ok(());
        }
        let actor = system();
        let mut draft = Draft::new(self, &actor).await?;
        draft.write_all(gone.into_iter().map(|id| oidc_key::remove(organization, id)));
        if is_due(last, now) {
            self.next_oidc_keys(&mut draft, &keys, now.plus(PUBLISHED_BEFORE)).await?;
            draft.log("application.signing_key.make", &Target::default(), "success", json!({}));
        }
        // A conflict is another node's turn.
        draft.commit().await.map(drop)
    }

    /// What ID tokens are signed with.
    pub async fn oidc_signing_keys(&self, _: &Granted<ViewUsers>) -> Result<Vec<ShownKey>, Problem> {
        let shown = |(key, duty): (OidcKey, Duty)| ShownKey {
            id: key.id,
            algorithm: key.algorithm,
            duty,
            created_at: key.created_at,
            signs_from: key.signs_from,
        };
        Ok(self.oidc_keys().await?.into_iter().map(shown).collect())
    }

    /// Lets other keys take over.
    pub async fn turn_oidc_keys(&self, granted: &Granted<ManageUsers>, turn: Turn) -> Result<(), Refusal> {
        self.require_fresh_code(granted.actor())?;
        let organization = self.organization().await?.id;
        let keys = oidc_key::all(&self.0.store, organization).await?;
        let now = self.now();
        if turn == Turn::Planned && keys.iter().any(|key| key.signs_from > now) {
            let message = "The next keys are published already and sign within a day.";
            return Err(Refusal::state("next_key_exists", message));
        }
        let mut draft = Draft::new(self, granted.actor()).await?;
        let from = match turn {
            Turn::Planned => now.plus(PUBLISHED_BEFORE),
            Turn::AtOnce => {
                draft.write_all(keys.iter().map(|key| oidc_key::remove(organization, key.id)));
                now
            }
        };
        self.next_oidc_keys(&mut draft, &keys, from).await?;
        draft.log(
            "application.signing_key.make",
            &Target::default(),
            "success",
            json!({ "turn": turn.key() }),
        );
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// A key of each kind for the turn after these.
    async fn next_oidc_keys(
        &self,
        draft: &mut Draft<'_>,
        known: &[OidcKey],
        signs_from: Timestamp,
    ) -> Result<(), Problem> {
        let turn = known.iter().map(|key| key.turn).max().unwrap_or(0) + 1;
        for algorithm in Algorithm::ALL {
            let entropy = Arc::clone(&self.0.entropy);
            let unmade = || Problem::Internal("a key to sign with could not be made".into());
            // Making one takes a while, so that other work goes on beside it.
            let made = tokio::task::spawn_blocking(move || match algorithm {
                Algorithm::Rs256 => entropy.rsa_key(),
                Algorithm::Es256 => entropy.p256_key(),
            });
            let pkcs8 = made.await.ok().flatten().ok_or_else(unmade)?;
            let id = OidcKeyId::new(draft.now, self.random());
            let key =
                SigningKey::from_pkcs8(id.to_string(), *algorithm, pkcs8.expose()).map_err(|_| unmade())?;
            let secret = self.0.sealer.seal(secret_place(id), self.random(), pkcs8.expose())?;
            let key = OidcKey {
                id,
                algorithm: *algorithm,
                turn,
                public_key: key.public(),
                secret,
                created_at: draft.now,
                signs_from,
            };
            draft.write(oidc_key::insert(draft.organization.id, &key));
        }
        Ok(())
    }
}

fn system() -> Actor {
    Actor { who: Who::System, name: "scheduler".into(), address: String::new() }
}
