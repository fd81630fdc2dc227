//! Links that set a password: registration, forgotten, forced (S3.3–S3.5).

use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target, nothing},
    mail::Facts,
    session::{NewSession, Origin},
    sign_in::parse_new_password,
    throttle, token,
};
use claviger_domain::{
    account::{Account, Password, Realm, State},
    id::AccountId,
    mail::Kind,
    permission::{AssistUsers, Granted, ManageUsers},
    sign_in::Proven,
    time::Span,
};
use claviger_store::{
    Commit,
    table::{
        self,
        link::{Link, Purpose},
    },
};

/// A live link and whose password it sets.
#[derive(Clone, Debug)]
pub struct PasswordLink {
    link: Link,
    /// Whose.
    pub account: Account,
}

impl App {
    /// The link, if it is alive, for that purpose, and of that portal.
    pub async fn password_link(
        &self,
        realm: Realm,
        purpose: Purpose,
        token: &str,
    ) -> Result<PasswordLink, Refusal> {
        let organization = self.organization().await?;
        let dead = || Refusal::NotFound("link");
        let link =
            table::link::find(&self.0.store, organization.id, token::hash(token)).await?.ok_or_else(dead)?;
        if link.purpose != purpose || link.used_at.is_some() || link.expires_at <= self.now() {
            return Err(dead());
        }
        let account =
            table::account::by_id(&self.0.store, organization.id, realm, link.account.ok_or_else(dead)?)
                .await?;
        match account {
            Some(account) if account.state == State::Activated => Ok(PasswordLink { link, account }),
            _ => Err(dead()),
        }
    }

    /// S3.3, S3.5: sets the password, once, ends every session, and signs in as far as a password goes: the
    /// code is asked for all the same.
    pub async fn set_password(
        &self,
        found: &PasswordLink,
        new: &str,
        origin: &Origin,
    ) -> Result<NewSession, Refusal> {
        let organization = self.organization().await?;
        let settings = &organization.settings;
        let new = parse_new_password(&found.account, settings.password_min_length, &settings.name, new)?;
        let changed =
            Account { password: Password::Active(self.hash_password(&new).await?), ..found.account.clone() };
        let actor = origin.actor(&changed);
        let mut draft = Draft::of(self, &actor, organization);
        let id = draft.organization.id;
        draft.write(table::link::take(id, &found.link, draft.now));
        draft.write(table::link::kill_all(id, changed.id));
        draft.write(table::account::save(id, &changed));
        draft.write(table::session::end_all(id, changed.id));
        let target = Target::from(&changed);
        if found.link.purpose == Purpose::Registration {
            let action = format!("{}.register", changed.kind.realm().key());
            draft.log(&action, &target, "success", nothing());
        } else {
            draft.log("password.reset", &target, "success", nothing());
            let cause = format!("password_changed:{}:{}", changed.id, changed.revision);
            draft.mail_of_change(Kind::PasswordChanged, &changed, &cause, Facts::default())?;
        }
        let session = self.new_session(&mut draft, &changed, Proven::Password, origin);
        match draft.commit().await? {
            Commit::Committed => Ok(session),
            Commit::Conflict => Err(Refusal::NotFound("link")),
        }
    }

    /// S3.5: mails a link if there is such an account; the caller is told nothing either way. One mail in five
    /// minutes for one account, so that nobody can flood a mailbox or kill a link that was just sent; and whoever
    /// asks too often is no longer listened to for a while.
    pub async fn forgot_password(
        &self,
        realm: Realm,
        identifier: &str,
        origin: &Origin,
    ) -> Result<(), Problem> {
        let organization = self.organization().await?;
        let asked = throttle::subjects("forgot", realm, identifier.trim(), &origin.address);
        if self.wait_for(&asked).await? > Span::ZERO {
            return Ok(());
        }
        let found =
            table::account::by_identifier(&self.0.store, organization.id, realm, identifier.trim()).await?;
        let known = found
            .filter(|account| account.state == State::Activated && account.password != Password::Pending);
        let actor = origin.visitor();
        if let Some(account) = known {
            let mut draft = Draft::of(self, &actor, organization);
            draft.log("password.forgot", &Target::from(&account), "success", nothing());
            draft.write_all(table::throttle::count(draft.organization.id, &asked, draft.now));
            let cause = format!("password_reset:{}:{}", account.id, draft.now.seconds() / 300);
            self.mail_password_link(&mut draft, &account, &cause)?;
            // A conflict says that a link was mailed a moment ago: it stays alive.
            let _ = draft.commit().await?;
            return Ok(());
        }
        let mut draft = Draft::of(self, &actor, organization);
        draft.write_all(table::throttle::count(draft.organization.id, &asked, draft.now));
        draft.log("password.forgot", &Target::default(), "unknown_account", nothing());
        draft.settle().await
    }

    pub(crate) fn mail_password_link(
        &self,
        draft: &mut Draft<'_>,
        account: &Account,
        cause: &str,
    ) -> Result<(), Problem> {
        let token = draft.link(account, Purpose::PasswordReset);
        let path = match account.kind.realm() {
            Realm::User => "reset-password",
            Realm::Administrator => "admin/reset-password",
        };
        let link = format!("{}/{path}/{}", self.0.public_url, token.expose());
        draft.mail_once(Kind::PasswordReset, account, cause, &Facts { link: Some(link), ..Facts::default() })
    }

    /// S3.4: an administrator gives a user the first password; the user must change it at the first sign-in.
    pub async fn set_first_password(
        &self,
        granted: &Granted<ManageUsers>,
        id: AccountId,
        new: &str,
    ) -> Result<Account, Refusal> {
        let organization = self.organization().await?;
        let account = self.load_account(Realm::User, id).await?;
        let settings = &organization.settings;
        let new = parse_new_password(&account, settings.password_min_length, &settings.name, new)?;
        let hash = self.hash_password(&new).await?;
        self.change_user(granted, id, |draft, before| {
            if before.password != Password::Pending {
                return Err(Refusal::state(
                    "has_password",
                    "The user has a password already. Force a password change instead.",
                ));
            }
            draft.write(table::link::kill_all(draft.organization.id, before.id));
            draft.log("user.password.set", &Target::from(before), "success", nothing());
            Ok(Account { password: Password::Expired(hash.clone()), ..before.clone() })
        })
        .await
    }

    /// S3.3: the present password is no longer enough; a link to set a new one is mailed.
    pub async fn force_password_change(
        &self,
        granted: &Granted<AssistUsers>,
        id: AccountId,
    ) -> Result<Account, Refusal> {
        self.change_user(granted, id, |draft, before| {
            let hash = match (&before.password, before.state) {
                (Password::Active(hash) | Password::Expired(hash), State::Activated) => hash.clone(),
                _ => {
                    return Err(Refusal::state(
                        "no_password",
                        "Only an activated user with a password can be made to change it.",
                    ));
                }
            };
            draft.log("user.password.expire", &Target::from(before), "success", nothing());
            draft.write(table::session::end_all(draft.organization.id, before.id));
            let cause = format!("password_reset:{}:revision:{}", before.id, before.revision);
            self.mail_password_link(draft, before, &cause)?;
            Ok(Account { password: Password::Expired(hash), ..before.clone() })
        })
        .await
    }
}
