//! Signing in: the password, then whatever comes next (S4.5, S4.11, S4.16–S4.20).

use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target, nothing},
    hashing::Verdict,
    mail::Facts,
    session::{HalfSignedIn, NewSession, Origin},
    throttle, until_decided,
    verify::{Attempt, Told},
};
use claviger_domain::{
    account::{Account, Password, Realm},
    id::FactorId,
    mail,
    password::{self, Context},
    secret::Secret,
    sign_in::{self, Next, Proven},
    time::{Span, Timestamp},
    totp::Code,
};
use claviger_store::{
    Commit,
    table::{self, factor::Sealed, throttle::Subjects},
};

/// What a password led to.
#[derive(Clone, Debug)]
pub enum PasswordOutcome {
    /// Go on with this session.
    Session(NewSession),
    /// The account is unknown, has no password, or the password is wrong: all the same.
    Refused,
    /// Too many wrong passwords: wait so long.
    Wait(Span),
    /// The password is right, but the account is not activated.
    Barred,
    /// The password is right, but the time to set MFA up has ended.
    LockedOut {
        /// When it ended.
        since: Timestamp,
    },
}

/// What a code led to.
#[derive(Clone, Debug)]
pub enum CodeOutcome {
    /// In, or the step after the code.
    Session(NewSession),
    /// Wrong, used, or not looked at.
    Refused(Told),
    /// Too many wrong codes in this sign-in: start again with the password.
    StartAgain,
}

impl App {
    /// Checks a password. Takes as long for an unknown account as for a known one.
    pub async fn submit_password(
        &self,
        realm: Realm,
        identifier: &str,
        password: &Secret<String>,
        origin: &Origin,
    ) -> Result<PasswordOutcome, Problem> {
        let organization = self.organization().await?;
        let identifier = identifier.trim();
        let subjects = throttle::subjects("password", realm, identifier, &origin.address);
        let wait = self.wait_for(&subjects).await?;
        if wait > Span::ZERO {
            return self.delayed(realm, identifier, wait, origin).await;
        }
        until_decided!({
            let account =
                table::account::by_identifier(&self.0.store, organization.id, realm, identifier).await?;
            let hash = account.as_ref().and_then(|account| account.password.hash());
            match (self.check_password(password, hash).await?, account) {
                (Verdict::Right, Some(account)) => self.right_password(account, &subjects, origin).await?,
                (Verdict::RightButRehash, Some(account)) => {
                    let account = self.rehash(account, password).await?;
                    self.right_password(account, &subjects, origin).await?
                }
                (_, account) => Some(self.wrong_password(account, &subjects, origin).await?),
            }
        })
    }

    /// A password that comes too early is not looked at.
    async fn delayed(
        &self,
        realm: Realm,
        identifier: &str,
        wait: Span,
        origin: &Origin,
    ) -> Result<PasswordOutcome, Problem> {
        let account = self.find_account(realm, identifier).await?;
        let actor = origin.visitor();
        let mut draft = Draft::new(self, &actor).await?;
        let target = account.as_ref().map(Target::from).unwrap_or_default();
        draft.log("sign_in.password", &target, "delayed", nothing());
        draft.settle().await?;
        Ok(PasswordOutcome::Wait(wait))
    }

    async fn wrong_password(
        &self,
        account: Option<Account>,
        subjects: &Subjects,
        origin: &Origin,
    ) -> Result<PasswordOutcome, Problem> {
        let actor = origin.visitor();
        let mut draft = Draft::new(self, &actor).await?;
        draft.write_all(table::throttle::count(draft.organization.id, subjects, draft.now));
        let target = account.as_ref().map(Target::from).unwrap_or_default();
        draft.log("sign_in.password", &target, "refused", nothing());
        draft.settle().await?;
        Ok(PasswordOutcome::Refused)
    }

