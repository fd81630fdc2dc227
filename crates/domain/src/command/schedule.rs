//! When a command runs by itself: once, every so many minutes, or daily.

use crate::field::FieldError;

/// The least and the most minutes between two runs.
const MINUTES: std::ops::RangeInclusive<i64> = 5..=10_080;

/// When a command runs by itself. Days and hours are those of the organization's time zone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Schedule {
    /// It doesn't.
    #[default]
    Never,
    /// Once.
    Once {
        /// Such as `2026-12-04`.
        day: String,
        /// Hours and minutes, such as `14:05`.
        time: String,
    },
    /// Again and again, counted from when it was laid down.
    Every {
        /// 5 to 10080.
        minutes: i64,
    },
    /// Every day.
    Daily {
        /// Hours and minutes, such as `14:05`.
        time: String,
    },
}

impl Schedule {
    /// As entered and stored: `never`, `once 2026-12-04 14:05`, `every 60`, `daily 14:05`. Empty is never.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        let wrong = |message: &str| FieldError::new("schedule", message);
        let words: Vec<&str> = text.split_whitespace().collect();
        match words.as_slice() {
            [] | ["never"] => Ok(Self::Never),
            ["once", day, time] if is_day(day) && is_time(time) => {
                Ok(Self::Once { day: (*day).to_owned(), time: (*time).to_owned() })
            }
            ["once", ..] => Err(wrong("Say once, the day and the time, such as: once 2026-12-04 14:05.")),
            ["every", minutes] => match minutes.parse() {
                Ok(minutes) if MINUTES.contains(&minutes) => Ok(Self::Every { minutes }),
                _ => Err(wrong("Minutes must be between 5 and 10080.")),
            },
            ["daily", time] if is_time(time) => Ok(Self::Daily { time: (*time).to_owned() }),
            ["daily", ..] => Err(wrong("Say daily and the time, such as: daily 14:05.")),
            _ => Err(wrong("Choose never, once, every so many minutes, or daily.")),
        }
    }

    /// As [`Schedule::parse`] takes it.
    pub fn text(&self) -> String {
        match self {
            Self::Never => "never".to_owned(),
            Self::Once { day, time } => format!("once {day} {time}"),
            Self::Every { minutes } => format!("every {minutes}"),
            Self::Daily { time } => format!("daily {time}"),
        }
    }

    /// On screens.
    pub fn words(&self) -> String {
        match self {
            Self::Never => "When somebody runs it".to_owned(),
            Self::Once { day, time } => format!("Once, on {day} at {time}"),
            Self::Every { minutes } => format!("Every {minutes} minutes"),
            Self::Daily { time } => format!("Daily at {time}"),
        }
    }
}

fn numbers<const N: usize>(text: &str, separator: char, lengths: [usize; N]) -> Option<[u32; N]> {
    let mut found = [0; N];
    let mut parts = text.split(separator);
    for (number, length) in found.iter_mut().zip(lengths) {
        let part = parts.next().filter(|part| part.len() == length)?;
        *number = part.chars().all(|c| c.is_ascii_digit()).then(|| part.parse().ok()).flatten()?;
    }
    parts.next().is_none().then_some(found)
}

fn is_day(text: &str) -> bool {
    let day = numbers(text, '-', [4, 2, 2]);
    day.is_some_and(|[year, month, day]| {
        (2000..=2200).contains(&year) && (1..=days_of(year, month)).contains(&day)
    })
}

/// None in a month that there is not.
const fn days_of(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    }
}

fn is_time(text: &str) -> bool {
    numbers(text, ':', [2, 2]).is_some_and(|[hours, minutes]| hours < 24 && minutes < 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_read_as_it_is_written() {
        for text in [
            "never",
            "once 2026-12-04 14:05",
            "once 2028-02-29 00:00",
            "every 5",
            "every 10080",
            "daily 00:00",
        ] {
            assert_eq!(Schedule::parse(text).unwrap().text(), text);
        }
        assert_eq!(Schedule::parse("").unwrap(), Schedule::Never);
        for wrong in [
            "sometimes",
            "every",
            "every 4",
            "every 10081",
            "every x",
            "once",
            "once 2026-13-01 10:00",
            "once 2026-02-29 10:00",
            "once 2026-11-31 10:00",
            "once 2026-12-04",
            "once 26-12-04 10:00",
            "daily",
            "daily 24:00",
            "daily 9:00",
            "daily 10:60",
            "* * * * *",
        ] {
            assert_eq!(Schedule::parse(wrong).unwrap_err().field, "schedule", "{wrong}");
        }
    }
}
