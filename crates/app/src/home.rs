//! The figures of the Admin Portal's Home.

use crate::{App, Problem};
use claviger_domain::{
    account::Account,
    id::AuditId,
    permission::{Granted, SeeHome},
    sign_in::TotpSwitch,
    time::{Span, Timestamp},
};
use claviger_store::{
    durability::Weakness,
    table::{self, smtp::Delivery},
};

const ENDING_SHOWN: i64 = 8;

/// What Home shows, before it is put into words and pictures.
#[derive(Clone, Debug)]
pub struct Figures {
    /// When they were taken.
    pub now: Timestamp,
    /// Whether TOTP is enabled.
    pub totp: TotpSwitch,
    /// Whether mails go out.
    pub delivery: Delivery,
    /// What makes the database lose what it was told to keep.
    pub weaknesses: Vec<Weakness>,
    /// How many users have each status of S4.14.
    pub by_status: Vec<(String, i64)>,
    /// Whose period ends within seven days, the next to end first.
    pub ending: Vec<Account>,
    /// Factors set up in each of the last 30 days, the oldest first.
    pub enrolled_by_day: [i64; 30],
    /// Failed sign-ins in each of the last 24 hours, the oldest first.
    pub failed_by_hour: [i64; 24],
}

impl Figures {
    /// How many users have this status.
    pub fn count(&self, key: &str) -> i64 {
        self.by_status.iter().find(|(status, _)| status == key).map_or(0, |(_, count)| *count)
    }

    /// How many users there are.
    pub fn users(&self) -> i64 {
        self.by_status.iter().map(|(_, count)| count).sum()
    }

    /// How many have a factor.
    pub fn enrolled(&self) -> i64 {
        self.count("active") + self.count("optional")
    }

    /// How many MFA is required of.
    pub fn required(&self) -> i64 {
        ["active", "enrolling", "expired", "required_without_period"].iter().map(|key| self.count(key)).sum()
    }
}

impl App {
    /// Takes the figures.
    pub async fn home(&self, _: &Granted<SeeHome>) -> Result<Figures, Problem> {
        let organization = self.organization().await?;
        let (store, id, now) = (&self.0.store, organization.id, self.now());
        let week = now.plus(Span::days(7));
        let since = |span| AuditId::new(now.minus(span), [0; 10]);
        let enrollments = table::audit::enrollments(store, id, since(Span::days(30))).await?;
        let failures = table::audit::failed_sign_ins(store, id, since(Span::hours(24))).await?;
        Ok(Figures {
            now,
            totp: organization.totp,
            delivery: self.delivery().await?,
            weaknesses: store.weaknesses().await?,
            by_status: self.users_by_status().await?,
            ending: table::account::periods_ending(store, id, now, week, ENDING_SHOWN).await?,
            enrolled_by_day: histogram(&enrollments, now, Span::days(1)),
            failed_by_hour: histogram(&failures, now, Span::hours(1)),
        })
    }
}

/// How many of `times` fall into each of the last N intervals; the last one ends now.
fn histogram<const N: usize>(times: &[i64], now: Timestamp, interval: Span) -> [i64; N] {
    let mut counts = [0; N];
    for time in times {
        let ago = now.since(Timestamp(*time)).micros() / interval.micros();
        let slot = usize::try_from(ago)
            .ok()
            .and_then(|ago| (N - 1).checked_sub(ago))
            .and_then(|index| counts.get_mut(index));
        if let Some(count) = slot {
            *count += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_ends_now_and_forgets_what_is_older() {
        let now = Timestamp::from_seconds(100_000);
        let ago = |seconds| now.minus(Span::seconds(seconds)).0;
        let times = [ago(0), ago(59), ago(60), ago(179), ago(180), ago(9_999)];
        assert_eq!(histogram::<3>(&times, now, Span::minutes(1)), [1, 1, 2]);
    }
}
