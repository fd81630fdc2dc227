//! Who somebody is, for an application with an access token (OpenID Connect Core §5.3).

use super::{Party, issue::released};
use crate::{App, Problem, token};
use claviger_domain::secret::Secret;
use claviger_store::table::oidc::{self, Kind};
use serde_json::{Value, json};

/// What comes of a question.
#[derive(Clone, Debug)]
pub enum Userinfo {
    /// The claims.
    Claims(Value),
    /// The token is unknown or too old, or the person would not be let in any more.
    InvalidToken,
}

impl App {
    /// What the application of that access token is told of its person now, by the same rules as at the door.
    pub async fn oidc_userinfo(&self, access: &Secret<String>) -> Result<Userinfo, Problem> {
        let organization = self.organization().await?.id;
        let hash = token::hash(access.expose());
        let found = oidc::token(&self.0.store, organization, (Kind::Access, hash)).await?;
        let Some(held) = found.filter(|held| held.token.until > self.now()) else {
            return Ok(Userinfo::InvalidToken);
        };
        let Some(party) = self.oidc_party(held.token.application).await? else {
            return Ok(Userinfo::InvalidToken);
        };
        let Ok(person) = self.still_released(&party, &held.grant).await? else {
            return Ok(Userinfo::InvalidToken);
        };
        let Some((subject, _)) = self.names_of(&held.grant).await? else { return Ok(Userinfo::InvalidToken) };
        let grant = oidc::Grant { scopes: still_had(&party, &held.grant), ..held.grant };
        let mut claims = released(&party, &grant, &person);
        claims.insert("sub".into(), json!(subject));
        Ok(Userinfo::Claims(Value::Object(claims)))
    }
}

fn still_had(party: &Party, grant: &oidc::Grant) -> Vec<claviger_domain::application::oidc::Scope> {
    grant.scopes.iter().copied().filter(|scope| party.settings.scopes.contains(scope)).collect()
}
