//! Months that usage is counted in: who was active in one counts once.

use crate::field::FieldError;
use std::{fmt, str::FromStr};

/// Months shown: this one and a year before it.
pub const SHOWN: usize = 13;

/// A month of the organization's calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i64,
    month: i64,
}

const NAMES: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Month {
    /// The month of that number; nothing if it is none.
    pub fn from_number(number: i64) -> Option<Self> {
        let (year, month) = (number.div_euclid(100), number.rem_euclid(100));
        ((0..=9_999).contains(&year) && (1..=12).contains(&month)).then_some(Self { year, month })
    }

    /// As it is stored: 202611.
    pub const fn number(self) -> i64 {
        self.year * 100 + self.month
    }

    /// The one before.
    pub const fn previous(self) -> Self {
        match self.month {
            1 => Self { year: self.year - 1, month: 12 },
            month => Self { year: self.year, month: month - 1 },
        }
    }

    /// The one after.
    pub const fn next(self) -> Self {
        match self.month {
            12 => Self { year: self.year + 1, month: 1 },
            month => Self { year: self.year, month: month + 1 },
        }
    }

    /// The months that are shown, the oldest first; this one is the last.
    pub fn shown(self) -> Vec<Self> {
        let mut months: Vec<_> =
            std::iter::successors(Some(self), |month| Some(month.previous())).take(SHOWN).collect();
        months.reverse();
        months
    }

    /// "Nov 2026".
    pub fn words(self) -> String {
        let index = usize::try_from(self.month - 1).unwrap_or(0);
        format!("{} {}", NAMES.get(index).copied().unwrap_or_default(), self.year)
    }

    /// Its first day, as `2026-11-01`.
    pub fn first_day(self) -> String {
        format!("{self}-01")
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = FieldError;

    /// Reads `2026-11`, also as the beginning of a day.
    fn from_str(text: &str) -> Result<Self, FieldError> {
        let digits = text.get(0..4).zip(text.get(5..7)).filter(|_| text.get(4..5) == Some("-"));
        let number = digits.and_then(|(year, month)| format!("{year}{month}").parse().ok());
        number.and_then(Self::from_number).ok_or_else(|| FieldError::new("month", "A month is like 2026-11."))
    }
}

/// How much Claviger was used in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// When.
    pub month: Month,
    /// Users who signed in completely, or of whom a code was accepted.
    pub users: i64,
    /// Devices that called.
    pub devices: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirteen_months_end_with_this_one() {
        let month: Month = "2026-02".parse().unwrap();
        let shown = month.shown();
        assert_eq!((shown.len(), shown[12]), (13, month));
        assert_eq!((shown[0].to_string(), shown[11].words()), ("2025-02".into(), "Jan 2026".into()));
        assert!(shown.windows(2).all(|pair| pair[0].next() == pair[1] && pair[0] < pair[1]));
    }

    #[test]
    fn months_survive_their_number_and_text() {
        let month: Month = "2026-11-22".parse().unwrap();
        assert_eq!((month.number(), month.first_day().as_str()), (202_611, "2026-11-01"));
        assert_eq!(Month::from_number(202_611), Some(month));
        for number in [0, 202_600, 202_613, -1, i64::MAX] {
            assert_eq!(Month::from_number(number), None, "{number}");
        }
        for text in ["", "2026", "2026-13", "2026/11", "11-2026", "2026-1", "ä026-11"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }
}
