//! What an organization makes a mail say (section 11): plain text, in which words in braces stand for what each
//! mail is about. Values are put in as they are and never looked at again; escaping is the template's.

use crate::{
    field::{FieldError, Fields, Presence, line},
    mail::Kind,
};

/// The most characters of a subject.
pub const SUBJECT_MAX: usize = 200;
/// The most characters of a body.
pub const BODY_MAX: usize = 5_000;
/// Longer than any word in braces that is only misspelled.
const WORD_MAX: usize = 40;

/// A word in braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Placeholder {
    /// The organization's name.
    Organization,
    /// The recipient's name.
    Name,
    /// Whom to ask.
    SupportContact,
    /// The number of days to set MFA up.
    Days,
    /// The deadline, or the end of a lock.
    Deadline,
    /// The time or the number that is left.
    Left,
    /// Who did it.
    Actor,
    /// Whom it happened to.
    Person,
    /// On which device.
    Device,
}

impl Placeholder {
    /// Every placeholder, the ones that every mail knows first.
    pub const ALL: [Placeholder; 9] = [
        Self::Organization,
        Self::Name,
        Self::SupportContact,
        Self::Days,
        Self::Deadline,
        Self::Left,
        Self::Actor,
        Self::Person,
        Self::Device,
    ];

    /// The word between the braces.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Name => "name",
            Self::SupportContact => "support_contact",
            Self::Days => "days",
            Self::Deadline => "deadline",
            Self::Left => "left",
            Self::Actor => "actor",
            Self::Person => "person",
            Self::Device => "device",
        }
    }

    /// As it is written in a text.
    pub fn written(self) -> String {
        format!("{{{}}}", self.key())
    }

    /// What it stands for, on screens.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Organization => "the organization's name",
            Self::Name => "the recipient's name",
            Self::SupportContact => "the support contact, or “your administrator” without one",
            Self::Days => "the days to set MFA up, like “7 days”",
            Self::Deadline => "the day and hour until which it holds",
            Self::Left => "what is left, like “24 hours” or “3 recovery codes”",
            Self::Actor => "who did it",
            Self::Person => "whom it happened to",
            Self::Device => "the name of the device",
        }
    }

    /// Whether a mail of that kind knows it.
    pub const fn is_known_to(self, kind: Kind) -> bool {
        match self {
            Self::Organization | Self::Name | Self::SupportContact => true,
            Self::Days => matches!(kind, Kind::MfaRequired | Kind::MfaReset),
            Self::Deadline => matches!(
                kind,
                Kind::MfaRequired
                    | Kind::Reminder
                    | Kind::PeriodChanged
                    | Kind::MfaReset
                    | Kind::FactorLocked
                    | Kind::BreakGlass
                    | Kind::MfaResetDelayed
                    | Kind::MfaResetApproval
            ),
            Self::Left => matches!(kind, Kind::Reminder | Kind::RecoveryCodeUsed),
            Self::Device => matches!(kind, Kind::BreakGlass),
            Self::Actor => matches!(
                kind,
                Kind::BreakGlass
                    | Kind::MfaResetApproval
                    | Kind::MfaResetCanceled
                    | Kind::AdministratorReset
                    | Kind::AdministratorCreated
                    | Kind::TotpDisabled
                    | Kind::AdministratorMfaReset
            ),
            Self::Person => matches!(
                kind,
                Kind::ReportedMisuse
                    | Kind::MfaResetDelayed
                    | Kind::MfaResetApproval
                    | Kind::MfaResetCanceled
                    | Kind::AdministratorReset
                    | Kind::AdministratorCreated
            ),
        }
    }

    /// What a mail of that kind knows.
    pub fn of(kind: Kind) -> Vec<Placeholder> {
        Self::ALL.into_iter().filter(|placeholder| placeholder.is_known_to(kind)).collect()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Value(Placeholder),
}

/// A text with its placeholders found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Template(Vec<Part>);

