//! S4.10: reminders of the end of an enrollment period.

use crate::{App, Problem, draft::Draft, mail::Facts};
use claviger_domain::{
    mail::Kind,
    mfa::Requirement,
    organization::Organization,
    permission::{Actor, Who},
    reminder::Band,
    sign_in::TotpSwitch,
};
use claviger_store::table::account_mail::{Due, to_remind};
use std::sync::Arc;

const AT_ONCE: i64 = 500;

impl App {
    /// S4.10: reminds everyone to whom a reminder is due, once for a period; of several only the latest.
    pub(crate) async fn remind(&self) -> Result<(), Problem> {
        let organization = self.organization().await?;
        if organization.totp == TotpSwitch::Disabled || !organization.sends(Kind::Reminder) {
            return Ok(());
        }
        for band in organization.settings.reminders.bands() {
            self.remind_band(&organization, band).await?;
        }
        Ok(())
    }

    async fn remind_band(&self, organization: &Arc<Organization>, band: Band) -> Result<(), Problem> {
        let actor = Actor { who: Who::System, name: "scheduler".into(), address: String::new() };
        let mut due = Due::first(band, self.now());
        loop {
            let accounts = to_remind(&self.0.store, organization.id, &due, AT_ONCE).await?;
            let mut draft = Draft::of(self, &actor, Arc::clone(organization));
            for account in &accounts {
                let Requirement::By(until) = account.mfa.requirement else { continue };
                let link = Some(format!("{}/", self.0.public_url));
                let facts = Facts { link, until: Some(until), ..Facts::default() };
                let cause = format!("reminder:{}:{}:{}", account.id, until.0, band.reminder.hours());
                draft.mail(Kind::Reminder, account, &cause, &facts)?;
                due.after = (until, account.id.0);
            }
            // Nothing in it is guarded; what could not be written is due again a minute later.
            let _ = draft.commit().await?;
            if i64::try_from(accounts.len()).unwrap_or(i64::MAX) < AT_ONCE {
                return Ok(());
            }
        }
    }
}
