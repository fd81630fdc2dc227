//! Keys for the REST API: made and shown once, listed, revoked (S6.10).

use crate::{
    App, Refusal, Token,
    administrators::refused,
    api_key::Caller,
    draft::{Draft, Target},
    session::SignedIn,
    words,
};
use claviger_domain::{
    account::{Account, Kind, Realm, State},
    administrator::{Hand, Refused},
    api_key::{AllowList, KEYS_EACH, Terms, expiry},
    field::{FieldError, Fields, Presence, line},
    id::{AccountId, ApiKeyId},
    permission::{Actor, ManageAdministrators, Role, Who},
    time::{Span, Timestamp},
};
use claviger_store::{
    Commit,
    table::{
        self,
        api_key::{ApiKey, OwnedKey, Whose},
    },
};
use serde_json::json;

const PREFIX: &str = "clv_";
/// Keys that ran out are listed so long.
pub(crate) const DEAD_KEYS_KEPT: Span = Span::days(90);

/// A key as it is asked for.
#[derive(Clone, Debug, Default)]
pub struct KeyForm {
    /// What it is called.
    pub name: String,
    /// The key of its role; empty for its administrator's.
    pub role: String,
    /// Days, a date such as `2027-01-31`, or `never`.
    pub expires: String,
    /// Where it may be used from; empty for everywhere.
    pub addresses: String,
}

/// A key that was just made: the only time its token is known.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// For the program.
    pub token: Token,
    /// What is kept.
    pub key: OwnedKey,
}

/// A page of keys.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The newest first.
    pub keys: Vec<OwnedKey>,
    /// Whether there are more.
    pub has_older: bool,
}

/// Who makes a key: whose it will be, and what they can lend.
struct Maker<'a> {
    actor: &'a Actor,
    owner: &'a Account,
    terms: Terms,
}

const fn role_of(account: &Account) -> Result<Role, Refusal> {
    match account.kind {
        Kind::Administrator { role } => Ok(role),
        Kind::User { .. } => Err(Refusal::NotFound("administrator")),
    }
}

/// The administrator whose keys these are.
const fn own_id(actor: &Actor) -> Result<AccountId, Refusal> {
    match actor.who {
        Who::Administrator { id, .. } | Who::ApiKey { owner: id, .. } => Ok(id),
        Who::User(_) | Who::Device(_) | Who::Visitor | Who::Host | Who::System => {
            Err(Refusal::NotFound("administrator"))
        }
    }
}

impl App {
    /// A key for an administrator by e-mail, with their role and for ever: what the server's host makes.
    pub async fn create_api_key(&self, actor: &Actor, email: &str, name: &str) -> Result<Token, Refusal> {
        let form = KeyForm { name: name.to_owned(), expires: "never".into(), ..KeyForm::default() };
        Ok(self.create_api_key_of(actor, email, &form).await?.token)
    }

    /// The same on other terms.
    pub async fn create_api_key_of(
        &self,
        actor: &Actor,
        email: &str,
        form: &KeyForm,
    ) -> Result<NewKey, Refusal> {
        let owner = self.find_account(Realm::Administrator, email).await?;
        let owner = owner.ok_or(Refusal::NotFound("administrator"))?;
        let terms = Terms::of(role_of(&owner)?);
        self.make_key(&Maker { actor, owner: &owner, terms }, form).await
    }

    /// An administrator makes a key of their own. Nobody makes one for another: whoever saw it could act as them.
    pub async fn create_own_api_key(&self, me: &SignedIn, form: &KeyForm) -> Result<NewKey, Refusal> {
        let terms = Terms::of(role_of(&me.account)?);
        self.make_key(&Maker { actor: &me.actor, owner: &me.account, terms }, form).await
    }

    /// A key makes another for its administrator, which can't do more, live longer or come from elsewhere.
    pub async fn create_api_key_by_key(&self, caller: &Caller, form: &KeyForm) -> Result<NewKey, Refusal> {
        let owner = self.load_account(Realm::Administrator, own_id(&caller.actor)?).await?;
        let maker = Maker { actor: &caller.actor, owner: &owner, terms: caller.terms.clone() };
        self.make_key(&maker, form).await
    }

