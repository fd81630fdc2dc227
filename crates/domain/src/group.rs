//! Groups of users, and the rule that membership requires MFA.

use crate::{
    field::{FieldError, Fields, Presence, line, number},
    id::GroupId,
    mfa::EnrollmentDays,
    time::{Span, Timestamp},
};

/// A group as loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Which.
    pub id: GroupId,
    /// Counts every change.
    pub revision: i64,
    /// What it is called.
    pub name: GroupName,
    /// What it is for.
    pub description: String,
    /// Whether membership requires MFA.
    pub rule: Rule,
    /// When the rule looks for members again; nothing while it doesn't.
    pub next_wave_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A group's name: 1 to 100 characters, one of a kind whatever its case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupName(String);

impl GroupName {
    /// The name as entered.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        line(field, "Group name", text, 100, Presence::Required).map(Self)
    }

    /// As it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is compared and sorted.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

/// A group's description as entered.
pub fn parse_description(text: &str) -> Result<String, FieldError> {
    line("description", "Description", text, 300, Presence::Optional)
}

/// Whether membership requires MFA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// It does not.
    None,
    /// It does.
    Running(Terms),
    /// It did, until an administrator or too many failures stopped it.
    Paused(Terms),
}

/// What a rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The days that each member has from joining, or from the wave they are in.
    pub days: EnrollmentDays,
    /// Nobody is required before.
    pub starts_at: Timestamp,
    /// How many at a time.
    pub wave: Wave,
}

/// How many members are required at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wave {
    /// All of them.
    Everyone,
    /// So many.
    Of {
        /// 1 to 100,000.
        size: i64,
        /// The hours from one wave to the next, 1 to 720.
        hours: i64,
        /// The rule pauses once more than this share of those it required let their period pass: 1 to 100 percent.
        pause_at: i64,
    },
}

/// What a due rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Requires so many members in all, and looks again then.
    Require(i64, Timestamp),
    /// Pauses: too many let their period pass.
    Pause,
}

/// How soon a rule of everyone sees a new member.
const SOON: Span = Span::minutes(1);

impl Terms {
    /// What happens at `now`, given how many members the rule has required and how many of them failed to enroll.
    pub fn step(&self, required: i64, failed: i64, now: Timestamp) -> Step {
        match self.wave {
            Wave::Everyone => Step::Require(i64::MAX, now.plus(SOON)),
            Wave::Of { pause_at, .. } if failed * 100 > required * pause_at => Step::Pause,
            Wave::Of { size, hours, .. } => Step::Require(size, now.plus(Span::hours(hours))),
        }
    }
}

impl Rule {
    /// The word and the terms in the database.
    pub fn texts(&self) -> (&'static str, String) {
        let (word, terms) = match self {
            Self::None => return ("none", String::new()),
            Self::Running(terms) => ("running", terms),
            Self::Paused(terms) => ("paused", terms),
        };
        let (size, hours, pause_at) = match terms.wave {
            Wave::Everyone => (0, 0, 0),
            Wave::Of { size, hours, pause_at } => (size, hours, pause_at),
        };
        (word, format!("{} {} {size} {hours} {pause_at}", terms.days.get(), terms.starts_at.0))
    }

    /// The rule of that word and those terms.
    pub fn read(word: &str, terms: &str) -> Result<Self, String> {
        let wrong = || format!("rule {word:?} {terms:?}");
        if word == "none" {
            return Ok(Self::None);
        }
        let numbers =
            terms.split(' ').map(str::parse).collect::<Result<Vec<i64>, _>>().map_err(|_| wrong())?;
        let [days, starts_at, size, hours, pause_at] = numbers.as_slice() else { return Err(wrong()) };
        let terms = Terms {
            days: EnrollmentDays::new("days", *days).map_err(|error| error.to_string())?,
            starts_at: Timestamp(*starts_at),
            wave: match size {
                0 => Wave::Everyone,
                size => Wave::Of { size: *size, hours: *hours, pause_at: *pause_at },
            },
        };
        match word {
            "running" => Ok(Self::Running(terms)),
            "paused" => Ok(Self::Paused(terms)),
            _ => Err(wrong()),
        }
    }

    /// What it says, whether it runs or not.
    pub const fn terms(&self) -> Option<&Terms> {
        match self {
            Self::None => None,
            Self::Running(terms) | Self::Paused(terms) => Some(terms),
        }
    }
}

