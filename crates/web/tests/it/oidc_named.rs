//! Attacks on OpenID Connect that have a name: a number, a section of RFC 9700, or a paper. `docs/attacks.md` lists them.
#![expect(clippy::indexing_slicing, clippy::disallowed_types, reason = "tests")]

use crate::{
    oidc_scene::{CALLBACK, Given, VERIFIER, application, parameter, redeeming, refused, token},
    *,
};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, KeySize, PublicKeyComponents},
    signature::{KeyPair as _, RSA_PKCS1_SHA256},
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use claviger_testing::{TestDatabase, on_both};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

const MISADDRESSED: &str = "What it sent is meant for another place, or wants the answer at an unknown one.";

async fn public(database: &TestDatabase) -> (Given, String) {
    let given = Given::new(database, application("public")).await;
    let session = given.signed_in().await;
    (given, session)
}

/// What the log says of requests that weren't taken.
pub(crate) async fn messages(site: &Site) -> Vec<String> {
    let events = site.call(Method::GET, "/events?action=sign_in.application&limit=100", None).await.json();
    let items = events["items"].as_array().unwrap().iter();
    let wrong = items.filter(|event| event["outcome"] == "wrong_message");
    wrong.map(|event| event["details"]["message"].as_str().unwrap().to_owned()).collect()
}

/// The person is told so much, the administrator which it was, and nobody is sent anywhere.
async fn misaddressed(given: &Given, session: &str, redirect: &str) {
    let answer = given.sent(session, &[("redirect_uri", redirect)]).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::BAD_REQUEST, ""), "{redirect}");
    assert!(answer.text.contains(MISADDRESSED), "{}", answer.text);
    assert_eq!(messages(&given.site).await, ["redirect_uri is not one of the application's"]);
}

on_both!(cve_2026_28512_pocket_id_host_behind_a_user_in_the_address, async |database: &TestDatabase| {
    let (given, session) = public(database).await;
    misaddressed(&given, &session, "https://app.example@evil.example/cb?tenant=1").await;
});

on_both!(cve_2026_9689_keycloak_parameters_there_twice, async |database: &TestDatabase| {
    let (given, session) = public(database).await;
    for more in ["&state=evil", "&nonce=evil", "&scope=openid", "&response_type=token", "&code_challenge=x"] {
        let asked = page(&given.site, &session, &format!("{}{more}", given.request(&[]))).await;
        let back = asked.header("location");
        assert_eq!(parameter(back, "error").as_deref(), Some("invalid_request"), "{more}: {back}");
        assert_eq!(parameter(back, "code"), None);
    }
    let polluted = format!("{CALLBACK}&code=evil");
    let asked = given.sent(&session, &[("redirect_uri", &polluted)]).await;
    assert_eq!((asked.status, asked.header("location")), (StatusCode::BAD_REQUEST, ""));
});

on_both!(cve_2026_7571_keycloak_another_answer_wanted_on_the_way, async |database: &TestDatabase| {
    let (given, session) = public(database).await;
    let way = page(&given.site, &session, &given.request(&[])).await.header("location").to_owned();
    let widened = format!("{way}&response_type=token&scope=openid&response_mode=fragment");
    let told = page(&given.site, &session, &widened).await;
    let back = told.header("location");
    assert!(!back.contains("token") && !back.contains('#'), "{back}");
    assert!(told.status == StatusCode::CONFLICT || parameter(back, "code").is_some(), "{}", told.text);
});

on_both!(cve_2024_4540_keycloak_parameters_to_be_read_on_the_way, async |database: &TestDatabase| {
    let (given, _) = public(database).await;
    let (state, nonce) = ("state-that-is-nobodys-business", "nonce-that-is-nobodys-business");
    let asked = given.site.get(&given.request(&[("state", state), ("nonce", nonce)])).await;
    let way = asked.header("location").to_owned();
    assert!(way.starts_with("/oidc/"), "{way}");
    let sent = given.site.get(&way).await;
    let (_, sealed) = way.split_once("request=").unwrap();
    let sealed = BASE64URL_NOPAD.decode(sealed.as_bytes()).unwrap();
    let cookies = format!("{:?}{:?}", asked.head, sent.head);
    for text in [state, nonce] {
        assert!(!cookies.contains(text), "{cookies}");
        assert!(!sealed.windows(text.len()).any(|window| window == text.as_bytes()));
    }
});

