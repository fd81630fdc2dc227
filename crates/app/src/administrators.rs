//! Administrators: listed, made, edited, barred, deleted (S6.1–S6.3, S6.5).

mod form;
mod mfa;

pub use form::AdministratorForm;

use crate::{
    App, Problem, Refusal,
    beside::{Read, trim},
    demand::Ticked,
    draft::{Draft, Target, nothing},
    mail::Facts,
    until_decided,
};
use claviger_domain::{
    account::{Account, Email, Kind, Password, Realm, State},
    administrator::{Change, Hand, Others, Reach, Refused, Subject},
    field::FieldError,
    id::AccountId,
    mail,
    mfa::{Enrollment, Mfa, Requirement},
    permission::{Actor, Granted, ManageAdministrators, Who},
};
use claviger_store::{
    Commit,
    table::{
        self,
        administrator::{self, Listing},
        link::Purpose,
    },
};
use data_encoding::HEXLOWER;
use form::Parsed;
use serde_json::json;

/// A new administrator.
#[derive(Clone, Debug)]
pub struct Invited {
    /// Who.
    pub account: Account,
    /// Where they choose their password: for the server's command line, which shows it to its owner alone.
    pub link: String,
}

/// One page of the list.
#[derive(Clone, Debug)]
pub struct AdministratorPage {
    /// The administrators.
    pub administrators: Vec<Account>,
    /// Whether there are rows before the first.
    pub has_newer: bool,
    /// Whether there are rows after the last.
    pub has_older: bool,
}

/// The refusal of a rule; one of a role stands beside its field.
pub(crate) fn refused(refused: Refused) -> Refusal {
    match refused {
        Refused::AboveOwnRole => FieldError::new("role", refused.to_string()).into(),
        _ => Refusal::state(refused.code(), refused.to_string()),
    }
}

impl App {
    /// The account with that e-mail or login name.
    pub async fn find_account(&self, realm: Realm, identifier: &str) -> Result<Option<Account>, Problem> {
        let organization = self.organization().await?;
        Ok(table::account::by_identifier(&self.0.store, organization.id, realm, identifier).await?)
    }

    /// S6.1: one page of the administrators.
    pub async fn administrators(
        &self,
        _: &Granted<ManageAdministrators>,
        listing: &Listing,
    ) -> Result<AdministratorPage, Problem> {
        let organization = self.organization().await?;
        let more = Listing { limit: listing.limit + 1, ..listing.clone() };
        let mut administrators = administrator::list(&self.0.store, organization.id, &more).await?;
        let (has_newer, has_older) = trim(&mut administrators, Read::from(&listing.page), listing.limit);
        Ok(AdministratorPage { administrators, has_newer, has_older })
    }

    /// One administrator with their factor, if they have one.
    pub async fn administrator(
        &self,
        _: &Granted<ManageAdministrators>,
        id: AccountId,
    ) -> Result<table::factor::Holder, Refusal> {
        let organization = self.organization().await?;
        table::factor::holder(&self.0.store, organization.id, Realm::Administrator, id)
            .await?
            .ok_or(Refusal::NotFound("administrator"))
    }

    /// What `actor` may do to that administrator as things stand.
    pub async fn may_change_administrator(
        &self,
        actor: &Actor,
        account: &Account,
        change: Change,
    ) -> Result<Result<(), Refused>, Problem> {
        let Some(subject) = Subject::of(account) else { return Ok(Err(Refused::BeyondReach)) };
        Ok(Hand::of(actor.who).may(subject, change, self.others(subject, change).await?))
    }

    /// Every change of an administrator, of their role or of their MFA begins here: who makes it, and how far they
    /// reach. A key reaches no further than its administrator does now.
    pub(crate) async fn administrators_hand(&self, actor: &Actor) -> Result<Hand, Refusal> {
        self.require_fresh_code(actor)?;
        let hand = Hand::of(actor.who);
        let Who::ApiKey { owner, .. } = actor.who else { return Ok(hand) };
        let owner = self.load_account(Realm::Administrator, owner).await?;
        let reach = match (Subject::of(&owner), owner.state) {
            (Some(subject), State::Activated) => Reach::of(subject.role),
            _ => Reach::Nobody,
        };
        Ok(hand.within(reach))
    }

    async fn others(&self, subject: Subject, change: Change) -> Result<Others, Problem> {
        if !subject.loses_billing(change) {
            return Ok(Others::Some);
        }
        let organization = self.organization().await?;
        let others = administrator::others_with_billing(&self.0.store, organization.id, subject.id).await?;
        Ok(if others > 0 { Others::Some } else { Others::None })
    }

