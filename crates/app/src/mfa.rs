//! What an administrator does to a user's MFA: require, remove, extend, reset, unlock (S4.1–S4.4, S4.12, S4.19).

use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target, nothing},
    mail::Facts,
    until_decided,
};
use claviger_domain::{
    account::{Account, Realm, State},
    factor::Factor,
    id::AccountId,
    lockout::Failures,
    mail::Kind,
    mfa::{Enrollment, EnrollmentDays, Event, Period, Requirement, RunningPeriod, reset_reason},
    permission::{Actor, AssistUsers, Granted, ManageUsers, Who},
    sign_in::{Proven, TotpSwitch},
};
use claviger_store::{
    Commit,
    table::{self, factor::Holder},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A reset that may be made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Reset {
    days: EnrollmentDays,
    reason: String,
    /// Of whoever asked for it: their own account is not theirs to reset.
    own_email: Option<String>,
}

/// A requirement as the log tells it.
fn in_words(requirement: Requirement) -> Value {
    match requirement {
        Requirement::NotRequired => json!("not_required"),
        Requirement::AtOnce => json!("at_once"),
        Requirement::By(deadline) => json!({ "deadline": deadline }),
        Requirement::Paused(left) => json!({ "left_seconds": left.seconds_rounded_up() }),
    }
}

/// S4.13: the old and the new deadline.
pub(crate) fn before_and_after(before: &Account, after: &Account) -> Value {
    json!({ "before": in_words(before.mfa.requirement), "after": in_words(after.mfa.requirement) })
}

impl App {
    /// S4.3: tells an activated user that MFA is required; a staged one is told at activation.
    pub(crate) fn mail_required(&self, draft: &mut Draft<'_>, account: &Account) -> Result<(), Problem> {
        let (until, days) = match account.mfa.requirement {
            Requirement::By(deadline) => (Some(deadline), Some(deadline.since(draft.now).days_rounded_up())),
            Requirement::NotRequired | Requirement::AtOnce | Requirement::Paused(_) => (None, None),
        };
        let facts = Facts { link: Some(format!("{}/", self.0.public_url)), until, days, ..Facts::default() };
        let cause = format!("mfa_required:{}:{}:{}", account.id, account.revision, draft.now.0);
        draft.mail(Kind::MfaRequired, account, &cause, &facts)
    }

    /// S4.1: the account with MFA required, the log entry and the mail.
    pub(crate) fn required(
        &self,
        draft: &mut Draft<'_>,
        before: &Account,
        period: Period,
        running: RunningPeriod,
    ) -> Result<Account, Problem> {
        let (mfa, event) = before.mfa.require(period, running, before.state, draft.now);
        let after = Account { mfa, ..before.clone() };
        let details = before_and_after(before, &after);
        match event {
            None => {}
            Some(Event::PeriodChanged(_)) => {
                draft.log("user.mfa.require", &Target::from(before), "success", details);
                self.mail_period(draft, &after)?;
            }
            Some(Event::Required(_) | Event::RequirementRemoved | Event::FactorReset(_)) => {
                draft.log("user.mfa.require", &Target::from(before), "success", details);
                // Whoever has set MFA up already has nothing to do.
                if after.state == State::Activated && after.mfa.enrollment == Enrollment::NotEnrolled {
                    self.mail_required(draft, &after)?;
                }
            }
        }
        Ok(after)
    }

    fn mail_period(&self, draft: &mut Draft<'_>, account: &Account) -> Result<(), Problem> {
        let until = match account.mfa.requirement {
            Requirement::By(until) => until,
            Requirement::AtOnce => return self.mail_required(draft, account),
            Requirement::NotRequired | Requirement::Paused(_) => return Ok(()),
        };
        let link = Some(format!("{}/", self.0.public_url));
        let cause = format!("period_changed:{}:{}:{}", account.id, account.revision, draft.now.0);
        draft.mail(
            Kind::PeriodChanged,
            account,
            &cause,
            &Facts { link, until: Some(until), ..Facts::default() },
        )
    }

    pub(crate) fn requirement_removed(
        &self,
        draft: &mut Draft<'_>,
        before: &Account,
    ) -> Result<Account, Problem> {
        let (mfa, event) = before.mfa.remove_requirement();
        let after = Account { mfa, ..before.clone() };
        if event.is_some() {
            let details = before_and_after(before, &after);
            draft.log("user.mfa.requirement.remove", &Target::from(before), "success", details);
        }
        Ok(after)
    }

    /// S2.3: while TOTP is disabled no requirement is switched on.
    pub(crate) async fn needs_totp(&self) -> Result<(), Refusal> {
        match self.organization().await?.totp {
            TotpSwitch::Enabled => Ok(()),
            TotpSwitch::Disabled => {
                Err(Refusal::state("totp_disabled", "Enable TOTP under MFA Configurations first."))
            }
        }
    }

    /// S4.1, S4.4: requires MFA of a user.
    pub async fn require_mfa(
        &self,
        granted: &Granted<ManageUsers>,
        id: AccountId,
        period: Period,
        running: RunningPeriod,
    ) -> Result<Account, Refusal> {
        self.require_fresh_code(granted.actor())?;
        self.needs_totp().await?;
        self.change_user(granted, id, |draft, before| Ok(self.required(draft, before, period, running)?))
            .await
    }

    /// Withdraws the requirement; a factor stays.
    pub async fn remove_requirement(
        &self,
        granted: &Granted<ManageUsers>,
        id: AccountId,
    ) -> Result<Account, Refusal> {
        self.require_fresh_code(granted.actor())?;
        self.change_user(granted, id, |draft, before| Ok(self.requirement_removed(draft, before)?)).await
    }

    /// S4.12: a later deadline for someone not enrolled.
    pub async fn extend_period(
        &self,
        granted: &Granted<AssistUsers>,
        id: AccountId,
        days: EnrollmentDays,
    ) -> Result<Account, Refusal> {
        self.require_fresh_code(granted.actor())?;
        self.change_user(granted, id, |draft, before| self.extended(draft, before, days)).await
    }

    pub(crate) fn extended(
        &self,
        draft: &mut Draft<'_>,
        before: &Account,
        days: EnrollmentDays,
    ) -> Result<Account, Refusal> {
        let extended = before.mfa.extend(days, before.state, draft.now);
        let (mfa, _) = extended.map_err(|refused| Refusal::state(refused.code(), refused.to_string()))?;
        let after = Account { mfa, ..before.clone() };
        draft.log("user.mfa.extend", &Target::from(before), "success", before_and_after(before, &after));
        self.mail_period(draft, &after)?;
        Ok(after)
    }

    /// S4.12: deletes the factor, starts a new period, ends the sessions, and mails the user.
    pub async fn reset_mfa(
        &self,
        granted: &Granted<AssistUsers>,
        id: AccountId,
        days: EnrollmentDays,
        reason: &str,
    ) -> Result<Account, Refusal> {
        let reset = self.reset_of(granted.actor(), days, reason).await?;
        self.change_user(granted, id, |draft, before| self.reset(draft, before, &reset)).await
    }

    /// Checks what every reset needs: a reason, TOTP, and a code given by whoever asks for it.
    pub(crate) async fn reset_of(
        &self,
        actor: &Actor,
        days: EnrollmentDays,
        reason: &str,
    ) -> Result<Reset, Refusal> {
        let reason = reset_reason(reason)?;
        let own_email = self.may_reset(actor).await?;
        self.require_fresh_code(actor)?;
        self.needs_totp().await?;
        Ok(Reset { days, reason, own_email })
    }

    pub(crate) fn reset(
        &self,
        draft: &mut Draft<'_>,
        before: &Account,
        reset: &Reset,
    ) -> Result<Account, Refusal> {
        if reset.own_email.as_deref() == Some(&before.email.key()) {
            let message = "You can't reset your own MFA this way. Ask another administrator.";
            return Err(Refusal::state("own_account", message));
        }
        let done = before.mfa.reset(reset.days, before.state, draft.now);
        let (mfa, _) = done.map_err(|refused| Refusal::state(refused.code(), refused.to_string()))?;
        let after = Account { mfa, ..before.clone() };
        draft.write_all(table::factor::delete(draft.organization.id, before.id));
        draft.write(table::session::end_all(draft.organization.id, before.id));
        let mut details = before_and_after(before, &after);
        if let Some(details) = details.as_object_mut() {
            details.insert("reason".into(), json!(reset.reason));
        }
        draft.log("user.mfa.reset", &Target::from(before), "success", details);
        let until = match mfa.requirement {
            Requirement::By(until) => Some(until),
            Requirement::NotRequired | Requirement::AtOnce | Requirement::Paused(_) => None,
        };
        let link = Some(format!("{}/", self.0.public_url));
        let facts = Facts { link, until, days: Some(reset.days.get()), ..Facts::default() };
        let cause = format!("mfa_reset:{}:{}", before.id, before.revision);
        draft.mail(Kind::MfaReset, before, &cause, &facts)?;
        Ok(after)
    }

    /// Who resets must have given a code. Returns their own e-mail, whose account is not theirs to reset.
    pub(crate) async fn may_reset(&self, actor: &Actor) -> Result<Option<String>, Refusal> {
        let id = match actor.who {
            Who::Administrator { proven: Proven::Password | Proven::PutOff | Proven::Reset, .. } => {
                let message = "Set up MFA for your own account and sign in with a code before you reset that of others.";
                return Err(Refusal::state("mfa_needed", message));
            }
            Who::Administrator { id, .. } | Who::ApiKey { owner: id, .. } => id,
            Who::User(_) | Who::Device(_) | Who::Visitor | Who::Host | Who::System => return Ok(None),
        };
        let me = self.load_account(Realm::Administrator, id).await?;
        Ok(Some(me.email.key()))
    }

    /// S4.19: clears the wrong codes of a user's factor, and with them any lock.
    pub async fn unlock_user(&self, granted: &Granted<AssistUsers>, id: AccountId) -> Result<(), Refusal> {
        until_decided!({
            let mut draft = Draft::new(self, granted.actor()).await?;
            let organization = draft.organization.id;
            let holder = table::factor::holder(&self.0.store, organization, Realm::User, id).await?;
            Self::unlocked(&mut draft, &holder.ok_or(Refusal::NotFound("user"))?)?;
            (draft.commit().await? == Commit::Committed).then_some(())
        })
    }

    /// The factor without its wrong codes, and the log entry.
    pub(crate) fn unlocked(draft: &mut Draft<'_>, holder: &Holder) -> Result<(), Refusal> {
        let Some(sealed) = &holder.factor else {
            let message = "MFA is not set up, so there is nothing to unlock.";
            return Err(Refusal::state("not_enrolled", message));
        };
        let factor = Factor { failures: Failures::default(), ..sealed.factor.clone() };
        draft.write(table::factor::save(draft.organization.id, &factor));
        let action = format!("{}.unlock", holder.account.kind.realm().key());
        draft.log(&action, &Target::from(&holder.account), "success", nothing());
        Ok(())
    }

    /// S6.9: break-glass on the server's host: forgets an administrator's factor; they must set up a new one.
    pub async fn reset_administrator_mfa(&self, actor: &Actor, email: &str) -> Result<(), Refusal> {
        let organization = self.organization().await?;
        let found = self.find_account(Realm::Administrator, email).await?;
        let before = found.ok_or(Refusal::NotFound("administrator"))?;
        let mut after = before.clone();
        after.mfa.requirement = Requirement::AtOnce;
        after.mfa.enrollment = Enrollment::NotEnrolled;
        let mut draft = Draft::of(self, actor, organization);
        draft.write(table::account::save(draft.organization.id, &after));
        let by = "The command line on the server".to_owned();
        self.administrators_factor_gone(&mut draft, &before, (by, nothing()))?;
        Self::reset_follows(&mut draft, &before, &self.activated_administrators().await?)?;
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }
}
