//! Hardware tokens that come with a secret: which of them fit, and where each one is (S4.6, S4.7).

use crate::{
    field::{FieldError, Presence, line},
    id::{AccountId, TokenId},
    mfa::Enrollment,
    sign_in::TotpSwitch,
    time::Timestamp,
    totp::{Digest, PERIOD, TotpSecret},
};

/// Bytes of a secret that are taken: RFC 4226 §4 R6 asks for 16 at least.
const SECRET_LENGTHS: std::ops::RangeInclusive<usize> = 16..=64;
const DIGITS: u32 = 6;

/// The number that stands on a token; unique in its organization without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Serial(String);

impl Serial {
    /// A line of at most 64 characters.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        line(field, "Serial number", text, 64, Presence::Required).map(Self)
    }

    /// As it stands on the token.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it is found and compared by.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

/// What makes a token show another code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moving {
    /// Time, in steps of so many seconds (RFC 6238).
    Time {
        /// Seconds of a step.
        seconds: i64,
    },
    /// A press of its button (RFC 4226).
    Counter,
    /// It is no token for one-time codes at all.
    Other,
}

/// How a token computes its codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What its codes change with.
    pub moving: Moving,
    /// The digest under its HMAC.
    pub digest: Digest,
    /// Digits of a code.
    pub digits: u32,
}

impl Profile {
    /// The one that is taken (S4.7), and what a file means that says nothing else.
    pub const TAKEN: Profile =
        Profile { moving: Moving::Time { seconds: PERIOD }, digest: Digest::Sha1, digits: DIGITS };
}

/// Why a token can't be used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsuitable {
    /// RFC 4226.
    #[error("this token changes its code at the press of a button (HOTP); Claviger takes time-based tokens.")]
    Counter,
    /// Something else than one-time codes.
    #[error("this key is not for time-based one-time codes (TOTP).")]
    Other,
    /// Steps of so many seconds.
    #[error("this token changes its code after {}; Claviger takes 30-second tokens.", told(*.0, "seconds"))]
    Period(i64),
    /// So many digits.
    #[error("this token shows {}; Claviger takes 6-digit tokens.", told(i64::from(*.0), "digits"))]
    Digits(u32),
    /// Another digest.
    #[error("this token computes with SHA-2; Claviger takes SHA-1 tokens.")]
    Digest,
    /// A secret of so many bytes.
    #[error("the secret has {0} bytes; it must have 16 to 64.")]
    Length(usize),
}

/// A number of a damaged file can be a piece of a secret that slipped: one that no token has is not repeated.
fn told(number: i64, unit: &str) -> String {
    match number {
        0..=9_999 => format!("{number} {unit}"),
        _ => format!("an impossible number of {unit}"),
    }
}

/// The secret of a token that computes its codes like `profile`, if it is one that S4.7 takes.
pub fn suitable(profile: Profile, secret: TotpSecret) -> Result<TotpSecret, Unsuitable> {
    match profile {
        Profile { moving: Moving::Counter, .. } => Err(Unsuitable::Counter),
        Profile { moving: Moving::Other, .. } => Err(Unsuitable::Other),
        Profile { moving: Moving::Time { seconds }, .. } if seconds != PERIOD => {
            Err(Unsuitable::Period(seconds))
        }
        Profile { digits, .. } if digits != DIGITS => Err(Unsuitable::Digits(digits)),
        Profile { digest: Digest::Sha256 | Digest::Sha512, .. } => Err(Unsuitable::Digest),
        Profile { digest: Digest::Sha1, .. } => match secret.expose().len() {
            length if SECRET_LENGTHS.contains(&length) => Ok(secret),
            length => Err(Unsuitable::Length(length)),
        },
    }
}

/// Where a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// Nobody's.
    Stock,
    /// Given to a user who has yet to enter its first code.
    Waiting {
        /// Whose it is to be.
        account: AccountId,
        /// When it was given.
        since: Timestamp,
    },
    /// The factor of a user.
    InUse {
        /// Whose it is.
        account: AccountId,
        /// When it was given.
        since: Timestamp,
    },
}

