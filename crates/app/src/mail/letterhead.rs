//! What every mail is written on: the organization's name, logo, own texts, time zone and support contact as they
//! are when it leaves.

use super::{Facts, LOGO_ID, Letter, Message, letters, told::Told};
use crate::{App, Problem, logo::Logo};
use askama::Template;
use claviger_domain::{
    id::MailId,
    mail::Kind,
    mail_text::{MailText, Placeholder},
    organization::Organization,
    time::Timestamp,
};
use claviger_store::table;
use std::{collections::HashMap, sync::Arc};

/// What mails are written on.
pub(crate) struct Letterhead {
    organization: Arc<Organization>,
    texts: HashMap<Kind, MailText>,
    logo: Option<Arc<Logo>>,
    now: Timestamp,
}

/// A mail's address, and what it is about.
#[derive(Clone, Copy)]
pub(crate) struct Addressed<'a> {
    pub(crate) id: MailId,
    pub(crate) kind: Kind,
    pub(crate) to: &'a str,
    pub(crate) facts: &'a Facts,
}

#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct Text<'a> {
    organization: &'a str,
    letter: &'a Letter,
    link: &'a Option<String>,
    not_me: &'a Option<String>,
    support: &'a str,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    organization: &'a str,
    letter: &'a Letter,
    link: &'a Option<String>,
    not_me: &'a Option<String>,
    support: &'a str,
    logo: Option<&'static str>,
}

impl App {
    /// The letterhead as it is now.
    pub(crate) async fn letterhead(&self) -> Result<Letterhead, Problem> {
        let organization = self.organization().await?;
        let mut texts = HashMap::new();
        for changed in table::mail_text::all(&self.0.store, organization.id).await? {
            let Some(words) = changed.words else { continue };
            match MailText::parse(changed.kind, &words.subject, &words.body) {
                Ok(text) => drop(texts.insert(changed.kind, text)),
                // Written by another version, which knew other placeholders.
                Err(_) => tracing::warn!(kind = changed.kind.key(), "a mail's own text can't be used"),
            }
        }
        Ok(Letterhead { organization, texts, logo: self.logo().await?, now: self.now() })
    }
}

impl Letterhead {
    /// The same with this text for its kind.
    pub(super) fn with(mut self, kind: Kind, text: MailText) -> Self {
        self.texts.insert(kind, text);
        self
    }

    /// The organization's own words where it has some that fit, or the built-in ones. The button is built in.
    pub(super) fn letter(&self, mail: Addressed<'_>) -> Letter {
        let Addressed { kind, to, facts, .. } = mail;
        let told = Told::of(kind, to, facts, &self.organization.settings, self.now);
        let built_in = letters::letter(kind, &told);
        // What is written to a person is not said to the administrators who are told of it.
        let about_another = facts.person.is_some() && !Placeholder::Person.is_known_to(kind);
        let own = self.texts.get(&kind).filter(|_| !about_another);
        match own.and_then(|text| text.render(|placeholder| told.value(placeholder))) {
            Some(own) => Letter { subject: own.subject, paragraphs: own.paragraphs, ..built_in },
            None => built_in,
        }
    }

    /// The mail as text.
    pub(super) fn text(&self, letter: &Letter, facts: &Facts) -> Result<String, Problem> {
        let settings = &self.organization.settings;
        let text = Text {
            organization: &settings.name,
            letter,
            link: &facts.link,
            not_me: &facts.not_me,
            support: &settings.support_contact,
        };
        text.render().map_err(failed)
    }

    fn html(&self, letter: &Letter, facts: &Facts) -> Result<String, Problem> {
        let settings = &self.organization.settings;
        let html = Html {
            organization: &settings.name,
            letter,
            link: &facts.link,
            not_me: &facts.not_me,
            support: &settings.support_contact,
            logo: self.logo.as_ref().map(|_| LOGO_ID),
        };
        html.render().map_err(failed)
    }

    /// Writes the mail.
    pub(crate) fn compose(&self, mail: Addressed<'_>) -> Result<Message, Problem> {
        let letter = self.letter(mail);
        let text = self.text(&letter, mail.facts)?;
        let html = self.html(&letter, mail.facts)?;
        let Addressed { id, to, .. } = mail;
        Ok(Message { id, to: to.to_owned(), subject: letter.subject, text, html, logo: self.logo.clone() })
    }
}