    /// Nothing if the account was changed since its password was looked at: it may have been the password.
    async fn right_password(
        &self,
        account: Account,
        subjects: &Subjects,
        origin: &Origin,
    ) -> Result<Option<PasswordOutcome>, Problem> {
        let actor = origin.actor(&account);
        let mut draft = Draft::new(self, &actor).await?;
        draft.write(table::account::unchanged(draft.organization.id, &account));
        draft.write(table::throttle::clear(draft.organization.id, subjects));
        let next = sign_in::next(&account, draft.organization.totp, Proven::Password, draft.now);
        let target = Target::from(&account);
        let outcome = match next {
            Next::Barred => {
                draft.log("sign_in.password", &target, "barred", nothing());
                PasswordOutcome::Barred
            }
            Next::LockedOut { since } => {
                draft.log("sign_in.password", &target, "locked_out", nothing());
                PasswordOutcome::LockedOut { since }
            }
            _ => PasswordOutcome::Session(self.new_session(&mut draft, &account, Proven::Password, origin)),
        };
        Ok((draft.commit().await? == Commit::Committed).then_some(outcome))
    }

    /// Hashes a right password anew when the cost has changed; if somebody else changes the account meanwhile,
    /// the next sign-in does it.
    pub(crate) async fn rehash(
        &self,
        mut account: Account,
        password: &Secret<String>,
    ) -> Result<Account, Problem> {
        let hash = self.hash_password(password).await?;
        let fresh = match &account.password {
            Password::Expired(_) => Password::Expired(hash),
            Password::Active(_) | Password::Pending => Password::Active(hash),
        };
        let organization = self.organization().await?;
        let changed = Account { password: fresh, ..account.clone() };
        let batch = claviger_store::Batch::of([table::account::save(organization.id, &changed)]);
        if self.0.store.commit(batch).await? == Commit::Committed {
            account = Account { revision: account.revision + 1, ..changed };
        }
        Ok(account)
    }

    /// S4.5: puts the set-up off, as long as the period lasts.
    pub async fn put_off(&self, half: &HalfSignedIn) -> Result<NewSession, Refusal> {
        match half.next {
            Next::MayEnroll { .. } => self.go_on(half, (Proven::PutOff, half.session.proven_at)).await,
            _ => Err(Refusal::state("not_dismissable", "MFA must be set up now.")),
        }
    }

    /// Goes on where nothing more is asked, such as when the requirement was removed meanwhile.
    pub async fn continue_sign_in(&self, half: &HalfSignedIn) -> Result<NewSession, Refusal> {
        self.go_on(half, half.session.shown()).await
    }

