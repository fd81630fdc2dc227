//! What an attacker tries on OpenID Connect: addresses of their own, codes of others, less of PKCE, another issuer, and
//! tokens that nobody signed (S10; RFC 9700).

use crate::{
    oidc_scene::{
        CALLBACK, CHALLENGE, Given, Pairs, VERIFIER, application, parameter, redeeming, refused, token,
    },
    *,
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use claviger_store::{Statement, p};
use claviger_testing::{TestDatabase, on_both};
use data_encoding::BASE64URL_NOPAD;
use serde_json::json;

on_both!(nobody_is_sent_to_an_address_that_is_not_registered, async |database: &TestDatabase| {
    let given = Given::new(database, application("public")).await;
    let session = given.signed_in().await;
    for redirect in [
        "https://evil.example/cb",
        "https://app.example/cb",
        "https://app.example/cb?tenant=2",
        "https://app.example/cb?tenant=1&x=2",
        "https://app.example/cb?tenant=1#x",
        "https://app.example/cb/?tenant=1",
        "https://app.example/CB?tenant=1",
        "https://app.example:443/cb?tenant=1",
        "https://app.example./cb?tenant=1",
        "https://app.example.evil.example/cb?tenant=1",
        "https://app.example@evil.example/cb?tenant=1",
        "https://evil.example/https://app.example/cb?tenant=1",
        "http://app.example/cb?tenant=1",
        "//app.example/cb?tenant=1",
        "https://app.example/../cb?tenant=1",
        "https://app.example/cb?tenant=%31",
        "http://localhost:3001/cb",
        "http://127.0.0.1:3000/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        "",
    ] {
        // Whatever else is wrong with it, too.
        for changes in [vec![("redirect_uri", redirect)], vec![("redirect_uri", redirect), ("scope", "x")]] {
            let answer = given.sent(&session, &changes).await;
            assert_eq!(
                (answer.status, answer.header("location")),
                (StatusCode::BAD_REQUEST, ""),
                "{redirect}"
            );
            assert!(answer.text.contains("Wiki sent a request"), "{}", answer.text);
        }
    }
    let twice = format!("{}&redirect_uri=https%3A%2F%2Fevil.example", given.request(&[]));
    let answer = page(&given.site, &session, &twice).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::BAD_REQUEST, ""));
    for id in ["", "x", "0190a000-0000-7000-8000-000000000000", &given.id.to_uppercase()] {
        let answer = given.sent(&session, &[("client_id", id)]).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::NOT_FOUND, ""), "{id}");
    }
});

on_both!(what_else_is_wrong_is_told_to_the_application, async |database: &TestDatabase| {
    let given = Given::new(database, application("public")).await;
    let session = given.signed_in().await;
    let long = "x".repeat(1_100);
    for (changes, error) in [
        (vec![("response_type", "token")], "unsupported_response_type"),
        (vec![("response_type", "id_token token")], "unsupported_response_type"),
        (vec![("response_mode", "fragment")], "invalid_request"),
        (vec![("scope", "email")], "invalid_scope"),
        (vec![("request", "eyJhbGciOiJub25lIn0.e30.")], "request_not_supported"),
        (vec![("request_uri", "https://evil.example/r")], "request_uri_not_supported"),
        (vec![("nonce", long.as_str())], "invalid_request"),
        (vec![("prompt", "none login")], "invalid_request"),
    ] {
        let sent = given.sent(&session, &changes).await;
        let back = sent.header("location").to_owned();
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{changes:?}");
        assert!(back.starts_with(&format!("{CALLBACK}&error={error}&")), "{changes:?}: {back}");
        assert_eq!(parameter(&back, "state").as_deref(), Some("a b"));
        assert_eq!(parameter(&back, "iss").as_deref(), Some("https://sso.acme.test"), "against mix-up");
        assert_eq!(parameter(&back, "code"), None);
    }
    let huge = format!("{}&x={}", given.request(&[]), "x".repeat(9_000));
    assert_eq!(page(&given.site, &session, &huge).await.status, StatusCode::PAYLOAD_TOO_LARGE);
});

