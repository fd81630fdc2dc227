//! Users: created, edited, activated, suspended, deleted (S3.1–S3.4), and listed (S3.6).

use crate::{
    App, Problem, Refusal,
    beside::{Read, trim},
    demand::Demand,
    draft::{Draft, Target, nothing},
    mail::Facts,
    mfa::before_and_after,
    until_decided,
};
use claviger_domain::{
    account::{Account, Email, Kind, Password, PersonName, Realm, State, Username},
    field::{FieldError, Fields},
    id::AccountId,
    mail,
    mfa::{Mfa, Period, Requirement, RunningPeriod},
    permission::{Granted, ManageUsers, ViewUsers},
    sign_in::TotpSwitch,
    status::Status,
};
use claviger_store::{
    Commit,
    table::{
        self,
        link::Purpose,
        user_list::{self, Listing},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Who a user is, as typed.
#[derive(Clone, Debug, Default)]
pub struct Person {
    /// Login name.
    pub username: String,
    /// E-mail.
    pub email: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// What to call them.
    pub display_name: String,
}

pub(crate) struct Parsed {
    pub(crate) username: Username,
    pub(crate) email: Email,
    name: PersonName,
}

impl Person {
    pub(crate) fn parse(&self) -> Result<Parsed, Vec<FieldError>> {
        let mut fields = Fields::new();
        let username = fields.take(Username::parse("username", &self.username));
        let email = fields.take(Email::parse("email", &self.email));
        let name = match PersonName::parse(&self.first_name, &self.last_name, &self.display_name) {
            Ok(name) => Some(name),
            Err(errors) => {
                errors.into_iter().for_each(|error| fields.refuse(error));
                None
            }
        };
        let parsed = username.zip(email).zip(name);
        fields.finish(parsed.map(|((username, email), name)| Parsed { username, email, name }))
    }
}

impl From<&Account> for Person {
    fn from(account: &Account) -> Self {
        Self {
            username: account.username().map(ToString::to_string).unwrap_or_default(),
            email: account.email.to_string(),
            first_name: account.name.first.clone(),
            last_name: account.name.last.clone(),
            display_name: account.name.display.clone(),
        }
    }
}

/// Whether a new user can sign in at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// Staged.
    Later,
    /// Activated, with the registration mail.
    Now,
}

/// What an edit asks for.
#[derive(Clone, Debug)]
pub struct UserEdit {
    /// The revision that the form was filled from, if it was.
    pub revision: Option<i64>,
    /// Who the user is to be.
    pub person: Person,
    /// What is wanted of their requirement.
    pub demand: Demand,
}

/// One page of the list.
#[derive(Clone, Debug)]
pub struct UserPage {
    /// The users.
    pub users: Vec<Account>,
    /// Whether there are rows before the first.
    pub has_newer: bool,
    /// Whether there are rows after the last.
    pub has_older: bool,
}

impl App {
    /// S3.6: one page of the users that match.
    pub async fn users(&self, _: &Granted<ViewUsers>, listing: &Listing) -> Result<UserPage, Problem> {
        let organization = self.organization().await?;
        let more = Listing { limit: listing.limit + 1, ..listing.clone() };
        let mut users = user_list::page(&self.0.store, organization.id, &more, self.now()).await?;
        let (has_newer, has_older) = trim(&mut users, Read::from(&listing.page), listing.limit);
        Ok(UserPage { users, has_newer, has_older })
    }

    /// S3.2, S4.1: a new user, staged or activated.
    pub async fn create_user(
        &self,
        granted: &Granted<ManageUsers>,
        person: &Person,
        demand: &Demand,
        activation: Activation,
    ) -> Result<Account, Refusal> {
        let mut draft = Draft::new(self, granted.actor()).await?;
        let demand = demand.on(&Mfa::NONE, draft.organization.totp);
        let (parsed, period) = both(person.parse(), period_of(&demand))?;
        self.refuse_taken(&parsed, None).await?;
        if period.is_some() {
            self.require_fresh_code(granted.actor())?;
        }
        let account = self.new_user(&mut draft, parsed, period, activation)?;
        match draft.commit().await? {
            Commit::Committed => Ok(account),
            Commit::Conflict => {
                self.refuse_taken(&person.parse()?, None).await?;
                Err(Refusal::Changed)
            }
        }
    }

    /// The new account with its log entries and mails.
    pub(crate) fn new_user(
        &self,
        draft: &mut Draft<'_>,
        parsed: Parsed,
        period: Option<Period>,
        activation: Activation,
    ) -> Result<Account, Problem> {
        let mut account = Account {
            id: AccountId::new(draft.now, self.random()),
            revision: 1,
            kind: Kind::User { username: parsed.username },
            email: parsed.email,
            name: parsed.name,
            state: State::Staged,
            password: Password::Pending,
            mfa: Mfa::NONE,
            created_at: draft.now,
            last_sign_in_at: None,
        };
        draft.log("user.create", &Target::from(&account), "success", nothing());
        if let Some(period) = period {
            account = self.required(draft, &account, period, RunningPeriod::Keep)?;
        }
        if activation == Activation::Now {
            account = self.activated(draft, &account)?;
        }
        draft.write(table::account::insert(draft.organization.id, &account));
        Ok(account)
    }

    /// S4.1: saves the user's form.
    pub async fn edit_user(
        &self,
        granted: &Granted<ManageUsers>,
        id: AccountId,
        edit: &UserEdit,
    ) -> Result<Account, Refusal> {
        let UserEdit { revision, person, demand } = edit;
        let before = self.load_account(Realm::User, id).await?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        let demand = demand.on(&before.mfa, draft.organization.totp);
        let (parsed, period) = both(person.parse(), period_of(&demand))?;
        self.refuse_taken(&parsed, Some(id)).await?;
        if revision.is_some_and(|revision| revision != before.revision) {
            return Err(Refusal::Changed);
        }
        let mut after = Account {
            kind: Kind::User { username: parsed.username },
            email: parsed.email,
            name: parsed.name,
            ..before.clone()
        };
        if after != before {
            let details = json!({ "before": { "email": before.email, "username": before.username() } });
            draft.log("user.edit", &Target::from(&after), "success", details);
        }
        after = match (demand, period, before.mfa.requirement) {
            (Demand::NotRequired, _, _) => self.requirement_removed(&mut draft, &after)?,
            (_, Some(period), Requirement::NotRequired) => {
                self.required(&mut draft, &after, period, RunningPeriod::Keep)?
            }
            (_, Some(period), _) => self.required(&mut draft, &after, period, RunningPeriod::Restart)?,
            (_, None, _) => after,
        };
        if after == before {
            return Ok(before);
        }
        if after.mfa != before.mfa {
            self.require_fresh_code(granted.actor())?;
        }
        draft.write(table::account::save(draft.organization.id, &after));
        match draft.commit().await? {
            Commit::Committed => Ok(Account { revision: after.revision + 1, ..after }),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    async fn refuse_taken(&self, parsed: &Parsed, own: Option<AccountId>) -> Result<(), Refusal> {
        let organization = self.organization().await?;
        let taken = async |identifier: &str| -> Result<bool, Problem> {
            let found =
                table::account::by_identifier(&self.0.store, organization.id, Realm::User, identifier)
                    .await?;
            Ok(found.is_some_and(|account| Some(account.id) != own))
        };
        let mut errors = Vec::new();
        if taken(parsed.email.as_str()).await? {
            errors.push(FieldError::new("email", "Another user has this e-mail."));
        }
        if taken(parsed.username.as_str()).await? {
            errors.push(FieldError::new("username", "Another user has this username."));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors.into()) }
    }

    /// S3.2, S3.3: the account activated, its clock running, and the registration mail if it has no password.
    fn activated(&self, draft: &mut Draft<'_>, before: &Account) -> Result<Account, Problem> {
        let mut after = Account { state: State::Activated, ..before.clone() };
        after.mfa.requirement = after.mfa.requirement.resumed(draft.now);
        draft.log("user.activate", &Target::from(before), "success", before_and_after(before, &after));
        if after.password == Password::Pending {
            self.registration(draft, &after)?;
        }
        let must_enroll =
            matches!(after.mfa.status(draft.now), Status::Enrolling { .. } | Status::RequiredWithoutPeriod);
        if must_enroll && draft.organization.totp == TotpSwitch::Enabled {
            self.mail_required(draft, &after)?;
        }
        Ok(after)
    }

    fn registration(&self, draft: &mut Draft<'_>, account: &Account) -> Result<(), Problem> {
        let token = draft.link(account, Purpose::Registration);
        let link = format!("{}/register/{}", self.0.public_url, token.expose());
        let cause = format!("registration:{}:{}", account.id, data_encoding::HEXLOWER.encode(&token.hash()));
        draft.mail(mail::Kind::Registration, account, &cause, &Facts { link: Some(link), ..Facts::default() })
    }

    /// Changes a user by `change` until no other write comes between.
    pub(crate) async fn change_user<P>(
        &self,
        granted: &Granted<P>,
        id: AccountId,
        change: impl Fn(&mut Draft<'_>, &Account) -> Result<Account, Refusal>,
    ) -> Result<Account, Refusal> {
        until_decided!({
            let before = self.load_account(Realm::User, id).await?;
            let mut draft = Draft::new(self, granted.actor()).await?;
            let after = change(&mut draft, &before)?;
            if after != before {
                draft.write(table::account::save(draft.organization.id, &after));
            }
            let written = Account { revision: after.revision + i64::from(after != before), ..after };
            (draft.commit().await? == Commit::Committed).then_some(written)
        })
    }

    /// S3.2: lets a staged or suspended user in.
    pub async fn activate_user(
        &self,
        granted: &Granted<ManageUsers>,
        id: AccountId,
    ) -> Result<Account, Refusal> {
        self.change_user(granted, id, |draft, before| self.activate(draft, before)).await
    }

    pub(crate) fn activate(&self, draft: &mut Draft<'_>, before: &Account) -> Result<Account, Refusal> {
        if before.state == State::Activated {
            return Err(Refusal::state("already_activated", "The user is activated already."));
        }
        Ok(self.activated(draft, before)?)
    }

    /// S3.2, S4.2: bars a user: sessions end, and the clock of the period stops.
    pub async fn suspend_user(
        &self,
        granted: &Granted<ManageUsers>,
        id: AccountId,
    ) -> Result<Account, Refusal> {
        self.change_user(granted, id, suspended).await
    }

    /// S3.3: a new registration link; the old one is dead.
    pub async fn resend_activation(
        &self,
        granted: &Granted<ManageUsers>,
        id: AccountId,
    ) -> Result<Account, Refusal> {
        self.change_user(granted, id, |draft, before| self.registration_again(draft, before)).await
    }

    pub(crate) fn registration_again(
        &self,
        draft: &mut Draft<'_>,
        before: &Account,
    ) -> Result<Account, Refusal> {
        if before.state != State::Activated || before.password != Password::Pending {
            let message = "Only a user who is activated and has no password yet gets the activation e-mail.";
            return Err(Refusal::state("not_pending", message));
        }
        self.registration(draft, before)?;
        draft.log("user.resend_activation", &Target::from(before), "success", nothing());
        Ok(before.clone())
    }

    /// Deletes a user and everything of theirs but the log.
    pub async fn delete_user(&self, granted: &Granted<ManageUsers>, id: AccountId) -> Result<(), Refusal> {
        until_decided!({
            let account = self.load_account(Realm::User, id).await?;
            let mut draft = Draft::new(self, granted.actor()).await?;
            deleted(&mut draft, &account);
            (draft.commit().await? == Commit::Committed).then_some(())
        })
    }
}

/// S3.2, S4.2: the account barred, its sessions ended and its clock stopped.
pub(crate) fn suspended(draft: &mut Draft<'_>, before: &Account) -> Result<Account, Refusal> {
    if before.state != State::Activated {
        return Err(Refusal::state("not_activated", "Only an activated user can be suspended."));
    }
    let mut after = Account { state: State::Suspended, ..before.clone() };
    after.mfa.requirement = after.mfa.requirement.paused(draft.now);
    draft.write(table::session::end_all(draft.organization.id, after.id));
    draft.write(table::remembered_login::forget_account(draft.organization.id, after.id));
    draft.log("user.suspend", &Target::from(before), "success", before_and_after(before, &after));
    Ok(after)
}

pub(crate) fn deleted(draft: &mut Draft<'_>, account: &Account) {
    draft.write_all(table::account::delete(draft.organization.id, account));
    draft.log("user.delete", &Target::from(account), "success", nothing());
}

fn period_of(demand: &Demand) -> Result<Option<Period>, FieldError> {
    match demand {
        Demand::Required(period) => period.clone().map(Some),
        Demand::Keep | Demand::NotRequired | Demand::Form(_) => Ok(None),
    }
}

/// Both values, or the errors of both.
pub(crate) fn both<A, B>(a: Result<A, Vec<FieldError>>, b: Result<B, FieldError>) -> Result<(A, B), Refusal> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(mut errors), Err(error)) => {
            errors.push(error);
            Err(errors.into())
        }
        (Err(errors), Ok(_)) => Err(errors.into()),
        (Ok(_), Err(error)) => Err(error.into()),
    }
}
