//! Applications that speak OpenID Connect as administrators see to them, and what is said of this server (S10).

use crate::{
    oidc_scene::{Given, ISSUER, application},
    permissions::requests::a_user,
    *,
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use claviger_testing::{TestDatabase, on_both};
use jsonwebtoken::decode_header;
use serde_json::{Value, json};

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
