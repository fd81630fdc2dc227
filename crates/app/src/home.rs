//! The figures of the Admin Portal's Home.

use crate::{
    App, Problem,
    report::{Statuses, past, start_of_today},
};
use claviger_domain::{
    account::Account,
    id::OrganizationId,
    permission::{Granted, SeeHome},
    sign_in::TotpSwitch,
    time::{Span, Timestamp},
};
use claviger_store::{
    durability::Weakness,
    table::{
        self,
        device_list::{Filter, Present},
        report::Intervals,
        smtp::Delivery,
    },
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
    pub statuses: Statuses,
    /// How many devices have each status of S8.3; those with none are left out.
    pub devices: Vec<(String, i64)>,
    /// Whose period ends within seven days, the next to end first.
    pub ending: Vec<Account>,
    /// Factors set up on each of the last 30 days; the last one is today.
    pub enrolled_by_day: [i64; 30],
    /// Failed sign-ins in each of the last 24 hours, the oldest first.
    pub failed_by_hour: [i64; 24],
}

impl App {
    /// Failed sign-ins in each of the last 24 hours, the oldest first.
    pub(crate) async fn failed_by_hour(
        &self,
        organization: OrganizationId,
        now: Timestamp,
    ) -> Result<[i64; 24], Problem> {
        let hours = Intervals { edge: now, each: Span::hours(1), count: 24 };
        Ok(past(&table::report::failures(&self.0.store, organization, hours).await?))
    }

    /// Takes the figures.
    pub async fn home(&self, _: &Granted<SeeHome>) -> Result<Figures, Problem> {
        let organization = self.organization().await?;
        let (store, id, now) = (&self.0.store, organization.id, self.now());
        let week = now.plus(Span::days(7));
        let today = start_of_today(now, &organization.settings.time_zone);
        Ok(Figures {
            now,
            totp: organization.totp,
            delivery: self.delivery().await?,
            weaknesses: store.weaknesses().await?,
            statuses: self.statuses().await?,
            devices: table::device_list::by_status(
                store,
                id,
                &Filter::default(),
                Present { totp: organization.totp, now },
            )
            .await?,
            ending: table::account::periods_ending(store, id, now, week, ENDING_SHOWN).await?,
            enrolled_by_day: self.enrolled_by_day(today).await?,
            failed_by_hour: self.failed_by_hour(id, now).await?,
        })
    }
}
