//! OpenID Connect through the router: from an application's address by the sign-in to tokens (S10).

use crate::{
    permissions::requests::{a_user, signed_in},
    *,
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use claviger_store::{on_both, testing::TestDatabase};
use data_encoding::BASE64;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde_json::{Value, json};

pub(crate) const CALLBACK: &str = "https://app.example/cb?tenant=1";
/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const ISSUER: &str = "https://sso.acme.test";
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

    /// What the log says of tokens and sign-ins, the oldest first.
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
        all.reverse();
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

on_both!(a_person_signs_in_to_an_application_that_keeps_a_secret, async |database: &TestDatabase| {
    let given = Given::new(database, application("confidential")).await;
    let asked = given.site.get(&given.request(&[])).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text);
    let way = asked.header("location").to_owned();
    assert!(way.starts_with(&format!("/oidc/{}/continue?request=", given.id)), "{way}");
    let first = given.site.get(&way).await;
    assert_eq!((first.status, first.header("location")), (StatusCode::SEE_OTHER, "/"));
    let waiting = first.header("set-cookie").split(';').next().unwrap().to_owned();
    let session = given.signed_in().await;
    let home = page(&given.site, &format!("{session}; {waiting}"), "/").await;
    assert_eq!(home.status, StatusCode::OK, "a page stands between the form and the application");
    assert!(
        home.text.contains(&format!("href=\"{way}\"")) && home.text.contains("data-forward"),
        "{}",
        home.text
    );

    let sent = page(&given.site, &session, &way).await;
    let back = sent.header("location").to_owned();
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    assert!(back.starts_with(&format!("{CALLBACK}&code=")), "{back}");
    assert_eq!(parameter(&back, "state").as_deref(), Some("a b"));
    assert_eq!(parameter(&back, "iss").as_deref(), Some(ISSUER), "RFC 9207");
    let again = page(&given.site, &session, &way).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "a request is answered once");

    let answer = given.redeem(&parameter(&back, "code").unwrap()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.header("cache-control"), "no-store");
    let tokens = answer.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(600)));
    assert_eq!(tokens["scope"], "openid profile email groups offline_access");
    let claims = given.claims(&tokens["id_token"]).await;
    assert_eq!((&claims["nonce"], &claims["auth_time"]), (&json!("n-1"), &json!(1_800_000_000)));
    assert_eq!(claims["amr"], json!(["pwd"]), "there was no code");
    assert_eq!(claims["acr"], "urn:oasis:names:tc:SAML:2.0:ac:classes:Password");
    assert_eq!(claims["exp"], 1_800_000_600);
    for claims in [&claims, &given.userinfo(&tokens["access_token"]).await.json()] {
        assert_eq!((&claims["email"], &claims["email_verified"]), (&json!("alice@acme.test"), &json!(true)));
        assert_eq!((&claims["groups"], &claims["realm"]), (&json!(["Staff"]), &json!("acme")));
        assert_eq!(claims["preferred_username"], "alice");
    }
    assert_eq!(given.userinfo(&tokens["access_token"]).await.json()["sub"], claims["sub"]);
    assert!(claims["sub"] != json!(given.user), "a name that this application alone knows");
    assert_eq!(given.logged("sign_in.application").await, ["success"]);
    assert_eq!(given.logged("application.token").await, ["success"]);
});

on_both!(an_application_in_a_browser_shows_no_secret, async |database: &TestDatabase| {
    let given = Given::new(database, application("public")).await;
    assert_eq!(given.secret, None);
    let session = given.signed_in().await;
    let answer = given.redeem(&given.code(&session).await).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let basic = format!("{}:x", given.id);
    let code = given.code(&session).await;
    refused(
        &token(&given.site, Some(&basic), &redeeming(&code)).await,
        StatusCode::UNAUTHORIZED,
        "invalid_client",
    );
});

