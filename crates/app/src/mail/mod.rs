//! Mails: what they say (section 11), and their way out of the queue.

mod deliver;
mod letters;

use crate::Problem;
use askama::Template;
use claviger_domain::{id::MailId, mail::Kind, organization::Organization, time::Timestamp};
use serde::{Deserialize, Serialize};

/// What a mail needs to know beside its kind. Sealed in the queue, because a link is a key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Where its button leads.
    pub link: Option<String>,
    /// A deadline, or the end of a lock.
    pub until: Option<Timestamp>,
    /// A number of days.
    pub days: Option<i64>,
    /// Who did it.
    pub actor: Option<String>,
    /// Whom it happened to, where that is somebody else than the mail is for.
    pub person: Option<String>,
    /// How many are left.
    pub left: Option<i64>,
    /// Where to say that it was somebody else.
    pub not_me: Option<String>,
}

/// A mail as it leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Also its Message-ID, the same on every attempt.
    pub id: MailId,
    /// Where it goes.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// As HTML.
    pub html: String,
}

struct Letter {
    subject: String,
    paragraphs: Vec<String>,
    button: &'static str,
}

impl Letter {
    fn new(subject: impl Into<String>, paragraphs: impl IntoIterator<Item = String>) -> Self {
        Self { subject: subject.into(), paragraphs: paragraphs.into_iter().collect(), button: "" }
    }

    fn button(self, button: &'static str) -> Self {
        Self { button, ..self }
    }
}

#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct Text<'a> {
    organization: &'a str,
    letter: &'a Letter,
    link: &'a Option<String>,
    support: &'a str,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    organization: &'a str,
    letter: &'a Letter,
    link: &'a Option<String>,
    support: &'a str,
}

/// Writes the mail as it stands now: with the organization's present name, time zone and support contact.
pub(crate) fn compose(
    id: MailId,
    kind: Kind,
    to: &str,
    facts: &Facts,
    organization: &Organization,
) -> Result<Message, Problem> {
    let settings = &organization.settings;
    let letter = letters::letter(kind, facts, &settings.name, &settings.time_zone);
    let (organization, support, link) =
        (settings.name.as_str(), settings.support_contact.as_str(), &facts.link);
    let failed = |error: askama::Error| Problem::Internal(format!("a mail can't be written: {error}"));
    let text = Text { organization, letter: &letter, link, support }.render().map_err(failed)?;
    let html = Html { organization, letter: &letter, link, support }.render().map_err(failed)?;
    Ok(Message { id, to: to.to_owned(), subject: letter.subject, text, html })
}

#[cfg(test)]
mod tests {
    use super::*;
    use claviger_domain::{id::OrganizationId, organization::Settings, sign_in::TotpSwitch};

    fn organization() -> Organization {
        let mut settings = Settings::new("Acme & Sons".into()).unwrap();
        settings.support_contact = "help@acme.test".into();
        settings.time_zone = "Europe/Berlin".into();
        Organization {
            id: OrganizationId::new(Timestamp(0), [0; 10]),
            revision: 1,
            totp: TotpSwitch::Enabled,
            settings,
        }
    }

    #[test]
    fn every_mail_has_a_subject_a_text_and_its_link_once_in_each_part() {
        let link = "https://sso.acme.test/register/abc".to_owned();
        let facts = Facts {
            link: Some(link.clone()),
            until: Some(Timestamp::from_seconds(1_700_000_000)),
            days: Some(7),
            ..Facts::default()
        };
        for kind in Kind::ALL {
            let id = MailId::new(Timestamp(0), [0; 10]);
            let message = compose(id, kind, "alice@acme.test", &facts, &organization()).unwrap();
            assert!(!message.subject.is_empty() && message.text.len() > 60, "{kind:?}");
            let has_button = !letters::letter(kind, &facts, "", "UTC").button.is_empty();
            assert_eq!(message.text.contains(&link), has_button, "{kind:?}");
            assert_eq!(message.html.contains(&link), has_button, "{kind:?}");
            assert!(
                message.html.contains("Acme &#38; Sons") || message.html.contains("Acme &amp; Sons"),
                "{kind:?}"
            );
            assert!(message.text.contains("Acme & Sons"), "{kind:?}");
        }
    }

    #[test]
    fn dates_in_mails_are_those_of_the_organizations_zone() {
        let facts = Facts { until: Some(Timestamp::from_seconds(1_700_000_000)), ..Facts::default() };
        let message =
            compose(MailId::new(Timestamp(0), [0; 10]), Kind::Reminder, "a@b.c", &facts, &organization())
                .unwrap();
        assert!(message.text.contains("Tue 14 Nov 2023, 23:13 (Europe/Berlin)"), "{}", message.text);
    }
}