    async fn make_key(&self, maker: &Maker<'_>, form: &KeyForm) -> Result<NewKey, Refusal> {
        self.require_fresh_code(maker.actor)?;
        let organization = self.organization().await?;
        let now = self.now();
        let (name, asked) =
            parse(form, maker.terms.role, &organization.settings.time_zone, now).map_err(Refusal::Fields)?;
        let terms = maker.terms.lend(asked)?;
        if table::api_key::count(&self.0.store, organization.id, maker.owner.id).await? >= KEYS_EACH {
            let message = format!("At most {KEYS_EACH} keys. Revoke one that is not needed.");
            return Err(Refusal::state("too_many_keys", message));
        }
        let token = Token::new(PREFIX, self.random());
        let mut draft = Draft::of(self, maker.actor, organization);
        let id = ApiKeyId::new(draft.now, self.random());
        let owner = maker.owner;
        let key = ApiKey { id, owner: owner.id, name, terms, created_at: draft.now, last_used: None };
        draft.write(table::account::unchanged(draft.organization.id, owner));
        // Behind the account, which makes those who make keys at once wait for each other.
        draft.write(table::api_key::at_most(draft.organization.id, owner.id, KEYS_EACH - 1));
        draft.write(table::api_key::insert(draft.organization.id, &key, token.hash()));
        draft.log("api_key.create", &Target::from(owner), "success", details(&key));
        match draft.commit().await? {
            Commit::Committed => {
                let owned = OwnedKey {
                    key,
                    email: owner.email.to_string(),
                    owner_role: role_of(owner)?,
                    owner_state: owner.state,
                };
                Ok(NewKey { token, key: owned })
            }
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// S6.10: an administrator's own keys, or everybody's for those who manage administrators.
    pub async fn api_keys(
        &self,
        actor: &Actor,
        before: Option<ApiKeyId>,
        limit: i64,
    ) -> Result<Keys, Refusal> {
        let whose = match actor.granted::<ManageAdministrators>() {
            Ok(_) => Whose::Everybodys,
            Err(_) => Whose::Of(own_id(actor)?),
        };
        let organization = self.organization().await?.id;
        let mut keys = table::api_key::page(&self.0.store, organization, whose, before, limit + 1).await?;
        let limit = usize::try_from(limit).unwrap_or(0);
        let has_older = keys.len() > limit;
        keys.truncate(limit);
        Ok(Keys { keys, has_older })
    }

    /// A key that the actor may revoke: their own, or that of an administrator whom they manage. A key that leaked
    /// stops no other that can do more.
    pub async fn api_key(&self, actor: &Actor, id: ApiKeyId) -> Result<OwnedKey, Refusal> {
        let organization = self.organization().await?.id;
        let found = table::api_key::by_id(&self.0.store, organization, id).await?;
        let owned = found.ok_or(Refusal::NotFound("API key"))?;
        may_revoke(actor, &owned)?;
        Ok(owned)
    }

    /// S6.10: revokes a key. It is dead on this node at once, and on others within five seconds.
    pub async fn revoke_api_key(&self, actor: &Actor, id: ApiKeyId) -> Result<(), Refusal> {
        let owned = self.api_key(actor, id).await?;
        self.require_fresh_code(actor)?;
        let mut draft = Draft::new(self, actor).await?;
        draft.write(table::api_key::revoke(draft.organization.id, id));
        let target = Target { id: owned.key.owner.to_string(), name: owned.email.clone() };
        draft.log("api_key.revoke", &target, "success", details(&owned.key));
        match draft.commit().await? {
            Commit::Committed => {
                self.forget_key(id);
                Ok(())
            }
            Commit::Conflict => Err(Refusal::NotFound("API key")),
        }
    }
}

/// Whether `actor` may revoke that key.
pub fn may_revoke(actor: &Actor, owned: &OwnedKey) -> Result<(), Refusal> {
    if own_id(actor).is_ok_and(|own| own == owned.key.owner) {
        return match actor.who {
            Who::ApiKey { role, .. } if !role.includes(owned.key.terms.role) => {
                let message = "A key revokes no key that can do more than itself.";
                Err(Refusal::state("above_own_role", message))
            }
            _ => Ok(()),
        };
    }
    // Whether there is such a key is for those who see everybody's.
    actor.granted::<ManageAdministrators>().map_err(|_| Refusal::NotFound("API key"))?;
    if Hand::of(actor.who).reach.covers(owned.owner_role) {
        Ok(())
    } else {
        Err(refused(Refused::BeyondReach))
    }
}

fn details(key: &ApiKey) -> serde_json::Value {
    json!({
        "name": key.name,
        "role": key.terms.role.key(),
        "expires_at": key.terms.expires_at,
        "addresses": key.terms.addresses.to_string(),
    })
}

fn parse(form: &KeyForm, own: Role, zone: &str, now: Timestamp) -> Result<(String, Terms), Vec<FieldError>> {
    let mut fields = Fields::new();
    let name = fields.take(line("name", "Name", &form.name, 100, Presence::Required));
    let role = fields.take(match form.role.trim() {
        "" => Ok(own),
        key => Role::from_key(key).ok_or_else(|| FieldError::new("role", "Choose a role.")),
    });
    let expires_at = fields.take(parse_expiry(form.expires.trim(), zone, now));
    let addresses = fields.take(AllowList::parse("addresses", &form.addresses));
    let terms = (|| Some(Terms { role: role?, expires_at: expires_at?, addresses: addresses? }))();
    fields.finish(name.zip(terms))
}

/// From when the key is dead: after so many days, at the beginning of a day, or never.
fn parse_expiry(text: &str, zone: &str, now: Timestamp) -> Result<Option<Timestamp>, FieldError> {
    if text == "never" {
        return Ok(None);
    }
    if let Ok(days) = text.parse() {
        return expiry("expires", Some(days), now);
    }
    match words::start_of_day(text, zone) {
        Some(at) if at > now => Ok(Some(at)),
        Some(_) => Err(FieldError::new("expires", "Choose a day that is still to come.")),
        None => {
            Err(FieldError::new("expires", "Give a number of days, a day such as 2027-01-31, or “never”."))
        }
    }
}

/// Whether a key works at present, for lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It works.
    Works,
    /// It has run out.
    Expired,
    /// Its administrator can't sign in.
    OwnerBarred,
    /// Its administrator's role leaves it nothing.
    Powerless,
}

impl Standing {
    /// That of a key.
    pub fn of(owned: &OwnedKey, now: Timestamp) -> Self {
        let terms = &owned.key.terms;
        match (owned.owner_state, terms.role.within(owned.owner_role)) {
            _ if terms.expires_at.is_some_and(|at| at <= now) => Self::Expired,
            (State::Activated, Some(_)) => Self::Works,
            (State::Activated, None) => Self::Powerless,
            (State::Staged | State::Suspended, _) => Self::OwnerBarred,
        }
    }
}