on_both!(what_is_asked_by_prompt_and_hint_is_kept_to, async |database: &TestDatabase| {
    let given = Given::new(database, application("confidential")).await;
    let silent = given.site.get(&given.request(&[("prompt", "none")])).await;
    let nobody = given.site.get(silent.header("location")).await;
    assert_eq!(parameter(nobody.header("location"), "error").as_deref(), Some("login_required"));
    assert_eq!(parameter(nobody.header("location"), "state").as_deref(), Some("a b"));
    assert_eq!(parameter(nobody.header("location"), "iss").as_deref(), Some(ISSUER));
    let session = given.signed_in().await;
    let silent = given.sent(&session, &[("prompt", "none")]).await;
    assert!(parameter(silent.header("location"), "code").is_some(), "{}", silent.text);
    let tokens = given.tokens(&session).await;
    let hint = tokens["id_token"].as_str().unwrap();
    let own = given.sent(&session, &[("prompt", "none"), ("id_token_hint", hint)]).await;
    assert!(parameter(own.header("location"), "code").is_some(), "{}", own.text);
    let forged = hint.rsplit_once('.').unwrap().0.to_owned() + ".AAAA";
    let refused = given.sent(&session, &[("id_token_hint", &forged)]).await;
    assert_eq!(parameter(refused.header("location"), "error").as_deref(), Some("invalid_request"));
});

on_both!(
    whoever_does_not_have_it_gets_a_page_and_the_application_nothing,
    async |database: &TestDatabase| {
        let given = Given::new(database, application("confidential")).await;
        let session = given.signed_in().await;
        given
            .site
            .call(Method::DELETE, &format!("/applications/{}/groups/{}", given.id, given.group), None)
            .await;
        let page = given.sent(&session, &[]).await;
        assert_eq!((page.status, page.header("location")), (StatusCode::FORBIDDEN, ""));
        assert!(page.text.contains("You don&#39;t have Wiki"), "{}", page.text);
        let silent = given.sent(&session, &[("prompt", "none")]).await;
        assert_eq!(parameter(silent.header("location"), "error").as_deref(), Some("access_denied"));
        assert_eq!(given.logged("sign_in.application").await, ["not_assigned", "not_assigned"]);
    }
);

