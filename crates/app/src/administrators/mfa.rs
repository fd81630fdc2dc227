//! MFA of administrators: required of one, of everyone, of those on the widget's list; and reset (S6.3–S6.7).

use super::refused;
use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target},
    mail::Facts,
    mfa::before_and_after,
    until_decided,
};
use claviger_domain::{
    account::{Account, State},
    administrator::{self, Change, Demanded},
    id::AccountId,
    mail::Kind,
    mfa::{Enrollment, Requirement, reset_reason},
    organization::{Organization, Settings},
    permission::{
        ActOnAdminsWithoutMfa, Granted, ManageAdministrators, ManageOrganization, SeeAdminsWithoutMfa,
    },
};
use claviger_store::{
    Commit,
    table::{self, administrator as rows},
};
use serde_json::json;
use std::sync::Arc;

impl App {
    /// S6.6: tells an activated administrator who is required and has no factor how to set one up.
    pub(super) fn mail_administrator_required(
        &self,
        draft: &mut Draft<'_>,
        account: &Account,
    ) -> Result<(), Problem> {
        let must_enroll = account.mfa.requirement != Requirement::NotRequired
            && account.mfa.enrollment == Enrollment::NotEnrolled
            && account.state == State::Activated;
        if !must_enroll {
            return Ok(());
        }
        let link = Some(format!("{}/admin", self.0.public_url));
        let cause = format!("administrator_mfa_required:{}:{}", account.id, account.revision);
        draft.mail(Kind::AdministratorMfaRequired, account, &cause, &Facts { link, ..Facts::default() })
    }

    /// S6.6: the administrator with MFA required, the log entry and the mail.
    fn administrator_required(&self, draft: &mut Draft<'_>, before: &Account) -> Result<Account, Problem> {
        let after = Account { mfa: administrator::require(before.mfa), ..before.clone() };
        if after != *before {
            let details = before_and_after(before, &after);
            draft.log("administrator.mfa.require", &Target::from(before), "success", details);
            self.mail_administrator_required(draft, &after)?;
        }
        Ok(after)
    }

    /// S6.6: requires MFA of an administrator.
    pub async fn require_administrator_mfa(
        &self,
        granted: &Granted<ManageAdministrators>,
        id: AccountId,
    ) -> Result<Account, Refusal> {
        self.change_administrator(granted, (id, None), Change::Requirement, |draft, before| {
            Ok(self.administrator_required(draft, before)?)
        })
        .await
    }

    /// S6.4: requires it no longer, unless it is required of everyone; a factor stays.
    pub async fn release_administrator_mfa(
        &self,
        granted: &Granted<ManageAdministrators>,
        id: AccountId,
    ) -> Result<Account, Refusal> {
        self.change_administrator(granted, (id, None), Change::Requirement, |draft, before| {
            let demanded = draft.organization.settings.admin_mfa;
            let after = Account { mfa: demanded.release(before.mfa).map_err(refused)?, ..before.clone() };
            if after != *before {
                draft.write(table::organization::unchanged(&draft.organization));
                let details = before_and_after(before, &after);
                draft.log("administrator.mfa.requirement.remove", &Target::from(before), "success", details);
            }
            Ok(after)
        })
        .await
    }

    /// S6.3: forgets another administrator's factor, for a reason; their sessions end, and they are told by whom.
    pub async fn reset_mfa_of_administrator(
        &self,
        granted: &Granted<ManageAdministrators>,
        id: AccountId,
        reason: &str,
    ) -> Result<Account, Refusal> {
        let reason = reset_reason(reason)?;
        self.may_reset(granted.actor()).await?;
        let others = self.activated_administrators().await?;
        self.change_administrator(granted, (id, None), Change::ResetMfa, |draft, before| {
            Self::one_is_enough(draft)?;
            Self::reset_follows(draft, before, &others)?;
            self.administrator_reset(draft, before, &reason)
        })
        .await
    }

    pub(crate) fn administrator_reset(
        &self,
        draft: &mut Draft<'_>,
        before: &Account,
        reason: &str,
    ) -> Result<Account, Refusal> {
        let after = Account { mfa: administrator::reset(before.mfa).map_err(refused)?, ..before.clone() };
        let by = draft.actor_name();
        self.administrators_factor_gone(draft, before, (by, json!({ "reason": reason })))?;
        Ok(after)
    }

