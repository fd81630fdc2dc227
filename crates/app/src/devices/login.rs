//! Somebody signs in at a device: what the server thinks of their password and their code (S8.5, S8.12).

use super::{Calling, circumstances};
use crate::{
    App, Problem,
    draft::{Draft, Target},
    hashing::Verdict,
    throttle, until_decided,
    verify::{Attempt, Told},
};
use claviger_domain::{
    account::{Account, Password, Realm, State},
    id::AccountId,
    secret::Secret,
    sign_in::TotpSwitch,
    time::Span,
    totp::Code,
};
use claviger_store::{
    Commit,
    table::{
        self,
        device_bound::Tie,
        factor::{Holder, Sealed},
        throttle::Subjects,
    },
};
use claviger_wire::server::{CodeAttempt, CodeVerdict, PasswordAttempt, PasswordVerdict, Place};
use serde_json::json;

/// Why a right password lets nobody in.
const fn barred(account: &Account) -> Option<&'static str> {
    match (account.state, &account.password) {
        (State::Staged | State::Suspended, _) => Some("barred"),
        // S3.4: it must be changed first, and that is done in the portal.
        (State::Activated, Password::Expired(_)) => Some("expired"),
        (State::Activated, Password::Active(_) | Password::Pending) => None,
    }
}

impl App {
    /// Checks the directory password of somebody who is bound to the device, under the delays of every sign-in
    /// (S4.19). It takes as long for anybody else.
    pub async fn device_password(
        &self,
        calling: &Calling,
        attempt: &PasswordAttempt,
        password: &Secret<String>,
    ) -> Result<PasswordVerdict, Problem> {
        let subjects = self.subjects(calling, attempt).await?;
        let wait = self.wait_for(&subjects).await?;
        if wait > Span::ZERO {
            let account = self.bound_account(calling, attempt.user).await?;
            self.log_password(calling, &attempt.place, account.as_ref(), ("delayed", None)).await?;
            return Ok(PasswordVerdict::Wait { seconds: wait.seconds_rounded_up() });
        }
        until_decided!({
            let account = self.bound_account(calling, attempt.user).await?;
            let hash = account.as_ref().and_then(|account| account.password.hash());
            match (self.check_password(password, hash).await?, account) {
                (Verdict::Right, Some(account)) => {
                    self.right_at_device(calling, &attempt.place, account, &subjects).await?
                }
                (Verdict::RightButRehash, Some(account)) => {
                    let account = self.rehash(account, password).await?;
                    self.right_at_device(calling, &attempt.place, account, &subjects).await?
                }
                (_, account) => {
                    let counted = Some(&subjects);
                    self.log_password(calling, &attempt.place, account.as_ref(), ("refused", counted))
                        .await?;
                    Some(PasswordVerdict::Wrong)
                }
            }
        })
    }

    /// Wrong passwords count for the account as those at a portal do. What a device says of an address counts for that
    /// device alone: it could say anything.
    async fn subjects(&self, calling: &Calling, attempt: &PasswordAttempt) -> Result<Subjects, Problem> {
        let account = self.bound_account(calling, attempt.user).await?;
        let name = account.as_ref().and_then(Account::username).map(ToString::to_string);
        let name = name.unwrap_or_else(|| attempt.user.to_string());
        let from = format!("{} {}", calling.device.id, throttle::network(&attempt.place.from));
        Ok(throttle::subjects("password", Realm::User, &name, &from))
    }

    async fn bound_account(&self, calling: &Calling, user: AccountId) -> Result<Option<Account>, Problem> {
        Ok(self.bound_holder(calling.device.id, user).await?.map(|holder| holder.account))
    }