on_both!(refresh_tokens_have_one_turn_and_their_reuse_ends_all, async |database: &TestDatabase| {
    let given = Given::new(database, application("public")).await;
    let session = given.signed_in().await;
    let first = given.tokens(&session).await;
    let old = first["refresh_token"].as_str().unwrap();
    let second = given.refresh(old).await;
    assert_eq!(second.status, StatusCode::OK, "{}", second.text);
    let second = second.json();
    let new = second["refresh_token"].as_str().unwrap();
    assert_ne!(new, old);
    let claims = given.claims(&second["id_token"]).await;
    assert_eq!(claims["sub"], given.claims(&first["id_token"]).await["sub"]);
    assert_eq!(given.userinfo(&second["access_token"]).await.status, StatusCode::OK);
    let wider = [("grant_type", "refresh_token"), ("refresh_token", new), ("scope", "openid admin")];
    refused(&given.call(&wider).await, StatusCode::BAD_REQUEST, "invalid_scope");

    refused(&given.refresh(old).await, StatusCode::BAD_REQUEST, "invalid_grant");
    refused(&given.refresh(new).await, StatusCode::BAD_REQUEST, "invalid_grant");
    for tokens in [&first, &second] {
        assert_eq!(given.userinfo(&tokens["access_token"]).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(given.logged("application.token").await, ["success", "success", "replayed"]);
});

on_both!(a_refresh_is_decided_as_a_sign_in_is, async |database: &TestDatabase| {
    let given = Given::new(database, application("confidential")).await;
    let user = format!("/users/{}", given.user);
    for (what, method, path, undo) in [
        ("unassigned", Method::DELETE, format!("/groups/{}/users/{}", given.group, given.user), Method::PUT),
        ("signed out", Method::DELETE, format!("{user}/sessions"), Method::GET),
        ("suspended", Method::POST, format!("{user}/suspend"), Method::POST),
    ] {
        let session = given.signed_in().await;
        let tokens = given.tokens(&session).await;
        let done = given.site.call(method, &path, None).await;
        assert!(done.status.is_success(), "{what}: {}", done.text);
        assert_eq!(given.userinfo(&tokens["access_token"]).await.status, StatusCode::UNAUTHORIZED, "{what}");
        let token = tokens["refresh_token"].as_str().unwrap();
        refused(&given.refresh(token).await, StatusCode::BAD_REQUEST, "invalid_grant");
        if undo == Method::PUT {
            given.site.call(Method::PUT, &path, None).await;
        }
        refused(&given.refresh(token).await, StatusCode::BAD_REQUEST, "invalid_grant");
    }
    let logged = given.logged("application.token").await;
    let ended: Vec<_> = logged.iter().filter(|outcome| *outcome != "success").collect();
    assert_eq!(ended, ["not_assigned", "session_ended", "session_ended"]);
});

on_both!(an_application_without_refresh_gets_no_such_token, async |database: &TestDatabase| {
    let mut plain = application("public");
    plain["refresh"] = json!("none");
    plain["scopes"] = json!(["email"]);
    let given = Given::new(database, plain).await;
    let tokens = given.tokens(&given.signed_in().await).await;
    assert_eq!((&tokens["scope"], &tokens["refresh_token"]), (&json!("openid email"), &Value::Null));
    let claims = given.claims(&tokens["id_token"]).await;
    assert_eq!((&claims["groups"], &claims["name"]), (&Value::Null, &Value::Null), "{claims}");
    refused(&given.refresh("x").await, StatusCode::BAD_REQUEST, "unauthorized_client");
});

on_both!(tokens_are_signed_as_the_application_wants, async |database: &TestDatabase| {
    let mut curved = application("public");
    curved["signed"] = json!("ES256");
    let given = Given::new(database, curved).await;
    let tokens = given.tokens(&given.signed_in().await).await;
    let head = decode_header(tokens["id_token"].as_str().unwrap()).unwrap();
    assert_eq!(head.alg, Algorithm::ES256);
    given.claims(&tokens["id_token"]).await;
});

on_both!(new_keys_are_published_before_they_sign, async |database: &TestDatabase| {
    let given = Given::new(database, application("public")).await;
    let session = given.signed_in().await;
    let before = given.tokens(&session).await;
    let path = "/applications/signing-keys";
    let planned = given.site.call(Method::POST, path, Some(json!({ "turn": "planned" }))).await;
    assert_eq!(planned.status, StatusCode::NO_CONTENT, "{}", planned.text);
    assert_eq!(given.site.get("/oidc/keys").await.json()["keys"].as_array().unwrap().len(), 4);
    let states = given.site.call(Method::GET, path, None).await.json();
    let states: Vec<_> =
        states.as_array().unwrap().iter().map(|key| key["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["current", "next", "current", "next"]);
    let twice = given.site.call(Method::POST, path, Some(json!({ "turn": "planned" }))).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    let after = given.tokens(&session).await;
    let kid = |tokens: &Value| decode_header(tokens["id_token"].as_str().unwrap()).unwrap().kid;
    assert_eq!(kid(&before), kid(&after));
    let at_once = given.site.call(Method::POST, path, Some(json!({ "turn": "at_once" }))).await;
    assert_eq!(at_once.status, StatusCode::NO_CONTENT, "{}", at_once.text);
    let last = given.tokens(&session).await;
    given.claims(&last["id_token"]).await;
    assert_ne!(kid(&last), kid(&after));
    let keys = given.site.get("/oidc/keys").await.text;
    assert!(!keys.contains(&kid(&after).unwrap()), "{keys}");
});

on_both!(whoever_signs_out_there_is_signed_out_here, async |database: &TestDatabase| {
    let given = Given::new(database, application("confidential")).await;
    let session = given.signed_in().await;
    let tokens = given.tokens(&session).await;
    let hint = tokens["id_token"].as_str().unwrap().to_owned();
    let out = |pairs: Pairs<'_>| format!("/oidc/log-out?{}", serde_urlencoded::to_string(pairs).unwrap());
    let bye = "https://app.example/bye";
    for pairs in [
        vec![],
        vec![("post_logout_redirect_uri", bye)],
        vec![("id_token_hint", "x"), ("post_logout_redirect_uri", bye)],
        vec![("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", "https://evil.example/")],
        vec![("id_token_hint", hint.as_str()), ("client_id", ID), ("post_logout_redirect_uri", bye)],
    ] {
        let asked = page(&given.site, &session, &out(&pairs)).await;
        assert_eq!((asked.status, asked.header("location")), (StatusCode::OK, ""), "{pairs:?}");
        assert!(asked.text.contains("Sign out?"), "the person is asked: {}", asked.text);
    }
    let other = given.signed_in().await;
    let theirs = out(&[("id_token_hint", &hint), ("post_logout_redirect_uri", bye)]);
    assert_eq!(
        page(&given.site, &other, &theirs).await.status,
        StatusCode::OK,
        "another session than the token's"
    );

    let pairs = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", bye), ("state", "s 1")];
    let gone = page(&given.site, &session, &out(&pairs)).await;
    assert_eq!(
        (gone.status, gone.header("location")),
        (StatusCode::SEE_OTHER, "https://app.example/bye?state=s%201")
    );
    assert!(gone.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(page(&given.site, &session, "/").await.header("location"), "/sign-in");
    let token = tokens["refresh_token"].as_str().unwrap();
    refused(&given.refresh(token).await, StatusCode::BAD_REQUEST, "invalid_grant");
    let again = given.site.get(&out(&pairs)).await;
    assert_eq!(again.header("location"), "https://app.example/bye?state=s%201", "there is nothing to end");
    assert!(given.logged("sign_out.application").await.iter().all(|outcome| outcome == "wrong_message"));
});

on_both!(a_secret_is_replaced_with_an_overlap, async |database: &TestDatabase| {
    let mut given = Given::new(database, application("confidential")).await;
    let session = given.signed_in().await;
    let old = given.secret.clone().unwrap();
    let path = format!("/applications/{}/secret", given.id);
    let made = given.site.call(Method::POST, &path, Some(json!({ "hours": 24 }))).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let new = made.json()["secret"].as_str().unwrap().to_owned();
    for secret in [&old, &new] {
        given.secret = Some(secret.clone());
        given.tokens(&session).await;
    }
    let made = given.site.call(Method::POST, &path, Some(json!({ "hours": 0 }))).await.json();
    let newest = made["secret"].as_str().unwrap().to_owned();
    for (secret, status) in [(old, 401), (new, 401), (newest, 200)] {
        given.secret = Some(secret);
        let code = given.code(&session).await;
        assert_eq!(given.redeem(&code).await.status.as_u16(), status);
    }
    let shown = given.site.call(Method::GET, &format!("/applications/{}", given.id), None).await;
    assert!(!shown.text.contains("cvs_") && shown.json()["protocol"] == "oidc", "{}", shown.text);
});

on_both!(a_tile_leads_to_where_the_application_begins, async |database: &TestDatabase| {
    let given = Given::new(database, application("public")).await;
    let session = given.signed_in().await;
    let home = page(&given.site, &session, "/").await;
    assert!(home.text.contains(&format!("href=\"/applications/{}\"", given.id)), "{}", home.text);
    let begun = page(&given.site, &session, &format!("/applications/{}", given.id)).await;
    assert_eq!(begun.header("location"), "https://app.example/start?iss=https%3A%2F%2Fsso.acme.test");
    let mut change = application("public");
    change["start"] = Value::Null;
    let path = format!("/applications/{}/oidc", given.id);
    let changed = given.site.call(Method::PUT, &path, Some(change)).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let home = page(&given.site, &session, "/").await;
    assert!(!home.text.contains(&given.id), "there is nowhere to begin");
});

on_both!(an_administrator_adds_one_by_hand_and_sees_what_it_would_get, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let blank = page(&site, &cookie, "/admin/applications/new/oidc").await;
    assert!(blank.text.contains("Redirect URIs") && blank.text.contains("Fresh code"), "{}", blank.text);
    let wrong = site
        .send(form(
            "/admin/applications/new/oidc",
            &cookie,
            "name=Wiki&redirects=http%3A%2F%2Fx.example&scope_groups=on",
        ))
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.text.contains("http://x.example") && wrong.text.contains("begins with https"),
        "{}",
        wrong.text
    );
    let body = "name=Wiki&redirects=https%3A%2F%2Fapp.example%2Fcb&scope_email=on&claims=role+%3D+username";
    let made = site.send(form("/admin/applications/new/oidc", &cookie, body)).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    assert!(made.text.contains("cvs_") && made.text.contains("not shown again"), "{}", made.text);
    let listed = site.call(Method::GET, "/applications", None).await.json();
    let id = listed[0]["id"].as_str().unwrap();
    let path = format!("/admin/applications/{id}");
    let shown = page(&site, &cookie, &path).await;
    for part in [id, "/.well-known/openid-configuration", "OpenID Connect", "role = username", "RS256"] {
        assert!(shown.text.contains(part), "{part}: {}", shown.text);
    }
    assert!(!shown.text.contains("cvs_"));
    a_user(&site).await;
    let group = site.call(Method::POST, "/groups", Some(json!({ "name": "Staff" }))).await.json();
    let group = group["id"].as_str().unwrap();
    site.call(Method::PUT, &format!("/applications/{id}/groups/{group}"), None).await;
    let none = page(&site, &cookie, &format!("{path}/test?user=alice")).await;
    assert!(none.text.contains("no group of theirs has the application"), "{}", none.text);
    let user = site.call(Method::GET, "/users", None).await.json();
    let user = user["items"][0]["id"].as_str().unwrap();
    site.call(Method::PUT, &format!("/groups/{group}/users/{user}"), None).await;
    let told = page(&site, &cookie, &format!("{path}/test?user=alice")).await;
    for part in ["alice@acme.test would get in", "email_verified", "amr", "role", "made at the first sign-in"]
    {
        assert!(told.text.contains(part), "{part}: {}", told.text);
    }
    let edited = site.send(form(&format!("{path}/oidc"), &cookie, &format!("{body}&client=public"))).await;
    assert_eq!(edited.status, StatusCode::SEE_OTHER, "{}", edited.text);
    let shown = page(&site, &cookie, &path).await;
    assert!(!shown.text.contains("Client secret"), "a public application keeps none");
    let preview =
        site.call(Method::GET, &format!("/applications/{id}/preview?user=alice"), None).await.json();
    assert_eq!(preview["told"]["claims"]["email"], "alice@acme.test");
});

const ID: &str = "0190a000-0000-7000-8000-000000000000";

on_both!(we_say_of_ourselves_what_is_so, async |database: &TestDatabase| {
    let given = Given::new(database, application("public")).await;
    let told = given.site.get("/.well-known/openid-configuration").await;
    assert_eq!(told.header("access-control-allow-origin"), "*");
    assert_eq!(told.header("cache-control"), "public, max-age=3600");
    let told = told.json();
    assert_eq!(told["issuer"], ISSUER);
    for (name, path) in [
        ("authorization_endpoint", "/oidc/authorize"),
        ("token_endpoint", "/oidc/token"),
        ("userinfo_endpoint", "/oidc/userinfo"),
        ("jwks_uri", "/oidc/keys"),
        ("end_session_endpoint", "/oidc/log-out"),
    ] {
        assert_eq!(told[name], format!("{ISSUER}{path}"));
    }
    assert_eq!(told["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(told["response_types_supported"], json!(["code"]));
    assert_eq!(told["id_token_signing_alg_values_supported"], json!(["RS256", "ES256"]));
    assert_eq!(told["authorization_response_iss_parameter_supported"], true);
    let preflight = Request::builder()
        .method(Method::OPTIONS)
        .uri("/oidc/token")
        .header(header::ORIGIN, "https://app.example")
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST");
    let preflight = given.site.send(preflight.body(Body::empty()).unwrap()).await;
    assert_eq!(preflight.status, StatusCode::NO_CONTENT);
    assert_eq!(preflight.header("access-control-allow-headers"), "authorization, content-type");
    for path in [given.request(&[]), "/oidc/log-out".into(), "/".into(), "/api/v1/openapi.json".into()] {
        let answer = given.site.get(&path).await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path} is no page's of others");
    }
});