on_both!(cve_2026_9793_keycloak_request_object_that_nobody_signed, async |database: &TestDatabase| {
    let (given, session) = public(database).await;
    let claims = json!({ "redirect_uri": "https://evil.example/cb", "scope": "openid email" }).to_string();
    let object = format!("eyJhbGciOiJub25lIn0.{}.", BASE64URL_NOPAD.encode(claims.as_bytes()));
    let back = given.sent(&session, &[("request", &object)]).await;
    let back = back.header("location");
    assert!(back.starts_with(CALLBACK), "{back}");
    assert_eq!(parameter(back, "error").as_deref(), Some("request_not_supported"));
    assert_eq!(messages(&given.site).await, ["Requests as a JWT are not offered."]);
});

on_both!(holtmann_2020_address_of_the_request_is_not_called, async |database: &TestDatabase| {
    let (given, session) = public(database).await;
    for address in
        ["https://evil.example/r.jwt", "http://169.254.169.254/latest/meta-data", "file:///etc/passwd"]
    {
        let back = given.sent(&session, &[("request_uri", address)]).await;
        let error = parameter(back.header("location"), "error");
        assert_eq!(error.as_deref(), Some("request_uri_not_supported"), "{address}");
    }
    let discovery = given.site.get("/.well-known/openid-configuration").await.json();
    assert_eq!(discovery["request_uri_parameter_supported"], false);
});

on_both!(holtmann_2020_script_as_the_address_to_come_back_to, async |database: &TestDatabase| {
    let (given, session) = public(database).await;
    for redirect in
        ["javascript:alert(1)", "javascript://app.example/%0aalert(1)", "data:text/html,x", "vbscript:x"]
    {
        let mut wanted = application("public");
        wanted["name"] = json!("Another");
        wanted["redirect_uris"] = json!([redirect]);
        let made = given.site.call(Method::POST, "/applications/oidc", Some(wanted)).await;
        assert_eq!(made.status, StatusCode::UNPROCESSABLE_ENTITY, "{redirect}: {}", made.text);
    }
    misaddressed(&given, &session, "javascript:alert(1)").await;
});

on_both!(innocenti_2023_paths_that_others_make_shorter, async |database: &TestDatabase| {
    let (given, session) = public(database).await;
    for redirect in [
        "https://app.example/cb/../evil?tenant=1",
        "https://app.example/cb/%2e%2e/evil?tenant=1",
        "https://app.example/x/..%2fcb?tenant=1",
        "https://app.example/cb;/../evil?tenant=1",
        "https://app.example//cb?tenant=1",
        "https://app.example/cb%3Ftenant=1",
    ] {
        let answer = given.sent(&session, &[("redirect_uri", redirect)]).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::BAD_REQUEST, ""), "{redirect}");
    }
});

on_both!(wang_2014_covert_redirect_by_an_address_with_a_target, async |database: &TestDatabase| {
    let (given, session) = public(database).await;
    misaddressed(&given, &session, &format!("{CALLBACK}&next=https%3A%2F%2Fevil.example")).await;
});