on_both!(pkce_can_not_be_left_out_or_talked_down, async |database: &TestDatabase| {
    let given = Given::new(database, application("public")).await;
    pkce_holds(&given).await;
});

on_both!(pkce_is_asked_of_those_with_a_secret_too, async |database: &TestDatabase| {
    let given = Given::new(database, application("confidential")).await;
    pkce_holds(&given).await;
});

async fn pkce_holds(given: &Given) {
    let session = given.signed_in().await;
    for changes in [
        vec![("code_challenge", "")],
        vec![("code_challenge", ""), ("code_challenge_method", "")],
        vec![("code_challenge_method", "plain")],
        vec![("code_challenge_method", ""), ("code_challenge", VERIFIER)],
        vec![("code_challenge", "short")],
    ] {
        let sent = given.sent(&session, &changes).await;
        let error = parameter(sent.header("location"), "error");
        assert_eq!(error.as_deref(), Some("invalid_request"), "{changes:?}");
    }
    let other = "x".repeat(43);
    for verifier in ["", CHALLENGE, other.as_str(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk "] {
        let code = given.code(&session).await;
        let fields: Vec<_> = redeeming(&code)
            .into_iter()
            .map(|(name, value)| (name, if name == "code_verifier" { verifier } else { value }))
            .collect();
        let answer = given.call(&fields).await;
        if verifier.is_empty() {
            refused(&answer, StatusCode::BAD_REQUEST, "invalid_request");
        } else {
            refused(&answer, StatusCode::BAD_REQUEST, "invalid_grant");
            refused(&given.redeem(&code).await, StatusCode::BAD_REQUEST, "invalid_grant");
        }
    }
}

on_both!(a_code_that_comes_again_ends_what_it_gave, async |database: &TestDatabase| {
    let given = Given::new(database, application("public")).await;
    let session = given.signed_in().await;
    let code = given.code(&session).await;
    let tokens = given.redeem(&code).await.json();
    let refreshed = given.refresh(tokens["refresh_token"].as_str().unwrap()).await.json();
    refused(&given.redeem(&code).await, StatusCode::BAD_REQUEST, "invalid_grant");
    let token = refreshed["refresh_token"].as_str().unwrap();
    refused(&given.refresh(token).await, StatusCode::BAD_REQUEST, "invalid_grant");
    for tokens in [&tokens, &refreshed] {
        assert_eq!(given.userinfo(&tokens["access_token"]).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(given.logged("application.token").await, ["replayed", "success", "success"]);
});

on_both!(a_code_is_redeemed_once_though_it_comes_twice_at_once, async |database: &TestDatabase| {
    let given = Given::new(database, application("public")).await;
    let session = given.signed_in().await;
    let code = given.code(&session).await;
    let answers = futures_util::future::join_all((0..6).map(|_| given.redeem(&code))).await;
    let given_out: Vec<_> = answers.iter().filter(|answer| answer.status == StatusCode::OK).collect();
    assert!(given_out.len() <= 1, "{} times", given_out.len());
    for answer in given_out {
        let access = &answer.json()["access_token"];
        assert_eq!(
            given.userinfo(access).await.status,
            StatusCode::UNAUTHORIZED,
            "and what it gave is ended"
        );
    }
});

on_both!(a_refresh_token_has_one_turn_though_it_comes_twice_at_once, async |database: &TestDatabase| {
    let given = Given::new(database, application("public")).await;
    let tokens = given.tokens(&given.signed_in().await).await;
    let token = tokens["refresh_token"].as_str().unwrap();
    let answers = futures_util::future::join_all((0..6).map(|_| given.refresh(token))).await;
    let turned = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
    assert!(turned <= 1, "{turned} turns");
    refused(&given.refresh(token).await, StatusCode::BAD_REQUEST, "invalid_grant");
});

on_both!(a_code_is_of_no_use_to_another_application, async |database: &TestDatabase| {
    let given = Given::new(database, application("public")).await;
    let session = given.signed_in().await;
    let mut other = application("public");
    other["name"] = json!("Other");
    let other = given.site.call(Method::POST, "/applications/oidc", Some(other)).await.json();
    let other = other["application"]["id"].as_str().unwrap();
    let theirs = |fields: Pairs<'_>| {
        let mut fields: Vec<_> = fields.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        fields.push(("client_id".into(), other.to_owned()));
        fields
    };
    let send = async |fields: Vec<(String, String)>| {
        let fields: Vec<_> = fields.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        token(&given.site, None, &fields).await
    };
    let code = given.code(&session).await;
    refused(&send(theirs(&redeeming(&code))).await, StatusCode::BAD_REQUEST, "invalid_grant");
    refused(&given.redeem(&code).await, StatusCode::BAD_REQUEST, "invalid_grant");
    let tokens = given.tokens(&session).await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let stolen = theirs(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]);
    refused(&send(stolen).await, StatusCode::BAD_REQUEST, "invalid_grant");
    refused(&given.refresh(refresh).await, StatusCode::BAD_REQUEST, "invalid_grant");
    let code = given.code(&session).await;
    let elsewhere: Vec<_> = redeeming(&code)
        .into_iter()
        .map(|(name, value)| (name, if name == "redirect_uri" { "http://localhost:3000/cb" } else { value }))
        .collect();
    refused(&given.call(&elsewhere).await, StatusCode::BAD_REQUEST, "invalid_grant");
    let access = tokens["access_token"].as_str().unwrap();
    refused(&given.refresh(access).await, StatusCode::BAD_REQUEST, "invalid_grant");
    assert_eq!(given.userinfo(&json!(refresh)).await.status, StatusCode::UNAUTHORIZED);
});

on_both!(an_application_that_keeps_a_secret_must_show_it, async |database: &TestDatabase| {
    let given = Given::new(database, application("confidential")).await;
    let session = given.signed_in().await;
    let code = given.code(&session).await;
    let (id, secret) = (given.id.as_str(), given.secret.as_deref().unwrap());
    let with = |more: Pairs<'_>| {
        let mut fields: Vec<(String, String)> =
            redeeming(&code).iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        fields.extend(more.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())));
        fields
    };
    let send = async |basic: Option<&str>, fields: Vec<(String, String)>| {
        let fields: Vec<_> = fields.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        token(&given.site, basic, &fields).await
    };
    for more in [
        vec![("client_id", id)],
        vec![("client_id", id), ("client_secret", "wrong")],
        vec![("client_id", "0190a000-0000-7000-8000-000000000000"), ("client_secret", secret)],
        vec![],
    ] {
        let answer = send(None, with(&more)).await;
        refused(&answer, StatusCode::UNAUTHORIZED, "invalid_client");
        assert!(answer.header("www-authenticate").starts_with("Basic"));
    }
    let basic = format!("{id}:wrong");
    refused(&send(Some(&basic), with(&[])).await, StatusCode::UNAUTHORIZED, "invalid_client");
    let basic = format!("{id}:{secret}");
    let two_ways = send(Some(&basic), with(&[("client_secret", secret)])).await;
    refused(&two_ways, StatusCode::BAD_REQUEST, "invalid_request");
    let other_id = send(Some(&basic), with(&[("client_id", "x")])).await;
    refused(&other_id, StatusCode::BAD_REQUEST, "invalid_request");
    let doubled = send(Some(&basic), with(&[("code", "x")])).await;
    refused(&doubled, StatusCode::BAD_REQUEST, "invalid_request");
    let posted = send(None, with(&[("client_id", id), ("client_secret", secret)])).await;
    assert_eq!(posted.status, StatusCode::OK, "nothing before has used the code up: {}", posted.text);
    let wrong = given.logged("application.token").await;
    assert_eq!(wrong.iter().filter(|outcome| *outcome == "wrong_client").count(), 4, "{wrong:?}");
});

