//! What a person does to their own factor once they have one: replace it, remove it (S4.8).

use crate::{
    App, Problem, Refusal,
    draft::Draft,
    enrollment::Enroller,
    mail::Facts,
    session::SignedIn,
    until_decided,
    verify::{Attempt, Told},
};
use claviger_domain::{
    account::{Account, Realm},
    field::FieldError,
    mail::Kind,
    mfa::Mfa,
    removal::NotRemoved,
    secret::Secret,
    totp::Code,
};
use claviger_store::{Commit, table};

fn removed(mfa: Mfa) -> Result<Mfa, Refusal> {
    mfa.removed().map_err(|refused| Refusal::state(refused.code(), refused.to_string()))
}

impl App {
    /// Judges a code that a person who is in gives before `action`; `follow` adds what a right one allows. Wrong
    /// codes count as those of a sign-in do (S4.19).
    pub(crate) async fn with_own_code<T>(
        &self,
        me: &SignedIn,
        code: &Code,
        action: &'static str,
        follow: impl Fn(&mut Draft<'_>, &Account) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let realm = me.account.kind.realm();
        let done: Result<Result<T, Refusal>, Problem> = until_decided!({
            let organization = self.organization().await?;
            let holder = table::factor::holder(&self.0.store, organization.id, realm, me.account.id).await?;
            // What was checked of the person before, such as the password, was checked on this revision.
            let holder = holder.filter(|holder| holder.account.revision == me.account.revision);
            let Some(holder) = holder else { return Err(Refusal::Changed) };
            let Some(sealed) = holder.factor else {
                let none = NotRemoved::NotEnrolled;
                return Err(Refusal::state(none.code(), "MFA is not set up."));
            };
            let mut draft = Draft::of(self, &me.actor, organization);
            let attempt = Attempt { account: &holder.account, sealed: &sealed, code, action };
            let outcome = match self.judge(&mut draft, &attempt).await? {
                Told::Accepted => Ok(follow(&mut draft, &holder.account)?),
                told => Err(FieldError::new("code", told.words(draft.now)).into()),
            };
            (draft.commit().await? == Commit::Committed).then_some(outcome)
        });
        done?
    }

    /// S4.8: begins to replace the factor, for the password and a current code. The wizard goes on from here, and
    /// the factor works until the wizard's code confirms another.
    pub async fn start_replacement(
        &self,
        me: &SignedIn,
        password: &Secret<String>,
        code: &str,
    ) -> Result<(), Refusal> {
        const ACTION: &str = "mfa.replace.start";
        let organization = self.organization().await?;
        self.may_enroll(&Enroller::from_within(me), &organization)?;
        let code = Code::parse("code", code)?;
        self.check_own_password(me, password, ACTION).await?;
        let new = self.with_earlier(me.account.id, self.new_provisional(me.session.id)?).await?;
        self.with_own_code(me, &code, ACTION, |draft, account| {
            draft.write(table::factor::put_provisional(draft.organization.id, account.id, &new));
            Ok(())
        })
        .await
    }

    /// S4.8: removes the factor with its recovery codes, for the password and a current code, where it isn't
    /// required. Every other session ends.
    pub async fn remove_own_factor(
        &self,
        me: &SignedIn,
        password: &Secret<String>,
        code: &str,
    ) -> Result<(), Refusal> {
        let action = match me.account.kind.realm() {
            Realm::User => "user.mfa.remove",
            Realm::Administrator => "administrator.mfa.remove",
        };
        removed(me.account.mfa)?;
        let code = Code::parse("code", code)?;
        self.check_own_password(me, password, action).await?;
        self.with_own_code(me, &code, action, |draft, before| {
            let after = Account { mfa: removed(before.mfa)?, ..before.clone() };
            let id = draft.organization.id;
            draft.write(table::account::save(id, &after));
            draft.write_all(table::factor::delete(id, before.id));
            draft.write(table::session::end_others(id, &me.session));
            let cause = format!("mfa_removed:{}:{}", before.id, before.revision);
            Ok(draft.mail_of_change(Kind::MfaRemoved, &after, &cause, Facts::default())?)
        })
        .await
    }
}
