use crate::*;
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use claviger_testing::{TestDatabase, on_both};
use serde_json::{Value, json};

const SECRET: &str = "3132333435363738393031323334353637383930";

fn upload(site: &Site, query: &str, kind: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(format!("/api/v1/tokens/import{query}"))
        .header(header::AUTHORIZATION, format!("Bearer {}", site.key))
        .header(header::CONTENT_TYPE, kind)
        .body(body.into())
        .unwrap()
}

fn code_of(answer: &Answer) -> String {
    answer.json().get("type").unwrap().as_str().unwrap().to_owned()
}

async fn given_user(site: &Site, name: &str) -> String {
    let body = json!({ "username": name, "email": format!("{name}@acme.test"), "activate": true });
    let made = site.call(Method::POST, "/users", Some(body)).await.json();
    made.get("id").unwrap().as_str().unwrap().to_owned()
}

async fn tokens(site: &Site, query: &str) -> Vec<Value> {
    let page = site.call(Method::GET, &format!("/tokens{query}"), None).await.json();
    page.get("items").unwrap().as_array().unwrap().clone()
}

on_both!(tokens_are_imported_listed_assigned_and_deleted, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let file = format!("serial,secret\n1001,{SECRET}\n1002,{SECRET}\n");
    let answer = site.send(upload(&site, "", "text/csv; charset=utf-8", file)).await;
    assert_eq!((answer.status, answer.json().get("imported").unwrap()), (StatusCode::OK, &json!(2)));
    let all = tokens(&site, "?held=stock&limit=1").await;
    assert_eq!((all.len(), all[0].get("serial").unwrap()), (1, &json!("1001")));
    assert!(!site.call(Method::GET, "/tokens", None).await.text.contains(SECRET));
    let alice = given_user(&site, "alice").await;
    let path = format!("/users/{alice}/mfa/token");
    let wrong = json!({ "serial": "1001", "code": "000000" });
    assert_eq!(site.call(Method::PUT, &path, Some(wrong)).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let no_code = json!({ "serial": "1001" });
    assert_eq!(code_of(&site.call(Method::PUT, &path, Some(no_code)).await), "urn:claviger:problem:body");
    let later = json!({ "serial": "1001", "code": null });
    assert_eq!(site.call(Method::PUT, &path, Some(later)).await.status, StatusCode::OK);
    let assigned = tokens(&site, "?held=assigned").await;
    assert_eq!(assigned[0].get("state").unwrap(), "waiting");
    assert_eq!(assigned[0].get("user_email").unwrap(), "alice@acme.test");
    let id = assigned[0].get("id").unwrap().as_str().unwrap();
    let refused = site.call(Method::DELETE, &format!("/tokens/{id}"), None).await;
    assert_eq!(code_of(&refused), "urn:claviger:problem:token_waiting");
    assert_eq!(site.call(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(site.call(Method::DELETE, &path, None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        site.call(Method::DELETE, &format!("/tokens/{id}"), None).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(tokens(&site, "").await.len(), 1);
});

on_both!(a_file_that_is_none_is_refused_with_its_reason, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let bad = format!("1001,{SECRET}\n1001,{SECRET}\n");
    let refused = site.send(upload(&site, "", "text/csv", bad.clone())).await;
    assert_eq!(
        (refused.status, code_of(&refused).as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, "urn:claviger:problem:rows")
    );
    assert!(refused.text.contains("\"row 2\"") && !refused.text.contains(SECRET), "{}", refused.text);
    assert!(tokens(&site, "").await.is_empty());
    let skipped = site.send(upload(&site, "?bad_rows=skip", "text/csv", bad)).await.json();
    assert_eq!(skipped.get("imported").unwrap(), 1);
    for (request, status) in [
        (upload(&site, "", "application/json", "{}"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (upload(&site, "?bad_rows=x", "text/csv", "1,2"), StatusCode::UNPROCESSABLE_ENTITY),
        (upload(&site, "", "text/csv", ""), StatusCode::UNPROCESSABLE_ENTITY),
        (upload(&site, "", "application/pskc+xml", "<!DOCTYPE a><a/>"), StatusCode::UNPROCESSABLE_ENTITY),
        (upload(&site, "", "text/csv", vec![b'1'; 5 * 1024 * 1024 + 1]), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        assert_eq!(site.send(request).await.status, status);
    }
    let large = format!("{}\n2001,{SECRET}", " ".repeat(100_000));
    assert_eq!(site.send(upload(&site, "", "text/csv", large)).await.status, StatusCode::OK, "over 64 KiB");
});

on_both!(the_pages_of_tokens_lead_strangers_to_the_sign_in, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    for path in
        ["/admin/tokens", "/admin/tokens/import", "/admin/tokens/x/delete", "/admin/users/x/mfa/token"]
    {
        let answer = site.get(path).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::SEE_OTHER, "/admin/sign-in"),
            "{path}"
        );
    }
});