    /// Replaces a session on its way by the one that follows from what is proven now.
    pub(crate) async fn go_on(
        &self,
        half: &HalfSignedIn,
        shown: (Proven, Timestamp),
    ) -> Result<NewSession, Refusal> {
        let actor = half.actor();
        let mut draft = Draft::new(self, &actor).await?;
        draft.write(table::session::take(draft.organization.id, &half.session));
        let (session, _) = self.session_after(&mut draft, &half.account, shown, &half.origin);
        match draft.commit().await? {
            Commit::Committed => Ok(session),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// S4.16–S4.20: checks the code of a sign-in on its way.
    pub async fn submit_code(
        &self,
        half: &HalfSignedIn,
        factor: FactorId,
        code: &Code,
    ) -> Result<CodeOutcome, Problem> {
        let actor = half.actor();
        until_decided!({
            let Some((account, sealed)) = self.asked_of(half, factor).await? else {
                return Ok(CodeOutcome::StartAgain);
            };
            let mut draft = Draft::new(self, &actor).await?;
            let attempt = Attempt { account: &account, sealed: &sealed, code, action: "sign_in.code" };
            let told = self.judge(&mut draft, &attempt).await?;
            self.follow_up(draft, half, &account, told).await?
        })
    }

    /// The account of a sign-in on its way, and the factor that a code was asked of, if both are still there.
    pub(crate) async fn asked_of(
        &self,
        half: &HalfSignedIn,
        factor: FactorId,
    ) -> Result<Option<(Account, Sealed)>, Problem> {
        let organization = self.organization().await?;
        let realm = half.account.kind.realm();
        let holder = table::factor::holder(&self.0.store, organization.id, realm, half.account.id).await?;
        Ok(holder.and_then(|holder| {
            let sealed = holder.factor.filter(|sealed| sealed.factor.id == factor)?;
            Some((holder.account, sealed))
        }))
    }

    /// Commits what an attempt led to, and where it leaves the sign-in; nothing if another write came first.
    pub(crate) async fn follow_up(
        &self,
        mut draft: Draft<'_>,
        half: &HalfSignedIn,
        account: &Account,
        told: Told,
    ) -> Result<Option<CodeOutcome>, Problem> {
        let id = draft.organization.id;
        let last_try =
            half.session.wrong_codes + 1 >= draft.organization.settings.code_rules().lockout.per_sign_in;
        let outcome = match told {
            Told::Accepted => {
                draft.write(table::session::take(id, &half.session));
                CodeOutcome::Session(self.new_session(&mut draft, account, Proven::Code, &half.origin))
            }
            Told::Wrong if last_try => {
                draft.write(table::session::end(id, half.account.id, half.session.id));
                CodeOutcome::StartAgain
            }
            Told::Wrong => {
                draft.write(table::session::count_wrong_code(id, &half.session));
                CodeOutcome::Refused(told)
            }
            Told::AlreadyUsed | Told::Locked { .. } => CodeOutcome::Refused(told),
        };
        if draft.commit().await? == Commit::Committed {
            Ok(Some(outcome))
        } else if self.is_gone(half).await? {
            Ok(Some(CodeOutcome::StartAgain))
        } else {
            Ok(None)
        }
    }

    /// Whether the session was ended, or counted on, by a request beside this one.
    async fn is_gone(&self, half: &HalfSignedIn) -> Result<bool, Problem> {
        let organization = self.organization().await?;
        let realm = half.account.kind.realm();
        let found =
            table::session::find(&self.0.store, organization.id, realm, half.session.token_hash).await?;
        Ok(found.is_none_or(|(session, _)| session.wrong_codes != half.session.wrong_codes))
    }

    /// S3.3, S3.4: a new password on the way in, where the old one must be changed.
    pub async fn change_expired_password(
        &self,
        half: &HalfSignedIn,
        new: &str,
    ) -> Result<NewSession, Refusal> {
        if half.next != Next::ChangePassword {
            return Err(Refusal::state("not_asked", "Your password need not be changed."));
        }
        let organization = self.organization().await?;
        let new = parse_new_password(
            &half.account,
            organization.settings.password_min_length,
            &organization.settings.name,
            new,
        )?;
        if self.check_password(&new, half.account.password.hash()).await? != Verdict::Wrong {
            return Err(claviger_domain::field::FieldError::new(
                "password",
                "Choose a password other than the present one.",
            )
            .into());
        }
        let changed =
            Account { password: Password::Active(self.hash_password(&new).await?), ..half.account.clone() };
        let actor = half.actor();
        let mut draft = Draft::of(self, &actor, organization);
        draft.write(table::account::save(draft.organization.id, &changed));
        draft.write(table::session::end_all(draft.organization.id, changed.id));
        draft.write(table::link::kill_all(draft.organization.id, changed.id));
        draft.log("password.change", &Target::from(&changed), "success", nothing());
        let cause = format!("password_changed:{}:{}", changed.id, changed.revision);
        draft.mail_of_change(mail::Kind::PasswordChanged, &changed, &cause, Facts::default())?;
        let (session, _) = self.session_after(&mut draft, &changed, half.session.shown(), &half.origin);
        match draft.commit().await? {
            Commit::Committed => Ok(session),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }
}

/// Checks a new password against the rules and the person's own names.
pub(crate) fn parse_new_password(
    account: &Account,
    shortest: usize,
    organization: &str,
    text: &str,
) -> Result<password::ClearPassword, Refusal> {
    let username = account.username().map(ToString::to_string).unwrap_or_default();
    let names = [
        account.email.as_str(),
        username.as_str(),
        account.name.first.as_str(),
        account.name.last.as_str(),
        account.name.display.as_str(),
        organization,
    ];
    Ok(password::parse("password", text, Context { shortest, names: &names })?)
}
