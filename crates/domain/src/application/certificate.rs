//! What an application's messages are signed with, from one certificate to the next without a gap (S10.1).

use crate::{
    device::words,
    time::{Span, Timestamp},
};

/// How long a certificate holds that is made.
pub const LASTS: Span = Span::days(3 * 365);
/// How long before its end people are warned.
const WARNED_BEFORE: Span = Span::days(30);

/// Whether a key signs for its application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It signs.
    Current,
    /// The application may know it already; it signs from the day of the switch.
    Next,
    /// It signed until the switch, and can again.
    Retired,
}
words!(Stage { Current => "current", Next => "next", Retired => "retired" });

impl Stage {
    /// Where the key goes that signed until a key of this stage is switched to; nothing if it signs already.
    pub const fn displaces_to(self) -> Option<Self> {
        match self {
            Self::Current => None,
            Self::Next => Some(Self::Retired),
            Self::Retired => Some(Self::Next),
        }
    }
}

/// How near the end of a certificate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Far off.
    Far,
    /// Within 30 days: time for the next one.
    Near,
    /// It has come.
    Past,
}

/// How near the end at `at` is.
pub fn end(at: Timestamp, now: Timestamp) -> End {
    if at <= now {
        End::Past
    } else if at.since(now) <= WARNED_BEFORE {
        End::Near
    } else {
        End::Far
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_warned_for_thirty_days() {
        let now = Timestamp::from_seconds(1_000_000);
        let month = now.plus(Span::days(30));
        for (at, expected) in [
            (Timestamp(month.0 + 1), End::Far),
            (month, End::Near),
            (Timestamp(now.0 + 1), End::Near),
            (now, End::Past),
            (now.minus(Span::days(1)), End::Past),
        ] {
            assert_eq!(end(at, now), expected);
        }
    }

    #[test]
    fn a_switch_keeps_the_other_key_at_hand() {
        let after = Stage::ALL.iter().map(|stage| stage.displaces_to()).collect::<Vec<_>>();
        assert_eq!(after, [None, Some(Stage::Retired), Some(Stage::Next)]);
    }
}
