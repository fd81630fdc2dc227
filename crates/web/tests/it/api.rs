use crate::*;
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use claviger_testing::{TestDatabase, on_both};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(crate) fn problem(answer: &Answer, status: StatusCode, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let problem = answer.json();
    assert_eq!(problem.get("type").unwrap(), &json!(format!("urn:claviger:problem:{code}")));
    assert_eq!(problem.get("status").unwrap(), &json!(status.as_u16()));
}

pub(crate) fn fields(answer: &Answer) -> Vec<String> {
    let problem = answer.json();
    let errors = problem.get("errors").unwrap().as_array().unwrap();
    errors.iter().map(|error| error.get("field").unwrap().as_str().unwrap().to_owned()).collect()
}

pub(crate) async fn created(site: &Site, name: &str) -> Value {
    let body = json!({ "username": name, "email": format!("{name}@acme.test"), "activate": true, "mfa": { "enrollment_days": 7 } });
    let answer = site.call(Method::POST, "/users", Some(body)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json()
}

pub(crate) fn id_of(user: &Value) -> &str {
    user.get("id").unwrap().as_str().unwrap()
}

on_both!(a_user_is_created_changed_and_deleted, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let user = created(&site, "alice").await;
    let path = format!("/users/{}", id_of(&user));
    let mfa = user.get("mfa").unwrap();
    assert_eq!(mfa.get("status").unwrap(), "enrolling");
    assert_eq!(mfa.get("seconds_left").unwrap(), 7 * 86_400);
    let changed = site.call(Method::PATCH, &path, Some(json!({ "display_name": "Al" }))).await.json();
    assert_eq!(
        (changed.get("display_name").unwrap(), changed.get("username").unwrap()),
        (&json!("Al"), &json!("alice"))
    );
    assert_eq!(site.call(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    problem(&site.call(Method::GET, &path, None).await, StatusCode::NOT_FOUND, "not_found");
    problem(&site.call(Method::GET, "/users/nonsense", None).await, StatusCode::NOT_FOUND, "not_found");
});

on_both!(what_is_wrong_is_told_field_by_field_and_nothing_is_written, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let bad = json!({ "username": "2", "email": "x", "mfa": { "enrollment_days": 0 } });
    let answer = site.call(Method::POST, "/users", Some(bad)).await;
    problem(&answer, StatusCode::UNPROCESSABLE_ENTITY, "fields");
    assert_eq!(fields(&answer), ["username", "email", "enrollment_days"]);
    created(&site, "alice").await;
    let twin = json!({ "username": "ALICE", "email": "alice@ACME.test" });
    assert_eq!(fields(&site.call(Method::POST, "/users", Some(twin)).await), ["email", "username"]);
    let list = site.call(Method::GET, "/users", None).await.json();
    assert_eq!(list.get("items").unwrap().as_array().unwrap().len(), 1);
});

on_both!(a_body_that_is_not_as_described_is_refused, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let user = created(&site, "alice").await;
    let path = format!("/users/{}/mfa/requirement", id_of(&user));
    for body in [
        json!({}),
        json!({ "enrollment_days": "7" }),
        json!({ "enrollment_days": 7, "more": 1 }),
        json!([]),
        json!(null),
    ] {
        problem(
            &site.call(Method::PUT, &path, Some(body.clone())).await,
            StatusCode::UNPROCESSABLE_ENTITY,
            "body",
        );
    }
    for days in [0, 366, -1, i64::MAX] {
        let answer = site.call(Method::PUT, &path, Some(json!({ "enrollment_days": days }))).await;
        assert_eq!(fields(&answer), ["enrollment_days"]);
    }
    let request = |kind: &str, body: &'static str| {
        let request = Request::put(format!("/api/v1{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", site.key));
        request.header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap()
    };
    problem(&site.send(request("text/plain", "{}")).await, StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type");
    problem(&site.send(request("application/json", "{")).await, StatusCode::BAD_REQUEST, "malformed");
    let null = site.call(Method::PUT, &path, Some(json!({ "enrollment_days": null }))).await.json();
    assert_eq!(null.get("mfa").unwrap().get("status").unwrap(), "required_without_period");
    problem(&site.call(Method::PUT, "/users", None).await, StatusCode::METHOD_NOT_ALLOWED, "method");
    problem(&site.call(Method::GET, "/nonsense", None).await, StatusCode::NOT_FOUND, "not_found");
});

