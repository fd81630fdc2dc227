//! Single Logout: requests and responses, both ways.

use crate::{
    binding::{Field, Inbound, MessageKind, PostForm, Signed, redirect},
    instant::Instant,
    message::{self, Id, Reception, Sender},
    name_id::NameId,
    names::{SAML, SAMLP, Status},
    refusal::Refusal,
    response::status_element,
    signature::{Signer, Unsendable, signed},
    xml::{Element, Shape},
};

/// The most sessions that a request may name.
const MOST_SESSIONS: usize = 64;

/// An application asks that a person's session end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutRequest {
    /// Its ID, which the answer names.
    pub id: Id,
    /// From which application.
    pub issuer: String,
    /// What is known of who made it.
    pub signed: Signed,
    /// Whose session.
    pub name_id: NameId,
    /// Which sessions; all of that person with this application if none is named.
    pub session_indexes: Vec<String>,
    /// What to send back with the answer.
    pub relay_state: Option<String>,
}

impl LogoutRequest {
    /// Checks a request of that application.
    ///
    /// # Errors
    /// If anything about it is not as it must be.
    pub fn accept(
        inbound: &Inbound,
        sender: &Sender<'_>,
        reception: &Reception<'_>,
    ) -> Result<Self, Refusal> {
        let opened = message::open(inbound, MessageKind::LogoutRequest, sender, reception)?;
        let root = &opened.root;
        if let Some(until) = message::time_of(root, "NotOnOrAfter")?
            && until.plus(reception.skew) <= reception.now
        {
            return Err(Refusal::Expired(until.to_string()));
        }
        let listed = root.all(SAMLP, "SessionIndex");
        let sessions = listed
            .map(|session| session.only_text().map(str::to_owned))
            .collect::<Result<Vec<_>, Shape>>()?;
        if sessions.len() > MOST_SESSIONS {
            let element = root.written_name();
            return Err(Shape::TooMany { element, limit: MOST_SESSIONS, what: "sessions" }.into());
        }
        Ok(Self {
            name_id: NameId::read_from(root)?,
            session_indexes: sessions,
            issuer: sender.entity_id.to_owned(),
            relay_state: inbound.relay_state().map(str::to_owned),
            id: opened.id,
            signed: opened.signed,
        })
    }
}

/// An application's answer to our request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutResponse {
    /// From which application.
    pub issuer: String,
    /// What is known of who made it.
    pub signed: Signed,
    /// How it came out; `None` if the status is none that SAML knows.
    pub status: Option<Status>,
}

impl LogoutResponse {
    /// Checks an answer of that application to the request `asked`.
    ///
    /// # Errors
    /// If anything about it is not as it must be, or it answers something else.
    pub fn accept(
        inbound: &Inbound,
        sender: &Sender<'_>,
        asked: &Id,
        reception: &Reception<'_>,
    ) -> Result<Self, Refusal> {
        let opened = message::open(inbound, MessageKind::LogoutResponse, sender, reception)?;
        let found = opened.root.need_attribute("InResponseTo")?;
        if found != asked.as_str() {
            let found = found.chars().take(300).collect();
            return Err(Refusal::NotAsked { found, expected: asked.to_string() });
        }
        let code = opened.root.need(SAMLP, "Status")?.need(SAMLP, "StatusCode")?;
        let second = code.one(SAMLP, "StatusCode")?.and_then(|second| second.attribute("Value"));
        let status = Status::from_codes(code.need_attribute("Value")?, second);
        Ok(Self { issuer: sender.entity_id.to_owned(), signed: opened.signed, status })
    }
}

/// Our message to an application's logout service, not signed yet: how depends on how it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    message: Element,
    field: Field,
    destination: String,
}

/// Who sends a message about a logout, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The message's own ID.
    pub id: Id,
    /// The provider's name as an entity.
    pub issuer: String,
    /// When it is made.
    pub issued: Instant,
    /// The application's logout service.
    pub destination: String,
}

impl Header {
    /// Asks the application to end a session.
    pub fn request(self, name_id: &NameId, session_index: &str, not_on_or_after: Instant) -> Outgoing {
        let message = self
            .element("LogoutRequest")
            .with("NotOnOrAfter", not_on_or_after.to_string())
            .child(Element::new(SAML, "Issuer").text(&self.issuer))
            .child(name_id.element())
            .child(Element::new(SAMLP, "SessionIndex").text(session_index));
        Outgoing { message, field: Field::Request, destination: self.destination }
    }

    /// Answers the application's request.
    pub fn respond(self, to: &Id, status: Status) -> Outgoing {
        let message = self
            .element("LogoutResponse")
            .with("InResponseTo", to.as_str())
            .child(Element::new(SAML, "Issuer").text(&self.issuer))
            .child(status_element(status, None));
        Outgoing { message, field: Field::Response, destination: self.destination }
    }

    fn element(&self, name: &str) -> Element {
        Element::new(SAMLP, name)
            .with("Destination", &self.destination)
            .with("ID", self.id.as_str())
            .with("IssueInstant", self.issued.to_string())
            .with("Version", "2.0")
    }
}

impl Outgoing {
    /// As a form, with the signature in the message.
    ///
    /// # Errors
    /// If XML can't carry something in it.
    pub fn post(&self, relay_state: Option<&str>, signer: &Signer) -> Result<PostForm, Unsendable> {
        let message = signed(self.message.clone(), signer)?;
        PostForm::new(&message, self.field, &self.destination, relay_state)
    }

    /// As an address, with the signature in its query.
    ///
    /// # Errors
    /// If XML can't carry something in it.
    pub fn redirect(&self, relay_state: Option<&str>, signer: &Signer) -> Result<String, Unsendable> {
        redirect::address(&self.message, self.field, &self.destination, relay_state, signer)
    }
}