on_both!(secrets_are_not_guessed_without_end, async |database: &TestDatabase| {
    let given = Given::new(database, application("confidential")).await;
    let limited = given.site.limited(600, 3);
    let session = given.signed_in().await;
    let basic = format!("{}:wrong", given.id);
    for _ in 0..3 {
        let answer = token(&limited, Some(&basic), &redeeming("x")).await;
        refused(&answer, StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let answer = token(&limited, Some(&basic), &redeeming("x")).await;
    refused(&answer, StatusCode::TOO_MANY_REQUESTS, "invalid_client");
    assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
    assert_eq!(given.logged("application.token").await.len(), 3, "nobody fills the log");
    let right = format!("{}:{}", given.id, given.secret.as_deref().unwrap());
    let code = given.code(&session).await;
    assert_eq!(token(&limited, Some(&right), &redeeming(&code)).await.status, StatusCode::OK);
});

on_both!(a_token_that_nobody_signed_says_nothing, async |database: &TestDatabase| {
    let given = Given::new(database, application("public")).await;
    let session = given.signed_in().await;
    let tokens = given.tokens(&session).await;
    let signed = tokens["id_token"].as_str().unwrap();
    let (rest, signature) = signed.rsplit_once('.').unwrap();
    let (head, claims) = rest.split_once('.').unwrap();
    let head: serde_json::Value =
        serde_json::from_slice(&BASE64URL_NOPAD.decode(head.as_bytes()).unwrap()).unwrap();
    assert_eq!(head["alg"], "RS256");
    let kid = head["kid"].as_str().unwrap();
    let part = |text: String| BASE64URL_NOPAD.encode(text.as_bytes());
    for forged in [
        format!("{}.{claims}.", part(json!({ "alg": "none" }).to_string())),
        format!("{}.{claims}.", part(json!({ "alg": "none", "kid": kid }).to_string())),
        format!("{}.{claims}.{signature}", part(json!({ "alg": "none", "kid": kid }).to_string())),
        format!("{}.{claims}.{signature}", part(json!({ "alg": "HS256", "kid": kid }).to_string())),
        format!("{}.{claims}.{signature}", part(json!({ "alg": "ES256", "kid": kid }).to_string())),
        format!("{rest}."),
    ] {
        let out = serde_urlencoded::to_string([
            ("id_token_hint", forged.as_str()),
            ("post_logout_redirect_uri", "https://app.example/bye"),
        ]);
        let asked = page(&given.site, &session, &format!("/oidc/log-out?{}", out.unwrap())).await;
        assert_eq!((asked.status, asked.header("location")), (StatusCode::OK, ""), "{forged}");
        let sent = given.sent(&session, &[("prompt", "none"), ("id_token_hint", &forged)]).await;
        assert_eq!(parameter(sent.header("location"), "error").as_deref(), Some("invalid_request"));
        assert_eq!(given.userinfo(&json!(forged)).await.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(page(&given.site, &session, "/").await.status, StatusCode::OK, "still signed in");
});

on_both!(what_the_database_holds_opens_nothing, async |database: &TestDatabase| {
    let given = Given::new(database, application("confidential")).await;
    let session = given.signed_in().await;
    let code = given.code(&session).await;
    let tokens = given.tokens(&session).await;
    let store = given.site.app.store();
    let mut kept: Vec<Vec<u8>> = Vec::new();
    for sql in [
        "SELECT code_hash FROM oidc_grant",
        "SELECT token_hash FROM oidc_token",
        "SELECT secret_hash FROM application WHERE secret_hash IS NOT NULL",
        "SELECT secret FROM oidc_key",
    ] {
        let rows: Vec<Vec<u8>> = store.query(sql, p![]).await.unwrap();
        assert!(!rows.is_empty(), "{sql}");
        kept.extend(rows);
    }
    let secrets = [
        code.as_str(),
        tokens["access_token"].as_str().unwrap(),
        tokens["refresh_token"].as_str().unwrap(),
        given.secret.as_deref().unwrap(),
    ];
    for secret in secrets {
        let raw = BASE64URL_NOPAD.decode(secret.trim_start_matches("cvs_").as_bytes()).unwrap();
        for value in &kept {
            assert!(!contains(value, secret.as_bytes()) && !contains(value, &raw));
        }
    }
    let events = given.site.call(Method::GET, "/events?limit=200", None).await.text;
    assert!(secrets.iter().all(|secret| !events.contains(secret)), "and the log neither");
    for hash in &kept {
        let presented = BASE64URL_NOPAD.encode(hash);
        assert_ne!(given.redeem(&presented).await.status, StatusCode::OK);
    }
});

fn contains(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}

on_both!(odd_calls_are_answered_as_such, async |database: &TestDatabase| {
    let given = Given::new(database, application("public")).await;
    let send = async |kind: &str, body: Vec<u8>| {
        let request = Request::post("/oidc/token").header(header::CONTENT_TYPE, kind);
        given.site.send(request.body(Body::from(body)).unwrap()).await
    };
    let form = "application/x-www-form-urlencoded";
    refused(&send("application/json", b"{}".to_vec()).await, StatusCode::BAD_REQUEST, "invalid_request");
    refused(&send("", Vec::new()).await, StatusCode::BAD_REQUEST, "invalid_request");
    refused(&send(form, Vec::new()).await, StatusCode::UNAUTHORIZED, "invalid_client");
    let large = format!("client_id={}", "x".repeat(20_000)).into_bytes();
    refused(&send(form, large).await, StatusCode::PAYLOAD_TOO_LARGE, "invalid_request");
    for (fields, error) in [
        (vec![], "invalid_request"),
        (vec![("grant_type", "password")], "unsupported_grant_type"),
        (vec![("grant_type", "client_credentials")], "unsupported_grant_type"),
        (vec![("grant_type", "authorization_code")], "invalid_request"),
        (vec![("grant_type", "refresh_token")], "invalid_request"),
        (vec![("grant_type", "refresh_token"), ("refresh_token", "x")], "invalid_grant"),
    ] {
        refused(&given.call(&fields).await, StatusCode::BAD_REQUEST, error);
    }
    for header in [None, Some("Bearer"), Some("Bearer x"), Some("Basic eDp5"), Some("Bearer a b")] {
        let mut request = Request::get("/oidc/userinfo");
        if let Some(header) = header {
            request = request.header(header::AUTHORIZATION, header);
        }
        let answer = given.site.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{header:?}");
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{header:?}");
    }
    let by_query = given.site.get("/oidc/userinfo?access_token=x").await;
    assert_eq!(by_query.status, StatusCode::UNAUTHORIZED);
});

on_both!(a_forged_way_to_the_door_is_stale, async |database: &TestDatabase| {
    let given = Given::new(database, application("public")).await;
    let session = given.signed_in().await;
    let asked = page(&given.site, &session, &given.request(&[])).await;
    let way = asked.header("location").to_owned();
    let mut other = application("public");
    other["name"] = json!("Other");
    let other = given.site.call(Method::POST, "/applications/oidc", Some(other)).await.json();
    let other = other["application"]["id"].as_str().unwrap();
    for forged in [
        way.replace(&given.id, other),
        way.replace("/oidc/", "/saml/"),
        format!("{way}A"),
        format!("/oidc/{}/continue?request=x", given.id),
        format!("/oidc/{}/continue", given.id),
    ] {
        let answer = page(&given.site, &session, &forged).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::CONFLICT, ""), "{forged}");
    }
    let taken = "UPDATE application SET protocol = replace(protocol, 'tenant=1', 'tenant=2')";
    let batch = claviger_store::Batch::of([Statement::new(taken, p![])]);
    let taken = given.site.app.store().commit(batch).await.unwrap();
    assert_eq!(taken, claviger_store::Commit::Committed);
    let answer = page(&given.site, &session, &way).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "the address was taken back meanwhile: {}", answer.text);
});
