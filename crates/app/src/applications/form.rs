//! What is entered of an application that speaks SAML.

use claviger_domain::{
    application::{
        Access, Application, FreshCode, Name, Protocol, Tile,
        address::Address,
        parse_description,
        saml::{
            Attribute, Binding, Consumer, EntityId, LogOut, MOST_ATTRIBUTES, MOST_CERTIFICATES,
            MOST_CONSUMERS, NameId, Requests, Settings, Signed, Source,
        },
    },
    field::{FieldError, Fields, Presence, line},
    id::ApplicationId,
    time::Timestamp,
};
use claviger_saml::Certificate;
use std::collections::BTreeSet;

/// An application as entered. What is left empty of words is what most applications want.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplicationForm {
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// `enabled` or `disabled`.
    pub access: String,
    /// `shown` or `hidden`.
    pub tile: String,
    /// `not_asked`, `every_time` or `older_than`.
    pub fresh_code: String,
    /// With `older_than`: minutes.
    pub fresh_minutes: String,
    /// Its name among service providers.
    pub entity_id: String,
    /// Where responses may go; the first is the usual one.
    pub consumers: Vec<ConsumerForm>,
    /// Where it is told that somebody signs out; empty for nowhere.
    pub log_out: String,
    /// `redirect` or `post`.
    pub log_out_binding: String,
    /// `may_be_unsigned` or `must_be_signed`.
    pub requests: String,
    /// What it signs with: PEM or Base64, one each.
    pub certificates: Vec<String>,
    /// `both`, `assertion` or `response`.
    pub signed: String,
    /// `email`, `username`, `persistent` or `transient`.
    pub name_id: String,
    /// What it is told beside.
    pub attributes: Vec<AttributeForm>,
    /// Where people land who begin here.
    pub relay_state: String,
}

/// A place where responses may go, as entered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConsumerForm {
    /// Its address.
    pub address: String,
    /// Its number in the application's metadata; empty for its place in the list, from 0.
    pub index: String,
}

/// An attribute as entered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributeForm {
    /// What the application calls it.
    pub name: String,
    /// A fact, `groups` or `constant`.
    pub source: String,
    /// The value of a constant.
    pub constant: String,
}

/// What was entered, in range.
pub(super) struct Parsed {
    pub(super) name: Name,
    pub(super) description: String,
    pub(super) access: Access,
    pub(super) tile: Tile,
    pub(super) fresh_code: FreshCode,
    pub(super) protocol: Protocol,
}

/// What is entered of every application, whatever it speaks.
pub(super) struct Common<'a> {
    pub(super) name: &'a str,
    pub(super) description: &'a str,
    pub(super) access: &'a str,
    pub(super) tile: &'a str,
    pub(super) fresh_code: &'a str,
    pub(super) fresh_minutes: &'a str,
}

impl Common<'_> {
    /// The application with how it speaks; every wrong field is told at once.
    pub(super) fn parse(
        &self,
        protocol: impl FnOnce(&mut Fields) -> Option<Protocol>,
    ) -> Result<Parsed, Vec<FieldError>> {
        let mut fields = Fields::new();
        let name = fields.take(Name::parse("name", self.name));
        let description = fields.take(parse_description(self.description));
        let access = fields.take(word("access", self.access, Access::Enabled, Access::from_key));
        let tile = fields.take(word("tile", self.tile, Tile::Shown, Tile::from_key));
        let kind = if self.fresh_code.is_empty() { "not_asked" } else { self.fresh_code };
        let fresh_code = fields.take(FreshCode::parse(kind, self.fresh_minutes).map_err(|error| {
            let field = if error.field == "fresh_code" { "fresh_code" } else { "fresh_minutes" };
            FieldError { field, ..error }
        }));
        let protocol = protocol(&mut fields);
        let parsed = (|| {
            Some(Parsed {
                name: name?,
                description: description?,
                access: access?,
                tile: tile?,
                fresh_code: fresh_code?,
                protocol: protocol?,
            })
        })();
        fields.finish(parsed)
    }
}

