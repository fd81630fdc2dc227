//! What an application is told of somebody.

use super::{
    SKEW, TAKEN_FOR,
    party::{Party, format},
    pending::{Begun, CLASSES, Pending},
};
use crate::{App, Problem, applications::instant};
use claviger_domain::{
    account::Account,
    application::{
        release::{By, Context},
        saml::{NameId as Naming, Signed},
    },
    time::Timestamp,
};
use claviger_saml::{
    Assertion, Attribute, AttributeFormat, Envelope, Id, NameId, SignWhat,
    binding::PostForm,
    names::{Status, context},
    refuse,
};

const OF_PASSWORD: [&str; 2] = [context::UNSPECIFIED, context::PASSWORD];

/// The classes that a sign-in fulfills, weakest first: what it was, never more.
pub(crate) const fn fulfilled(by: By) -> &'static [&'static str] {
    match by {
        By::Password => &OF_PASSWORD,
        By::PasswordAndCode => &CLASSES,
    }
}

/// The class that is told where the application asks for none.
pub(crate) const fn usual_class(by: By) -> &'static str {
    match by {
        By::Password => context::PASSWORD,
        By::PasswordAndCode => context::TIME_SYNC_TOKEN,
    }
}

/// How the name of an attribute is to be read.
fn reading(name: &str) -> AttributeFormat {
    let is_uri = ["http://", "https://", "urn:"].iter().any(|begin| name.starts_with(begin));
    if is_uri { AttributeFormat::Uri } else { AttributeFormat::Basic }
}

/// A value with U+FFFD for the characters that names may have and XML can't say.
fn sayable(value: &str) -> String {
    value.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

/// Whom a name is about, as an application knows them.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) kind: Naming,
    pub(super) value: String,
}

/// Whom the application is told of, and how they were recognized.
pub(super) struct Person<'a> {
    pub(super) account: &'a Account,
    pub(super) groups: &'a [String],
    pub(super) named: &'a Named,
    pub(super) context: Context,
    pub(super) class: &'static str,
    pub(super) session_index: &'a str,
    pub(super) session_ends: Timestamp,
}

impl App {
    fn envelope(&self, party: &Party, pending: &Pending) -> Envelope {
        let in_response_to = match pending.begun {
            Begun::There => Id::parse(&pending.id),
            Begun::Here => None,
        };
        Envelope {
            id: Id::from_random(self.random()),
            issuer: party.addresses.entity_id.clone(),
            issued: self.saml_now(),
            recipient: pending.consumer.clone(),
            in_response_to,
            relay_state: pending.relay_state.clone(),
        }
    }

    /// The answer that lets the person in.
    pub(super) fn assertion(
        &self,
        party: &Party,
        pending: &Pending,
        person: &Person<'_>,
    ) -> Result<PostForm, Problem> {
        let (now, settings) = (self.saml_now(), &party.settings);
        let entity_id = settings.entity_id.as_str();
        let name_id = NameId::new(
            format(person.named.kind),
            person.named.value.clone(),
            &party.addresses.entity_id,
            entity_id,
        );
        let attribute = |one: &claviger_domain::application::saml::Attribute| Attribute {
            name: one.name.clone(),
            format: reading(&one.name),
            friendly_name: None,
            values: one.values(person.account, person.groups).iter().map(|value| sayable(value)).collect(),
        };
        let told = settings.attributes.iter().map(attribute);
        let assertion = Assertion {
            id: Id::from_random(self.random()),
            name_id,
            audience: entity_id.to_owned(),
            not_before: now.minus(SKEW),
            not_on_or_after: now.plus(TAKEN_FOR),
            authenticated: instant(person.context.at),
            context: person.class.to_owned(),
            session_index: person.session_index.to_owned(),
            session_ends: Some(instant(person.session_ends)),
            attributes: told.filter(|attribute| !attribute.values.is_empty()).collect(),
        };
        let sign = match settings.signed {
            Signed::Both => SignWhat::Both,
            Signed::Assertion => SignWhat::Assertion,
            Signed::Response => SignWhat::Response,
        };
        let response = assertion.respond(&self.envelope(party, pending), sign, &party.signer(self)?);
        response.map_err(|error| Problem::Internal(error.to_string()))
    }

    /// The answer that says only that the person would have to be asked.
    pub(super) fn status(
        &self,
        party: &Party,
        pending: &Pending,
        status: Status,
    ) -> Result<PostForm, Problem> {
        let answer = refuse(&self.envelope(party, pending), status, None, &party.signer(self)?);
        answer.map_err(|error| Problem::Internal(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_say_keeps_nobody_out() {
        assert_eq!(sayable("A\u{ffff}b\u{fffe} </x>"), "A\u{fffd}b\u{fffd} </x>");
    }

    #[test]
    fn a_password_alone_is_never_called_more() {
        assert_eq!(fulfilled(By::Password), [context::UNSPECIFIED, context::PASSWORD]);
        assert_eq!(fulfilled(By::PasswordAndCode), CLASSES);
        for by in [By::Password, By::PasswordAndCode] {
            assert!(fulfilled(by).contains(&usual_class(by)));
        }
        assert_eq!(reading("urn:oid:0.9.2342.19200300.100.1.3"), AttributeFormat::Uri);
        assert_eq!(reading("email"), AttributeFormat::Basic);
    }
}