impl Template {
    fn parse(field: &'static str, text: &str, kind: Kind) -> Result<Self, FieldError> {
        let known = Placeholder::of(kind);
        let (mut parts, mut unknown, mut rest) = (Vec::new(), Vec::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            parts.push(Part::Text(before.to_owned()));
            let Some((word, after)) = word_in_braces(from) else {
                return Err(FieldError::new(field, lone_brace(from, &known)));
            };
            match known.iter().find(|placeholder| placeholder.key() == word) {
                Some(placeholder) => parts.push(Part::Value(*placeholder)),
                None => unknown.push(format!("{{{word}}}")),
            }
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        if unknown.is_empty() {
            return Ok(Self(parts));
        }
        unknown.dedup();
        let message = format!("This mail doesn't know {}. It knows {}.", unknown.join(", "), list(&known));
        Err(FieldError::new(field, message))
    }

    /// Nothing if a value is missing.
    fn render(&self, value: &impl Fn(Placeholder) -> Option<String>) -> Option<String> {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => Some(text.clone()),
            Part::Value(placeholder) => value(*placeholder),
        });
        parts.collect()
    }
}

/// The word, and what comes after its brace.
fn word_in_braces(from: &str) -> Option<(&str, &str)> {
    let (word, after) = from.strip_prefix('{')?.split_once('}')?;
    let is_word = !word.contains(['{', '\n']) && word.chars().count() <= WORD_MAX;
    is_word.then_some((word, after))
}

fn lone_brace(from: &str, known: &[Placeholder]) -> String {
    let near: String = from.lines().next().unwrap_or_default().chars().take(20).collect();
    format!("There is a lone brace at “{near}”. Braces are only for {}.", list(known))
}

fn list(known: &[Placeholder]) -> String {
    known.iter().map(|placeholder| placeholder.written()).collect::<Vec<_>>().join(", ")
}

/// A mail's words as they are edited and kept: paragraphs have blank lines between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// One line.
    pub subject: String,
    /// The paragraphs.
    pub body: String,
}

/// A mail's words with the values put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// Each without blank lines.
    pub paragraphs: Vec<String>,
}

/// An organization's own words for a kind of mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailText {
    words: Words,
    subject: Template,
    paragraphs: Vec<Template>,
}

impl MailText {
    /// Checks `subject` and `body` as typed: at most 200 and 5,000 characters, and no placeholder that a mail of
    /// that kind doesn't know.
    pub fn parse(kind: Kind, subject: &str, body: &str) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::new();
        let subject = fields.take(
            line("subject", "Subject", subject, SUBJECT_MAX, Presence::Required)
                .and_then(|text| Ok((Template::parse("subject", &text, kind)?, text))),
        );
        let body = fields.take(tidy_body(body).and_then(|text| {
            Template::parse("body", &text, kind)?;
            let paragraphs = paragraphs(&text);
            let parsed = paragraphs.iter().map(|text| Template::parse("body", text, kind));
            Ok((parsed.collect::<Result<Vec<_>, _>>()?, paragraphs.join("\n\n")))
        }));
        fields.finish(subject.zip(body).map(|((subject, subject_text), (paragraphs, body_text))| Self {
            words: Words { subject: subject_text, body: body_text },
            subject,
            paragraphs,
        }))
    }

    /// The words, tidied up.
    pub const fn words(&self) -> &Words {
        &self.words
    }

    /// The mail; nothing if it names something that `value` has not.
    pub fn render(&self, value: impl Fn(Placeholder) -> Option<String>) -> Option<Rendered> {
        Some(Rendered {
            subject: self.subject.render(&value)?,
            paragraphs: self.paragraphs.iter().map(|part| part.render(&value)).collect::<Option<_>>()?,
        })
    }
}

fn tidy_body(text: &str) -> Result<String, FieldError> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.trim();
    if text.is_empty() {
        return Err(FieldError::new("body", "The text is missing."));
    }
    if text.chars().count() > BODY_MAX {
        return Err(FieldError::new("body", "The text can have at most 5,000 characters."));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(FieldError::new("body", "The text can't contain control characters."));
    }
    Ok(text.to_owned())
}

fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in text.lines().map(str::trim) {
        match (line.is_empty(), paragraphs.last_mut()) {
            (true, _) => goes_on = false,
            (false, Some(paragraph)) if goes_on => {
                paragraph.push('\n');
                paragraph.push_str(line);
            }
            (false, _) => {
                paragraphs.push(line.to_owned());
                goes_on = true;
            }
        }
    }
    paragraphs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(subject: &str, body: &str) -> Result<MailText, Vec<FieldError>> {
        MailText::parse(Kind::MfaRequired, subject, body)
    }

    fn render(subject: &str, body: &str) -> Option<Rendered> {
        parse(subject, body).unwrap().render(|placeholder| match placeholder {
            Placeholder::Organization => Some("Acme {days} <b>".into()),
            Placeholder::Days => Some("7 days\n\nand more".into()),
            Placeholder::Name | Placeholder::SupportContact => Some(String::new()),
            Placeholder::Deadline
            | Placeholder::Left
            | Placeholder::Actor
            | Placeholder::Person
            | Placeholder::Device => None,
        })
    }

    #[test]
    fn values_are_put_in_as_they_are_and_never_looked_at_again() {
        let rendered = render("{organization}: {days}{days}", "In {days}.\n\n{organization}").unwrap();
        assert_eq!(rendered.subject, "Acme {days} <b>: 7 days\n\nand more7 days\n\nand more");
        assert_eq!(rendered.paragraphs, ["In 7 days\n\nand more.", "Acme {days} <b>"]);
    }

    #[test]
    fn a_text_that_names_what_a_mail_has_not_is_not_rendered() {
        assert_eq!(render("Set up MFA", "Until {deadline}."), None);
        assert_eq!(render("Until {deadline}", "Set up MFA."), None);
    }

    #[test]
    fn unknown_words_and_lone_braces_are_refused_where_they_are() {
        for (subject, body, fields) in [
            ("{nope}", "Text", vec!["subject"]),
            ("Subject", "{actor}", vec!["body"]),
            ("{", "}", vec!["subject", "body"]),
            ("a { b", "a } b", vec!["subject", "body"]),
            ("{{days}}", "{days", vec!["subject", "body"]),
            ("{Days}", "{ days }", vec!["subject", "body"]),
            ("{}", "{days\n}", vec!["subject", "body"]),
            ("", " \r\n ", vec!["subject", "body"]),
            ("a\nb", "a\u{7}b", vec!["subject", "body"]),
        ] {
            let errors = parse(subject, body).unwrap_err();
            assert_eq!(
                errors.iter().map(|error| error.field).collect::<Vec<_>>(),
                fields,
                "{subject:?} {body:?}"
            );
        }
        let message = parse("Subject", "{nope} {days} {left}").unwrap_err().remove(0).message;
        assert!(
            message.contains("doesn't know {nope}, {left}.") && message.contains("{deadline}"),
            "{message}"
        );
        let message = parse("Subject", "Dear {name,\n\nhello").unwrap_err().remove(0).message;
        assert!(message.contains("“{name,”"), "{message}");
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!(parse(&"ä".repeat(SUBJECT_MAX), &"ä".repeat(BODY_MAX)).is_ok());
        assert_eq!(parse(&"ä".repeat(SUBJECT_MAX + 1), &"ä".repeat(BODY_MAX + 1)).unwrap_err().len(), 2);
    }

    #[test]
    fn paragraphs_are_what_blank_lines_part() {
        let text = parse(" Subject ", "\r\n\r\none  \r\nmore\r\n \r\n\r\n\r\n  two\r\n").unwrap();
        assert_eq!(text.words(), &Words { subject: "Subject".into(), body: "one\nmore\n\ntwo".into() });
        let again = parse(&text.words().subject, &text.words().body).unwrap();
        assert_eq!(again, text);
        assert_eq!(text.paragraphs.len(), 2);
    }

    #[test]
    fn every_kind_knows_who_writes_to_whom() {
        for kind in Kind::ALL {
            let known = Placeholder::of(kind);
            assert!(
                known.contains(&Placeholder::Organization) && known.contains(&Placeholder::Name),
                "{kind:?}"
            );
            let text: Vec<_> = known.iter().map(|placeholder| placeholder.written()).collect();
            assert!(MailText::parse(kind, &text.join(" "), &text.join("\n")).is_ok(), "{kind:?}");
        }
    }
}