fn failed(error: askama::Error) -> Problem {
    Problem::Internal(format!("a mail can't be written: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use claviger_domain::{
        id::OrganizationId, logo::Format, organization::Settings, sign_in::TotpSwitch, time::Span,
    };

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn letterhead() -> Letterhead {
        let mut settings = Settings::new("Acme & Sons".into()).unwrap();
        settings.support_contact = "help@acme.test".into();
        settings.time_zone = "Europe/Berlin".into();
        let organization = Organization {
            id: OrganizationId::new(Timestamp(0), [0; 10]),
            revision: 1,
            totp: TotpSwitch::Enabled,
            settings,
            mails_off: Vec::new(),
            logo: None,
        };
        Letterhead { organization: Arc::new(organization), texts: HashMap::new(), logo: None, now: NOW }
    }

    fn addressed(kind: Kind, facts: &Facts) -> Addressed<'_> {
        Addressed { id: MailId::new(Timestamp(0), [0; 10]), kind, to: "alice@acme.test", facts }
    }

    fn with(kind: Kind, subject: &str, body: &str) -> Letterhead {
        letterhead().with(kind, MailText::parse(kind, subject, body).unwrap())
    }

    #[test]
    fn every_mail_has_a_subject_a_text_and_its_link_in_each_part() {
        let link = "https://sso.acme.test/register/abc".to_owned();
        let facts = Facts { link: Some(link.clone()), until: Some(NOW), days: Some(7), ..Facts::default() };
        for kind in Kind::ALL {
            let message = letterhead().compose(addressed(kind, &facts)).unwrap();
            assert!(!message.subject.is_empty() && message.text.len() > 60, "{kind:?}");
            let has_button = !letterhead().letter(addressed(kind, &facts)).button.is_empty();
            assert_eq!(message.text.contains(&link), has_button, "{kind:?}");
            assert_eq!(message.html.contains(&format!("href=\"{link}\"")), has_button, "{kind:?}");
            assert!(
                message.html.contains("Acme &#38; Sons") || message.html.contains("Acme &amp; Sons"),
                "{kind:?}"
            );
            assert!(message.text.contains("Acme & Sons"), "{kind:?}");
            assert!(!message.html.contains("src="), "{kind:?}: nothing is fetched from afar");
        }
    }

    #[test]
    fn a_mail_of_a_change_leads_to_where_it_can_be_disowned() {
        let not_me = "https://sso.acme.test/not-me/abc".to_owned();
        let facts = Facts { not_me: Some(not_me.clone()), ..Facts::default() };
        for kind in [Kind::MfaSetUp, Kind::MfaRemoved, Kind::RecoveryCodeUsed, Kind::PasswordChanged] {
            let own = with(kind, "Own", "Own words.");
            for letterhead in [letterhead(), own] {
                let message = letterhead.compose(addressed(kind, &facts)).unwrap();
                assert_eq!(message.text.matches(&not_me).count(), 1, "{kind:?}");
                assert_eq!(message.html.matches(&not_me).count(), 1, "{kind:?}");
            }
            let without = letterhead().compose(addressed(kind, &Facts::default())).unwrap();
            assert!(!without.text.contains("not me"), "{kind:?}");
        }
    }

    #[test]
    fn dates_in_mails_are_those_of_the_organizations_zone() {
        let facts = Facts { until: Some(NOW), ..Facts::default() };
        let message = letterhead().compose(addressed(Kind::Reminder, &facts)).unwrap();
        assert!(message.text.contains("Tue 14 Nov 2023, 23:13 (Europe/Berlin)"), "{}", message.text);
    }

    #[test]
    fn a_reminder_tells_what_is_left_when_it_leaves() {
        for (hours, subject) in
            [(168, "7 days left"), (24, "24 hours left"), (2, "2 hours left"), (0, "no time left")]
        {
            let facts = Facts { until: Some(NOW.plus(Span::hours(hours))), ..Facts::default() };
            let letter = letterhead().letter(addressed(Kind::Reminder, &facts));
            assert_eq!(letter.subject, format!("{subject} to set up MFA"));
        }
    }

    #[test]
    fn own_words_take_the_place_of_the_built_in_ones_and_the_button_stays() {
        let letterhead =
            with(Kind::MfaRequired, "{name}, {days}", "Until {deadline}.\n\n<b>{organization}</b>\nOK");
        let facts = Facts {
            link: Some("https://sso.acme.test/".into()),
            until: Some(NOW),
            days: Some(3),
            name: Some("Al {days}".into()),
            ..Facts::default()
        };
        let message = letterhead.compose(addressed(Kind::MfaRequired, &facts)).unwrap();
        assert_eq!(message.subject, "Al {days}, 3 days");
        assert!(
            message.text.contains("<b>Acme & Sons</b>\nOK") && !message.html.contains("<b>"),
            "{}",
            message.html
        );
        assert!(
            message.html.contains("https://sso.acme.test/")
                && message.text.contains("https://sso.acme.test/")
        );
        let at_once = Facts { until: None, days: None, ..facts };
        let letter = letterhead.letter(addressed(Kind::MfaRequired, &at_once));
        assert_eq!(
            letter.subject, "MFA is now required",
            "a text that names a deadline fits no mail without one"
        );
    }

    #[test]
    fn what_is_written_to_a_person_is_not_said_to_those_who_are_told_of_it() {
        let letterhead =
            with(Kind::FactorLocked, "Too many codes", "Your codes are refused until {deadline}.");
        let own = letterhead.letter(addressed(Kind::FactorLocked, &Facts::default()));
        assert_eq!(own.paragraphs, ["Your codes are refused until an administrator unlocks the account."]);
        let facts = Facts { person: Some("bob@acme.test".into()), ..Facts::default() };
        let told = letterhead.letter(addressed(Kind::FactorLocked, &facts));
        assert!(told.subject.contains("bob@acme.test"));
    }

    #[test]
    fn a_logo_is_shown_from_inside_the_mail() {
        let logo = Arc::new(Logo { format: Format::Png, image: vec![1], etag: String::new() });
        let letterhead = Letterhead { logo: Some(Arc::clone(&logo)), ..letterhead() };
        let message = letterhead.compose(addressed(Kind::Test, &Facts::default())).unwrap();
        assert!(message.html.contains("src=\"cid:logo@claviger\""), "{}", message.html);
        assert_eq!(message.logo, Some(logo));
    }
}
