//! How much Claviger is used, month by month, counted from the sealed log and the devices' calls behind everybody's back
//! (docs/decisions/019-usage.md).

use crate::{App, Problem, csv_text, words};
use claviger_domain::{
    field::FieldError,
    id::OrganizationId,
    permission::{Granted, SeeUsage},
    time::{Span, Timestamp},
    usage::{Month, Usage},
};
use claviger_store::{
    Batch, Commit,
    table::{
        self,
        usage::{Part, Present},
    },
};
use std::collections::BTreeSet;

/// Entries of the log that are read at once.
const PART: i64 = 5_000;
/// Rows that are written, or forgotten, in one batch: few enough that codes are checked in between.
const AT_ONCE: usize = 250;
/// Parts of one run, which other scheduled work waits for; the next run goes on.
const PARTS: u32 = 20;
/// A month is closed so long after its end, so that what its last minutes saw is sealed by then.
const CLOSED_AFTER: Span = Span::days(1);

impl App {
    /// The last thirteen months, the oldest first; the last is the present one, so far.
    pub async fn usage(&self, _: &Granted<SeeUsage>) -> Result<Vec<Usage>, Problem> {
        let organization = self.organization().await?;
        let shown = month_of(self.now(), &organization.settings.time_zone)?.shown();
        let Some(first) = shown.first().copied() else { return Ok(Vec::new()) };
        let known = table::usage::months(&self.0.store, organization.id, first).await?;
        let none = |month| Usage { month, users: 0, devices: 0 };
        let of = |month| known.iter().copied().find(|usage| usage.month == month);
        Ok(shown.into_iter().map(|month| of(month).unwrap_or(none(month))).collect())
    }

    /// The same as CSV.
    pub async fn usage_csv(&self, granted: &Granted<SeeUsage>) -> Result<String, Problem> {
        let line = |usage: Usage| {
            csv_text::line([usage.month.to_string(), usage.users.to_string(), usage.devices.to_string()])
        };
        let heading = csv_text::line(["month", "active_users", "devices"]);
        Ok(heading + &self.usage(granted).await?.into_iter().map(line).collect::<String>())
    }

    /// Counts what was sealed since the last time, and closes months that are over.
    pub(crate) async fn count_usage(&self) -> Result<(), Problem> {
        self.note_devices().await?;
        for _ in 0..PARTS {
            if self.count_part().await? == Progress::Done {
                return self.close_months().await;
            }
        }
        Ok(())
    }

    /// Devices by their last calls: every one that is online calls every few minutes.
    async fn note_devices(&self) -> Result<(), Problem> {
        let organization = self.organization().await?;
        let zone = organization.settings.time_zone.as_str();
        let (now, id) = (self.now(), organization.id);
        let open = [present(now.minus(CLOSED_AFTER), zone)?, present(now, zone)?];
        let notes = open.map(|month| table::usage::note_devices(id, month));
        let _ = self.0.store.commit(Batch::of(notes)).await?;
        Ok(())
    }

    async fn count_part(&self) -> Result<Progress, Problem> {
        let organization = self.organization().await?;
        let (store, id) = (&self.0.store, organization.id);
        let head = table::audit::head(store, id).await?.map_or(0, |head| head.sequence);
        let after = match table::usage::counted(store, id).await? {
            Some(sequence) => sequence,
            None => {
                let _ = store.commit(Batch::of([table::usage::begin(id)])).await?;
                0
            }
        };
        if after >= head {
            return Ok(Progress::Done);
        }
        let part = Part { after, to: head.min(after.saturating_add(PART)) };
        let zone = organization.settings.time_zone.as_str();
        let active = table::usage::active(store, id, part, present(self.now(), zone)?).await?;
        let mut seen = BTreeSet::new();
        for (account, at) in active {
            seen.insert((month_of(at, zone)?, account));
        }
        let seen: Vec<_> = seen.into_iter().collect();
        for some in seen.chunks(AT_ONCE) {
            let notes = some.iter().map(|(month, account)| table::usage::note(id, *month, account));
            let _ = store.commit(Batch::of(notes)).await?;
        }
        // Whoever was first noted the same people, so that nothing is lost where this one comes second.
        let _ = store.commit(Batch::of([table::usage::advance(id, part)])).await?;
        Ok(Progress::More)
    }

    async fn close_months(&self) -> Result<(), Problem> {
        let organization = self.organization().await?;
        let zone = organization.settings.time_zone.as_str();
        let open = month_of(self.now().minus(CLOSED_AFTER), zone)?;
        let id = organization.id;
        while let Some(month) = table::usage::open_before(&self.0.store, id, open).await? {
            let _ = self.0.store.commit(Batch::of([table::usage::close(id, month)])).await?;
            self.forget_month(id, month).await?;
        }
        Ok(())
    }

    /// Of a closed month nothing but its sum is kept.
    async fn forget_month(&self, id: OrganizationId, month: Month) -> Result<(), Problem> {
        let _ = self.0.store.commit(Batch::of([table::usage::forget_devices(id, month)])).await?;
        let limit = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
        while let Some(up_to) = table::usage::up_to(&self.0.store, id, month, limit).await? {
            let forget = Batch::of([table::usage::forget(id, month, &up_to)]);
            if self.0.store.commit(forget).await? == Commit::Conflict {
                return Err(Problem::Busy);
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    More,
    Done,
}

fn internal(error: &FieldError) -> Problem {
    Problem::Internal(error.to_string())
}

fn month_of(at: Timestamp, zone: &str) -> Result<Month, Problem> {
    words::date_field(at, zone).parse().map_err(|error| internal(&error))
}

fn present(now: Timestamp, zone: &str) -> Result<Present, Problem> {
    let month = month_of(now, zone)?;
    let start = |month: Month| words::start_of_day(&month.first_day(), zone).unwrap_or(now);
    Ok(Present { month, from: start(month), to: start(month.next()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_that_of_the_zone() {
        let at = words::start_of_day("2026-11-01", "UTC").unwrap();
        let month = |at, zone| month_of(at, zone).unwrap().to_string();
        assert_eq!(month(at, "UTC"), "2026-11");
        assert_eq!(month(at.minus(Span::seconds(1)), "UTC"), "2026-10");
        assert_eq!(month(at, "America/New_York"), "2026-10");
        assert_eq!(month(at.minus(Span::hours(5)), "Asia/Kolkata"), "2026-11");
        let present = present(at, "America/New_York").unwrap();
        assert!(present.from < at && at < present.to);
        assert_eq!(present.to, words::start_of_day("2026-11-01", "America/New_York").unwrap());
    }
}