on_both!(verify_says_not_enrolled_and_refuses_what_is_no_code, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let user = created(&site, "alice").await;
    let path = format!("/users/{}/mfa/verify", id_of(&user));
    let answer = site.call(Method::POST, &path, Some(json!({ "code": "123 456" }))).await;
    assert_eq!(answer.json(), json!({ "result": "not_enrolled" }));
    for code in ["12345", "1234567", "12345a", ""] {
        assert_eq!(
            fields(&site.call(Method::POST, &path, Some(json!({ "code": code }))).await),
            ["code"],
            "{code}"
        );
    }
});

on_both!(lists_are_paged_and_filtered_and_odd_queries_refused, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    for n in 0..5 {
        created(&site, &format!("user{n}")).await;
    }
    let mut seen = Vec::new();
    let mut path = "/users?limit=2&sort=email".to_owned();
    loop {
        let page = site.call(Method::GET, &path, None).await.json();
        seen.extend(page.get("items").unwrap().as_array().unwrap().iter().map(|user| id_of(user).to_owned()));
        match page.get("next_cursor").unwrap().as_str() {
            Some(cursor) => path = format!("/users?limit=2&sort=email&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 5);
    let filtered =
        site.call(Method::GET, "/users?search=user3&mfa_status=enrolling&state=activated", None).await.json();
    assert_eq!(filtered.get("items").unwrap().as_array().unwrap().len(), 1);
    for (query, field) in [
        ("state=gone", "state"),
        ("mfa_status=x", "mfa_status"),
        ("limit=0", "limit"),
        ("cursor=x", "cursor"),
        ("sort=x", "sort"),
    ] {
        assert_eq!(fields(&site.call(Method::GET, &format!("/users?{query}"), None).await), [field]);
    }
    problem(&site.call(Method::GET, "/users?more=1", None).await, StatusCode::UNPROCESSABLE_ENTITY, "query");
});

on_both!(a_first_password_is_set_once, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let user = created(&site, "alice").await;
    let path = format!("/users/{}/password", id_of(&user));
    let short = site.call(Method::PUT, &path, Some(json!({ "password": "short" }))).await;
    assert_eq!(fields(&short), ["password"]);
    let first = json!({ "password": "seven green bottles" });
    let set = site.call(Method::PUT, &path, Some(first.clone())).await;
    assert_eq!(set.json().get("password").unwrap(), "expired");
    assert!(!set.text.contains("bottles"));
    problem(&site.call(Method::PUT, &path, Some(first)).await, StatusCode::CONFLICT, "has_password");
});

on_both!(the_organization_is_read_and_changed, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let changed = site
        .call(
            Method::PATCH,
            "/organization",
            Some(json!({ "enrollment_days": 14, "window": "strict", "lockout_codes": 5 })),
        )
        .await
        .json();
    assert_eq!(
        (changed.get("enrollment_days").unwrap(), changed.get("window").unwrap()),
        (&json!(14), &json!("strict"))
    );
    assert_eq!(changed.get("lockout_codes").unwrap(), 5);
    assert_eq!(changed.get("lockout_close").unwrap(), 100);
    let answer = site
        .call(Method::PATCH, "/organization", Some(json!({ "enrollment_days": 0, "time_zone": "Mars" })))
        .await;
    assert_eq!(fields(&answer), ["time_zone", "enrollment_days"]);
    let off =
        site.call(Method::PUT, "/organization/mfa/totp", Some(json!({ "enabled": false }))).await.json();
    assert_eq!(off.get("totp_enabled").unwrap(), false);
    let user = json!({ "username": "bob", "email": "bob@acme.test", "mfa": { "enrollment_days": 7 } });
    assert_eq!(fields(&site.call(Method::POST, "/users", Some(user)).await), ["mfa"]);
});

on_both!(evidence_is_a_file_with_its_signature_last, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let user = created(&site, "alice").await;
    let answer = site.call(Method::GET, "/reports/evidence", None).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    let name = "attachment; filename=\"mfa-evidence-2027-01-15T080000Z.csv\"";
    assert_eq!(answer.header("content-disposition"), name);
    let lines: Vec<_> = answer.text.lines().collect();
    assert_eq!(lines[1], "alice,alice@acme.test,activated,enrolling,required,2027-01-22T08:00:00Z,,,,");
    assert!(lines.last().unwrap().starts_with("# signature: ed25519 "));
    let path = format!("/users/{}/mfa/forget-drift", id_of(&user));
    problem(&site.call(Method::POST, &path, None).await, StatusCode::CONFLICT, "not_enrolled");
});
