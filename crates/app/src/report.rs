//! The figures of the MFA report, which Home shares (section 7).

use crate::{App, Problem, words};
use claviger_domain::{
    permission::{Granted, ViewUsers},
    time::{Span, Timestamp},
};
use claviger_store::table::{self, report::Intervals};

const DAY: Span = Span::days(1);

/// How many users have each status of S4.14.
#[derive(Clone, Debug, Default)]
pub struct Statuses(Vec<(String, i64)>);

impl FromIterator<(String, i64)> for Statuses {
    fn from_iter<T: IntoIterator<Item = (String, i64)>>(counts: T) -> Self {
        Self(counts.into_iter().collect())
    }
}

impl Statuses {
    /// Those with that status.
    pub fn count(&self, key: &str) -> i64 {
        self.0.iter().find(|(status, _)| status == key).map_or(0, |(_, count)| *count)
    }

    /// All of them.
    pub fn users(&self) -> i64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// Those who have a factor.
    pub fn enrolled(&self) -> i64 {
        self.count("active") + self.count("optional")
    }

    /// Those who are required.
    pub fn required(&self) -> i64 {
        ["active", "enrolling", "expired", "required_without_period"].iter().map(|key| self.count(key)).sum()
    }
}

/// What the report shows, before it is put into words and pictures. Days are those of the organization's zone.
#[derive(Clone, Debug)]
pub struct Report {
    /// When the figures were taken.
    pub now: Timestamp,
    /// Users by status.
    pub statuses: Statuses,
    /// Factors set up on each of the last 90 days; the last one is today.
    pub enrolled_by_day: [i64; 90],
    /// Enrollment periods that end on each of the next 30 days; the first one is today.
    pub ending_by_day: [i64; 30],
    /// Failed sign-ins on each of the last 30 days; the last one is today.
    pub failed_by_day: [i64; 30],
}

impl App {
    /// Takes the figures.
    pub async fn report(&self, _: &Granted<ViewUsers>) -> Result<Report, Problem> {
        let organization = self.organization().await?;
        let (store, id, now) = (&self.0.store, organization.id, self.now());
        let today = start_of_today(now, &organization.settings.time_zone);
        let ahead = Intervals { edge: today, each: DAY, count: 30 };
        let failed = table::report::failures(store, id, last_days(today, 30)).await?;
        let ending = table::report::periods_ending(store, id, ahead, now).await?;
        Ok(Report {
            now,
            statuses: self.statuses().await?,
            enrolled_by_day: self.enrolled_by_day(today).await?,
            ending_by_day: following(&ending),
            failed_by_day: past(&failed),
        })
    }

    pub(crate) async fn statuses(&self) -> Result<Statuses, Problem> {
        Ok(Statuses((*self.users_by_status().await?).clone()))
    }

    /// Users' factors set up on each of the last N days.
    pub(crate) async fn enrolled_by_day<const N: usize>(
        &self,
        today: Timestamp,
    ) -> Result<[i64; N], Problem> {
        let organization = self.organization().await?;
        let days = last_days(today, i64::try_from(N).unwrap_or(i64::MAX));
        Ok(past(&table::report::enrolled(&self.0.store, organization.id, days).await?))
    }
}

/// When the present day began in that zone.
pub(crate) fn start_of_today(now: Timestamp, zone: &str) -> Timestamp {
    words::start_of_day(&words::date_field(now, zone), zone).unwrap_or(now)
}

/// Days that end with today.
fn last_days(today: Timestamp, count: i64) -> Intervals {
    Intervals { edge: today.plus(DAY), each: DAY, count }
}

/// Counts by how many intervals ago they were, in the order of time: the last one is the present.
pub(crate) fn past<const N: usize>(counted: &[(i64, i64)]) -> [i64; N] {
    let mut counts = following::<N>(counted);
    counts.reverse();
    counts
}

/// Counts by how many intervals ahead they are; the first one is the present.
fn following<const N: usize>(counted: &[(i64, i64)]) -> [i64; N] {
    let mut counts = [0; N];
    for (index, count) in counted {
        if let Some(slot) = usize::try_from(*index).ok().and_then(|index| counts.get_mut(index)) {
            *slot += count;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_fall_into_their_intervals_and_others_are_left_out() {
        let counted = [(0, 2), (1, 5), (3, 7), (-1, 9)];
        assert_eq!(following::<3>(&counted), [2, 5, 0]);
        assert_eq!(past::<3>(&counted), [0, 5, 2]);
    }

    #[test]
    fn a_day_is_that_of_the_zone() {
        let now = Timestamp::from_seconds(1_700_000_000);
        let begins = |zone| words::short_date(start_of_today(now, zone), zone);
        assert_eq!(begins("UTC"), "Tue 14 Nov 2023, 00:00");
        assert_eq!(begins("Pacific/Auckland"), "Wed 15 Nov 2023, 00:00");
    }

    #[test]
    fn statuses_add_up() {
        let counts = [("active", 4), ("optional", 1), ("enrolling", 2), ("none", 3)];
        let statuses = Statuses(counts.map(|(key, count)| (key.to_owned(), count)).into());
        assert_eq!((statuses.users(), statuses.enrolled(), statuses.required()), (10, 5, 6));
        assert_eq!((statuses.count("expired"), statuses.count("active")), (0, 4));
    }
}
