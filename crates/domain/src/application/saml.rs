//! An application that speaks SAML 2.0 (S10.1).

use super::address::Address;
use crate::{
    account::Account,
    device::words,
    field::{FieldError, Presence, line},
};
use serde::{Deserialize, Serialize};

/// The most places that a response can be sent to.
pub const MOST_CONSUMERS: usize = 20;
/// The most attributes of an assertion.
pub const MOST_ATTRIBUTES: usize = 50;
/// The most certificates of an application.
pub const MOST_CERTIFICATES: usize = 5;

/// What is known of an application that speaks SAML.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Its name among service providers.
    pub entity_id: EntityId,
    /// Where responses may be sent to; the first is where they go unless it asks for another.
    pub consumers: Vec<Consumer>,
    /// Where it is told that somebody signs out, if it wants to be.
    pub log_out: Option<LogOut>,
    /// Whether its requests must be signed.
    pub requests: Requests,
    /// What it signs with: X.509 certificates, DER.
    pub certificates: Vec<Vec<u8>>,
    /// What is signed for it.
    pub signed: Signed,
    /// How it names people.
    pub name_id: NameId,
    /// What it is told of them beside.
    pub attributes: Vec<Attribute>,
    /// Where people land who begin at the User Portal; empty for its own start.
    pub relay_state: String,
}

/// A provider's name: a URI or what somebody took for one, at most 1,024 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntityId(String);

impl TryFrom<String> for EntityId {
    type Error = FieldError;

    fn try_from(text: String) -> Result<Self, FieldError> {
        Self::parse("entity_id", &text)
    }
}

impl From<EntityId> for String {
    fn from(id: EntityId) -> Self {
        id.0
    }
}

impl EntityId {
    /// The name as entered. It is compared by its bytes.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        let id = line(field, "Entity ID", text, 1024, Presence::Required)?;
        if id.contains(char::is_whitespace) {
            return Err(FieldError::new(field, "An entity ID has no spaces in it."));
        }
        Ok(Self(id))
    }

    /// As it was entered.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A place that responses are sent to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumer {
    /// Where it is.
    pub address: Address,
    /// Its number in the application's metadata.
    pub index: u16,
}

/// What an application asks its response to be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination<'a> {
    /// Wherever responses go.
    Usual,
    /// An address.
    Address(&'a str),
    /// A number of its metadata.
    Index(u16),
}

impl Settings {
    /// The consumer that is asked for: one that is known, byte for byte, or none.
    pub fn consumer(&self, asked: Destination<'_>) -> Option<&Consumer> {
        match asked {
            Destination::Usual => self.consumers.first(),
            Destination::Address(address) => {
                self.consumers.iter().find(|consumer| consumer.address.as_str() == address)
            }
            Destination::Index(index) => self.consumers.iter().find(|consumer| consumer.index == index),
        }
    }
}

/// Where an application is told that somebody signs out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogOut {
    /// Where it is.
    pub address: Address,
    /// How it is told.
    pub binding: Binding,
}

/// How a message gets to an application by way of the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// In the query of an address.
    Redirect,
    /// In a form that posts itself.
    Post,
}
words!(Binding { Redirect => "redirect", Post => "post" });

/// Whether an application's requests must be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requests {
    /// They need not be; a signature that is there must be right where a certificate is known.
    MayBeUnsigned,
    /// They must.
    MustBeSigned,
}
words!(Requests { MayBeUnsigned => "may_be_unsigned", MustBeSigned => "must_be_signed" });

/// What is signed for an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signed {
    /// The assertion and the response around it.
    Both,
    /// The assertion.
    Assertion,
    /// The response.
    Response,
}
words!(Signed { Both => "both", Assertion => "assertion", Response => "response" });

/// How an application names people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameId {
    /// By their e-mail address.
    Email,
    /// By their username, in no format.
    Username,
    /// By a name that only this application knows, always the same.
    Persistent,
    /// By another name each time.
    Transient,
}
words!(NameId {
    Email => "email",
    Username => "username",
    Persistent => "persistent",
    Transient => "transient",
});

/// One attribute of an assertion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// What the application calls it.
    pub name: String,
    /// What it says.
    pub source: Source,
}

/// What an attribute says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Something about the user.
    Of(Fact),
    /// The names of the user's groups that have the application.
    Groups,
    /// Always the same.
    Constant(String),
}