impl Parsed {
    /// A new application of that.
    pub(super) fn made(self, id: ApplicationId, now: Timestamp) -> Application {
        Application {
            id,
            revision: 1,
            name: self.name,
            description: self.description,
            access: self.access,
            tile: self.tile,
            fresh_code: self.fresh_code,
            protocol: self.protocol,
            created_at: now,
        }
    }
}

impl ApplicationForm {
    /// The form that would make this application; nothing if it speaks another protocol.
    pub fn of(application: &Application) -> Option<Self> {
        let Protocol::Saml(settings) = &application.protocol else { return None };
        let minutes = application.fresh_code.minutes();
        Some(Self {
            name: application.name.as_str().to_owned(),
            description: application.description.clone(),
            access: application.access.key().to_owned(),
            tile: application.tile.key().to_owned(),
            fresh_code: application.fresh_code.key().to_owned(),
            fresh_minutes: minutes.map(|minutes| minutes.to_string()).unwrap_or_default(),
            entity_id: settings.entity_id.as_str().to_owned(),
            consumers: settings.consumers.iter().map(ConsumerForm::of).collect(),
            log_out: settings.log_out.as_ref().map(|to| to.address.as_str().to_owned()).unwrap_or_default(),
            log_out_binding: settings.log_out.as_ref().map_or("redirect", |to| to.binding.key()).to_owned(),
            requests: settings.requests.key().to_owned(),
            certificates: settings.certificates.iter().filter_map(|der| pem(der)).collect(),
            signed: settings.signed.key().to_owned(),
            name_id: settings.name_id.key().to_owned(),
            attributes: settings.attributes.iter().map(AttributeForm::of).collect(),
            relay_state: settings.relay_state.clone(),
        })
    }

    pub(super) fn parse(&self) -> Result<Parsed, Vec<FieldError>> {
        let common = Common {
            name: &self.name,
            description: &self.description,
            access: &self.access,
            tile: &self.tile,
            fresh_code: &self.fresh_code,
            fresh_minutes: &self.fresh_minutes,
        };
        common.parse(|fields| self.settings(fields).map(Protocol::Saml))
    }

    fn settings(&self, fields: &mut Fields) -> Option<Settings> {
        let entity_id = fields.take(EntityId::parse("entity_id", &self.entity_id));
        let consumers = fields.take(consumers(&self.consumers));
        let log_out = fields.take(self.log_out());
        let requests =
            fields.take(word("requests", &self.requests, Requests::MayBeUnsigned, Requests::from_key));
        let certificates = fields.take(certificates(&self.certificates));
        if let (Some(Requests::MustBeSigned), Some(none)) = (requests, &certificates)
            && none.is_empty()
        {
            let message = "Enter the certificate that the application signs its requests with.";
            fields.refuse(FieldError::new("certificates", message));
        }
        let signed = fields.take(word("signed", &self.signed, Signed::Both, Signed::from_key));
        let name_id = fields.take(word("name_id", &self.name_id, NameId::Email, NameId::from_key));
        let attributes = fields.take(attributes(&self.attributes));
        let relay_state =
            fields.take(line("relay_state", "Start page", &self.relay_state, 1_000, Presence::Optional));
        Some(Settings {
            entity_id: entity_id?,
            consumers: consumers?,
            log_out: log_out?,
            requests: requests?,
            certificates: certificates?,
            signed: signed?,
            name_id: name_id?,
            attributes: attributes?,
            relay_state: relay_state?,
        })
    }

    fn log_out(&self) -> Result<Option<LogOut>, FieldError> {
        let binding = word("log_out_binding", &self.log_out_binding, Binding::Redirect, Binding::from_key)?;
        if self.log_out.trim().is_empty() {
            return Ok(None);
        }
        let address = Address::parse("log_out", &self.log_out)?;
        Ok(Some(LogOut { address, binding }))
    }
}

