//! OpenID Connect through the router: from an application's address by the sign-in to tokens (S10).

use crate::{
    oidc_scene::{CALLBACK, Given, ISSUER, Pairs, application, parameter, redeeming, refused, token},
    *,
};
use axum::http::{Method, StatusCode};
use claviger_testing::{TestDatabase, on_both};
use jsonwebtoken::{Algorithm, decode_header};
use serde_json::{Value, json};

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
    assert_eq!(claims["acr"], "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport");
    assert_eq!(claims["exp"], 1_800_000_600);
    for claims in [&claims, &given.userinfo(&tokens["access_token"]).await.json()] {
        assert_eq!((&claims["email"], &claims["email_verified"]), (&json!("alice@acme.test"), &json!(true)));
        assert_eq!((&claims["groups"], &claims["realm"]), (&json!(["Staff"]), &json!("acme")));
        assert_eq!(claims["preferred_username"], "alice");
    }
    assert_eq!(given.userinfo(&tokens["access_token"]).await.json()["sub"], claims["sub"]);
    assert!(claims["sub"] != json!(given.user), "a name that this application alone knows");
    assert_eq!(given.logged("sign_in.application").await, ["repeated", "success"]);
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
    assert_eq!(given.logged("application.token").await, ["replayed", "success", "success"]);
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

const ID: &str = "0190a000-0000-7000-8000-000000000000";
