//! Applications that call by themselves, and how they show who they are (RFC 6749 §2.3).

use super::{Party, authorize::named};
use crate::{App, Problem, draft::Target, session::Origin, token};
use claviger_domain::{application::oidc::Client as Keeps, secret::Secret};
use claviger_store::table::application_secret;
use serde_json::json;
use subtle::ConstantTimeEq;

/// An application that has shown who it is, as far as it can.
#[derive(Clone, Debug)]
pub struct Client(pub(super) Party);

/// What an application shows.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// What it calls itself.
    pub client_id: String,
    /// Its secret, if it showed one.
    pub secret: Option<Secret<String>>,
}

/// An application that has not shown who it is.
#[derive(Clone, Debug)]
pub struct NotClient(Target);

impl App {
    /// Who calls. An application that keeps a secret shows it; one that keeps none shows none.
    pub async fn oidc_client(&self, shown: &Credentials) -> Result<Result<Client, NotClient>, Problem> {
        let Some(id) = named(&shown.client_id) else { return Ok(Err(NotClient(Target::default()))) };
        let Some(party) = self.oidc_party(id).await? else { return Ok(Err(NotClient(Target::default()))) };
        let is_right = match (party.settings.client, &shown.secret) {
            (Keeps::Public, None) => true,
            (Keeps::Public, Some(_)) | (Keeps::Confidential, None) => false,
            (Keeps::Confidential, Some(secret)) => self.is_secret_of(&party, secret).await?,
        };
        Ok(if is_right { Ok(Client(party)) } else { Err(NotClient(Target::from(&party.application))) })
    }

    async fn is_secret_of(&self, party: &Party, secret: &Secret<String>) -> Result<bool, Problem> {
        let organization = self.organization().await?.id;
        let kept = application_secret::of(&self.0.store, organization, party.id()).await?;
        let shown = token::hash(secret.expose());
        let old = kept.old.filter(|(_, until)| *until > self.now());
        let taken = kept.current.into_iter().chain(old);
        Ok(taken.fold(false, |is_right, (hash, _)| is_right | bool::from(hash.ct_eq(&shown))))
    }

    /// Logs that somebody called as that application, and is not.
    pub async fn log_not_client(&self, who: &NotClient, origin: &Origin) -> Result<(), Problem> {
        self.log_stranger(("application.token", &who.0, "wrong_client"), json!({}), origin).await
    }
}
