//! Wrong passwords: a delay that grows, for one account from one address, for an address, and for an account
//! from everywhere. It ends by itself within minutes, so that a stranger can't lock anyone out for good (S4.19).

use crate::time::{Span, Timestamp};

/// What wrong passwords are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One account, from one address.
    AccountAtAddress,
    /// Any account, from one address.
    Address,
    /// One account, from anywhere.
    Account,
}

/// The wrong passwords counted so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub failures: i64,
    /// When the last one was.
    pub last_at: Timestamp,
}

/// After this long without a failure all are forgotten.
pub const FORGOTTEN_AFTER: Span = Span::minutes(15);

impl Scope {
    /// Every scope, in the order in which delays are looked up.
    pub const ALL: [Scope; 3] = [Scope::AccountAtAddress, Scope::Address, Scope::Account];

    /// The word in the database.
    pub const fn key(self) -> &'static str {
        match self {
            Self::AccountAtAddress => "account_at_address",
            Self::Address => "address",
            Self::Account => "account",
        }
    }

    /// How many failures are free, and the longest delay.
    const fn rule(self) -> (i64, Span) {
        match self {
            Self::AccountAtAddress => (5, Span::minutes(5)),
            Self::Address => (50, Span::minutes(5)),
            Self::Account => (100, Span::seconds(15)),
        }
    }

    /// How long to wait before a password is looked at again: one second after the last free failure,
    /// doubling with each further one.
    pub fn wait(self, count: Count, now: Timestamp) -> Span {
        let (free, longest) = self.rule();
        let Ok(over) = u32::try_from(count.failures - free) else { return Span::ZERO };
        if now.since(count.last_at) >= FORGOTTEN_AFTER {
            return Span::ZERO;
        }
        let delay = Span::seconds(1).doubled(over).at_most(longest);
        count.last_at.plus(delay).since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(scope: Scope, failures: i64, after: Span) -> Span {
        scope.wait(Count { failures, last_at: Timestamp(0) }, Timestamp(0).plus(after))
    }

    #[test]
    fn the_first_failures_are_free_and_then_the_delay_doubles() {
        for (failures, seconds) in
            [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (12, 128), (13, 256), (14, 300), (90, 300)]
        {
            assert_eq!(
                wait(Scope::AccountAtAddress, failures, Span::ZERO),
                Span::seconds(seconds),
                "{failures}"
            );
        }
    }

    #[test]
    fn a_wait_passes_and_is_forgotten() {
        assert_eq!(wait(Scope::AccountAtAddress, 7, Span::seconds(3)), Span::seconds(1));
        assert_eq!(wait(Scope::AccountAtAddress, 7, Span::seconds(4)), Span::ZERO);
        assert_eq!(wait(Scope::Account, 1_000_000, FORGOTTEN_AFTER), Span::ZERO);
    }

    #[test]
    fn strangers_can_delay_an_account_by_seconds_only() {
        assert_eq!(wait(Scope::Account, 99, Span::ZERO), Span::ZERO);
        assert_eq!(wait(Scope::Account, i64::from(u32::MAX), Span::ZERO), Span::seconds(15));
        assert_eq!(wait(Scope::Address, 49, Span::ZERO), Span::ZERO);
    }

    #[test]
    fn each_scope_has_its_word_in_the_database() {
        assert_eq!(Scope::ALL.map(Scope::key), ["account_at_address", "address", "account"]);
    }
}
