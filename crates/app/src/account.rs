//! Loading accounts, and what a person changes about themselves (S5.1).

use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target, nothing},
    hashing::Verdict,
    mail::Facts,
    session::SignedIn,
    sign_in::parse_new_password,
    throttle, words,
};
use claviger_domain::{
    account::{Account, Password, PersonName, Realm},
    factor::Factor,
    field::FieldError,
    id::AccountId,
    mail::Kind,
    permission::{Granted, ViewUsers},
    secret::Secret,
    time::Span,
};
use claviger_store::{Commit, table};

impl App {
    pub(crate) async fn load_account(&self, realm: Realm, id: AccountId) -> Result<Account, Refusal> {
        let organization = self.organization().await?;
        let what = realm.key();
        table::account::by_id(&self.0.store, organization.id, realm, id).await?.ok_or(Refusal::NotFound(what))
    }

    /// One user.
    pub async fn user(&self, _: &Granted<ViewUsers>, id: AccountId) -> Result<Account, Refusal> {
        self.load_account(Realm::User, id).await
    }

    /// One user with their factor, if they have one.
    pub async fn user_with_factor(
        &self,
        _: &Granted<ViewUsers>,
        id: AccountId,
    ) -> Result<table::factor::Holder, Refusal> {
        let organization = self.organization().await?;
        table::factor::holder(&self.0.store, organization.id, Realm::User, id)
            .await?
            .ok_or(Refusal::NotFound("user"))
    }

    /// The person's own factor, if they have one.
    pub async fn own_factor(&self, me: &SignedIn) -> Result<Option<Factor>, Problem> {
        self.factor_of(&me.account).await
    }

    pub(crate) async fn factor_of(&self, account: &Account) -> Result<Option<Factor>, Problem> {
        let organization = self.organization().await?;
        let realm = account.kind.realm();
        let holder = table::factor::holder(&self.0.store, organization.id, realm, account.id).await?;
        Ok(holder.and_then(|holder| holder.factor).map(|sealed| sealed.factor))
    }

    /// S5.1: a person changes their own name.
    pub async fn rename_self(
        &self,
        me: &SignedIn,
        first: &str,
        last: &str,
        display: &str,
    ) -> Result<(), Refusal> {
        let changed = Account { name: PersonName::parse(first, last, display)?, ..me.account.clone() };
        let mut draft = Draft::new(self, &me.actor).await?;
        draft.write(table::account::save(draft.organization.id, &changed));
        draft.log("profile.change", &Target::from(&changed), "success", nothing());
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// S5.1: a person changes their own password; every other session of theirs ends.
    pub async fn change_own_password(
        &self,
        me: &SignedIn,
        current: &Secret<String>,
        new: &str,
    ) -> Result<(), Refusal> {
        let organization = self.organization().await?;
        self.check_own_password(me, current, "password.change").await?;
        let settings = &organization.settings;
        let new = parse_new_password(&me.account, settings.password_min_length, &settings.name, new)?;
        let changed =
            Account { password: Password::Active(self.hash_password(&new).await?), ..me.account.clone() };
        let mut draft = Draft::of(self, &me.actor, organization);
        draft.write(table::account::save(draft.organization.id, &changed));
        draft.write(table::session::end_others(draft.organization.id, &me.session));
        draft.write(table::link::kill_all(draft.organization.id, changed.id));
        draft.log("password.change", &Target::from(&changed), "success", nothing());
        let cause = format!("password_changed:{}:{}", changed.id, changed.revision);
        draft.mail_of_change(Kind::PasswordChanged, &changed, &cause, Facts::default())?;
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// Asks for the person's own password before `action`. A session that somebody left open is no way to guess
    /// its owner's password.
    pub(crate) async fn check_own_password(
        &self,
        me: &SignedIn,
        current: &Secret<String>,
        action: &str,
    ) -> Result<(), Refusal> {
        let realm = me.account.kind.realm();
        let subjects = throttle::subjects("own", realm, me.account.email.as_str(), &me.origin.address);
        let wait = self.wait_for(&subjects).await?;
        if wait > Span::ZERO {
            let message = format!("Too many tries. Wait {} and try again.", words::span(wait));
            return Err(FieldError::new("current_password", message).into());
        }
        if self.check_password(current, me.account.password.hash()).await? != Verdict::Wrong {
            return Ok(());
        }
        let mut draft = Draft::new(self, &me.actor).await?;
        draft.write_all(table::throttle::count(draft.organization.id, &subjects, draft.now));
        draft.log(action, &Target::from(&me.account), "refused", nothing());
        draft.settle().await?;
        Err(FieldError::new("current_password", "That is not your present password.").into())
    }
}
