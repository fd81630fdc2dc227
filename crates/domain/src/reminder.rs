//! S4.10: when people are reminded of the end of their enrollment period.

use crate::{field::FieldError, time::Span};

/// A mail some time before the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reminder {
    /// A week before.
    Week,
    /// Three days before.
    ThreeDays,
    /// 24 hours before: the one that always goes out.
    Day,
    /// Two hours before.
    TwoHours,
}

impl Reminder {
    /// Every reminder, the earliest first.
    pub const ALL: [Reminder; 4] = [Self::Week, Self::ThreeDays, Self::Day, Self::TwoHours];

    /// How many hours before the deadline: its word in forms, in the API and in the database.
    pub const fn hours(self) -> i64 {
        match self {
            Self::Week => 168,
            Self::ThreeDays => 72,
            Self::Day => 24,
            Self::TwoHours => 2,
        }
    }

    /// How long before the deadline.
    pub const fn before(self) -> Span {
        Span::hours(self.hours())
    }

    /// The words on screens.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Week => "7 days before",
            Self::ThreeDays => "3 days before",
            Self::Day => "24 hours before",
            Self::TwoHours => "2 hours before",
        }
    }

    /// Whoever was told of the deadline with so much or less left is not reminded again. The one of 24 hours goes
    /// out even when the whole period is a day.
    pub const fn told_within(self) -> Span {
        match self {
            Self::Week | Self::ThreeDays | Self::TwoHours => self.before(),
            Self::Day => Span::from_micros(self.before().micros() - 1),
        }
    }
}

/// The reminders of an organization: the one of 24 hours, and others if it wants them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reminders(Vec<Reminder>);

impl Default for Reminders {
    fn default() -> Self {
        Self(vec![Reminder::Day])
    }
}

/// Whom one reminder is for: those who have at most its time left, and more than the next one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// Which reminder.
    pub reminder: Reminder,
    /// The time left at which the next one takes its place; nothing for the last.
    pub over: Span,
}

impl Reminders {
    /// Reads hours with spaces or commas between them. The 24 hours need not be named.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        let mut chosen = vec![Reminder::Day];
        for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
            let known = Reminder::ALL.into_iter().find(|reminder| reminder.hours().to_string() == word);
            let message = "Reminders can go out 168, 72, 24 and 2 hours before the deadline.";
            chosen.push(known.ok_or_else(|| FieldError::new(field, message))?);
        }
        Ok(Self(Reminder::ALL.into_iter().filter(|reminder| chosen.contains(reminder)).collect()))
    }

    /// Their hours, the earliest reminder first.
    pub fn hours(&self) -> Vec<i64> {
        self.0.iter().map(|reminder| reminder.hours()).collect()
    }

    /// As [`Reminders::parse`] reads it.
    pub fn text(&self) -> String {
        self.hours().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    /// Whether this one goes out.
    pub fn has(&self, reminder: Reminder) -> bool {
        self.0.contains(&reminder)
    }

    /// The time before a deadline cut up, so that of several reminders that are due only the latest is sent.
    pub fn bands(&self) -> Vec<Band> {
        let next = self.0.iter().skip(1).map(|reminder| reminder.before()).chain([Span::ZERO]);
        self.0.iter().zip(next).map(|(reminder, over)| Band { reminder: *reminder, over }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Reminders, FieldError> {
        Reminders::parse("reminders", text)
    }

    #[test]
    fn the_one_of_24_hours_always_goes_out() {
        for (text, hours) in [
            ("", vec![24]),
            ("24", vec![24]),
            ("2", vec![24, 2]),
            ("2, 168,2", vec![168, 24, 2]),
            ("2 24 72 168", vec![168, 72, 24, 2]),
        ] {
            assert_eq!(parse(text).unwrap().hours(), hours, "{text:?}");
        }
        assert_eq!(parse("").unwrap(), Reminders::default());
        assert!(parse("").unwrap().has(Reminder::Day) && !parse("").unwrap().has(Reminder::Week));
    }

    #[test]
    fn other_hours_are_refused() {
        for text in ["48", "168 x", "-2", "024", "2.5", "2;24"] {
            assert_eq!(parse(text).unwrap_err().field, "reminders", "{text:?}");
        }
    }

    #[test]
    fn the_text_of_reminders_gives_the_same_reminders() {
        for text in ["24", "168 24", "72 24 2", "168 72 24 2"] {
            let reminders = parse(text).unwrap();
            assert_eq!(reminders.text(), text);
            assert_eq!(parse(&reminders.text()), Ok(reminders));
        }
    }

    #[test]
    fn bands_meet_and_never_overlap() {
        for text in ["24", "168 24", "168 72 24 2"] {
            let bands = parse(text).unwrap().bands();
            for (band, next) in bands.iter().zip(bands.iter().skip(1)) {
                assert_eq!(band.over, next.reminder.before());
            }
            assert_eq!(bands.last().unwrap().over, Span::ZERO);
        }
    }

    #[test]
    fn only_the_one_of_24_hours_follows_a_requirement_of_as_many_hours() {
        for reminder in Reminder::ALL {
            assert_eq!(reminder.told_within() < reminder.before(), reminder == Reminder::Day);
        }
    }
}
