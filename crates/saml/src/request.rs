//! A request to sign a person in, and what it may ask for.

use crate::{
    binding::{Inbound, MessageKind, Signed},
    instant::Instant,
    message::{self, Id, Reception, Sender},
    name_id::NameId,
    names::{Binding, NameIdFormat, SAML, SAMLP},
    refusal::Refusal,
    xml::{Element, Shape},
};

/// The most classes of authentication that a request may name.
const MOST_CLASSES: usize = 32;

/// A place where an application takes answers: by POST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// Its address.
    pub location: String,
    /// Its number among the application's.
    pub index: u16,
    /// Whether the application calls it the default one.
    pub is_default: Option<bool>,
}

/// How the classes of authentication that a request names are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// One of them.
    Exact,
    /// One that is as strong at least.
    Minimum,
    /// One that is stronger.
    Better,
    /// One that is no stronger.
    Maximum,
}

/// How an application wants a person to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedContext {
    /// How the classes are meant.
    pub comparison: Comparison,
    /// The classes.
    pub classes: Vec<String>,
}

impl RequestedContext {
    /// The class to answer with, of those that a sign-in fulfills, weakest first; `None` if none does.
    pub fn satisfied_by<'a>(&self, offered: &[&'a str]) -> Option<&'a str> {
        let places: Vec<usize> = offered
            .iter()
            .enumerate()
            .filter(|(_, class)| self.classes.iter().any(|wanted| wanted == *class))
            .map(|(place, _)| place)
            .collect();
        let (first, last) = (*places.first()?, *places.last()?);
        match self.comparison {
            Comparison::Exact | Comparison::Maximum => offered.get(last).copied(),
            Comparison::Minimum => offered.get(first..).and_then(|rest| rest.last()).copied(),
            Comparison::Better => offered.get(last + 1..).and_then(|rest| rest.last()).copied(),
        }
    }
}

/// Whether the person may be asked anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interaction {
    /// As needed.
    AsNeeded,
    /// They must sign in again, even if they have a session (`ForceAuthn`).
    Fresh,
    /// They must not be asked (`IsPassive`).
    None,
    /// They must sign in again and must not be asked: it can't be done.
    Contradictory,
}

/// A request that was checked. Everything in it is the application's own if it was signed, and anybody's if not;
/// the address to answer
/// to is a registered one in either case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthnRequest {
    /// Its ID, which the answer names.
    pub id: Id,
    /// From which application.
    pub issuer: String,
    /// When it was made.
    pub issued: Instant,
    /// What is known of who made it.
    pub signed: Signed,
    /// Where to answer to: a registered address.
    pub consumer: Consumer,
    /// The kind of name that is wanted, if one is.
    pub name_id: Option<NameIdFormat>,
    /// Whom it is about, if the application says so: nobody else may be answered about.
    pub subject: Option<NameId>,
    /// How the person should sign in.
    pub context: Option<RequestedContext>,
    /// Whether they may be asked.
    pub interaction: Interaction,
    /// What to send back with the answer.
    pub relay_state: Option<String>,
}

/// What to remember of a request once it was answered, so that it isn't twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReplayKey {
    /// From which application.
    pub issuer: String,
    /// Which request.
    pub id: Id,
    /// Until when; after that its age alone refuses it.
    pub until: Instant,
}

/// Remembers which requests were answered.
pub trait Answered {
    /// Remembers one; false if it was there already.
    fn remember(&mut self, key: &ReplayKey) -> bool;
}

impl AuthnRequest {
    /// Checks a request from that application, whose answers are taken at `consumers`.
    ///
    /// # Errors
    /// If anything about it is not as it must be.
    pub fn accept(
        inbound: &Inbound,
        sender: &Sender<'_>,
        consumers: &[Consumer],
        reception: &Reception<'_>,
    ) -> Result<Self, Refusal> {
        let opened = message::open(inbound, MessageKind::AuthnRequest, sender, reception)?;
        let root = &opened.root;
        if let Some(binding) = root.attribute("ProtocolBinding")
            && Binding::from_uri(binding) != Some(Binding::Post)
        {
            return Err(Refusal::ResponseBinding(binding.chars().take(200).collect()));
        }
        Ok(Self {
            consumer: consumer_of(root, consumers)?.clone(),
            name_id: name_id_of(root, sender.entity_id)?,
            subject: root.one(SAML, "Subject")?.map(NameId::read_from).transpose()?,
            context: root.one(SAMLP, "RequestedAuthnContext")?.map(context_of).transpose()?,
            interaction: interaction_of(root)?,
            issuer: sender.entity_id.to_owned(),
            relay_state: inbound.relay_state().map(str::to_owned),
            id: opened.id,
            issued: opened.issued,
            signed: opened.signed,
        })
    }

