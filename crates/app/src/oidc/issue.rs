//! What the tokens of a grant say, and by which rules they go on being good.

use super::Party;
use crate::{App, Problem, Token, door::AtDoor, saml::fulfilled};
use aws_lc_rs::digest;
use claviger_domain::{
    application::{
        oidc::{
            claims::{Value as Claim, methods},
            grant::TOKEN_LASTS,
        },
        release::{By, Freshness, Interaction, Reason, Release, Request},
    },
    time::Timestamp,
};
use claviger_saml::names::context;
use claviger_store::table::{self, application_visit, oidc::Grant};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value, json};

/// Classes of authentication that we know, weakest first: the same as in SAML.
pub(super) const CLASSES: [&str; 4] =
    [context::UNSPECIFIED, context::PASSWORD, context::TIME_SYNC_TOKEN, context::REFEDS_MFA];

/// The class that is told where the application asks for none, or for none that is true.
pub(crate) const fn usual_class(by: By) -> &'static str {
    match by {
        By::Password => context::PASSWORD,
        By::PasswordAndCode => context::REFEDS_MFA,
    }
}

/// The first class that the application would like and that is true of the sign-in.
pub(super) fn class(by: By, wanted: &[String]) -> &'static str {
    let is_true = |wanted: &String| fulfilled(by).iter().copied().find(|class| class == wanted);
    wanted.iter().find_map(is_true).unwrap_or(usual_class(by))
}

/// Why a grant is no longer good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// The session that it came from ended.
    Session,
    /// By the rules that let the person in.
    Reason(Reason),
}

impl Over {
    /// The word in the log.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Session => "session_ended",
            Self::Reason(reason) => crate::door::Refused::Reason(reason).key(),
        }
    }
}

impl App {
    /// Who a grant is of, if they would be let in now without being asked; by the same rules as at the door.
    pub(super) async fn still_released(
        &self,
        party: &Party,
        grant: &Grant,
    ) -> Result<Result<AtDoor, Over>, Problem> {
        let (organization, store) = (self.organization().await?.id, &self.0.store);
        let found = table::session::by_ids(store, organization, &[grant.session]).await?;
        let alive = found
            .into_iter()
            .find(|(session, account)| session.expires_at > self.now() && account.id == grant.account);
        let Some((session, account)) = alive else { return Ok(Err(Over::Session)) };
        let groups = table::application::groups_of_user(store, organization, party.id(), account.id).await?;
        let person = AtDoor { session, account, groups };
        let request =
            Request { at: grant.asked_at, freshness: Freshness::Any, interaction: Interaction::Forbidden };
        Ok(match self.released(&party.application, &request, Some(&person)).await? {
            Release::Tell(_) => Ok(person),
            Release::Refuse(reason) => Err(Over::Reason(reason)),
            Release::Ask(asked) => Err(Over::Reason(Reason::MayNotAsk(asked))),
        })
    }

    /// The name that the application knows the person by, and the one of the session.
    pub(super) async fn names_of(&self, grant: &Grant) -> Result<Option<(String, String)>, Problem> {
        let (organization, store) = (self.organization().await?.id, &self.0.store);
        let visits = application_visit::of_session(store, organization, grant.session).await?;
        let visit = visits.into_iter().find(|visit| visit.application == grant.code.application);
        Ok(visit.map(|visit| (visit.name_id, visit.session_index)))
    }

    /// The ID token of a grant beside that access token.
    pub(super) async fn id_token(
        &self,
        party: &Party,
        grant: &Grant,
        person: &AtDoor,
        access: &Token,
    ) -> Result<String, Problem> {
        let names = self.names_of(grant).await?;
        let (subject, session) = names.ok_or_else(|| Problem::Internal("a grant without a visit".into()))?;
        let now = self.now();
        let seconds = |at: Timestamp| at.seconds();
        let mut claims = released(party, grant, person);
        let token = json!({
            "iss": self.0.public_url,
            "sub": subject,
            "aud": party.id().to_string(),
            "iat": seconds(now),
            "exp": seconds(now.plus(TOKEN_LASTS)),
            "auth_time": seconds(grant.context.at),
            "acr": grant.class,
            "amr": methods(grant.context.by),
            "sid": session,
            "at_hash": half_hash(access.expose()),
        });
        claims.extend(token.as_object().cloned().unwrap_or_default());
        if let Some(nonce) = &grant.nonce {
            claims.insert("nonce".into(), json!(nonce));
        }
        self.sign_token(party.settings.signed, &Value::Object(claims)).await
    }
}

/// What the application is told of the person.
pub(super) fn released(party: &Party, grant: &Grant, person: &AtDoor) -> Map<String, Value> {
    let told = party.settings.claims(&grant.scopes, &person.account, &person.groups);
    told.into_iter().map(|(name, value)| (name, json_of(value))).collect()
}

fn json_of(value: Claim) -> Value {
    match value {
        Claim::Text(text) => Value::String(text),
        Claim::Flag(flag) => Value::Bool(flag),
        Claim::Texts(texts) => json!(texts),
    }
}

/// OpenID Connect Core §3.1.3.6: which access token an ID token came with.
fn half_hash(token: &str) -> String {
    let hash = digest::digest(&digest::SHA256, token.as_bytes());
    BASE64URL_NOPAD.encode(hash.as_ref().first_chunk::<16>().map_or(&[], |half| half.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_told_that_is_true() {
        let wanted = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let mfa = wanted(&[context::REFEDS_MFA, context::PASSWORD]);
        assert_eq!(class(By::PasswordAndCode, &mfa), context::REFEDS_MFA);
        assert_eq!(class(By::Password, &mfa), context::PASSWORD);
        assert_eq!(class(By::Password, &wanted(&[context::REFEDS_MFA, "x"])), context::PASSWORD);
        assert_eq!(class(By::PasswordAndCode, &wanted(&[context::PASSWORD])), context::PASSWORD);
        assert_eq!(class(By::PasswordAndCode, &[]), context::REFEDS_MFA);
        for by in [By::Password, By::PasswordAndCode] {
            assert!(fulfilled(by).contains(&usual_class(by)));
        }
    }
}
