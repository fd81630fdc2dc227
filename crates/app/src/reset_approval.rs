//! Resets of an administrator's MFA that wait: approved by a second administrator, or canceled (S6.8).

use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target},
    mail::Facts,
    mfa_reset::tell_those_with_billing,
    until_decided,
};
use claviger_domain::{
    account::{self, Account, Realm},
    administrator::{self, Change, Hand, Subject},
    id::{AccountId, ResetId},
    mail::Kind,
    mfa::reset_reason,
    mfa_reset::{Asker, MfaReset, NotApproved, OPEN_FOR, ResetApproval, Stage, Standing},
    permission::{Granted, ManageAdministrators},
};
use claviger_store::{
    Commit,
    table::{self, link::Purpose, mfa_reset::AskedBy},
};
use serde_json::json;

/// A reset that waits, for a list.
#[derive(Clone, Debug)]
pub struct WaitingReset {
    /// The reset.
    pub reset: MfaReset,
    /// Whose MFA.
    pub account: Account,
    /// The administrator who asked for it, where it wasn't the person.
    pub requester: Option<Account>,
    /// How it stands now.
    pub standing: Standing,
    /// Whether whoever looks can approve it.
    pub approval: Result<(), NotApproved>,
}

/// What became of the wish to reset another administrator's MFA.
#[derive(Clone, Debug)]
pub enum AdministratorReset {
    /// It is reset.
    Done(Box<Account>),
    /// It waits for a second administrator.
    Asked(MfaReset),
}

fn not_approved(refused: NotApproved) -> Refusal {
    Refusal::state(refused.code(), refused.to_string())
}

fn over() -> Refusal {
    not_approved(NotApproved::Over)
}

impl App {
    /// Every reset that waits, the oldest first.
    pub async fn waiting_resets(
        &self,
        granted: &Granted<ManageAdministrators>,
    ) -> Result<Vec<WaitingReset>, Problem> {
        let organization = self.organization().await?.id;
        let mut waiting = Vec::new();
        for reset in table::mfa_reset::pending(&self.0.store, organization, self.now()).await? {
            waiting.extend(self.shown_reset(granted, reset).await?);
        }
        Ok(waiting)
    }

    /// One that waits.
    pub async fn reset_that_waits(
        &self,
        granted: &Granted<ManageAdministrators>,
        id: ResetId,
    ) -> Result<WaitingReset, Refusal> {
        let (reset, _) = self.waiting_reset(id).await?;
        let shown = self.shown_reset(granted, reset).await?;
        let waits = |shown: &WaitingReset| matches!(shown.standing, Standing::Waits { .. } | Standing::Ready);
        shown.filter(waits).ok_or(Refusal::NotFound("reset"))
    }

    /// Nothing if the administrator is gone.
    async fn shown_reset(
        &self,
        granted: &Granted<ManageAdministrators>,
        reset: MfaReset,
    ) -> Result<Option<WaitingReset>, Problem> {
        let (organization, now) = (self.organization().await?.id, self.now());
        let find =
            async |id| table::account::by_id(&self.0.store, organization, Realm::Administrator, id).await;
        let Some(account) = find(reset.account).await? else { return Ok(None) };
        let Some(subject) = Subject::of(&account) else { return Ok(None) };
        let requester = match &reset.asker {
            Asker::Themselves { .. } => None,
            Asker::Other { id, .. } => find(*id).await?,
        };
        let approval = reset.approve(Hand::of(granted.actor().who), subject, now);
        let standing = reset.standing(now);
        Ok(Some(WaitingReset { reset, account, requester, standing, approval }))
    }

    async fn waiting_reset(&self, id: ResetId) -> Result<(MfaReset, Account), Refusal> {
        let organization = self.organization().await?.id;
        let found = table::mfa_reset::by_id(&self.0.store, organization, id).await?;
        let reset = found.ok_or(Refusal::NotFound("reset"))?;
        let account = self.load_account(Realm::Administrator, reset.account).await?;
        Ok((reset, account))
    }