impl Whereabouts {
    /// The word in the API.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Waiting { .. } => "waiting",
            Self::InUse { .. } => "in_use",
        }
    }

    /// Whose it is, and since when.
    pub const fn holder(self) -> Option<(AccountId, Timestamp)> {
        match self {
            Self::Stock => None,
            Self::Waiting { account, since } | Self::InUse { account, since } => Some((account, since)),
        }
    }
}

/// A token without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HardwareToken {
    /// Which token.
    pub id: TokenId,
    /// The number on it.
    pub serial: Serial,
    /// Its maker and model; empty if the file didn't say.
    pub model: String,
    /// Where it is.
    pub whereabouts: Whereabouts,
    /// When its secret was imported.
    pub imported_at: Timestamp,
}

/// Why a token stays where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nobody sets MFA up while TOTP is disabled (S2.3).
    #[error("Enable TOTP under MFA Configurations first.")]
    TotpDisabled,
    /// The user has a factor.
    #[error("The user has set MFA up already. Reset their MFA first.")]
    AlreadyEnrolled,
    /// It is another user's.
    #[error("This token is assigned to another user.")]
    Taken,
    /// It is a user's factor.
    #[error("This token is in use. Reset its user's MFA; that takes the token back.")]
    InUse,
    /// It is nobody's.
    #[error("This token is in stock already.")]
    InStock,
    /// Only what is in stock is deleted.
    #[error("This token waits for its user. Take it back first.")]
    Waiting,
}

impl Refused {
    /// The word for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TotpDisabled => "totp_disabled",
            Self::AlreadyEnrolled => "already_enrolled",
            Self::Taken => "token_taken",
            Self::InUse => "token_in_use",
            Self::InStock => "token_in_stock",
            Self::Waiting => "token_waiting",
        }
    }
}

impl Whereabouts {
    /// Whether a token that is here can become the factor of that account.
    pub fn given_to(
        self,
        account: AccountId,
        enrollment: Enrollment,
        totp: TotpSwitch,
    ) -> Result<(), Refused> {
        match (totp, enrollment, self) {
            (TotpSwitch::Disabled, _, _) => Err(Refused::TotpDisabled),
            (_, Enrollment::Enrolled(_), _) => Err(Refused::AlreadyEnrolled),
            (_, Enrollment::NotEnrolled, Whereabouts::Stock) => Ok(()),
            (_, Enrollment::NotEnrolled, Whereabouts::Waiting { account: whose, .. }) if whose == account => {
                Ok(())
            }
            (_, Enrollment::NotEnrolled, Whereabouts::Waiting { .. } | Whereabouts::InUse { .. }) => {
                Err(Refused::Taken)
            }
        }
    }

    /// The user whom a token is taken back from: only as long as they have not entered its first code.
    pub const fn taken_back_from(self) -> Result<AccountId, Refused> {
        match self {
            Whereabouts::Waiting { account, .. } => Ok(account),
            Whereabouts::InUse { .. } => Err(Refused::InUse),
            Whereabouts::Stock => Err(Refused::InStock),
        }
    }