    /// What to remember when it is answered. A browser may bring the same request again until then, as when a
    /// page is reloaded.
    pub fn replay_key(&self, reception: &Reception<'_>) -> ReplayKey {
        let until = self.issued.plus(reception.max_age + reception.skew + reception.skew);
        ReplayKey { issuer: self.issuer.clone(), id: self.id.clone(), until }
    }

    /// Marks it as answered.
    ///
    /// # Errors
    /// If it was before.
    pub fn answer_once(
        &self,
        reception: &Reception<'_>,
        answered: &mut impl Answered,
    ) -> Result<(), Refusal> {
        if answered.remember(&self.replay_key(reception)) {
            Ok(())
        } else {
            Err(Refusal::Replayed(self.id.to_string()))
        }
    }
}

/// Where to answer to: what the request names if it is registered, else the default (SAML metadata 2.2.3).
fn consumer_of<'a>(root: &Element, registered: &'a [Consumer]) -> Result<&'a Consumer, Refusal> {
    let url = root.attribute("AssertionConsumerServiceURL");
    let index = root.attribute("AssertionConsumerServiceIndex");
    match (url, index) {
        (Some(_), Some(_)) => Err(Refusal::TwoConsumers),
        (Some(url), None) => registered
            .iter()
            .find(|consumer| consumer.location == url)
            .ok_or_else(|| Refusal::UnknownConsumer(url.chars().take(400).collect())),
        (None, Some(index)) => registered
            .iter()
            .find(|consumer| index.parse() == Ok(consumer.index))
            .ok_or_else(|| Refusal::UnknownConsumerIndex(index.chars().take(20).collect())),
        (None, None) => default_consumer(registered).ok_or(Refusal::NoConsumer),
    }
}

/// The one that is called default, else the first that isn't called otherwise, else the first.
pub fn default_consumer(registered: &[Consumer]) -> Option<&Consumer> {
    let named = registered.iter().find(|consumer| consumer.is_default == Some(true));
    let silent = || registered.iter().find(|consumer| consumer.is_default.is_none());
    named.or_else(silent).or(registered.first())
}

fn name_id_of(root: &Element, own: &str) -> Result<Option<NameIdFormat>, Refusal> {
    let Some(policy) = root.one(SAMLP, "NameIDPolicy")? else { return Ok(None) };
    if let Some(other) = policy.attribute("SPNameQualifier").filter(|other| *other != own) {
        return Err(Refusal::ForeignQualifier(other.chars().take(400).collect()));
    }
    match policy.attribute("Format") {
        None => Ok(None),
        Some(uri) => match NameIdFormat::from_uri(uri) {
            Some(NameIdFormat::Unspecified) => Ok(None),
            Some(format) => Ok(Some(format)),
            None => Err(Refusal::NameIdFormat(uri.chars().take(200).collect())),
        },
    }
}

fn context_of(requested: &Element) -> Result<RequestedContext, Refusal> {
    let comparison = match requested.attribute("Comparison") {
        None | Some("exact") => Comparison::Exact,
        Some("minimum") => Comparison::Minimum,
        Some("better") => Comparison::Better,
        Some("maximum") => Comparison::Maximum,
        Some(other) => {
            return Err(requested
                .wrong_value("Comparison", other, "exact, minimum, better or maximum")
                .into());
        }
    };
    let listed = requested.all(SAML, "AuthnContextClassRef");
    let classes =
        listed.map(|class| class.only_text().map(str::to_owned)).collect::<Result<Vec<_>, Shape>>()?;
    if classes.len() > MOST_CLASSES {
        let element = requested.written_name();
        return Err(Shape::TooMany { element, limit: MOST_CLASSES, what: "classes" }.into());
    }
    Ok(RequestedContext { comparison, classes })
}

fn interaction_of(root: &Element) -> Result<Interaction, Shape> {
    Ok(match (root.flag("ForceAuthn")?, root.flag("IsPassive")?) {
        (false, false) => Interaction::AsNeeded,
        (true, false) => Interaction::Fresh,
        (false, true) => Interaction::None,
        (true, true) => Interaction::Contradictory,
    })
}