    /// Nothing if the account was changed since its password was looked at: it may have been the password.
    async fn right_at_device(
        &self,
        calling: &Calling,
        place: &Place,
        account: Account,
        subjects: &Subjects,
    ) -> Result<Option<PasswordVerdict>, Problem> {
        let mut draft = Draft::new(self, &calling.actor).await?.under(circumstances(place));
        draft.write(table::account::unchanged(draft.organization.id, &account));
        draft.write(table::throttle::clear(draft.organization.id, subjects));
        let (verdict, outcome) = match barred(&account) {
            Some(why) => (PasswordVerdict::Wrong, why),
            None => (PasswordVerdict::Right, "success"),
        };
        draft.log("device.password", &Target::from(&account), outcome, json!({}));
        Ok((draft.commit().await? == Commit::Committed).then_some(verdict))
    }

    async fn log_password(
        &self,
        calling: &Calling,
        place: &Place,
        account: Option<&Account>,
        (outcome, counted): (&str, Option<&Subjects>),
    ) -> Result<(), Problem> {
        let mut draft = Draft::new(self, &calling.actor).await?.under(circumstances(place));
        if let Some(subjects) = counted {
            draft.write_all(table::throttle::count(draft.organization.id, subjects, draft.now));
        }
        let target = account.map(Target::from).unwrap_or_default();
        draft.log("device.password", &target, outcome, json!({}));
        draft.settle().await
    }

    /// Judges and uses up a code: right once, here and everywhere (S4.17, S4.19).
    pub async fn device_code(
        &self,
        calling: &Calling,
        attempt: &CodeAttempt,
    ) -> Result<CodeVerdict, Problem> {
        let Ok(code) = Code::parse("code", &attempt.code) else { return Ok(CodeVerdict::Wrong) };
        until_decided!({
            let organization = self.organization().await?;
            let holder = self.bound_holder(calling.device.id, attempt.user).await?;
            match holder {
                Some(Holder { account, factor }) if account.state == State::Activated => {
                    match (factor, organization.totp) {
                        (Some(sealed), TotpSwitch::Enabled) => {
                            self.judge_at_device(calling, attempt, (&account, &sealed), &code).await?
                        }
                        (_, TotpSwitch::Enabled | TotpSwitch::Disabled) => Some(CodeVerdict::NotEnrolled),
                    }
                }
                holder => {
                    let account = holder.map(|holder| holder.account);
                    Some(self.not_theirs(calling, attempt, account.as_ref()).await?)
                }
            }
        })
    }

    async fn judge_at_device(
        &self,
        calling: &Calling,
        attempt: &CodeAttempt,
        (account, sealed): (&Account, &Sealed),
        code: &Code,
    ) -> Result<Option<CodeVerdict>, Problem> {
        let mut draft = Draft::new(self, &calling.actor).await?.under(circumstances(&attempt.place));
        let presented = Attempt { account, sealed, code, action: "device.code" };
        let told = self.judge(&mut draft, &presented).await?;
        let verdict = match told {
            Told::Accepted => {
                self.remember_code(&mut draft, calling, attempt, (account, &sealed.factor)).await?;
                CodeVerdict::Accepted
            }
            Told::AlreadyUsed => CodeVerdict::AlreadyUsed,
            Told::Wrong => CodeVerdict::Wrong,
            Told::Locked { until } => CodeVerdict::Locked { until: until.map(|until| until.0) },
        };
        Ok((draft.commit().await? == Commit::Committed).then_some(verdict))
    }

    /// Whoever is not bound, or may not sign in: nothing is looked at, and the device lets nobody in.
    async fn not_theirs(
        &self,
        calling: &Calling,
        attempt: &CodeAttempt,
        account: Option<&Account>,
    ) -> Result<CodeVerdict, Problem> {
        let mut draft = Draft::new(self, &calling.actor).await?.under(circumstances(&attempt.place));
        let target = account.map(Target::from).unwrap_or_default();
        draft.log("device.code", &target, "barred", json!({}));
        draft.settle().await?;
        Ok(CodeVerdict::Wrong)
    }

    /// What connects somebody with the device.
    pub(super) async fn tie(&self, calling: &Calling, user: AccountId) -> Result<Tie, Problem> {
        let organization = self.organization().await?;
        Ok(table::device_bound::tie(&self.0.store, organization.id, calling.device.id, user).await?)
    }
}
