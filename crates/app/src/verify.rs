//! Judging a code and writing what came of it: the one door for portals and API.

use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target},
    mail::Facts,
    until_decided, words,
};
use claviger_domain::{
    account::{Account, Realm, State},
    attempt::{
        Judged, Outcome, judge,
        offline::{self, Late},
    },
    factor::Factor,
    id::AccountId,
    lockout::{Consequence, Lock},
    mail::Kind,
    permission::{AssistUsers, Granted},
    resync::{self, Pair},
    sign_in::TotpSwitch,
    time::Timestamp,
    totp::{Code, Step, TotpSecret},
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

impl Told {
    /// Why a code was not taken, for whoever typed it.
    pub fn words(self, now: Timestamp) -> String {
        match self {
            Self::Accepted | Self::Wrong => "That code is not right.".into(),
            Self::AlreadyUsed => "This code was already used. Wait for the next one.".into(),
            Self::Locked { until: Some(until) } => format!(
                "Too many wrong codes. Try again in {}, or ask your administrator to unlock you.",
                words::span(until.since(now))
            ),
            Self::Locked { until: None } => {
                "Too many wrong codes. Ask your administrator to unlock you.".into()
            }
        }
    }
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

/// Somebody at the door, whatever they present.
#[derive(Clone, Copy)]
pub(crate) struct Presented<'a> {
    pub(crate) account: &'a Account,
    pub(crate) sealed: &'a Sealed,
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
        let secret = self.secret_of(sealed)?;
        let rules = draft.organization.settings.code_rules();
        let judged = judge(&sealed.factor, &secret, code, &rules, draft.now);
        self.conclude(draft, &Presented { account, sealed, action }, &judged).await
    }

    /// S4.18: the same for two consecutive codes of an app or token that is out of step.
    pub(crate) async fn judge_pair(
        &self,
        draft: &mut Draft<'_>,
        presented: &Presented<'_>,
        pair: &Pair,
    ) -> Result<Told, Problem> {
        let secret = self.secret_of(presented.sealed)?;
        let rules = draft.organization.settings.code_rules();
        let judged = resync::judge(&presented.sealed.factor, &secret, pair, &rules, draft.now);
        self.conclude(draft, presented, &judged).await
    }

    fn secret_of(&self, sealed: &Sealed) -> Result<TotpSecret, Problem> {
        let opened = self.0.sealer.open(table::factor::secret_place(sealed.factor.id), &sealed.secret)?;
        Ok(TotpSecret::new(opened.expose().clone()))
    }

    /// Adds what follows from a judgment to the draft.
    async fn conclude(
        &self,
        draft: &mut Draft<'_>,
        presented: &Presented<'_>,
        judged: &Judged,
    ) -> Result<Told, Problem> {
        let Presented { account, sealed, action } = *presented;
        let organization = Arc::clone(&draft.organization);
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
        if let Outcome::Wrong(consequence) = judged.outcome {
            self.tell_of_lock(draft, account, &sealed.factor, consequence).await?;
        }
        Ok(told)
    }

    /// S8.5: uses up the step of a code that a device accepted at its time `at` without asking.
    pub(crate) fn take_offline(
        &self,
        draft: &mut Draft<'_>,
        factor: &Factor,
        step: Step,
        at: Timestamp,
    ) -> Late {
        let (late, after) = offline::accepted(factor, step, at, draft.now);
        draft.write(match late {
            Late::UsedUp => table::factor::save(draft.organization.id, &after),
            Late::Dead | Late::Twice | Late::Implausible => {
                table::factor::unchanged(draft.organization.id, factor)
            }
        });
        late
    }

    /// S8.5: counts a wrong code that a device saw at its time `at` without asking.
    pub(crate) async fn count_offline(
        &self,
        draft: &mut Draft<'_>,
        account: &Account,
        factor: &Factor,
        at: Timestamp,
    ) -> Result<(), Problem> {
        let rules = draft.organization.settings.lockout;
        let (after, consequence) = offline::wrong(factor, &rules, at, draft.now);
        draft.write(table::factor::save(draft.organization.id, &after));
        let details = json!({ "in_row": after.failures.in_row });
        draft.log("device.code.offline", &Target::from(account), "wrong_code", details);
        self.tell_of_lock(draft, account, factor, consequence).await
    }

    /// S4.19: the person and the administrators are told of a wrong code that locked the factor.
    pub(crate) async fn tell_of_lock(
        &self,
        draft: &mut Draft<'_>,
        account: &Account,
        factor: &Factor,
        consequence: Consequence,
    ) -> Result<(), Problem> {
        let until = match consequence {
            Consequence::Counted => return Ok(()),
            Consequence::Locked(until) => Some(until),
            Consequence::Closed => None,
        };
        draft.log("factor.lock", &Target::from(account), "success", json!({ "until": until }));
        let cause = format!("factor_locked:{}:{}", factor.id, factor.revision);
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