on_both!(fett_2016_password_and_code_are_not_posted_on, async |database: &TestDatabase| {
    let given = Given::new(database, application("public")).await;
    let bounced = given.site.get(&given.request(&[])).await;
    let way = bounced.header("location").to_owned();
    let led = given.site.get(&way).await;
    let body =
        serde_urlencoded::to_string([("identifier", given.email.as_str()), ("password", "wrong")]).unwrap();
    let posted = Request::post("/sign-in")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::HOST, "sso.acme.test")
        .header(header::ORIGIN, "https://sso.acme.test");
    let wrong = given.site.send(posted.body(Body::from(body)).unwrap()).await;
    let session = given.signed_in().await;
    let told = page(&given.site, &session, &way).await;
    for answer in [&bounced, &led, &wrong, &told] {
        assert_ne!(answer.status, StatusCode::TEMPORARY_REDIRECT);
        assert_ne!(answer.status, StatusCode::PERMANENT_REDIRECT);
    }
    assert_eq!((bounced.status, told.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
});

on_both!(fett_2016_mix_up_each_answer_names_its_issuer, async |database: &TestDatabase| {
    let (given, session) = public(database).await;
    for changes in [vec![], vec![("scope", "x")], vec![("prompt", "none login")]] {
        let back = given.sent(&session, &changes).await.header("location").to_owned();
        assert_eq!(parameter(&back, "iss").as_deref(), Some("https://sso.acme.test"), "{back}");
    }
    let discovery = given.site.get("/.well-known/openid-configuration").await.json();
    assert_eq!(discovery["authorization_response_iss_parameter_supported"], true);
});

on_both!(rfc_9700_4_2_code_and_state_in_the_referer, async |database: &TestDatabase| {
    let (given, session) = public(database).await;
    let asked = page(&given.site, &session, &given.request(&[])).await;
    let told = page(&given.site, &session, asked.header("location")).await;
    let refused = given.sent(&session, &[("redirect_uri", "https://evil.example")]).await;
    for answer in [&asked, &told, &refused] {
        let policy = answer.header("referrer-policy");
        assert!(matches!(policy, "same-origin" | "strict-origin" | "no-referrer"), "{policy}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
});

on_both!(rfc_9700_4_5_code_of_another_browser, async |database: &TestDatabase| {
    let (given, session) = public(database).await;
    let stolen = given.code(&session).await;
    let other = "x".repeat(43);
    let fields = redeeming(&stolen)
        .map(|(name, value)| (name, if value == VERIFIER { other.as_str() } else { value }));
    refused(&given.call(&fields).await, StatusCode::BAD_REQUEST, "invalid_grant");
    refused(&given.redeem(&stolen).await, StatusCode::BAD_REQUEST, "invalid_grant");
    let logged = given.logged("application.token").await;
    assert!(logged.contains(&"wrong_verifier".to_owned()), "{logged:?}");
});

on_both!(cve_2023_48228_authentik_verifier_left_out, async |database: &TestDatabase| {
    let (given, session) = public(database).await;
    let code = given.code(&session).await;
    let without: Vec<_> = redeeming(&code).into_iter().filter(|(name, _)| *name != "code_verifier").collect();
    refused(&given.call(&without).await, StatusCode::BAD_REQUEST, "invalid_request");
    let empty: Vec<_> = without.into_iter().chain([("code_verifier", "")]).collect();
    refused(&given.call(&empty).await, StatusCode::BAD_REQUEST, "invalid_request");
});

on_both!(rfc_9700_4_8_pkce_left_out_of_the_request, async |database: &TestDatabase| {
    let (given, session) = public(database).await;
    let back = given.sent(&session, &[("code_challenge", ""), ("code_challenge_method", "")]).await;
    let back = back.header("location");
    assert_eq!(parameter(back, "error").as_deref(), Some("invalid_request"));
    assert_eq!(
        messages(&given.site).await,
        ["code_challenge is missing: PKCE is asked of every application."]
    );
});

on_both!(rfc_9700_4_15_application_that_would_pass_for_a_person, async |database: &TestDatabase| {
    let (given, session) = public(database).await;
    let mut other = application("public");
    other["name"] = json!("Other");
    let other = given.site.call(Method::POST, "/applications/oidc", Some(other)).await.json();
    let tokens = given.tokens(&session).await;
    let claims = given.claims(&tokens["id_token"]).await;
    assert_ne!(claims["sub"], json!(given.id));
    assert_ne!(claims["sub"], other["application"]["id"]);
    let client = [("grant_type", "client_credentials"), ("scope", "openid")];
    refused(&given.call(&client).await, StatusCode::BAD_REQUEST, "unsupported_grant_type");
});

on_both!(rfc_9700_4_16_pages_in_a_frame_of_another_site, async |database: &TestDatabase| {
    let (given, session) = public(database).await;
    let out = page(&given.site, &session, "/oidc/log-out").await;
    let refused = given.sent(&session, &[("redirect_uri", "https://evil.example")]).await;
    for answer in [out, refused, given.site.get("/sign-in").await] {
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    }
});

/// A token with that head about alice, signed by somebody who made a key of their own.
fn forged(head: &Value, claims: &str, key: &KeyPair) -> String {
    let rest = format!("{}.{claims}", BASE64URL_NOPAD.encode(head.to_string().as_bytes()));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), rest.as_bytes(), &mut signature).unwrap();
    format!("{rest}.{}", BASE64URL_NOPAD.encode(&signature))
}

async fn says_nothing(given: &Given, session: &str, hint: &str) {
    let sent = given.sent(session, &[("prompt", "none"), ("id_token_hint", hint)]).await;
    assert_eq!(parameter(sent.header("location"), "error").as_deref(), Some("invalid_request"), "{hint}");
    let query = [("id_token_hint", hint), ("post_logout_redirect_uri", "https://app.example/bye")];
    let query = serde_urlencoded::to_string(query).unwrap();
    let asked = page(&given.site, session, &format!("/oidc/log-out?{query}")).await;
    assert_eq!((asked.status, asked.header("location")), (StatusCode::OK, ""), "{hint}");
    assert_eq!(page(&given.site, session, "/").await.status, StatusCode::OK, "still signed in");
}

on_both!(cve_2018_0114_node_jose_key_in_the_token, async |database: &TestDatabase| {
    let (given, session) = public(database).await;
    let tokens = given.tokens(&session).await;
    let mut parts = tokens["id_token"].as_str().unwrap().split('.');
    let head: Value =
        serde_json::from_slice(&BASE64URL_NOPAD.decode(parts.next().unwrap().as_bytes()).unwrap()).unwrap();
    let claims = parts.next().unwrap();
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let public: PublicKeyComponents<Vec<u8>> = key.public_key().into();
    let jwk = json!({ "kty": "RSA", "n": BASE64URL_NOPAD.encode(&public.n), "e": BASE64URL_NOPAD.encode(&public.e) });
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/certificate")),
        ("kid", json!("../../../dev/null")),
        ("kid", json!("x' UNION SELECT 'a")),
        ("crit", json!(["exp"])),
    ] {
        let mut head = head.clone();
        head[name] = value;
        says_nothing(&given, &session, &forged(&head, claims, &key)).await;
    }
});

