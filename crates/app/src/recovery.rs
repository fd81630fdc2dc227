//! Recovery codes: made with a factor, used once each in the place of its codes (S4.9).

use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target},
    mail::Facts,
    session::{HalfSignedIn, SignedIn},
    sign_in::CodeOutcome,
    until_decided,
    verify::Told,
};
use claviger_domain::{
    account::Account,
    factor::Factor,
    id::{AccountId, FactorId},
    lockout::Lock,
    mail::Kind,
    mfa::Enrollment,
    organization::{Organization, RecoveryCodes},
    recovery::{self, CODES, Outcome, RecoveryCode},
    time::Timestamp,
    totp::Code,
};
use claviger_store::table;
use serde_json::json;

/// Why a recovery code was not taken, for whoever typed it.
pub fn words(told: Told, now: Timestamp) -> String {
    match told {
        Told::Accepted | Told::Wrong => "That recovery code is not right.".into(),
        Told::AlreadyUsed => "This recovery code was already used. Take another one.".into(),
        Told::Locked { .. } => told.words(now),
    }
}

/// S4.9: while an organization has switched recovery codes off, none are made and none are taken.
fn offered(organization: &Organization) -> Result<(), Refusal> {
    match organization.settings.recovery_codes {
        RecoveryCodes::On => Ok(()),
        RecoveryCodes::Off => {
            Err(Refusal::state("recovery_codes_off", "Your organization has switched recovery codes off."))
        }
    }
}

impl App {
    /// Adds new codes to the draft in the place of any there were; none where they are switched off.
    pub(crate) fn new_recovery_codes(&self, draft: &mut Draft<'_>, account: AccountId) -> Vec<RecoveryCode> {
        let (id, now) = (draft.organization.id, draft.now);
        draft.write(table::recovery::delete(id, account));
        let count = match draft.organization.settings.recovery_codes {
            RecoveryCodes::On => CODES,
            RecoveryCodes::Off => 0,
        };
        let codes: Vec<_> = (0..count).map(|_| RecoveryCode::new(self.random())).collect();
        draft.write_all(codes.iter().map(|code| table::recovery::insert(id, account, code.hash(), now)));
        codes
    }

    /// S4.9: how many of the person's codes are unused; nothing where there is nothing to have them for.
    pub async fn recovery_codes_left(&self, me: &SignedIn) -> Result<Option<i64>, Problem> {
        let organization = self.organization().await?;
        match (me.account.mfa.enrollment, organization.settings.recovery_codes) {
            (Enrollment::NotEnrolled, _) | (_, RecoveryCodes::Off) => Ok(None),
            (Enrollment::Enrolled(_), RecoveryCodes::On) => {
                Ok(Some(table::recovery::left(&self.0.store, organization.id, me.account.id).await?))
            }
        }
    }

    /// S4.9: ten new codes for one of the authenticator's; the old ones are dead.
    pub async fn make_recovery_codes(&self, me: &SignedIn, code: &str) -> Result<Vec<RecoveryCode>, Refusal> {
        offered(&*self.organization().await?)?;
        let code = Code::parse("code", code)?;
        self.with_own_code(me, &code, "recovery_codes.make", |draft, account| {
            Ok(self.new_recovery_codes(draft, account.id))
        })
        .await
    }

    /// S4.9, S4.19: takes a recovery code in the place of the code of a sign-in on its way.
    pub async fn submit_recovery_code(
        &self,
        half: &HalfSignedIn,
        factor: FactorId,
        code: &RecoveryCode,
    ) -> Result<CodeOutcome, Refusal> {
        let actor = half.actor();
        until_decided!({
            offered(&*self.organization().await?)?;
            let Some((account, sealed)) = self.asked_of(half, factor).await? else {
                return Ok(CodeOutcome::StartAgain);
            };
            let mut draft = Draft::new(self, &actor).await?;
            let told = self.judge_recovery(&mut draft, &account, &sealed.factor, code).await?;
            self.follow_up(draft, half, &account, told).await?
        })
    }

    /// Judges the code and adds what follows to the draft; what is told counts once that is committed. Guarded on
    /// the factor's revision, as a code of the authenticator is, so that both count as one.
    async fn judge_recovery(
        &self,
        draft: &mut Draft<'_>,
        account: &Account,
        factor: &Factor,
        code: &RecoveryCode,
    ) -> Result<Told, Problem> {
        let id = draft.organization.id;
        let standing = table::recovery::standing(&self.0.store, id, account.id, code.hash()).await?;
        let rules = draft.organization.settings.lockout;
        let judged = recovery::judge(factor, standing, &rules, draft.now);
        draft.write(match judged.outcome {
            Outcome::Accepted | Outcome::Wrong(_) => table::factor::save(id, &judged.after),
            Outcome::AlreadyUsed | Outcome::Locked(_) => table::factor::unchanged(id, &judged.after),
        });
        let (told, word) = match judged.outcome {
            Outcome::Accepted => (Told::Accepted, "success"),
            Outcome::AlreadyUsed => (Told::AlreadyUsed, "already_used"),
            Outcome::Wrong(_) => (Told::Wrong, "wrong_code"),
            Outcome::Locked(Lock::Until(until)) => (Told::Locked { until: Some(until) }, "locked"),
            Outcome::Locked(Lock::Closed | Lock::Open) => (Told::Locked { until: None }, "closed"),
        };
        let details = match judged.outcome {
            Outcome::Accepted => {
                let left = table::recovery::left(&self.0.store, id, account.id).await? - 1;
                draft.write(table::recovery::take(id, account.id, code.hash(), draft.now));
                let cause = format!("recovery_code_used:{}:{}", factor.id, factor.revision);
                let facts = Facts { left: Some(left), ..Facts::default() };
                draft.mail_of_change(Kind::RecoveryCodeUsed, account, &cause, facts)?;
                json!({ "left": left })
            }
            Outcome::Wrong(_) => json!({ "in_row": judged.after.failures.in_row }),
            Outcome::AlreadyUsed | Outcome::Locked(_) => json!({}),
        };
        draft.log("sign_in.recovery_code", &Target::from(account), word, details);
        if let Outcome::Wrong(consequence) = judged.outcome {
            self.tell_of_lock(draft, account, factor, consequence).await?;
        }
        Ok(told)
    }
}
