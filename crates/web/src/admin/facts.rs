//! What the pages of a user and of an administrator tell alike.

use crate::view::Fact;
use claviger_app::words;
use claviger_domain::{account::Account, factor::Factor, lockout::Lock, time::Timestamp};

/// Since when there is the account, and when it was last used.
pub(super) fn of_account(account: &Account, now: Timestamp, zone: &str) -> [Fact; 2] {
    let last = match account.last_sign_in_at {
        Some(at) => Fact::at("Last sign-in", at, now, zone),
        None => Fact::new("Last sign-in", "Never"),
    };
    [Fact::at("Created", account.created_at, now, zone), last]
}

/// How an authenticator is doing; `closed` says who can open one again that too many wrong codes have closed.
pub(super) fn of_factor(factor: &Factor, now: Timestamp, zone: &str, closed: &'static str) -> Vec<Fact> {
    let mut facts = vec![
        Fact::at("MFA set up", factor.confirmed_at, now, zone),
        Fact::at("Code last used", factor.last_used_at, now, zone),
        Fact::new("Clock", words::clock(factor.drift)),
    ];
    if factor.failures.in_row > 0 {
        facts.push(Fact::new("Wrong codes in a row", factor.failures.in_row.to_string()));
    }
    match factor.failures.lock_at(now) {
        Lock::Open => {}
        Lock::Until(until) => {
            facts.push(Fact { value: "Locked".into(), ..Fact::at("Codes", until, now, zone) });
        }
        Lock::Closed => facts.push(Fact::new("Codes", closed)),
    }
    facts
}
