//! Step-up: what decides over who gets in asks an administrator once more who they are.

use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target, nothing},
    session::SignedIn,
};
use claviger_domain::{
    permission::Actor,
    secret::Secret,
    sign_in::Proven,
    step_up::{self, Asked},
    totp::Code,
};
use claviger_store::{Commit, table};

const ACTION: &str = "step_up";

impl App {
    /// Refuses someone whose session last showed a code more than ten minutes ago; or their password, where they have
    /// no factor. Keys, the server's host and the server itself are not asked.
    pub fn require_fresh_code(&self, actor: &Actor) -> Result<(), Refusal> {
        match step_up::asked(&actor.who, self.now()) {
            None => Ok(()),
            Some(asked) => Err(Refusal::NotFresh(asked)),
        }
    }

    /// What that person's next change of this kind asks for, fresh or not.
    pub fn step_up_asks(&self, me: &SignedIn) -> Asked {
        match me.account.mfa.enrollment {
            claviger_domain::mfa::Enrollment::Enrolled(_) => Asked::Code,
            claviger_domain::mfa::Enrollment::NotEnrolled => Asked::Password,
        }
    }

    /// Takes a code for the ten minutes to come. A wrong one counts as in a sign-in (S4.19).
    pub async fn step_up(&self, me: &SignedIn, code: &str) -> Result<(), Refusal> {
        let code = Code::parse("code", code)?;
        self.with_own_code(me, &code, ACTION, |draft, _| {
            draft.write(table::session::prove(draft.organization.id, &me.session, draft.now));
            Ok(())
        })
        .await
    }

    /// What that user is asked for where an application asks once more: a code, as long as codes are asked for.
    pub async fn asked_at_applications(&self, me: &SignedIn) -> Result<Asked, Problem> {
        let in_force = self.organization().await?.totp.is_in_force(me.account.kind.realm());
        Ok(if in_force { self.step_up_asks(me) } else { Asked::Password })
    }

    /// S10.1: takes what [`App::asked_at_applications`] asks for, for an application.
    pub async fn show_again(&self, me: &SignedIn, shown: &Secret<String>) -> Result<(), Refusal> {
        match self.asked_at_applications(me).await? {
            Asked::Code => self.step_up(me, shown.expose()).await,
            Asked::Password => self.prove_by_password(me, shown).await,
        }
    }

    /// Takes the password for the ten minutes to come, from someone who has no factor.
    pub async fn step_up_by_password(&self, me: &SignedIn, password: &Secret<String>) -> Result<(), Refusal> {
        if self.step_up_asks(me) == Asked::Code {
            return Err(Refusal::NotFresh(Asked::Code));
        }
        self.prove_by_password(me, password).await
    }

    /// The same of somebody whose factor rests: what the session shows from now on is the password alone.
    pub(crate) async fn prove_by_password(
        &self,
        me: &SignedIn,
        password: &Secret<String>,
    ) -> Result<(), Refusal> {
        self.check_own_password(me, password, ACTION).await?;
        let proven = match me.session.proven {
            Proven::Code => Proven::Password,
            shown @ (Proven::Password | Proven::PutOff | Proven::Reset) => shown,
        };
        let mut draft = Draft::new(self, &me.actor).await?;
        draft.write(table::account::unchanged(draft.organization.id, &me.account));
        let now = draft.now;
        draft.write(table::session::prove_by(draft.organization.id, &me.session, (proven, now)));
        draft.log(ACTION, &Target::from(&me.account), "success", nothing());
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }
}