impl ConsumerForm {
    fn of(consumer: &Consumer) -> Self {
        Self { address: consumer.address.as_str().to_owned(), index: consumer.index.to_string() }
    }
}

impl AttributeForm {
    pub(super) fn of(attribute: &Attribute) -> Self {
        let (source, constant) = match &attribute.source {
            Source::Of(fact) => (fact.key(), ""),
            Source::Groups => ("groups", ""),
            Source::Constant(text) => ("constant", text.as_str()),
        };
        Self { name: attribute.name.clone(), source: source.to_owned(), constant: constant.to_owned() }
    }
}

/// The word that was chosen, or the usual one if none was.
pub(super) fn word<T>(
    field: &'static str,
    text: &str,
    usual: T,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, FieldError> {
    if text.is_empty() {
        return Ok(usual);
    }
    read(text).ok_or_else(|| FieldError::new(field, "Choose one of the list."))
}

fn consumers(entered: &[ConsumerForm]) -> Result<Vec<Consumer>, FieldError> {
    let refused = |message: String| FieldError::new("consumers", message);
    if entered.is_empty() || entered.len() > MOST_CONSUMERS {
        return Err(refused(format!("Enter 1 to {MOST_CONSUMERS} addresses that responses may go to.")));
    }
    let (mut indexes, mut addresses) = (BTreeSet::new(), BTreeSet::new());
    let mut all = Vec::with_capacity(entered.len());
    for (place, consumer) in entered.iter().enumerate() {
        let address = Address::parse("consumers", &consumer.address)?;
        let text = consumer.index.trim();
        let index = if text.is_empty() { u16::try_from(place).ok() } else { text.parse().ok() };
        let index = index.ok_or_else(|| refused(format!("{text:?} is no index from 0 to 65535.")))?;
        if !indexes.insert(index) {
            return Err(refused(format!("Two addresses have the index {index}.")));
        }
        if !addresses.insert(address.clone()) {
            return Err(refused(format!("{} stands there twice.", address.as_str())));
        }
        all.push(Consumer { address, index });
    }
    Ok(all)
}

fn certificates(entered: &[String]) -> Result<Vec<Vec<u8>>, FieldError> {
    let refused = |message: String| FieldError::new("certificates", message);
    if entered.len() > MOST_CERTIFICATES {
        return Err(refused(format!("Enter at most {MOST_CERTIFICATES} certificates.")));
    }
    let mut all: Vec<Vec<u8>> = Vec::with_capacity(entered.len());
    for text in entered {
        let read = Certificate::from_text(text).map_err(|error| {
            refused(format!("A certificate can't be used: {}.", error.to_string().trim_start_matches("the ")))
        })?;
        if !all.iter().any(|known| known == read.der()) {
            all.push(read.der().to_vec());
        }
    }
    Ok(all)
}

fn attributes(entered: &[AttributeForm]) -> Result<Vec<Attribute>, FieldError> {
    if entered.len() > MOST_ATTRIBUTES {
        let message = format!("Enter at most {MOST_ATTRIBUTES} attributes.");
        return Err(FieldError::new("attributes", message));
    }
    let mut names = BTreeSet::new();
    let mut all = Vec::with_capacity(entered.len());
    for one in entered {
        let attribute = Attribute::parse(&one.name, &one.source, &one.constant)
            .map_err(|error| FieldError { field: "attributes", ..error })?;
        if !names.insert(attribute.name.clone()) {
            let message = format!("{} stands there twice.", attribute.name);
            return Err(FieldError::new("attributes", message));
        }
        all.push(attribute);
    }
    Ok(all)
}

/// A certificate in PEM.
pub(super) fn pem(der: &[u8]) -> Option<String> {
    Certificate::from_der(der).ok().map(|certificate| certificate.pem())
}
