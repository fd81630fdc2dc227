//! S13.1: a call that is sent again is carried out once, and one that is sent too often is refused.

use crate::{
    api::{created, problem},
    *,
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use claviger_domain::permission::{Actor, Who};
use claviger_testing::{TestDatabase, on_both};
use claviger_web::Peer;
use futures_util::future::join_all;
use serde_json::{Value, json};

async fn once(site: &Site, name: &str, path: &str, body: &Value) -> Answer {
    let request = Request::post(format!("/api/v1{path}"))
        .header(header::AUTHORIZATION, format!("Bearer {}", site.key))
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", name);
    site.send(request.body(Body::from(body.to_string())).unwrap()).await
}

fn person(name: &str) -> Value {
    json!({ "username": name, "email": format!("{name}@acme.test"), "activate": true })
}

async fn count(site: &Site, path: &str) -> usize {
    let listed = site.call(Method::GET, path, None).await.json();
    listed.get("items").unwrap_or(&listed).as_array().unwrap().len()
}

on_both!(a_repeated_call_has_the_same_answer_and_is_carried_out_once, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let first = once(&site, "k-1", "/users", &person("alice")).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (StatusCode::CREATED, ""));
    let again = once(&site, "k-1", "/users", &person("alice")).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (StatusCode::CREATED, "true"));
    for name in ["location", "etag", "content-type"] {
        assert!(!first.header(name).is_empty(), "{name}");
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    assert_eq!(again.text, first.text);
    assert_eq!(count(&site, "/users").await, 1);
    let other = once(&site, "k-1", "/users", &person("bob")).await;
    problem(&other, StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused");
    assert_eq!(once(&site, "k-1", "/groups", &json!({ "name": "Sales" })).await.status, StatusCode::CREATED);
    assert_eq!(once(&site, "k-2", "/users", &person("bob")).await.status, StatusCode::CREATED);
    let bulk = json!({ "action": "suspend", "filter": {} });
    let jobs =
        [once(&site, "k-3", "/users/bulk", &bulk).await, once(&site, "k-3", "/users/bulk", &bulk).await];
    assert_eq!(jobs[0].status, StatusCode::ACCEPTED, "{}", jobs[0].text);
    assert_eq!(jobs[0].header("location"), jobs[1].header("location"));
});

on_both!(a_call_that_was_refused_frees_its_key, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let refused = once(&site, "k", "/users", &json!({ "username": "alice" })).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(once(&site, "k", "/users", &person("alice")).await.status, StatusCode::CREATED);
    for (name, path) in [("", "/users"), ("a b", "/users"), (&*"x".repeat(256), "/groups")] {
        problem(&once(&site, name, path, &person("bob")).await, StatusCode::BAD_REQUEST, "malformed");
    }
    let mut nobody = site.limited(600, 30);
    nobody.key = "clv_nonsense".into();
    problem(&once(&nobody, "k", "/users", &person("alice")).await, StatusCode::UNAUTHORIZED, "unauthorized");
});

on_both!(another_key_names_its_calls_for_itself, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let host = Actor { who: Who::Host, name: "test".into(), address: String::new() };
    let key = site.app.create_api_key(&host, "ada@acme.test", "second").await.unwrap().expose().to_owned();
    let mut second = site.limited(600, 30);
    second.key = key;
    assert_eq!(once(&site, "k", "/groups", &json!({ "name": "One" })).await.status, StatusCode::CREATED);
    assert_eq!(once(&second, "k", "/groups", &json!({ "name": "Two" })).await.status, StatusCode::CREATED);
    assert_eq!(count(&site, "/groups").await, 2);
});

on_both!(of_calls_sent_at_once_one_is_carried_out, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let body = person("alice");
    let answers = join_all((0..8).map(|_| once(&site, "k", "/users", &body))).await;
    let carried: Vec<_> = answers.iter().filter(|answer| answer.status == StatusCode::CREATED).collect();
    let new = carried.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).count();
    assert_eq!(new, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    for waiting in answers.iter().filter(|answer| answer.status != StatusCode::CREATED) {
        problem(waiting, StatusCode::CONFLICT, "in_progress");
        assert_eq!(waiting.header("retry-after"), "1");
    }
    assert_eq!(count(&site, "/users").await, 1);
});

on_both!(what_is_shown_once_is_not_shown_again, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let body = json!({ "name": "vpn", "expires": "30" });
    let made = once(&site, "k", "/api-keys", &body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    problem(&once(&site, "k", "/api-keys", &body).await, StatusCode::CONFLICT, "already_done");
});

on_both!(a_key_can_call_so_often_a_minute, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let user = created(&site, "alice").await;
    let site = site.limited(5, 3);
    for left in (0..5).rev() {
        let answer = site.call(Method::GET, "/organization", None).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("ratelimit-policy"), "\"key\";q=5;w=60");
        let state = answer.header("ratelimit");
        assert!(state.starts_with(&format!("\"key\";r={left};t=")), "{state}");
    }
    let refused = site.call(Method::GET, "/organization", None).await;
    problem(&refused, StatusCode::TOO_MANY_REQUESTS, "too_many");
    assert_eq!((refused.header("retry-after"), refused.header("ratelimit")), ("12", "\"key\";r=0;t=12"));
    // Whoever checks codes is never kept waiting.
    let verify = format!("/users/{}/mfa/verify", user["id"].as_str().unwrap());
    for _ in 0..20 {
        let answer = site.call(Method::POST, &verify, Some(json!({ "code": "123456" }))).await;
        assert_eq!((answer.status, answer.header("ratelimit")), (StatusCode::OK, ""));
    }
});

on_both!(keys_that_do_not_work_are_limited_by_address, async |database: &TestDatabase| {
    let site = Site::new(database).await.limited(600, 3);
    let from = async |address: &str, key: &str| {
        let request =
            Request::get("/api/v1/organization").header(header::AUTHORIZATION, format!("Bearer {key}"));
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(Peer(format!("{address}:1").parse().unwrap()));
        site.send(request).await
    };
    for n in 0..3 {
        problem(&from("192.0.2.1", &format!("clv_{n}")).await, StatusCode::UNAUTHORIZED, "unauthorized");
    }
    let refused = from("192.0.2.1", "clv_4").await;
    problem(&refused, StatusCode::TOO_MANY_REQUESTS, "too_many");
    assert_eq!(refused.header("retry-after"), "20");
    assert_eq!(from("192.0.2.1", &site.key).await.status, StatusCode::OK, "a right key is not held up");
    problem(&from("192.0.2.2", "clv_5").await, StatusCode::UNAUTHORIZED, "unauthorized");
});