    /// Refuses what `hand` may not do, and has the batch guarded where the last Administrator with Billing might go.
    pub(crate) async fn allow(
        &self,
        draft: &mut Draft<'_>,
        hand: Hand,
        before: &Account,
        change: Change,
    ) -> Result<(), Refusal> {
        let subject = Subject::of(before).ok_or(Refusal::NotFound("administrator"))?;
        hand.may(subject, change, self.others(subject, change).await?).map_err(refused)?;
        if subject.loses_billing(change) {
            draft.write(administrator::another_with_billing(draft.organization.id, before.id));
        }
        Ok(())
    }

    /// Changes an administrator by `apply` until no other write comes between.
    pub(crate) async fn change_administrator<P>(
        &self,
        granted: &Granted<P>,
        (id, revision): (AccountId, Option<i64>),
        change: Change,
        apply: impl Fn(&mut Draft<'_>, &Account) -> Result<Account, Refusal>,
    ) -> Result<Account, Refusal> {
        let hand = self.administrators_hand(granted.actor()).await?;
        until_decided!({
            let organization = self.load_organization().await?;
            let before = self.load_account(Realm::Administrator, id).await?;
            if revision.is_some_and(|revision| revision != before.revision) {
                return Err(Refusal::Changed);
            }
            let mut draft = Draft::of(self, granted.actor(), organization);
            self.allow(&mut draft, hand, &before, change).await?;
            let after = apply(&mut draft, &before)?;
            if after != before {
                draft.write(table::account::save(draft.organization.id, &after));
            }
            let written = Account { revision: after.revision + i64::from(after != before), ..after };
            (draft.commit().await? == Commit::Committed).then(|| {
                self.forget_keys_of(id);
                written
            })
        })
    }

    /// S6.5: makes an administrator, who is mailed a link to choose a password. MFA is required of them unless
    /// `mfa` says otherwise and the organization allows it (S6.4).
    pub async fn create_administrator(
        &self,
        granted: &Granted<ManageAdministrators>,
        form: &AdministratorForm,
        mfa: Ticked,
    ) -> Result<Invited, Refusal> {
        let hand = self.administrators_hand(granted.actor()).await?;
        until_decided!({
            let parsed = form.parse()?;
            hand.may_make(parsed.role).map_err(refused)?;
            self.refuse_taken_email(&parsed.email, None).await?;
            let organization = self.load_organization().await?;
            let mut draft = Draft::of(self, granted.actor(), organization);
            let account = self.new_administrator(&mut draft, parsed, mfa);
            if account.mfa.requirement == Requirement::NotRequired {
                draft.write(table::organization::unchanged(&draft.organization));
            }
            let link = self.invite(&mut draft, &account)?;
            draft.write(table::account::insert(draft.organization.id, &account));
            let details = json!({ "after": told(&account) });
            draft.log("administrator.create", &Target::from(&account), "success", details);
            self.tell_of_new_administrator(&mut draft, &account).await?;
            (draft.commit().await? == Commit::Committed).then_some(Invited { account, link })
        })
    }

    fn new_administrator(&self, draft: &mut Draft<'_>, parsed: Parsed, mfa: Ticked) -> Account {
        let wanted = match mfa {
            Ticked::Yes => Requirement::AtOnce,
            Ticked::No => Requirement::NotRequired,
        };
        let requirement = draft.organization.settings.admin_mfa.of_new(wanted);
        Account {
            id: AccountId::new(draft.now, self.random()),
            revision: 1,
            kind: Kind::Administrator { role: parsed.role },
            email: parsed.email,
            name: parsed.name,
            state: State::Activated,
            password: Password::Pending,
            mfa: Mfa { requirement, enrollment: Enrollment::NotEnrolled },
            created_at: draft.now,
            last_sign_in_at: None,
        }
    }

    /// Mails a link to choose a password; earlier ones are dead.
    fn invite(&self, draft: &mut Draft<'_>, account: &Account) -> Result<String, Problem> {
        let token = draft.link(account, Purpose::Registration);
        let link = format!("{}/admin/register/{}", self.0.public_url, token.expose());
        let cause = format!("administrator_invited:{}:{}", account.id, HEXLOWER.encode(&token.hash()));
        let facts = Facts { link: Some(link.clone()), ..Facts::default() };
        draft.mail(mail::Kind::AdministratorInvited, account, &cause, &facts)?;
        Ok(link)
    }

    async fn refuse_taken_email(&self, email: &Email, own: Option<AccountId>) -> Result<(), Refusal> {
        match self.find_account(Realm::Administrator, email.as_str()).await? {
            Some(account) if Some(account.id) != own => {
                Err(FieldError::new("email", "Another administrator has this e-mail.").into())
            }
            _ => Ok(()),
        }
    }

    /// S6.1: saves an administrator's name, e-mail and role. Links that were mailed to another address are dead; one
    /// that was still to be used is mailed to the new one.
    pub async fn edit_administrator(
        &self,
        granted: &Granted<ManageAdministrators>,
        id: AccountId,
        form: &AdministratorForm,
        revision: Option<i64>,
    ) -> Result<Account, Refusal> {
        let Parsed { email, name, role } = form.parse()?;
        self.refuse_taken_email(&email, Some(id)).await?;
        self.change_administrator(granted, (id, revision), Change::Details(role), |draft, before| {
            let after = Account {
                kind: Kind::Administrator { role },
                email: email.clone(),
                name: name.clone(),
                ..before.clone()
            };
            if after != *before {
                let details = json!({ "before": told(before), "after": told(&after) });
                draft.log("administrator.edit", &Target::from(&after), "success", details);
            }
            if after.email != before.email {
                draft.write(table::link::kill_all(draft.organization.id, before.id));
                if after.state == State::Activated && after.password == Password::Pending {
                    self.invite(draft, &after)?;
                }
            }
            Ok(after)
        })
        .await
    }

    /// S6.1: bars an administrator; their sessions end, and their keys no longer work.
    pub async fn suspend_administrator(
        &self,
        granted: &Granted<ManageAdministrators>,
        id: AccountId,
    ) -> Result<Account, Refusal> {
        self.change_administrator(granted, (id, None), Change::Suspend, |draft, before| {
            if before.state != State::Activated {
                return Err(refused(Refused::NotActivated));
            }
            let mut after = Account { state: State::Suspended, ..before.clone() };
            after.mfa.requirement = after.mfa.requirement.paused(draft.now);
            draft.write(table::session::end_all(draft.organization.id, before.id));
            draft.write(table::link::kill_all(draft.organization.id, before.id));
            draft.log("administrator.suspend", &Target::from(before), "success", nothing());
            Ok(after)
        })
        .await
    }

    /// S6.1: lets an administrator in again. Who has no password yet, or must set MFA up, is mailed how.
    pub async fn activate_administrator(
        &self,
        granted: &Granted<ManageAdministrators>,
        id: AccountId,
    ) -> Result<Account, Refusal> {
        self.change_administrator(granted, (id, None), Change::Activate, |draft, before| {
            if before.state == State::Activated {
                return Err(refused(Refused::AlreadyActivated));
            }
            let mut after = Account { state: State::Activated, ..before.clone() };
            after.mfa.requirement = after.mfa.requirement.resumed(draft.now);
            draft.log("administrator.activate", &Target::from(before), "success", nothing());
            if after.password == Password::Pending {
                self.invite(draft, &after)?;
            } else {
                self.mail_administrator_required(draft, &after)?;
            }
            Ok(after)
        })
        .await
    }

    /// S6.5: another link to choose a password; the old one is dead.
    pub async fn invite_administrator_again(
        &self,
        granted: &Granted<ManageAdministrators>,
        id: AccountId,
    ) -> Result<Account, Refusal> {
        self.change_administrator(granted, (id, None), Change::Invite, |draft, before| {
            if before.state != State::Activated || before.password != Password::Pending {
                return Err(refused(Refused::NotPending));
            }
            self.invite(draft, before)?;
            draft.log("administrator.resend_activation", &Target::from(before), "success", nothing());
            Ok(before.clone())
        })
        .await
    }

    /// S6.1: deletes an administrator and everything of theirs but the log.
    pub async fn delete_administrator(
        &self,
        granted: &Granted<ManageAdministrators>,
        id: AccountId,
    ) -> Result<(), Refusal> {
        let hand = self.administrators_hand(granted.actor()).await?;
        until_decided!({
            let before = self.load_account(Realm::Administrator, id).await?;
            let mut draft = Draft::new(self, granted.actor()).await?;
            self.allow(&mut draft, hand, &before, Change::Delete).await?;
            draft.write_all(table::account::delete(draft.organization.id, &before));
            let details = json!({ "before": told(&before) });
            draft.log("administrator.delete", &Target::from(&before), "success", details);
            (draft.commit().await? == Commit::Committed).then(|| self.forget_keys_of(id))
        })
    }
}

/// An administrator as the log tells of them.
fn told(account: &Account) -> serde_json::Value {
    let role = match account.kind {
        Kind::Administrator { role } => Some(role.key()),
        Kind::User { .. } => None,
    };
    json!({ "email": account.email, "role": role })
}