/// Something about a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// The username.
    Username,
    /// The e-mail address.
    Email,
    /// The first name.
    FirstName,
    /// The last name.
    LastName,
    /// The name as it is shown.
    DisplayName,
    /// The account's id.
    Id,
}
words!(Fact {
    Username => "username",
    Email => "email",
    FirstName => "first_name",
    LastName => "last_name",
    DisplayName => "display_name",
    Id => "id",
});

impl Fact {
    /// What it is for that account; nothing where it is empty.
    pub fn of(self, account: &Account) -> Option<String> {
        let text = match self {
            Self::Username => account.username().map(|name| name.as_str().to_owned()).unwrap_or_default(),
            Self::Email => account.email.as_str().to_owned(),
            Self::FirstName => account.name.first.clone(),
            Self::LastName => account.name.last.clone(),
            Self::DisplayName => account.name.shown(account.email.as_str()).to_owned(),
            Self::Id => account.id.to_string(),
        };
        (!text.is_empty()).then_some(text)
    }
}

impl Attribute {
    /// An attribute as entered: its name, where its value is from, and the value of a constant.
    pub fn parse(name: &str, source: &str, constant: &str) -> Result<Self, FieldError> {
        let name = line("attribute_name", "An attribute's name", name, 300, Presence::Required)?;
        let source = match (source, Fact::from_key(source)) {
            (_, Some(fact)) => Source::Of(fact),
            ("groups", None) => Source::Groups,
            ("constant", None) => {
                Source::Constant(line("attribute_value", "A constant", constant, 300, Presence::Required)?)
            }
            (_, None) => {
                return Err(FieldError::new(
                    "attribute_source",
                    format!(
                        "Say what {name} is: email, username, first_name, last_name, display_name, id, groups or a constant."
                    ),
                ));
            }
        };
        Ok(Self { name, source })
    }

    /// What it says of that user, whose groups with the application have these names. Nothing that is unknown is said.
    pub fn values(&self, account: &Account, groups: &[String]) -> Vec<String> {
        match &self.source {
            Source::Of(fact) => fact.of(account).into_iter().collect(),
            Source::Groups => groups.to_vec(),
            Source::Constant(text) => vec![text.clone()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let consumer =
            |address: &str, index| Consumer { address: Address::parse("consumers", address).unwrap(), index };
        Settings {
            entity_id: EntityId::parse("entity_id", "https://app.example.com/metadata").unwrap(),
            consumers: vec![
                consumer("https://app.example.com/acs", 3),
                consumer("https://app.example.com/acs2", 1),
            ],
            log_out: None,
            requests: Requests::MayBeUnsigned,
            certificates: Vec::new(),
            signed: Signed::Both,
            name_id: NameId::Email,
            attributes: Vec::new(),
            relay_state: String::new(),
        }
    }

    #[test]
    fn a_response_goes_to_a_known_place_alone() {
        let settings = settings();
        let place = |asked| settings.consumer(asked).map(|consumer| consumer.index);
        assert_eq!(place(Destination::Usual), Some(3));
        assert_eq!(place(Destination::Index(1)), Some(1));
        assert_eq!(place(Destination::Index(0)), None);
        assert_eq!(place(Destination::Address("https://app.example.com/acs2")), Some(1));
        for other in [
            "https://app.example.com/acs/",
            "https://app.example.com/ACS",
            "https://app.example.com:443/acs",
            "https://app.example.com/acs?x",
            "https://app.example.com/acs/../acs2",
            "https://evil.example/acs",
            "",
        ] {
            assert_eq!(place(Destination::Address(other)), None, "{other}");
        }
    }

    #[test]
    fn an_attribute_says_a_fact_the_groups_or_a_constant() {
        let said =
            |source, constant| Attribute::parse("role", source, constant).map(|attribute| attribute.source);
        assert_eq!(said("email", ""), Ok(Source::Of(Fact::Email)));
        assert_eq!(said("groups", "x"), Ok(Source::Groups));
        assert_eq!(said("constant", " a </x> "), Ok(Source::Constant("a </x>".into())));
        assert!(said("constant", " ").is_err() && said("password", "").is_err());
        assert!(Attribute::parse(" ", "email", "").is_err());
        for fact in Fact::ALL {
            assert_eq!(said(fact.key(), ""), Ok(Source::Of(*fact)));
        }
    }

    #[test]
    fn an_entity_id_is_one_word() {
        assert!(EntityId::parse("entity_id", "urn:amazon:webservices").is_ok());
        for bad in ["", " ", "a b", "a\u{a0}b", &"x".repeat(1025)] {
            assert!(EntityId::parse("entity_id", bad).is_err(), "{bad}");
        }
    }
}