/// The rule's form as typed.
#[derive(Clone, Copy, Debug, Default)]
pub struct RuleForm<'a> {
    /// `none`, `everyone` or `waves`.
    pub kind: &'a str,
    /// `enrollment_days`.
    pub days: &'a str,
    /// `size`.
    pub size: &'a str,
    /// `hours`.
    pub hours: &'a str,
    /// `pause_at`.
    pub pause_at: &'a str,
}

impl RuleForm<'_> {
    /// The rule, or everything that is wrong. `starts_at` is the checked start.
    pub fn parse(&self, starts_at: Result<Timestamp, FieldError>) -> Result<Rule, Vec<FieldError>> {
        if self.kind == "none" {
            return Ok(Rule::None);
        }
        let mut fields = Fields::new();
        let days = fields.take(EnrollmentDays::parse("enrollment_days", self.days));
        let starts_at = fields.take(starts_at);
        let wave = match self.kind {
            "everyone" => Some(Wave::Everyone),
            "waves" => {
                let size = fields.take(number("size", "The size of a wave", self.size, 1, 100_000));
                let hours = fields.take(number("hours", "Hours", self.hours, 1, 720));
                let pause_at = fields.take(number("pause_at", "Percent", self.pause_at, 1, 100));
                size.zip(hours).zip(pause_at).map(|((size, hours), pause_at)| Wave::Of {
                    size,
                    hours,
                    pause_at,
                })
            }
            _ => {
                fields.refuse(FieldError::new("rule", "Choose whether membership requires MFA."));
                None
            }
        };
        let terms = days.zip(starts_at).zip(wave);
        fields.finish(terms.map(|((days, starts_at), wave)| Rule::Running(Terms { days, starts_at, wave })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn terms(wave: Wave) -> Terms {
        Terms { days: EnrollmentDays::new("days", 7).unwrap(), starts_at: NOW, wave }
    }

    const WAVES: Wave = Wave::Of { size: 50, hours: 24, pause_at: 20 };

    #[test]
    fn a_rule_reads_back_as_it_was_written() {
        for rule in [
            Rule::None,
            Rule::Running(terms(Wave::Everyone)),
            Rule::Paused(terms(WAVES)),
            Rule::Running(terms(WAVES)),
        ] {
            let (word, text) = rule.texts();
            assert_eq!(Rule::read(word, &text), Ok(rule));
        }
        for (word, text) in
            [("running", ""), ("running", "7 1"), ("gone", "7 1 0 0 0"), ("running", "0 1 0 0 0")]
        {
            assert!(Rule::read(word, text).is_err(), "{word} {text}");
        }
    }

    #[test]
    fn a_wave_is_sent_until_too_many_fail() {
        let tomorrow = NOW.plus(Span::hours(24));
        assert_eq!(terms(WAVES).step(0, 0, NOW), Step::Require(50, tomorrow));
        assert_eq!(terms(WAVES).step(50, 10, NOW), Step::Require(50, tomorrow));
        assert_eq!(terms(WAVES).step(50, 11, NOW), Step::Pause);
        assert_eq!(terms(Wave::Everyone).step(50, 50, NOW), Step::Require(i64::MAX, NOW.plus(SOON)));
    }

    #[test]
    fn everything_wrong_with_a_rule_is_told_at_once() {
        let form = RuleForm { kind: "waves", days: "0", size: "x", hours: "", pause_at: "101" };
        let errors = form.parse(Err(FieldError::new("start", "Choose a day."))).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field).collect();
        assert_eq!(fields, ["enrollment_days", "start", "size", "hours", "pause_at"]);
        assert_eq!(RuleForm { kind: "none", ..form }.parse(Ok(NOW)), Ok(Rule::None));
        let everyone = RuleForm { kind: "everyone", days: "7", ..RuleForm::default() };
        assert_eq!(everyone.parse(Ok(NOW)), Ok(Rule::Running(terms(Wave::Everyone))));
        let waves = RuleForm { kind: "waves", days: "7", size: "50", hours: "24", pause_at: "20" };
        assert_eq!(waves.parse(Ok(NOW)), Ok(Rule::Running(terms(WAVES))));
        assert!(RuleForm::default().parse(Ok(NOW)).is_err());
    }
}
