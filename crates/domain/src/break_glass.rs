//! S8.8: a one-time code for a person who is stuck at one device.

use crate::{
    field::{FieldError, Presence, line, number},
    secret::Secret,
    time::Span,
};
use data_encoding::BASE32_NOPAD;

/// Random bytes of a code: 80 bits, 16 characters.
pub const BYTES: usize = 10;
/// The hours that forms propose.
pub const DEFAULT_HOURS: i64 = 8;
const LONGEST_HOURS: i64 = 168;
const GROUP: usize = 4;

/// For how long a code is good, and why it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// From the moment it is made.
    pub valid: Span,
    /// For the log.
    pub reason: String,
}

impl Terms {
    /// 1 to 168 hours, and a reason.
    pub fn parse(hours: &str, reason: &str) -> Result<Self, Vec<FieldError>> {
        let mut fields = crate::field::Fields::new();
        let hours = fields.take(number("hours", "Hours", hours, 1, LONGEST_HOURS));
        let reason = fields.take(line("reason", "Reason", reason, 500, Presence::Required));
        fields.finish(hours.zip(reason).map(|(hours, reason)| Self { valid: Span::hours(hours), reason }))
    }
}

/// The code of these bytes: Base32 in groups of four, as it is read out.
pub fn code(random: &Secret<[u8; BYTES]>) -> Secret<String> {
    let letters = Secret::new(BASE32_NOPAD.encode(random.expose()));
    let mut shown = String::with_capacity(letters.expose().len() + letters.expose().len() / GROUP);
    for (index, letter) in letters.expose().chars().enumerate() {
        if index > 0 && index.is_multiple_of(GROUP) {
            shown.push('-');
        }
        shown.push(letter);
    }
    Secret::new(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_sixteen_characters_in_groups_of_four() {
        assert_eq!(code(&Secret::new([0; BYTES])).expose(), "AAAA-AAAA-AAAA-AAAA");
        let shown = code(&Secret::new([0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
        assert_eq!(shown.expose().replace('-', "").len(), 16);
        assert_eq!(shown.expose().split('-').map(str::len).collect::<Vec<_>>(), [4; 4]);
    }

    #[test]
    fn hours_and_a_reason_are_asked_for() {
        let terms = Terms::parse("8", " lost phone ").unwrap();
        assert_eq!((terms.valid, terms.reason.as_str()), (Span::hours(8), "lost phone"));
        for (hours, reason, wrong) in
            [("0", "x", vec!["hours"]), ("169", "x", vec!["hours"]), ("x", " ", vec!["hours", "reason"])]
        {
            let errors = Terms::parse(hours, reason).unwrap_err();
            assert_eq!(errors.iter().map(|error| error.field).collect::<Vec<_>>(), wrong);
        }
    }
}