    /// Whether a token can be forgotten.
    pub const fn deletable(self) -> Result<(), Refused> {
        match self {
            Whereabouts::Stock => Ok(()),
            Whereabouts::Waiting { .. } => Err(Refused::Waiting),
            Whereabouts::InUse { .. } => Err(Refused::InUse),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::FactorId;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn secret(length: usize) -> TotpSecret {
        TotpSecret::new(vec![7; length])
    }

    #[test]
    fn six_digits_thirty_seconds_sha_1_and_16_to_64_bytes_are_taken() {
        for length in [16, 20, 64] {
            assert_eq!(suitable(Profile::TAKEN, secret(length)), Ok(secret(length)));
        }
        for length in [0, 10, 15, 65] {
            assert_eq!(suitable(Profile::TAKEN, secret(length)), Err(Unsuitable::Length(length)));
        }
    }

    #[test]
    fn every_other_profile_is_refused_with_its_reason() {
        let time = |seconds| Moving::Time { seconds };
        let table = [
            (Profile { moving: Moving::Counter, ..Profile::TAKEN }, Unsuitable::Counter),
            (Profile { moving: Moving::Other, ..Profile::TAKEN }, Unsuitable::Other),
            (Profile { moving: time(60), ..Profile::TAKEN }, Unsuitable::Period(60)),
            (Profile { moving: time(0), ..Profile::TAKEN }, Unsuitable::Period(0)),
            (Profile { digits: 8, ..Profile::TAKEN }, Unsuitable::Digits(8)),
            (Profile { digest: Digest::Sha256, ..Profile::TAKEN }, Unsuitable::Digest),
            (Profile { digest: Digest::Sha512, ..Profile::TAKEN }, Unsuitable::Digest),
        ];
        for (profile, why) in table {
            assert_eq!(suitable(profile, secret(20)), Err(why));
        }
        assert_eq!(
            Unsuitable::Period(60).to_string(),
            "this token changes its code after 60 seconds; Claviger takes 30-second tokens."
        );
        assert_eq!(
            Unsuitable::Period(313_233_343_536_373_801).to_string(),
            "this token changes its code after an impossible number of seconds; Claviger takes 30-second tokens."
        );
    }

    #[test]
    fn a_serial_number_is_compared_without_case() {
        let serial = |text| Serial::parse("serial", text);
        assert_eq!(serial(" gaLT 1\t").unwrap().as_str(), "gaLT 1");
        assert_eq!(serial("GALT1").unwrap().key(), serial("galt1").unwrap().key());
        for refused in ["", " ", "a\nb", &"1".repeat(65)] {
            assert!(serial(refused).is_err(), "{refused:?}");
        }
    }

    fn account(n: u8) -> AccountId {
        AccountId::new(NOW, [n; 10])
    }

    #[test]
    fn a_token_goes_to_someone_without_a_factor_and_to_nobody_elses_owner() {
        let (alice, bob, none) = (account(1), account(2), Enrollment::NotEnrolled);
        let enrolled = Enrollment::Enrolled(FactorId::new(NOW, [3; 10]));
        let waiting = Whereabouts::Waiting { account: alice, since: NOW };
        let in_use = Whereabouts::InUse { account: bob, since: NOW };
        let stock = Whereabouts::Stock;
        let (on, off) = (TotpSwitch::Enabled, TotpSwitch::Disabled);
        let table = [
            (stock, alice, none, on, Ok(())),
            (waiting, alice, none, on, Ok(())),
            (waiting, bob, none, on, Err(Refused::Taken)),
            (in_use, alice, none, on, Err(Refused::Taken)),
            (stock, alice, enrolled, on, Err(Refused::AlreadyEnrolled)),
            (stock, alice, none, off, Err(Refused::TotpDisabled)),
        ];
        for (place, account, enrollment, totp, expected) in table {
            assert_eq!(place.given_to(account, enrollment, totp), expected, "{place:?}");
        }
    }

    #[test]
    fn only_stock_is_deleted_and_only_what_waits_is_taken_back() {
        let account = account(1);
        let waiting = Whereabouts::Waiting { account, since: NOW };
        let in_use = Whereabouts::InUse { account, since: NOW };
        let stock = Whereabouts::Stock;
        assert_eq!(
            [stock, waiting, in_use].map(Whereabouts::deletable),
            [Ok(()), Err(Refused::Waiting), Err(Refused::InUse)]
        );
        assert_eq!(
            [stock, waiting, in_use].map(Whereabouts::taken_back_from),
            [Err(Refused::InStock), Ok(account), Err(Refused::InUse)]
        );
    }

    #[test]
    fn places_and_refusals_have_their_own_words() {
        let account = account(1);
        let all = [
            Whereabouts::Stock,
            Whereabouts::Waiting { account, since: NOW },
            Whereabouts::InUse { account, since: NOW },
        ];
        assert_eq!(all.map(Whereabouts::key), ["stock", "waiting", "in_use"]);
        assert_eq!(all.map(|place| place.holder().is_some()), [false, true, true]);
        let codes: std::collections::BTreeSet<_> = [
            Refused::TotpDisabled,
            Refused::AlreadyEnrolled,
            Refused::Taken,
            Refused::InUse,
            Refused::InStock,
            Refused::Waiting,
        ]
        .map(Refused::code)
        .into();
        assert_eq!(codes.len(), 6);
    }
}
