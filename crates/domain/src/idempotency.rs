//! Calls that are carried out once, however often they are sent (S13.1).

use crate::{
    field::FieldError,
    time::{Span, Timestamp},
};

/// For how long a repeated call is recognized.
pub const KEPT: Span = Span::days(1);
/// No call takes longer; one that seems to was cut off, and nobody knows how far it came.
const LONGEST: Span = Span::minutes(2);

/// The name that a client gives to one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallKey(String);

impl CallKey {
    /// 1 to 255 visible ASCII characters.
    pub fn parse(text: &[u8]) -> Result<Self, FieldError> {
        let refused = || FieldError::new("Idempotency-Key", "Must be 1 to 255 visible ASCII characters.");
        let is_visible = (1..=255).contains(&text.len()) && text.iter().all(u8::is_ascii_graphic);
        let text = std::str::from_utf8(text).ok().filter(|_| is_visible);
        text.map(|text| Self(text.to_owned())).ok_or_else(refused)
    }

    /// As it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Somebody works on it.
    Running,
    /// It was carried out.
    Done,
}

/// A call that was sent before under the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// SHA-256 of what it asked for.
    pub request: [u8; 32],
    /// How far it is.
    pub progress: Progress,
    /// When it began.
    pub began_at: Timestamp,
}

/// What a call under a known key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Another one: the key must not be used for two.
    Another,
    /// The same, and still under way.
    Running,
    /// The same, and nobody knows how it ended.
    Lost,
    /// The same, and carried out.
    Done,
}

impl Earlier {
    /// What a call that asks for `request` is.
    pub fn judge(&self, request: &[u8; 32], now: Timestamp) -> Verdict {
        match self.progress {
            _ if self.request != *request => Verdict::Another,
            Progress::Done => Verdict::Done,
            Progress::Running if now.since(self.began_at) > LONGEST => Verdict::Lost,
            Progress::Running => Verdict::Running,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_visible_ascii() {
        assert_eq!(CallKey::parse(b"8e03978e-40d5-43dd-bc93-6894a57f9324").unwrap().as_str().len(), 36);
        assert!(CallKey::parse(&[b'~'; 255]).is_ok());
        for bad in [&b""[..], b"a b", b"a\tb", "ä".as_bytes(), &[0xff], &[b'a'; 256], b"a\x7f"] {
            assert!(CallKey::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_same_call_is_never_carried_out_again() {
        let began_at = Timestamp::from_seconds(1_000);
        let earlier = |progress| Earlier { request: [1; 32], progress, began_at };
        let soon = began_at.plus(Span::seconds(1));
        let table = [
            (Progress::Running, [1; 32], soon, Verdict::Running),
            (Progress::Running, [1; 32], began_at.plus(LONGEST), Verdict::Running),
            (Progress::Running, [1; 32], began_at.plus(Span::minutes(3)), Verdict::Lost),
            (Progress::Running, [2; 32], soon, Verdict::Another),
            (Progress::Done, [1; 32], began_at.plus(Span::hours(23)), Verdict::Done),
            (Progress::Done, [2; 32], soon, Verdict::Another),
        ];
        for (progress, request, now, verdict) in table {
            assert_eq!(earlier(progress).judge(&request, now), verdict, "{progress:?} {now:?}");
        }
    }
}
