//! What all messages have in common, and what is checked of all of them.

use crate::{
    binding::{Demand, Inbound, MessageKind, Signed, issuer_of},
    instant::Instant,
    names::{ENTITY, SAML},
    refusal::Refusal,
    signature::Trust,
    xml::{Element, is_name_char},
};
use data_encoding::HEXLOWER;
use std::{fmt, time::Duration};

/// The most characters of a message's ID.
const LONGEST_ID: usize = 256;

/// A message's ID.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Id(String);

impl Id {
    /// An ID of our own: 160 random bits.
    pub fn from_random(random: [u8; 20]) -> Self {
        Self(format!("_{}", HEXLOWER.encode(&random)))
    }

    /// An ID of another: 1 to 256 characters that names are made of.
    pub fn parse(text: &str) -> Option<Self> {
        let good = !text.is_empty() && text.chars().take(LONGEST_ID + 1).count() <= LONGEST_ID;
        (good && text.chars().all(is_name_char)).then(|| Self(text.to_owned()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who a message must be from, and how that is known.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// The application's name as an entity.
    pub entity_id: &'a str,
    /// Its keys.
    pub trust: Trust<'a>,
    /// Whether it must sign.
    pub demand: Demand,
}

/// Where and when a message came in.
#[derive(Clone, Copy, Debug)]
pub struct Reception<'a> {
    /// The address it came to, without query.
    pub endpoint: &'a str,
    /// When.
    pub now: Instant,
    /// How long ago it may have been issued.
    pub max_age: Duration,
    /// How far clocks may be apart.
    pub skew: Duration,
}

/// A message of which everything common was checked.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) root: Element,
    pub(crate) id: Id,
    pub(crate) issued: Instant,
    pub(crate) signed: Signed,
}

/// Opens a message: its signature, kind, version, issuer, time and destination.
pub(crate) fn open(
    inbound: &Inbound,
    kind: MessageKind,
    sender: &Sender<'_>,
    reception: &Reception<'_>,
) -> Result<Opened, Refusal> {
    let found = inbound.kind()?;
    if found != kind {
        return Err(Refusal::OtherMessage { found: found.name().to_owned(), wanted: kind.name() });
    }
    let message = inbound.open(sender.trust, sender.demand)?;
    let root = message.root;
    let version = root.need_attribute("Version")?;
    if version != "2.0" {
        return Err(Refusal::Version(version.chars().take(20).collect()));
    }
    check_issuer(&root, sender.entity_id)?;
    let issued = time_of(&root, "IssueInstant")?
        .ok_or_else(|| root.wrong_value("IssueInstant", "", "a time in UTC"))?;
    check_time(issued, reception)?;
    check_destination(&root, message.signed, reception.endpoint)?;
    let id = root.need_attribute("ID")?;
    let id = Id::parse(id).ok_or_else(|| root.wrong_value("ID", id, "a name of at most 256 characters"))?;
    Ok(Opened { root, id, issued, signed: message.signed })
}

/// A time of an attribute, if it is there.
pub(crate) fn time_of(element: &Element, name: &str) -> Result<Option<Instant>, Refusal> {
    let Some(text) = element.attribute(name) else { return Ok(None) };
    let time = Instant::parse(text).ok_or_else(|| element.wrong_value(name, text, "a time in UTC"))?;
    Ok(Some(time))
}

fn check_issuer(root: &Element, expected: &str) -> Result<(), Refusal> {
    let found = issuer_of(root)?;
    let format = root.need(SAML, "Issuer")?.attribute("Format");
    if found != expected || format.is_some_and(|format| format != ENTITY) {
        return Err(Refusal::Issuer { found: found.to_owned(), expected: expected.to_owned() });
    }
    Ok(())
}

fn check_time(issued: Instant, reception: &Reception<'_>) -> Result<(), Refusal> {
    if issued > reception.now.plus(reception.skew) {
        return Err(Refusal::FromTheFuture { issued: issued.to_string() });
    }
    let seconds = reception.max_age.as_secs();
    if issued.plus(reception.max_age + reception.skew) < reception.now {
        return Err(Refusal::TooOld { issued: issued.to_string(), seconds });
    }
    Ok(())
}

/// SAML bindings 3.4.5.2 and 3.5.5.2: a signed message says where it is to go, and went there.
fn check_destination(root: &Element, signed: Signed, endpoint: &str) -> Result<(), Refusal> {
    match (root.attribute("Destination"), signed) {
        (Some(found), _) if found == endpoint => Ok(()),
        (Some(found), _) => Err(Refusal::Destination {
            found: found.chars().take(400).collect(),
            expected: endpoint.to_owned(),
        }),
        (None, Signed::No | Signed::Unchecked) => Ok(()),
        (None, Signed::Query { .. } | Signed::Document { .. }) => Err(Refusal::NoDestination),
    }
}
