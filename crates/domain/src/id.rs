//! Typed identifiers: UUID version 7, so that rows sort by the time of their creation.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// The random part of an identifier.
pub type IdEntropy = [u8; 10];

/// A text that is not an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier")]
pub struct NotAnId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new identifier made at `now`; 62 of the random bits are kept.
            pub fn new(now: Timestamp, entropy: IdEntropy) -> Self {
                Self(v7(now, entropy))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                text.parse().map(Self).map_err(|_| NotAnId)
            }
        }
    )* };
}

ids! {
    /// The tenant that owns everything else.
    OrganizationId,
    /// A user or an administrator.
    AccountId,
    /// A TOTP factor.
    FactorId,
    /// A browser's session.
    SessionId,
    /// A mailed or printed single-use link.
    LinkId,
    /// A queued mail.
    MailId,
    /// An entry of the activity log.
    AuditId,
    /// A key for the REST API.
    ApiKeyId,
    /// Something that is done to many accounts.
    JobId,
    /// A group of users.
    GroupId,
    /// A hardware token.
    TokenId,
    /// A reset of an administrator's MFA that was asked for.
    ResetId,
    /// A computer with the agent on it.
    DeviceId,
    /// What an agent is installed with.
    ConnectKeyId,
    /// A group of devices.
    DeviceGroupId,
    /// A break-glass code for one user on one device.
    BreakGlassId,
    /// An application that people sign in to.
    ApplicationId,
    /// A policy for devices.
    PolicyId,
    /// A command for devices.
    CommandId,
    /// One run of a command, on however many devices.
    RunId,
    /// What is signed with for an application.
    ApplicationKeyId,
    /// What ID tokens are signed with.
    OidcKeyId,
    /// What an application was given when somebody was let in, by OpenID Connect.
    OidcGrantId,
}

/// RFC 9562 §5.7, with the fraction of the millisecond in the next twelve bits (§6.2, method 3), so that what is
/// made within one millisecond sorts, too.
fn v7(now: Timestamp, mut entropy: IdEntropy) -> Uuid {
    let millis = u64::try_from(now.0.div_euclid(1000)).unwrap_or(0);
    let fraction = u16::try_from(now.0.rem_euclid(1000) * 4096 / 1000).unwrap_or(0).to_be_bytes();
    for (to, from) in entropy.iter_mut().zip(fraction) {
        *to = from;
    }
    uuid::Builder::from_unix_timestamp_millis(millis, &entropy).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_creation_and_survive_their_text() {
        let early = AccountId::new(Timestamp::from_seconds(1_000), [0xff; 10]);
        let late = AccountId::new(Timestamp::from_seconds(1_001), [0; 10]);
        assert!(early < late);
        let within = AccountId::new(Timestamp(Timestamp::from_seconds(1_000).0 + 1), [0; 10]);
        assert!(early < within && within < late);
        assert_eq!(early.to_string().parse(), Ok(early));
        assert_eq!("nonsense".parse::<AccountId>(), Err(NotAnId));
    }
}
