//! Where applications find us, and what we say of ourselves (OpenID Connect Discovery §3, RFC 8414).

use super::issue::CLASSES;
use crate::App;
use claviger_domain::application::oidc::{Algorithm, Scope};
use serde_json::{Value, json};

/// Where applications find us.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// Our name, and what discovery begins with.
    pub issuer: String,
    /// What most applications need to know alone.
    pub discovery: String,
    /// Where people are sent to.
    pub authorization: String,
    /// Where codes become tokens.
    pub token: String,
    /// Where access tokens tell who somebody is.
    pub userinfo: String,
    /// What ID tokens are checked with.
    pub keys: String,
    /// Where people are sent to sign out.
    pub log_out: String,
}

impl App {
    /// Where applications find us.
    pub fn oidc_endpoints(&self) -> Endpoints {
        let at = |path: &str| format!("{}{path}", self.0.public_url);
        Endpoints {
            issuer: at(""),
            discovery: at("/.well-known/openid-configuration"),
            authorization: at("/oidc/authorize"),
            token: at("/oidc/token"),
            userinfo: at("/oidc/userinfo"),
            keys: at("/oidc/keys"),
            log_out: at("/oidc/log-out"),
        }
    }

    /// What we say of ourselves. What is left out is not offered.
    pub fn oidc_discovery(&self) -> Value {
        let at = self.oidc_endpoints();
        let scopes: Vec<_> = Scope::ALL.iter().map(|scope| scope.key()).collect();
        let algorithms: Vec<_> = Algorithm::ALL.iter().map(|algorithm| algorithm.key()).collect();
        json!({
            "issuer": at.issuer,
            "authorization_endpoint": at.authorization,
            "token_endpoint": at.token,
            "userinfo_endpoint": at.userinfo,
            "jwks_uri": at.keys,
            "end_session_endpoint": at.log_out,
            "scopes_supported": scopes,
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": algorithms,
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
            "code_challenge_methods_supported": ["S256"],
            "acr_values_supported": CLASSES,
            "claim_types_supported": ["normal"],
            "claims_supported": [
                "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash", "name",
                "given_name", "family_name", "preferred_username", "email", "email_verified", "groups",
            ],
            "prompt_values_supported": ["none", "login", "consent", "select_account"],
            "claims_parameter_supported": false,
            "request_parameter_supported": false,
            "request_uri_parameter_supported": false,
            "authorization_response_iss_parameter_supported": true,
        })
    }
}
