//! What we answer: an assertion about a person, or a status that says why not.

use crate::{
    binding::{Field, PostForm},
    instant::Instant,
    message::Id,
    name_id::NameId,
    names::{BEARER, SAML, SAMLP, Status},
    signature::{Signer, Unsendable, signed},
    xml::Element,
};

/// What is signed of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignWhat {
    /// The assertion, which is what applications rely on.
    #[default]
    Assertion,
    /// The response around it.
    Response,
    /// Each of them.
    Both,
}

/// Who answers whom, about which request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The answer's own ID.
    pub id: Id,
    /// The provider's name as an entity.
    pub issuer: String,
    /// When it is made.
    pub issued: Instant,
    /// The registered address it goes to.
    pub recipient: String,
    /// The request that it answers; none if the person began at the provider.
    pub in_response_to: Option<Id>,
    /// What came with the request.
    pub relay_state: Option<String>,
}

/// How names of attributes are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttributeFormat {
    /// A plain name.
    Basic,
    /// An address or OID.
    Uri,
    /// It isn't said.
    Unspecified,
}

impl AttributeFormat {
    /// Its identifier.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Basic => "urn:oasis:names:tc:SAML:2.0:attrname-format:basic",
            Self::Uri => "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
            Self::Unspecified => "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified",
        }
    }
}

/// Something an application is told of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// How the name is to be read.
    pub format: AttributeFormat,
    /// A name for people.
    pub friendly_name: Option<String>,
    /// Its values; none is an attribute that has no value.
    pub values: Vec<String>,
}

/// What is said about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// Its own ID.
    pub id: Id,
    /// Whom it is about.
    pub name_id: NameId,
    /// The application that it is for, by its name as an entity.
    pub audience: String,
    /// From when it holds: a little before it is made, as clocks differ.
    pub not_before: Instant,
    /// Until when it is taken.
    pub not_on_or_after: Instant,
    /// When the person signed in.
    pub authenticated: Instant,
    /// How, as a class of authentication.
    pub context: String,
    /// The session at the provider, by a name that tells nothing of it.
    pub session_index: String,
    /// When that session ends at the latest.
    pub session_ends: Option<Instant>,
    /// What else is said.
    pub attributes: Vec<Attribute>,
}

impl Assertion {
    /// The answer that lets the person in.
    ///
    /// # Errors
    /// If XML can't carry something in it: the text says what and where.
    pub fn respond(&self, to: &Envelope, sign: SignWhat, signer: &Signer) -> Result<PostForm, Unsendable> {
        let assertion = self.element(to);
        let assertion = match sign {
            SignWhat::Assertion | SignWhat::Both => signed(assertion, signer)?,
            SignWhat::Response => assertion,
        };
        let response = response(to, Status::Success, None).child(assertion);
        let response = match sign {
            SignWhat::Response | SignWhat::Both => signed(response, signer)?,
            SignWhat::Assertion => response,
        };
        PostForm::new(&response, Field::Response, &to.recipient, to.relay_state.as_deref())
    }

    fn element(&self, to: &Envelope) -> Element {
        let element = Element::new(SAML, "Assertion")
            .with("ID", to_string(&self.id))
            .with("IssueInstant", to.issued.to_string())
            .with("Version", "2.0")
            .child(Element::new(SAML, "Issuer").text(&to.issuer))
            .child(self.subject(to))
            .child(self.conditions())
            .child(self.authentication());
        if self.attributes.is_empty() {
            return element;
        }
        let told = self.attributes.iter().map(Attribute::element);
        element.child(Element::new(SAML, "AttributeStatement").children(told))
    }

    fn subject(&self, to: &Envelope) -> Element {
        let confirmation = Element::new(SAML, "SubjectConfirmationData")
            .with_some("InResponseTo", to.in_response_to.as_ref().map(to_string))
            .with("NotOnOrAfter", self.not_on_or_after.to_string())
            .with("Recipient", &to.recipient);
        let bearer = Element::new(SAML, "SubjectConfirmation").with("Method", BEARER).child(confirmation);
        Element::new(SAML, "Subject").child(self.name_id.element()).child(bearer)
    }

    fn conditions(&self) -> Element {
        let audience = Element::new(SAML, "Audience").text(&self.audience);
        Element::new(SAML, "Conditions")
            .with("NotBefore", self.not_before.to_string())
            .with("NotOnOrAfter", self.not_on_or_after.to_string())
            .child(Element::new(SAML, "AudienceRestriction").child(audience))
    }

    fn authentication(&self) -> Element {
        let class = Element::new(SAML, "AuthnContextClassRef").text(&self.context);
        Element::new(SAML, "AuthnStatement")
            .with("AuthnInstant", self.authenticated.to_string())
            .with("SessionIndex", &self.session_index)
            .with_some("SessionNotOnOrAfter", self.session_ends.map(|ends| ends.to_string()))
            .child(Element::new(SAML, "AuthnContext").child(class))
    }
}

impl Attribute {
    /// Without `xsi:type`: its value is a name with a prefix that canonicalization doesn't see.
    fn element(&self) -> Element {
        let values = self.values.iter().map(|value| Element::new(SAML, "AttributeValue").text(value));
        Element::new(SAML, "Attribute")
            .with_some("FriendlyName", self.friendly_name.as_deref())
            .with("Name", &self.name)
            .with("NameFormat", self.format.uri())
            .children(values)
    }
}

/// The answer that doesn't let the person in. It is signed as a whole; there is no assertion in it.
///
/// # Errors
/// If XML can't carry something in it.
pub fn refuse(
    to: &Envelope,
    status: Status,
    message: Option<&str>,
    signer: &Signer,
) -> Result<PostForm, Unsendable> {
    let response = signed(response(to, status, message), signer)?;
    PostForm::new(&response, Field::Response, &to.recipient, to.relay_state.as_deref())
}

fn response(to: &Envelope, status: Status, message: Option<&str>) -> Element {
    Element::new(SAMLP, "Response")
        .with("Destination", &to.recipient)
        .with("ID", to_string(&to.id))
        .with_some("InResponseTo", to.in_response_to.as_ref().map(to_string))
        .with("IssueInstant", to.issued.to_string())
        .with("Version", "2.0")
        .child(Element::new(SAML, "Issuer").text(&to.issuer))
        .child(status_element(status, message))
}

pub(crate) fn status_element(status: Status, message: Option<&str>) -> Element {
    let code = |uri| Element::new(SAMLP, "StatusCode").with("Value", uri);
    let (first, second) = status.codes();
    let message = message.map(|message| Element::new(SAMLP, "StatusMessage").text(message));
    Element::new(SAMLP, "Status").child(code(first).children(second.map(code))).children(message)
}

fn to_string(id: &Id) -> String {
    id.as_str().to_owned()
}
