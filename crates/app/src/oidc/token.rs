//! From a code to tokens, and from a refresh token to new ones (RFC 6749 §4.1.3 and §6, RFC 9700).

use super::{Client, Party, issue::Over};
use crate::{
    App, Problem, Token,
    door::AtDoor,
    draft::{Draft, Target},
    session::Origin,
    token, until_decided,
};
use claviger_domain::{
    application::oidc::{
        Refresh, Scope,
        grant::{Misused, TOKEN_LASTS},
        request::Parameters,
    },
    id::AccountId,
};
use claviger_store::{
    Commit,
    table::{
        self,
        oidc::{self, Grant, Kind},
    },
};
use serde_json::json;

/// What an application gets.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Tells at `userinfo` who somebody is.
    pub access: Token,
    /// For how many seconds.
    pub expires_in: i64,
    /// Who it is, signed.
    pub id_token: String,
    /// Good for one turn, where the application may go on without the person.
    pub refresh: Option<Token>,
    /// What it was given.
    pub scope: String,
}

/// Why an application gets no tokens: a word of RFC 6749 §5.2, and a sentence for whoever builds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenError {
    /// The word.
    pub error: &'static str,
    /// The sentence.
    pub description: &'static str,
}

/// What comes of a call for tokens.
pub type TokenAnswer = Result<Tokens, TokenError>;

const fn error(error: &'static str, description: &'static str) -> TokenError {
    TokenError { error, description }
}

const NOT_GOOD: TokenError =
    error("invalid_grant", "It is unknown, used, too old, or not for this application.");
const OVER: TokenError = error("invalid_grant", "The person is not let in any more.");

/// What tokens are given for, as a call has it. It can't be shown: what is in it is secret.
#[derive(Clone, Copy)]
pub enum Presented<'a> {
    /// A code.
    Code {
        /// Itself.
        code: &'a str,
        /// Where it went to.
        redirect: &'a str,
        /// What its challenge was made of.
        verifier: &'a str,
    },
    /// A refresh token.
    Refresh {
        /// Itself.
        token: &'a str,
    },
}

impl<'a> Presented<'a> {
    /// What a call brings along.
    ///
    /// # Errors
    /// What is missing, there twice or not offered.
    pub fn read(parameters: &'a Parameters) -> Result<Self, TokenError> {
        let one = |name| {
            let found = parameters.one(name);
            found.map_err(|_| error("invalid_request", "A parameter came twice."))
        };
        let needed = |name, missing| one(name)?.ok_or(error("invalid_request", missing));
        match one("grant_type")? {
            Some("authorization_code") => Ok(Self::Code {
                code: needed("code", "code is missing.")?,
                redirect: needed("redirect_uri", "redirect_uri is missing.")?,
                verifier: needed("code_verifier", "code_verifier is missing.")?,
            }),
            Some("refresh_token") => {
                Ok(Self::Refresh { token: needed("refresh_token", "refresh_token is missing.")? })
            }
            Some(_) => Err(error("unsupported_grant_type", "Only codes and refresh tokens are taken.")),
            None => Err(error("invalid_request", "grant_type is missing.")),
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Code { .. } => "authorization_code",
            Self::Refresh { .. } => "refresh_token",
        }
    }
}

impl App {
    /// S10.1: tokens for a code or a refresh token. One that somebody should not have ends all that came of it.
    pub async fn oidc_tokens(
        &self,
        client: &Client,
        parameters: &Parameters,
        origin: &Origin,
    ) -> Result<TokenAnswer, Problem> {
        let shown = match Presented::read(parameters) {
            Ok(shown) => shown,
            Err(error) => return Ok(Err(error)),
        };
        let Client(party) = client;
        if matches!(shown, Presented::Refresh { .. }) && party.settings.refresh == Refresh::None {
            return Ok(Err(error("unauthorized_client", "The application has no refresh tokens.")));
        }
        until_decided!({
            let (grant, checked) = match self.presented(party, shown).await? {
                Some(found) => found,
                None => return Ok(Err(NOT_GOOD)),
            };
            match checked {
                Err(misused) => self.misused(party, (&grant, misused, shown), origin).await?,
                Ok(scopes) => match self.still_released(party, &grant).await? {
                    Err(over) => self.is_over(party, (&grant, over, shown), origin).await?,
                    Ok(person) => {
                        let grant = Grant { scopes, ..grant };
                        match refuse_wider(&grant, shown, parameters) {
                            Err(error) => Some(Err(error)),
                            Ok(()) => self.give(party, (&grant, &person), shown, origin).await?,
                        }
                    }
                },
            }
        })
    }

