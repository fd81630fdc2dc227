//! What a mail tells, in words: the values that letters are written with and that placeholders stand for.

use super::Facts;
use crate::words;
use claviger_domain::{
    mail::Kind,
    mail_text::Placeholder,
    organization::Settings,
    time::{Span, Timestamp},
};

/// Values in words; nothing for what this mail is not about.
pub(super) struct Told {
    pub(super) organization: String,
    pub(super) name: String,
    pub(super) support_contact: String,
    pub(super) days: Option<String>,
    pub(super) deadline: Option<String>,
    pub(super) left: Option<String>,
    pub(super) actor: Option<String>,
    pub(super) person: Option<String>,
    pub(super) device: Option<String>,
    pub(super) page: Option<String>,
}

impl Told {
    /// What a mail to `to` tells at `now`.
    pub(super) fn of(kind: Kind, to: &str, facts: &Facts, settings: &Settings, now: Timestamp) -> Self {
        let deadline = facts.until.map(|until| words::date(until, &settings.time_zone));
        let (deadline, left, actor) = match kind {
            Kind::FactorLocked => {
                (deadline.or_else(|| Some("an administrator unlocks the account".into())), None, None)
            }
            Kind::Reminder => (deadline, facts.until.map(|until| time_left(until.since(now))), None),
            Kind::RecoveryCodeUsed => {
                (deadline, facts.left.map(|left| words::counted(left, "recovery code")), None)
            }
            Kind::TotpDisabled => {
                let actor = facts.actor.as_deref().filter(|actor| !actor.is_empty());
                (deadline, None, Some(actor.unwrap_or("An administrator").to_owned()))
            }
            _ => (deadline, None, facts.actor.clone()),
        };
        let contact = &settings.support_contact;
        Self {
            organization: settings.name.clone(),
            name: facts.name.clone().unwrap_or_else(|| to.to_owned()),
            support_contact: if contact.is_empty() { "your administrator".into() } else { contact.clone() },
            days: facts.days.map(words::days),
            deadline,
            left,
            actor,
            person: facts.person.clone(),
            device: facts.device.clone(),
            page: facts.link.clone(),
        }
    }

    /// The placeholders themselves, for the words that an organization starts its own text from.
    pub(super) fn placeholders(kind: Kind) -> Self {
        let some = |placeholder: Placeholder| placeholder.is_known_to(kind).then(|| placeholder.written());
        let all = |placeholder: Placeholder| placeholder.written();
        Self {
            organization: all(Placeholder::Organization),
            name: all(Placeholder::Name),
            support_contact: all(Placeholder::SupportContact),
            days: some(Placeholder::Days),
            deadline: some(Placeholder::Deadline),
            left: some(Placeholder::Left),
            actor: some(Placeholder::Actor),
            person: some(Placeholder::Person),
            device: some(Placeholder::Device),
            page: Some(String::new()),
        }
    }

    /// What stands in the place of a placeholder.
    pub(super) fn value(&self, placeholder: Placeholder) -> Option<String> {
        match placeholder {
            Placeholder::Organization => Some(self.organization.clone()),
            Placeholder::Name => Some(self.name.clone()),
            Placeholder::SupportContact => Some(self.support_contact.clone()),
            Placeholder::Days => self.days.clone(),
            Placeholder::Deadline => self.deadline.clone(),
            Placeholder::Left => self.left.clone(),
            Placeholder::Actor => self.actor.clone(),
            Placeholder::Person => self.person.clone(),
            Placeholder::Device => self.device.clone(),
        }
    }
}

/// A mail that waited past the deadline has to say something, too.
fn time_left(left: Span) -> String {
    if left == Span::ZERO { "no time".into() } else { words::span(left) }
}
