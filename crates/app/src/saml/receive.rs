//! Requests to sign in, as they come in, and beginnings at the User Portal.

use super::{
    WrongMessage,
    message::Posted,
    pending::{Begun, Pending},
    reception,
};
use crate::{App, Problem, door::SIGN_IN, draft::Target, session::Origin};
use claviger_domain::{application::saml::Destination, id::ApplicationId};
use claviger_saml::{AuthnRequest, Id, Refusal};
use serde_json::json;

/// What came of a message.
#[derive(Clone, Debug)]
pub enum Received {
    /// It is right, and waits for the person with this text.
    Pending(String),
    /// It is wrong.
    Wrong(Wrong),
    /// There is no such application.
    Unknown,
}

/// A message that is not taken: what a person is told. The log has the precise words.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// From which application.
    pub application: String,
    /// What kind of fault it is.
    pub kind: WrongMessage,
}

impl App {
    /// S10.1: checks a request of an application to sign somebody in. Nobody needs to be signed in for that.
    pub async fn receive_sign_on(
        &self,
        id: ApplicationId,
        message: Posted<'_>,
        origin: &Origin,
    ) -> Result<Received, Problem> {
        let Some(party) = self.saml_party(id).await? else { return Ok(Received::Unknown) };
        let target = Target::from(&party.application);
        let endpoint = party.addresses.sign_on.clone();
        let checked = message.read().and_then(|inbound| {
            let reception = reception(&endpoint, self.saml_now());
            AuthnRequest::accept(&inbound, &party.sender(party.requests()), &party.consumers(), &reception)
        });
        let pending = checked.map(|request| Pending::of(&request, self.now()));
        self.kept(id, target, pending, origin).await
    }

    /// S10.1: somebody begins here, at the tile of an application.
    pub async fn begin_here(&self, id: ApplicationId, origin: &Origin) -> Result<Received, Problem> {
        let Some(party) = self.saml_party(id).await? else { return Ok(Received::Unknown) };
        let Some(consumer) = party.settings.consumer(Destination::Usual) else {
            return Ok(Received::Unknown);
        };
        let relay_state = &party.settings.relay_state;
        let pending = Pending {
            begun: Begun::Here,
            id: Id::from_random(self.random()).as_str().to_owned(),
            consumer: consumer.address.as_str().to_owned(),
            relay_state: (!relay_state.is_empty()).then(|| relay_state.clone()),
            name: None,
            subject: None,
            classes: None,
            anew: false,
            passive: false,
            at: self.now(),
        };
        self.kept(id, Target::from(&party.application), Ok(pending), origin).await
    }

    async fn kept(
        &self,
        id: ApplicationId,
        target: Target,
        checked: Result<Pending, Refusal>,
        origin: &Origin,
    ) -> Result<Received, Problem> {
        let refusal = match checked {
            Ok(pending) => match self.seal_pending(id, &pending)? {
                Some(text) => return Ok(Received::Pending(text)),
                None => Refusal::TooLong { what: "what is to be kept of the request", limit: 2_000 },
            },
            Err(refusal) => refusal,
        };
        self.wrong((SIGN_IN, target), &refusal, origin).await.map(Received::Wrong)
    }

    /// Logs why a message is not taken.
    pub(super) async fn wrong(
        &self,
        (action, target): (&'static str, Target),
        refusal: &Refusal,
        origin: &Origin,
    ) -> Result<Wrong, Problem> {
        let details = json!({ "message": refusal.to_string() });
        self.log_stranger((action, &target, "wrong_message"), details, origin).await?;
        Ok(Wrong { application: target.name, kind: refusal.kind() })
    }
}