    /// The grant of what was shown, and whether it is rightly shown: with the scopes that the application still has.
    async fn presented(
        &self,
        party: &Party,
        shown: Presented<'_>,
    ) -> Result<Option<(Grant, Result<Vec<Scope>, Misused>)>, Problem> {
        let (organization, store, now) = (self.organization().await?.id, &self.0.store, self.now());
        let (grant, checked) = match shown {
            Presented::Code { code, redirect, verifier } => {
                let Some(grant) = oidc::by_code(store, organization, token::hash(code)).await? else {
                    return Ok(None);
                };
                let checked = grant.code.redeem(party.id(), (redirect, verifier), now);
                (grant, checked)
            }
            Presented::Refresh { token } => {
                let found = oidc::token(store, organization, (Kind::Refresh, token::hash(token))).await?;
                let Some(held) = found else { return Ok(None) };
                let checked = held.token.turn(party.id(), now);
                (held.grant, checked)
            }
        };
        let has = |scope: &Scope| party.settings.scopes.contains(scope);
        let scopes = grant.scopes.iter().copied().filter(has).collect();
        Ok(Some((grant, checked.map(|()| scopes))))
    }

    /// Ends all that came of a code or a token that somebody should not have.
    async fn misused(
        &self,
        party: &Party,
        (grant, misused, shown): (&Grant, Misused, Presented<'_>),
        origin: &Origin,
    ) -> Result<Option<TokenAnswer>, Problem> {
        self.end_grant(party, (grant, misused.key(), shown), origin).await?;
        Ok(Some(Err(NOT_GOOD)))
    }

    async fn is_over(
        &self,
        party: &Party,
        (grant, over, shown): (&Grant, Over, Presented<'_>),
        origin: &Origin,
    ) -> Result<Option<TokenAnswer>, Problem> {
        self.end_grant(party, (grant, over.key(), shown), origin).await?;
        Ok(Some(Err(OVER)))
    }

    async fn end_grant(
        &self,
        party: &Party,
        (grant, outcome, shown): (&Grant, &str, Presented<'_>),
        origin: &Origin,
    ) -> Result<(), Problem> {
        let actor = origin.visitor();
        let mut draft = Draft::new(self, &actor).await?;
        draft.write_all(oidc::end(draft.organization.id, grant.id));
        let target = self.target_of(grant.account).await?;
        draft.log("application.token", &target, outcome, details(party, shown));
        draft.settle().await
    }

    async fn target_of(&self, account: AccountId) -> Result<Target, Problem> {
        let organization = self.organization().await?.id;
        let realm = claviger_domain::account::Realm::User;
        let found = table::account::by_id(&self.0.store, organization, realm, account).await?;
        Ok(found.as_ref().map(Target::from).unwrap_or_default())
    }

    /// Nothing if another write came first.
    async fn give(
        &self,
        party: &Party,
        (grant, person): (&Grant, &AtDoor),
        shown: Presented<'_>,
        origin: &Origin,
    ) -> Result<Option<TokenAnswer>, Problem> {
        let actor = person.actor(origin);
        let mut draft = Draft::new(self, &actor).await?;
        let (organization, now) = (draft.organization.id, draft.now);
        person.stands(&mut draft, &party.application);
        match shown {
            Presented::Code { .. } => draft.write(oidc::redeem(organization, grant.id, now)),
            Presented::Refresh { token } => {
                draft.write(oidc::stands(organization, grant.id));
                draft.write(oidc::use_refresh(organization, token::hash(token), now));
            }
        }
        let access = Token::new("", self.random());
        let until = now.plus(TOKEN_LASTS);
        draft.write(oidc::add_token(organization, grant.id, (Kind::Access, access.hash(), until)));
        let refresh = grant.scopes.contains(&Scope::OfflineAccess).then(|| Token::new("", self.random()));
        if let Some(refresh) = &refresh {
            let kept = (Kind::Refresh, refresh.hash(), grant.expires_at);
            draft.write(oidc::add_token(organization, grant.id, kept));
        }
        let id_token = self.id_token(party, grant, person, &access).await?;
        draft.log("application.token", &Target::from(&person.account), "success", details(party, shown));
        if draft.commit().await? == Commit::Conflict {
            return Ok(None);
        }
        let scope: Vec<_> = grant.scopes.iter().map(|scope| scope.key()).collect();
        let expires_in = TOKEN_LASTS.seconds_rounded_up();
        Ok(Some(Ok(Tokens { access, expires_in, id_token, refresh, scope: scope.join(" ") })))
    }
}

/// RFC 6749 §6: a refresh may not ask for more. Who asks for less gets what was given, and is told so.
fn refuse_wider(grant: &Grant, shown: Presented<'_>, parameters: &Parameters) -> Result<(), TokenError> {
    let (Presented::Refresh { .. }, Some(asked)) = (shown, parameters.once("scope")) else { return Ok(()) };
    let is_given = |key| Scope::from_key(key).is_some_and(|scope| grant.scopes.contains(&scope));
    if asked.split(' ').all(is_given) {
        return Ok(());
    }
    Err(error("invalid_scope", "scope has something in it that was not given."))
}

fn details(party: &Party, shown: Presented<'_>) -> serde_json::Value {
    json!({
        "application": party.application.name.as_str(),
        "application_id": party.id().to_string(),
        "grant": shown.kind(),
    })
}