    /// S6.8: any administrator who manages administrators stops a reset that waits; one that waits for approval is
    /// refused by it. Links that were mailed for it are dead, and its wizard can't be finished.
    pub async fn cancel_reset(
        &self,
        granted: &Granted<ManageAdministrators>,
        id: ResetId,
    ) -> Result<(), Refusal> {
        let (reset, account) = self.waiting_reset(id).await?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        let organization = draft.organization.id;
        let by = draft.actor_name();
        draft.write(table::mfa_reset::end(organization, id, Stage::Canceled, &by, draft.now));
        let target = Target::from(&account);
        draft.log("administrator.mfa.reset.cancel", &target, "success", json!({ "reset": id }));
        let facts = Facts { actor: Some(by), person: Some(account.email.to_string()), ..Facts::default() };
        let cause = format!("mfa_reset_canceled:{id}");
        draft.mail(Kind::MfaResetCanceled, &account, &cause, &facts)?;
        match reset.asker {
            Asker::Themselves { .. } => {
                draft.write(table::link::kill(organization, account.id, Purpose::MfaReset));
            }
            // Who takes their own request back knows it.
            Asker::Other { id, .. } if Hand::of(draft.actor().who).own == Some(id) => {}
            Asker::Other { id, .. } => {
                let found = table::account::by_id(&self.0.store, organization, Realm::Administrator, id);
                if let Some(requester) = found.await? {
                    let cause = format!("{cause}:{}", requester.id);
                    draft.mail(Kind::MfaResetCanceled, &requester, &cause, &facts)?;
                }
            }
        }
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(over()),
        }
    }

    /// Asks for the reset of another administrator's MFA, where it takes two: a second one approves it within 24 hours.
    pub(crate) async fn request_reset(
        &self,
        granted: &Granted<ManageAdministrators>,
        id: AccountId,
        reason: &str,
    ) -> Result<MfaReset, Refusal> {
        let reason = reset_reason(reason)?;
        let requester = self.resetting_for_others(granted).await?;
        let hand = self.administrators_hand(granted.actor()).await?;
        until_decided!({
            let account = self.load_account(Realm::Administrator, id).await?;
            let mut draft = Draft::new(self, granted.actor()).await?;
            let (organization, now) = (draft.organization.id, draft.now);
            self.allow(&mut draft, hand, &account, Change::ResetMfa).await?;
            administrator::reset(account.mfa).map_err(crate::administrators::refused)?;
            let earlier =
                table::mfa_reset::of_account(&self.0.store, organization, id, AskedBy::Another).await?;
            if earlier.is_some_and(|earlier| earlier.standing(now) == Standing::Ready) {
                let message = "A reset of their MFA was asked for already. Approve or cancel it first.";
                return Err(Refusal::state("reset_waits", message));
            }
            let reset = MfaReset {
                id: ResetId::new(now, self.random()),
                account: id,
                asker: Asker::Other { id: requester, reason: reason.clone() },
                stage: Stage::Pending,
                created_at: now,
                expires_at: now.plus(OPEN_FOR),
            };
            draft.write(table::account::unchanged(organization, &account));
            draft.write(table::mfa_reset::drop_expired(organization, id, now));
            draft.write(table::mfa_reset::insert(organization, &reset));
            let details = json!({ "reset": reset.id, "reason": reason });
            draft.log("administrator.mfa.reset.ask", &Target::from(&account), "success", details);
            self.tell_who_may_approve(&mut draft, &account, &reset).await?;
            (draft.commit().await? == Commit::Committed).then_some(reset)
        })
    }

    async fn tell_who_may_approve(
        &self,
        draft: &mut Draft<'_>,
        account: &Account,
        reset: &MfaReset,
    ) -> Result<(), Problem> {
        let Some(subject) = Subject::of(account) else { return Ok(()) };
        let facts = Facts {
            link: Some(self.resets_page()),
            until: Some(reset.expires_at),
            actor: Some(draft.actor_name()),
            person: Some(account.email.to_string()),
            ..Facts::default()
        };
        for other in table::account::administrators(&self.0.store, draft.organization.id).await? {
            let account::Kind::Administrator { role } = other.kind else { continue };
            let hand = Hand { own: Some(other.id), reach: administrator::Reach::of(role) };
            if reset.approve(hand, subject, draft.now).is_ok() {
                let cause = format!("mfa_reset_approval:{}:{}", reset.id, other.id);
                draft.mail(Kind::MfaResetApproval, &other, &cause, &facts)?;
            }
        }
        Ok(())
    }

    /// A second administrator says yes: the reset is carried out.
    pub async fn approve_reset(
        &self,
        granted: &Granted<ManageAdministrators>,
        id: ResetId,
    ) -> Result<Account, Refusal> {
        self.resetting_for_others(granted).await?;
        let hand = self.administrators_hand(granted.actor()).await?;
        let administrators = self.activated_administrators().await?;
        until_decided!({
            let (reset, before) = self.waiting_reset(id).await?;
            let mut draft = Draft::new(self, granted.actor()).await?;
            let subject = Subject::of(&before).ok_or(Refusal::NotFound("administrator"))?;
            reset.approve(hand, subject, draft.now).map_err(not_approved)?;
            let by = draft.actor_name();
            let organization = draft.organization.id;
            draft.write(table::mfa_reset::end(organization, id, Stage::Done, &by, draft.now));
            let reason = match &reset.asker {
                Asker::Other { reason, .. } => reason.as_str(),
                Asker::Themselves { .. } => "",
            };
            let details = json!({ "reset": id, "reason": reason, "requester": requester_of(&reset) });
            draft.log("administrator.mfa.reset.approve", &Target::from(&before), "success", details);
            let after = self.administrator_reset(&mut draft, &before, reason)?;
            Self::reset_follows(&mut draft, &before, &administrators)?;
            draft.write(table::account::save(organization, &after));
            let written = Account { revision: after.revision + 1, ..after };
            (draft.commit().await? == Commit::Committed).then_some(written)
        })
    }

    /// What else follows from the reset of an administrator's MFA: whatever waited for them is over, and the other
    /// Administrators with Billing are told.
    pub(crate) fn reset_follows(
        draft: &mut Draft<'_>,
        before: &Account,
        administrators: &[Account],
    ) -> Result<(), Problem> {
        let id = draft.organization.id;
        draft.write(table::link::kill(id, before.id, Purpose::MfaReset));
        draft.write(table::mfa_reset::drop_pending(id, before.id));
        let facts = Facts { actor: Some(draft.actor_name()), ..Facts::default() };
        let cause = format!("administrator_reset:{}:{}", before.id, before.revision);
        tell_those_with_billing(draft, administrators, Kind::AdministratorReset, (before, &cause), facts)
    }

    /// S6.3: resets another administrator's MFA, or asks a second administrator to approve it where it takes two.
    pub async fn reset_or_ask(
        &self,
        granted: &Granted<ManageAdministrators>,
        id: AccountId,
        reason: &str,
    ) -> Result<AdministratorReset, Refusal> {
        match self.load_organization().await?.settings.reset_approval {
            ResetApproval::Off => {
                let done = self.reset_mfa_of_administrator(granted, id, reason).await?;
                Ok(AdministratorReset::Done(Box::new(done)))
            }
            ResetApproval::On => {
                Ok(AdministratorReset::Asked(self.request_reset(granted, id, reason).await?))
            }
        }
    }

    /// Refuses where it takes two.
    pub(crate) fn one_is_enough(draft: &Draft<'_>) -> Result<(), Refusal> {
        match draft.organization.settings.reset_approval {
            ResetApproval::Off => Ok(()),
            ResetApproval::On => {
                let message =
                    "It takes a second administrator to reset the MFA of an administrator. Ask for it again.";
                Err(Refusal::state("approval_needed", message))
            }
        }
    }

    /// Who resets must have given a code, and lately. Returns who they are.
    async fn resetting_for_others(
        &self,
        granted: &Granted<ManageAdministrators>,
    ) -> Result<AccountId, Refusal> {
        self.may_reset(granted.actor()).await?;
        self.require_fresh_code(granted.actor())?;
        let own = Hand::of(granted.actor().who).own;
        own.ok_or_else(|| {
            Refusal::state("no_person", "Only an administrator can ask for a reset or approve one.")
        })
    }
}

fn requester_of(reset: &MfaReset) -> Option<AccountId> {
    match &reset.asker {
        Asker::Other { id, .. } => Some(*id),
        Asker::Themselves { .. } => None,
    }
}
