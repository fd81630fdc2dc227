//! `If-Match` (S13.1): a path is about what it begins with, and holds where that counts its changes.

use crate::*;
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use claviger_testing::{TestDatabase, on_both};

const NOBODY: &str = "0190a000-0000-7000-8000-000000000000";

async fn if_match(site: &Site, method: Method, path: &str, tag: &str) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header(header::AUTHORIZATION, format!("Bearer {}", site.key))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::IF_MATCH, tag);
    site.send(request.body(Body::from("{}")).unwrap()).await
}

on_both!(a_change_holds_against_what_its_path_begins_with, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let counted = [
        (Method::PATCH, "/organization".to_owned()),
        (Method::PUT, "/organization/mfa/totp".to_owned()),
        (Method::PUT, "/organization/smtp".to_owned()),
        (Method::DELETE, format!("/users/{NOBODY}")),
        (Method::PUT, format!("/users/{NOBODY}/mfa/requirement")),
        (Method::PUT, "/log-streams/syslog".to_owned()),
        (Method::POST, "/log-streams/syslog/test".to_owned()),
        (Method::PUT, "/mail-texts/reminder".to_owned()),
    ];
    let says_none = |answer: &Answer| answer.text.contains("This has no ETag, so that If-Match can't hold.");
    for (method, path) in counted {
        let answer = if_match(&site, method, &path, "\"foreign\"").await;
        assert!(!answer.status.is_success() && !says_none(&answer), "{path}: {}", answer.text);
    }
    for path in ["/users", "/users/bulk", "/users/nonsense/mfa/reset", "/connect-keys"] {
        let answer = if_match(&site, Method::POST, path, "*").await;
        assert_eq!(answer.status, StatusCode::PRECONDITION_FAILED, "{path}");
        assert!(says_none(&answer), "{path}: {}", answer.text);
    }
});

fn revision(tag: &str) -> String {
    tag.trim_matches('"').split('-').next().unwrap().to_owned()
}

on_both!(only_the_tag_that_was_told_lets_a_change_through, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let told = async || site.call(Method::GET, "/organization", None).await.header("etag").to_owned();
    let seen = told().await;
    for foreign in [revision(&seen), format!("W/{seen}"), "\"x\"".into(), "\"-1\"".into()] {
        let answer = if_match(&site, Method::PATCH, "/organization", &foreign).await;
        assert_eq!(answer.status, StatusCode::PRECONDITION_FAILED, "{foreign}: {}", answer.text);
    }
    let plain = format!("\"{}\"", revision(&seen));
    for (ours, status) in [
        (plain.as_str(), StatusCode::OK),
        (plain.as_str(), StatusCode::PRECONDITION_FAILED),
        (told().await.as_str(), StatusCode::PRECONDITION_FAILED),
        ("*", StatusCode::OK),
    ] {
        let answer = if_match(&site, Method::PATCH, "/organization", ours).await;
        assert_eq!(answer.status, status, "{ours}: {}", answer.text);
    }
    let answer = if_match(&site, Method::PATCH, "/organization", &told().await).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
});
