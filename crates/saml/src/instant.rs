//! Points in time, as `xs:dateTime` writes them.

use std::{fmt, time::Duration};
use x509_cert::der::DateTime;

/// A point in time, in whole seconds since 1970 in UTC; at most the end of the year 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The last second that four digits of a year can name.
    pub const LAST: Self = Self(253_402_300_799);

    /// So many seconds after the beginning of 1970; later than [`Self::LAST`] is that.
    pub fn from_unix(seconds: u64) -> Self {
        Self(seconds).min(Self::LAST)
    }

    /// Seconds since the beginning of 1970.
    pub fn unix(self) -> u64 {
        self.0
    }

    /// Later by that much.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self::from_unix(self.0.saturating_add(duration.as_secs()))
    }

    /// Earlier by that much, and not before 1970.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(duration.as_secs()))
    }

    /// Reads an `xs:dateTime` with a zone; fractions of seconds are dropped. `None` if it isn't one, or is before 1970.
    pub fn parse(text: &str) -> Option<Self> {
        let (local, east) = match text.strip_suffix('Z') {
            Some(local) => (local, 0),
            None => {
                let (local, zone) = text.split_at_checked(text.len().checked_sub(6)?)?;
                (local, minutes_east(zone)?)
            }
        };
        let (seconds, fraction) = local.split_once('.').unwrap_or((local, "0"));
        if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let local = format!("{seconds}Z").parse::<DateTime>().ok()?.unix_duration().as_secs();
        let utc = i64::try_from(local).ok()?.checked_sub(east * 60)?;
        Some(Self::from_unix(u64::try_from(utc).ok()?))
    }

    /// As a certificate has it.
    pub(crate) fn date_time(self) -> Option<DateTime> {
        DateTime::from_unix_duration(Duration::from_secs(self.0)).ok()
    }
}

/// Minutes east of UTC of a zone like `+02:00`.
fn minutes_east(zone: &str) -> Option<i64> {
    let sign = match zone.get(..1)? {
        "+" => 1,
        "-" => -1,
        _ => return None,
    };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    if [hours, minutes].iter().any(|part| part.len() != 2 || !part.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.date_time() {
            Some(written) => write!(f, "{written}"),
            None => Err(fmt::Error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Instant;
    use proptest::prelude::*;

    #[test]
    fn zones_and_fractions_are_read() {
        for (text, unix) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-11-21T09:07:35Z", Some(1_795_252_055)),
            ("2026-11-21T09:07:35.123456789Z", Some(1_795_252_055)),
            ("2026-11-21T11:07:35+02:00", Some(1_795_252_055)),
            ("2026-11-21T03:37:35.5-05:30", Some(1_795_252_055)),
            ("9999-12-31T23:59:59Z", Some(253_402_300_799)),
            ("2026-11-21T09:07:35", None),
            ("2026-11-21T09:07:35.Z", None),
            ("2026-11-21 09:07:35Z", None),
            ("2026-02-30T09:07:35Z", None),
            ("2026-11-21T09:07:35+2:00", None),
            ("2026-11-21T09:07:35+15:00", None),
            ("1969-12-31T23:59:59Z", None),
            ("1970-01-01T00:00:00+01:00", None),
            ("12026-11-21T09:07:35Z", None),
            ("2026-11-21T09:07:35é:00", None),
            ("Z", None),
            ("", None),
        ] {
            assert_eq!(Instant::parse(text).map(Instant::unix), unix, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(seconds in 0..=253_402_300_799u64) {
            let instant = Instant::from_unix(seconds);
            prop_assert_eq!(Instant::parse(&instant.to_string()), Some(instant));
        }

        #[test]
        fn nothing_read_makes_it_fail(text in ".{0,40}") {
            let _ = Instant::parse(&text);
        }
    }
}
