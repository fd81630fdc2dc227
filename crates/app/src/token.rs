//! Bearer tokens: 256 random bits, of which the database holds the hash.

use claviger_domain::{secret::Secret, time::Timestamp};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

/// What a session's token begins with: the time in milliseconds.
const TIME: usize = 6;
const RANDOM: usize = 32;

/// A token as it is given to its bearer, once.
#[derive(Clone, Debug)]
pub struct Token(Secret<String>);

impl Token {
    /// A token of these random bytes, with a prefix that says what it is.
    pub fn new(prefix: &str, random: [u8; RANDOM]) -> Self {
        Self(Secret::new(format!("{prefix}{}", BASE64URL_NOPAD.encode(&random))))
    }

    /// A session's. It begins with the time, so that its row stands beside those of the same time, and a commit of many
    /// sign-ins writes few pages.
    pub(crate) fn of_session(now: Timestamp, random: [u8; RANDOM]) -> Self {
        let milliseconds = now.0.div_euclid(1_000).to_be_bytes();
        let (_, time) = milliseconds.split_at(milliseconds.len() - TIME);
        Self(Secret::new(BASE64URL_NOPAD.encode(&[time, &random].concat())))
    }

    /// The text, for the one place that hands it out.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What is stored.
    pub fn hash(&self) -> [u8; 32] {
        hash(self.expose())
    }

    /// What is stored of a session's.
    pub(crate) fn session_key(&self) -> [u8; 32] {
        session_key(self.expose())
    }
}

/// What is stored of a token that someone presents.
pub(crate) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// What is stored of a session's token that someone presents: its time, and as much of its hash as there is room for. Of
/// one without a time, from before tokens had one, it is the hash.
pub(crate) fn session_key(token: &str) -> [u8; 32] {
    let mut key = hash(token);
    let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap_or_default();
    if bytes.len() == TIME + RANDOM
        && let Some(time) = bytes.first_chunk::<TIME>()
    {
        key.rotate_right(TIME);
        key[..TIME].copy_from_slice(time);
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_sessions_are_in_the_order_of_time() {
        let key = |milliseconds: i64, random: u8| {
            Token::of_session(Timestamp(milliseconds * 1_000 + 999), [random; RANDOM]).session_key()
        };
        let now = 1_800_000_000_000;
        for (earlier, later) in [(0, 1), (now, now + 1), (now, now + 256), (now + 255, now + 256)] {
            for random in 0..20 {
                assert!(key(earlier, random) < key(later, random + 1), "{earlier} {later} {random}");
            }
        }
        assert_ne!(key(now, 1), key(now, 2));
        assert_eq!(key(now, 1), key(now, 1));
        assert_eq!(key(now, 1)[..TIME], now.to_be_bytes()[2..]);
    }

    /// Whoever reads the database learns nothing that a browser could send, and nothing of a token can be left out.
    #[test]
    fn a_key_says_nothing_of_the_random_part_and_depends_on_all_of_the_token() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let token = Token::of_session(now, [7; RANDOM]);
        let key = token.session_key();
        assert_eq!(key[TIME..], token.hash()[..key.len() - TIME]);
        let bytes = BASE64URL_NOPAD.decode(token.expose().as_bytes()).unwrap();
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            let other = session_key(&BASE64URL_NOPAD.encode(&other));
            assert_ne!(other, key, "{at}");
            assert_ne!(other[TIME..], key[TIME..], "{at}");
        }
    }

    /// S4.20: an upgrade signs nobody out.
    #[test]
    fn tokens_without_a_time_are_found_as_before() {
        let before = Token::new("", [9; RANDOM]);
        assert_eq!(before.session_key(), before.hash());
        for text in ["", "nonsense", "=", &"A".repeat(10_000)] {
            assert_eq!(session_key(text), hash(text), "{text:.20}");
        }
    }
}
