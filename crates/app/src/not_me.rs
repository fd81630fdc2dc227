//! "It was not me": what a mail's reader says of a change that somebody else made.

use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target, nothing},
    mail::Facts,
    session::Origin,
    token, until_decided,
};
use claviger_domain::{
    account::{Account, Password, Realm},
    mail::Kind,
};
use claviger_store::{
    Commit,
    table::{
        self,
        link::{Link, Purpose},
    },
};

/// A live link and whose account it is about.
#[derive(Clone, Debug)]
pub struct NotMeLink {
    link: Link,
    /// Whose.
    pub account: Account,
}

impl App {
    /// The link, if it is alive and of that portal. Looking changes nothing: mail scanners follow links.
    pub async fn not_me_link(&self, realm: Realm, token: &str) -> Result<NotMeLink, Refusal> {
        let organization = self.organization().await?;
        let dead = || Refusal::NotFound("link");
        let link =
            table::link::find(&self.0.store, organization.id, token::hash(token)).await?.ok_or_else(dead)?;
        if link.purpose != Purpose::NotMe || link.used_at.is_some() || link.expires_at <= self.now() {
            return Err(dead());
        }
        let account = link.account.ok_or_else(dead)?;
        let found = table::account::by_id(&self.0.store, organization.id, realm, account).await?;
        Ok(NotMeLink { link, account: found.ok_or_else(dead)? })
    }

    /// Locks the account: the password is gone, every session and every link of it has ended, and the administrators
    /// are told. The factor stays for them to look into, since it may be the intruder's.
    ///
    /// A user gets a new password from an administrator. For an administrator, who may be the only one, a link to
    /// choose another password is mailed at once to the address that this link came to. To let the old one expire
    /// would be weaker: whoever knows it could choose the next.
    pub async fn report_misuse(&self, realm: Realm, token: &str, origin: &Origin) -> Result<(), Refusal> {
        until_decided!({
            let NotMeLink { link, account: before } = self.not_me_link(realm, token).await?;
            let locked = Account { password: Password::Pending, ..before.clone() };
            let actor = origin.actor(&before);
            let mut draft = Draft::new(self, &actor).await?;
            let id = draft.organization.id;
            draft.write(table::link::take(id, &link, draft.now));
            draft.write(table::link::kill_every(id, before.id));
            draft.write(table::account::save(id, &locked));
            draft.write(table::session::end_all(id, before.id));
            draft.log("account.not_me", &Target::from(&before), "success", nothing());
            self.tell_of_misuse(&mut draft, &before, &format!("reported_misuse:{}", link.id)).await?;
            if realm == Realm::Administrator {
                let cause = format!("password_reset:{}:not_me:{}", before.id, link.id);
                self.mail_password_link(&mut draft, &locked, &cause)?;
            }
            (draft.commit().await? == Commit::Committed).then_some(())
        })
    }

    async fn tell_of_misuse(
        &self,
        draft: &mut Draft<'_>,
        account: &Account,
        cause: &str,
    ) -> Result<(), Problem> {
        let link = match account.kind.realm() {
            Realm::User => Some(format!("{}/admin/users/{}", self.0.public_url, account.id)),
            Realm::Administrator => None,
        };
        let facts = Facts { link, person: Some(account.email.to_string()), ..Facts::default() };
        for administrator in table::account::administrators(&self.0.store, draft.organization.id).await? {
            if administrator.id != account.id {
                let cause = format!("{cause}:{}", administrator.id);
                draft.mail(Kind::ReportedMisuse, &administrator, &cause, &facts)?;
            }
        }
        Ok(())
    }
}