    /// S6.3, S6.9: what becomes of a factor that somebody else forgets: it and the sessions are gone, the log has it,
    /// and the administrator is told by whom.
    pub(crate) fn administrators_factor_gone(
        &self,
        draft: &mut Draft<'_>,
        before: &Account,
        (by, details): (String, serde_json::Value),
    ) -> Result<(), Problem> {
        draft.write_all(table::factor::delete(draft.organization.id, before.id));
        draft.write(table::session::end_all(draft.organization.id, before.id));
        draft.log("administrator.mfa.reset", &Target::from(before), "success", details);
        let link = Some(format!("{}/admin", self.0.public_url));
        let facts = Facts { link, actor: Some(by), ..Facts::default() };
        let cause = format!("administrator_mfa_reset:{}:{}", before.id, before.revision);
        draft.mail(Kind::AdministratorMfaReset, before, &cause, &facts)
    }

    /// S4.19, S6.3: clears the wrong codes of another administrator's factor, and with them any lock.
    pub async fn unlock_administrator(
        &self,
        granted: &Granted<ManageAdministrators>,
        id: AccountId,
    ) -> Result<(), Refusal> {
        let hand = self.administrators_hand(granted.actor()).await?;
        until_decided!({
            let holder = self.administrator(granted, id).await?;
            let mut draft = Draft::new(self, granted.actor()).await?;
            self.allow(&mut draft, hand, &holder.account, Change::Unlock).await?;
            draft.write(table::account::unchanged(draft.organization.id, &holder.account));
            Self::unlocked(&mut draft, &holder)?;
            (draft.commit().await? == Commit::Committed).then_some(())
        })
    }

    /// S6.7: the administrators of whom MFA isn't required.
    pub async fn administrators_without_mfa(
        &self,
        _: &Granted<SeeAdminsWithoutMfa>,
    ) -> Result<Vec<Account>, Problem> {
        let organization = self.organization().await?;
        Ok(rows::not_required(&self.0.store, organization.id).await?)
    }

    /// S6.7: how many they are.
    pub async fn count_administrators_without_mfa(
        &self,
        _: &Granted<SeeAdminsWithoutMfa>,
    ) -> Result<i64, Problem> {
        let organization = self.organization().await?;
        Ok(rows::count_not_required(&self.0.store, organization.id).await?)
    }

    /// S6.7: requires MFA of those among `ids` of whom it isn't required yet, all at once; returns how many they were.
    pub async fn require_mfa_of_administrators(
        &self,
        granted: &Granted<ActOnAdminsWithoutMfa>,
        ids: &[AccountId],
    ) -> Result<usize, Refusal> {
        let hand = self.administrators_hand(granted.actor()).await?;
        until_decided!({
            let organization = self.load_organization().await?;
            let mut chosen = rows::not_required(&self.0.store, organization.id).await?;
            chosen.retain(|account| ids.contains(&account.id));
            let mut draft = Draft::of(self, granted.actor(), organization);
            for before in &chosen {
                self.allow(&mut draft, hand, before, Change::Requirement).await?;
                let after = self.administrator_required(&mut draft, before)?;
                draft.write(table::account::save(draft.organization.id, &after));
            }
            (draft.commit().await? == Commit::Committed).then_some(chosen.len())
        })
    }

    /// S6.4: the Global MFA Requirement. On, every administrator is required, now and later; off, all stay required.
    pub async fn demand_administrators_mfa(
        &self,
        granted: &Granted<ManageOrganization>,
        to: Demanded,
    ) -> Result<Arc<Organization>, Refusal> {
        let hand = self.administrators_hand(granted.actor()).await?;
        let done: Result<(), Refusal> = until_decided!({
            let current = self.load_organization().await?;
            if current.settings.admin_mfa == to {
                Some(())
            } else {
                let settings = Settings { admin_mfa: to, ..current.settings.clone() };
                let changed = Organization { settings, ..(*current).clone() };
                let mut draft = Draft::of(self, granted.actor(), current);
                draft.write(table::organization::save(&changed));
                if to == Demanded::OfEveryone {
                    for before in rows::not_required(&self.0.store, changed.id).await? {
                        // S6.3: this, too, changes the MFA of each of them.
                        self.allow(&mut draft, hand, &before, Change::Requirement).await?;
                        let after = self.administrator_required(&mut draft, &before)?;
                        draft.write(table::account::save(changed.id, &after));
                    }
                    draft.write(rows::all_required(changed.id));
                }
                let target = Target { id: changed.id.to_string(), name: changed.settings.name.clone() };
                let details = json!({ "required_of": to.key() });
                draft.log("organization.administrators_mfa", &target, "success", details);
                (draft.commit().await? == Commit::Committed).then_some(())
            }
        });
        done?;
        self.forget_organization();
        Ok(self.load_organization().await?)
    }

    /// S6.4: of how many administrators MFA would be required from now on.
    pub async fn administrators_to_be_required(
        &self,
        _: &Granted<ManageOrganization>,
    ) -> Result<i64, Problem> {
        let organization = self.organization().await?;
        Ok(rows::count_not_required(&self.0.store, organization.id).await?)
    }
}
