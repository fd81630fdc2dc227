//! Administrators, as far as the server's own host makes them (S6.9).

use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target},
    mail::Facts,
};
use claviger_domain::{
    account::{Account, Email, Kind, Password, PersonName, Realm, State},
    field::FieldError,
    id::AccountId,
    mail,
    mfa::{Enrollment, Mfa, Requirement},
    permission::{Actor, Role},
};
use claviger_store::{
    Commit,
    table::{self, link::Purpose},
};
use serde_json::json;

impl App {
    /// The account with that e-mail or login name.
    pub async fn find_account(&self, realm: Realm, identifier: &str) -> Result<Option<Account>, Problem> {
        let organization = self.organization().await?;
        Ok(table::account::by_identifier(&self.0.store, organization.id, realm, identifier).await?)
    }

    /// Makes an administrator who must set MFA up, and returns the link that sets their password.
    pub async fn create_administrator(
        &self,
        actor: &Actor,
        email: &str,
        role: Role,
    ) -> Result<String, Refusal> {
        let email = Email::parse("email", email)?;
        if self.find_account(Realm::Administrator, email.as_str()).await?.is_some() {
            return Err(FieldError::new("email", "Another administrator has this e-mail.").into());
        }
        let mut draft = Draft::new(self, actor).await?;
        let account = Account {
            id: AccountId::new(draft.now, self.random()),
            revision: 1,
            kind: Kind::Administrator { role },
            email,
            name: PersonName::default(),
            state: State::Activated,
            password: Password::Pending,
            mfa: Mfa { requirement: Requirement::AtOnce, enrollment: Enrollment::NotEnrolled },
            created_at: draft.now,
            last_sign_in_at: None,
        };
        let token = draft.link(&account, Purpose::PasswordReset);
        let link = format!("{}/admin/reset-password/{}", self.0.public_url, token.expose());
        let cause = format!("password_reset:{}:created", account.id);
        draft.mail(
            mail::Kind::PasswordReset,
            &account,
            &cause,
            &Facts { link: Some(link.clone()), ..Facts::default() },
        )?;
        draft.write(table::account::insert(draft.organization.id, &account));
        draft.log("administrator.create", &Target::from(&account), "success", json!({ "role": role.key() }));
        match draft.commit().await? {
            Commit::Committed => Ok(link),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }
}
