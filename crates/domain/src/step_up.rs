//! Step-up: what decides over who gets in asks for a fresh proof of who asks.

use crate::{
    permission::Who,
    sign_in::Proven,
    time::{Span, Timestamp},
};

/// How long what a session has shown is fresh.
pub const FRESH_FOR: Span = Span::minutes(10);

/// What an administrator is asked for once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A code.
    Code,
    /// The password: they have no factor, and none is required of them.
    Password,
}

/// What `who` is asked for before they change MFA, roles, keys or the mail server; nothing while what their session
/// has shown is at most ten minutes old.
///
/// A session of someone who has a factor has always shown a code, so one that hasn't is of someone without. API keys
/// are not asked: nobody types a code for a program, and what a key may do is its own role. Neither are the server's
/// host and the server itself. Users and visitors have no business here; if they get here all the same, nothing that
/// they have shown is fresh.
pub fn asked(who: &Who, now: Timestamp) -> Option<Asked> {
    match *who {
        Who::Administrator { proven_at, .. } if now.since(proven_at) <= FRESH_FOR => None,
        Who::Administrator { proven: Proven::Code, .. } => Some(Asked::Code),
        Who::Administrator { proven: Proven::Password | Proven::PutOff | Proven::Reset, .. } => {
            Some(Asked::Password)
        }
        Who::ApiKey { .. } | Who::Host | Who::System => None,
        Who::User(_) | Who::Device(_) | Who::Visitor => Some(Asked::Code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::AccountId, permission::Role};

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    #[test]
    fn a_code_is_fresh_for_ten_minutes_and_a_password_stands_in_where_there_is_no_factor() {
        let id = AccountId::new(NOW, [1; 10]);
        let administrator = |proven, ago| Who::Administrator {
            id,
            role: Role::AdministratorWithBilling,
            proven,
            proven_at: NOW.minus(ago),
        };
        let just = Span::from_micros(FRESH_FOR.micros() + 1);
        for (who, expected) in [
            (administrator(Proven::Code, Span::ZERO), None),
            (administrator(Proven::Code, FRESH_FOR), None),
            (administrator(Proven::Code, just), Some(Asked::Code)),
            (administrator(Proven::Password, FRESH_FOR), None),
            (administrator(Proven::Password, just), Some(Asked::Password)),
            (administrator(Proven::PutOff, just), Some(Asked::Password)),
            (administrator(Proven::Reset, just), Some(Asked::Password)),
            (Who::ApiKey { owner: id, role: Role::Administrator }, None),
            (Who::Host, None),
            (Who::System, None),
            (Who::User(id), Some(Asked::Code)),
            (Who::Visitor, Some(Asked::Code)),
        ] {
            assert_eq!(asked(&who, NOW), expected, "{who:?}");
        }
    }
}
