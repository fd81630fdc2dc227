//! An application that speaks OpenID Connect, with somebody who has it, and what both send.
#![expect(clippy::indexing_slicing, reason = "tests")]

use crate::{
    permissions::requests::{a_user, signed_in},
    *,
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use claviger_testing::TestDatabase;
use data_encoding::BASE64;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde_json::{Value, json};

pub(crate) const CALLBACK: &str = "https://app.example/cb?tenant=1";
/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const ISSUER: &str = "https://sso.acme.test";
/// After its path as an address has it.
pub(crate) type Pairs<'a> = &'a [(&'a str, &'a str)];

/// An application that alice has, and alice.
pub(crate) struct Given {
    pub(crate) site: Site,
    pub(crate) id: String,
    pub(crate) secret: Option<String>,
    pub(crate) group: String,
    pub(crate) user: String,
    pub(crate) email: String,
}

pub(crate) fn application(client: &str) -> Value {
    json!({
        "name": "Wiki",
        "client": client,
        "redirect_uris": [CALLBACK, "http://localhost:3000/cb"],
        "post_logout_redirect_uris": ["https://app.example/bye"],
        "scopes": ["profile", "email", "groups"],
        "refresh": "rotating",
        "claims": [{ "name": "realm", "source": "constant", "constant": "acme" }],
        "start": "https://app.example/start",
    })
}

impl Given {
    pub(crate) async fn new(database: &TestDatabase, application: Value) -> Self {
        let site = Site::new(database).await;
        let made = site.call(Method::POST, "/applications/oidc", Some(application)).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let made = made.json();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let id = text(&made["application"]["id"]).unwrap();
        let group = site.call(Method::POST, "/groups", Some(json!({ "name": "Staff" }))).await.json();
        let group = text(&group["id"]).unwrap();
        let path = format!("/applications/{id}/groups/{group}");
        assert_eq!(site.call(Method::PUT, &path, None).await.status, StatusCode::NO_CONTENT);
        let email = a_user(&site).await;
        let users = site.call(Method::GET, "/users", None).await.json();
        let user = text(&users["items"][0]["id"]).unwrap();
        let path = format!("/groups/{group}/users/{user}");
        assert_eq!(site.call(Method::PUT, &path, None).await.status, StatusCode::NO_CONTENT);
        Self { site, id, secret: text(&made["secret"]), group, user, email }
    }

    /// The address of a request, with other values than the usual ones; an empty one is left out.
    pub(crate) fn request(&self, changes: Pairs<'_>) -> String {
        let usual = [
            ("response_type", "code"),
            ("client_id", self.id.as_str()),
            ("redirect_uri", CALLBACK),
            ("scope", "openid profile email groups offline_access"),
            ("state", "a b"),
            ("nonce", "n-1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let kept = usual.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        let all: Vec<_> = kept.chain(changes).filter(|(_, value)| !value.is_empty()).collect();
        format!("/oidc/authorize?{}", serde_urlencoded::to_string(all).unwrap())
    }

    pub(crate) async fn signed_in(&self) -> String {
        signed_in(&self.site, &self.email).await
    }

    /// Where the browser of that session is sent in the end.
    pub(crate) async fn sent(&self, session: &str, changes: Pairs<'_>) -> Answer {
        let asked = page(&self.site, session, &self.request(changes)).await;
        match asked.header("location") {
            way if way.starts_with("/oidc/") => page(&self.site, session, way).await,
            _ => asked,
        }
    }

    pub(crate) async fn code(&self, session: &str) -> String {
        let sent = self.sent(session, &[]).await;
        parameter(sent.header("location"), "code").unwrap_or_else(|| panic!("{} {}", sent.status, sent.text))
    }

    /// A call for tokens as the application makes it.
    pub(crate) async fn call(&self, fields: Pairs<'_>) -> Answer {
        let basic = self.secret.as_ref().map(|secret| format!("{}:{secret}", self.id));
        let mut fields = fields.to_vec();
        if basic.is_none() {
            fields.push(("client_id", self.id.as_str()));
        }
        token(&self.site, basic.as_deref(), &fields).await
    }

    pub(crate) async fn redeem(&self, code: &str) -> Answer {
        self.call(&redeeming(code)).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        self.call(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    pub(crate) async fn tokens(&self, session: &str) -> Value {
        let answer = self.redeem(&self.code(session).await).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()
    }

    pub(crate) async fn userinfo(&self, access: &Value) -> Answer {
        let bearer = format!("Bearer {}", access.as_str().unwrap());
        let request = Request::get("/oidc/userinfo").header(header::AUTHORIZATION, bearer);
        self.site.send(request.body(Body::empty()).unwrap()).await
    }

    /// What the log says of tokens and sign-ins, in the order of the alphabet: they are of one moment.
    pub(crate) async fn logged(&self, action: &str) -> Vec<String> {
        let events =
            self.site.call(Method::GET, &format!("/events?action={action}&limit=100"), None).await.json();
        let mut all: Vec<_> = events["items"]
            .as_array()
            .unwrap_or_else(|| panic!("{events}"))
            .iter()
            .filter(|event| event["action"] == action)
            .map(|event| event["outcome"].as_str().unwrap().to_owned())
            .collect();
        all.sort_unstable();
        all
    }

    /// The claims of an ID token, as a library of others takes it with the published keys.
    pub(crate) async fn claims(&self, token: &Value) -> Value {
        let token = token.as_str().unwrap();
        let keys: JwkSet = serde_json::from_str(&self.site.get("/oidc/keys").await.text).unwrap();
        let head = decode_header(token).unwrap();
        let key = keys.find(head.kid.as_deref().unwrap()).unwrap();
        let mut validation = Validation::new(head.alg);
        assert!(matches!(head.alg, Algorithm::RS256 | Algorithm::ES256));
        // The site's clock stands still.
        validation.validate_exp = false;
        validation.set_audience(&[&self.id]);
        validation.set_issuer(&[ISSUER]);
        decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &validation).unwrap().claims
    }
}

pub(crate) fn redeeming(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

pub(crate) async fn token(site: &Site, basic: Option<&str>, fields: Pairs<'_>) -> Answer {
    let mut request = Request::post("/oidc/token")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ORIGIN, "https://app.example");
    if let Some(basic) = basic {
        let text = format!("Basic {}", BASE64.encode(basic.as_bytes()));
        request = request.header(header::AUTHORIZATION, text);
    }
    site.send(request.body(Body::from(serde_urlencoded::to_string(fields).unwrap())).unwrap()).await
}

/// What an address has in its query under that name.
pub(crate) fn parameter(address: &str, name: &str) -> Option<String> {
    let (_, query) = address.split_once('?')?;
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
    pairs.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

#[track_caller]
pub(crate) fn refused(answer: &Answer, status: StatusCode, error: &str) {
    assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(error)), "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "no-store");
}
