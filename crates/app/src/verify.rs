//! Judging a code and writing what came of it: the one door for portals and API.

use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target},
    mail::Facts,
    until_decided,
};
use claviger_domain::{
    account::{Account, Realm, State},
    attempt::{Outcome, judge},
    id::AccountId,
    lockout::{Consequence, Lock},
    mail::Kind,
    permission::{AssistUsers, Granted},
    sign_in::TotpSwitch,
    time::Timestamp,
    totp::{Code, TotpSecret},
};
use claviger_store::{
    Commit,
    table::{self, factor::Sealed},
};
use serde_json::json;
use std::sync::Arc;

/// What may be told of an attempt, once it is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Right, and used up.
    Accepted,
    /// Right once.
    AlreadyUsed,
    /// Wrong.
    Wrong,
    /// Not looked at.
    Locked {
        /// Until when; nothing if an administrator must act.
        until: Option<Timestamp>,
    },
}

/// A code that somebody presents.
#[derive(Clone, Copy)]
pub(crate) struct Attempt<'a> {
    pub(crate) account: &'a Account,
    pub(crate) sealed: &'a Sealed,
    pub(crate) code: &'a Code,
    /// What the log calls it.
    pub(crate) action: &'static str,
}

/// S13.0: what a program is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// A code was judged.
    Told(Told),
    /// There is nothing to judge it by.
    NotEnrolled,
}

impl App {
    /// Judges `code` and adds what follows to the draft; what is told counts once that is committed.
    pub(crate) async fn judge(&self, draft: &mut Draft<'_>, attempt: &Attempt<'_>) -> Result<Told, Problem> {
        let Attempt { account, sealed, code, action } = *attempt;
        let organization = Arc::clone(&draft.organization);
        let opened = self.0.sealer.open(table::factor::secret_place(sealed.factor.id), &sealed.secret)?;
        let secret = TotpSecret::new(opened.expose().clone());
        let settings = &organization.settings;
        let judged = judge(&sealed.factor, &secret, code, &settings.code_rules(), draft.now);
        let target = Target::from(account);
        let (told, word) = match judged.outcome {
            Outcome::Accepted(_) => (Told::Accepted, "success"),
            Outcome::AlreadyUsed => (Told::AlreadyUsed, "already_used"),
            Outcome::Wrong(_) => (Told::Wrong, "wrong_code"),
            Outcome::Locked(Lock::Until(until)) => (Told::Locked { until: Some(until) }, "locked"),
            Outcome::Locked(_) => (Told::Locked { until: None }, "closed"),
        };
        draft.write(match judged.outcome {
            Outcome::Accepted(_) | Outcome::Wrong(_) => table::factor::save(organization.id, &judged.after),
            Outcome::AlreadyUsed | Outcome::Locked(_) => {
                table::factor::unchanged(organization.id, &judged.after)
            }
        });
        let details = match judged.outcome {
            Outcome::Wrong(_) => json!({ "in_row": judged.after.failures.in_row }),
            _ => json!({}),
        };
        draft.log(action, &target, word, details);
        if let Outcome::Wrong(consequence @ (Consequence::Locked(_) | Consequence::Closed)) = judged.outcome {
            self.tell_of_lock(draft, attempt, consequence).await?;
        }
        Ok(told)
    }

    /// S4.19: the person and the administrators are told.
    async fn tell_of_lock(
        &self,
        draft: &mut Draft<'_>,
        attempt: &Attempt<'_>,
        consequence: Consequence,
    ) -> Result<(), Problem> {
        let until = match consequence {
            Consequence::Locked(until) => Some(until),
            Consequence::Counted | Consequence::Closed => None,
        };
        let Attempt { account, sealed, .. } = *attempt;
        draft.log("factor.lock", &Target::from(account), "success", json!({ "until": until }));
        let cause = format!("factor_locked:{}:{}", sealed.factor.id, sealed.factor.revision);
        draft.mail(Kind::FactorLocked, account, &cause, &Facts { until, ..Facts::default() })?;
        let facts = Facts { until, person: Some(account.email.to_string()), ..Facts::default() };
        for administrator in table::account::administrators(&self.0.store, draft.organization.id).await? {
            if administrator.id != account.id {
                let cause = format!("{cause}:{}", administrator.id);
                draft.mail(Kind::FactorLocked, &administrator, &cause, &facts)?;
            }
        }
        Ok(())
    }

    /// S13.0: a VPN or another program checks and uses up a user's code.
    pub async fn verify(
        &self,
        granted: &Granted<AssistUsers>,
        user: AccountId,
        code: &Code,
    ) -> Result<Verified, Refusal> {
        until_decided!({
            let organization = self.organization().await?;
            if organization.totp == TotpSwitch::Disabled {
                return Err(Refusal::state("totp_disabled", "TOTP is disabled for the organization."));
            }
            let holder = table::factor::holder(&self.0.store, organization.id, Realm::User, user).await?;
            let holder = holder.ok_or(Refusal::NotFound("user"))?;
            if holder.account.state != State::Activated {
                return Err(Refusal::state("not_activated", "The user is not activated."));
            }
            match holder.factor {
                None => Some(Verified::NotEnrolled),
                Some(sealed) => {
                    let mut draft = Draft::of(self, granted.actor(), organization);
                    let told = self
                        .judge(
                            &mut draft,
                            &Attempt { account: &holder.account, sealed: &sealed, code, action: "verify" },
                        )
                        .await?;
                    (draft.commit().await? == Commit::Committed).then_some(Verified::Told(told))
                }
            }
        })
    }
}