on_both!(mclean_2015_public_key_as_the_secret_of_an_hmac, async |database: &TestDatabase| {
    let (given, session) = public(database).await;
    let tokens = given.tokens(&session).await;
    let claims = tokens["id_token"].as_str().unwrap().split('.').nth(1).unwrap().to_owned();
    let keys = given.site.get("/oidc/keys").await;
    let modulus =
        keys.json()["keys"].as_array().unwrap().iter().find(|key| key["kty"] == "RSA").unwrap().clone();
    for secret in [keys.text.as_bytes(), modulus["n"].as_str().unwrap().as_bytes(), b""] {
        let head = json!({ "alg": "HS256", "kid": modulus["kid"] }).to_string();
        let rest = format!("{}.{claims}", BASE64URL_NOPAD.encode(head.as_bytes()));
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
        let tag = aws_lc_rs::hmac::sign(&key, rest.as_bytes());
        says_nothing(&given, &session, &format!("{rest}.{}", BASE64URL_NOPAD.encode(tag.as_ref()))).await;
    }
});

on_both!(mladenov_2017_token_of_one_application_at_another, async |database: &TestDatabase| {
    let (given, session) = public(database).await;
    let tokens = given.tokens(&session).await;
    let mut other = application("public");
    other["name"] = json!("Other");
    let other = given.site.call(Method::POST, "/applications/oidc", Some(other)).await.json();
    let other = other["application"]["id"].as_str().unwrap();
    let hint = tokens["id_token"].as_str().unwrap();
    let query = serde_urlencoded::to_string([("id_token_hint", hint), ("client_id", other)]).unwrap();
    let asked = page(&given.site, &session, &format!("/oidc/log-out?{query}")).await;
    assert_eq!(asked.header("location"), "", "{}", asked.status);
    assert_eq!(page(&given.site, &session, "/").await.status, StatusCode::OK, "still signed in");
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ("client_id", other),
    ];
    refused(&token(&given.site, None, &fields).await, StatusCode::BAD_REQUEST, "invalid_grant");
});
