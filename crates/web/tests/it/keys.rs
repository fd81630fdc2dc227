//! API keys, other people's sessions and usage, as pages and by API.

use crate::*;
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use claviger_testing::{TestDatabase, on_both};
use serde_json::{Value, json};

/// What stands between the marks in a page.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).unwrap().0
}

pub(crate) async fn by(site: &Site, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header(header::AUTHORIZATION, format!("Bearer {key}"))
        .header(header::CONTENT_TYPE, "application/json");
    site.send(request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_string()))).unwrap()).await
}

on_both!(a_key_is_made_shown_once_used_and_revoked, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let blank = page(&site, &cookie, "/admin/api-keys/new").await;
    assert!(blank.text.contains("Administrator with Billing</option>"), "{}", blank.text);
    let body = "name=VPN&role=help_desk&expires=30&expires_on=&addresses=";
    let made = site.send(form("/admin/api-keys/new", &cookie, body)).await;
    assert_eq!((made.status, made.header("cache-control")), (StatusCode::OK, "no-store"));
    let secret = between(&made.text, "<code>clv_", "</code>");
    let key = format!("clv_{secret}");
    assert!(made.text.contains(&format!("data-copy=\"{key}\"")));
    let list = page(&site, &cookie, "/admin/api-keys").await.text;
    assert!(list.contains("VPN") && list.contains("Help Desk") && !list.contains(secret), "{list}");
    assert_eq!(by(&site, &key, Method::GET, "/users", None).await.status, StatusCode::OK);
    let forbidden = by(&site, &key, Method::PATCH, "/organization", Some(json!({}))).await;
    assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
    assert_eq!(forbidden.json().get("permission").unwrap(), "manage_organization");
    let revoke = format!("/admin/api-keys/0{}/revoke", between(&list, "href=\"/admin/api-keys/0", "/revoke"));
    assert!(page(&site, &cookie, &revoke).await.text.contains("Revoke VPN?"));
    let gone = site.send(form(&revoke, &cookie, "")).await;
    assert_eq!((gone.status, gone.header("location")), (StatusCode::SEE_OTHER, "/admin/api-keys"));
    assert_eq!(by(&site, &key, Method::GET, "/users", None).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(page(&site, &cookie, &revoke).await.status, StatusCode::NOT_FOUND);
});

on_both!(what_is_wrong_with_a_key_stands_beside_its_field, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let bad = "name=&role=help_desk&expires=date&expires_on=2020-01-01&addresses=10.0.0.1%2F8+%3Cb%3E";
    let answer = site.send(form("/admin/api-keys/new", &cookie, bad)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for id in ["name-error", "expires_on-error", "addresses-error"] {
        assert!(answer.text.contains(&format!("id=\"{id}\"")), "{id}: {}", answer.text);
    }
    assert!(answer.text.contains("10.0.0.1/8 &#60;b&#62;"), "what was typed stays");
    assert!(answer.text.contains("value=\"help_desk\" selected"));
    assert!(page(&site, &cookie, "/admin/api-keys").await.text.contains("test"), "the site's own key alone");
    assert_eq!(site.send(form("/admin/api-keys/new", "", bad)).await.status, StatusCode::SEE_OTHER);
});

on_both!(keys_make_keys_by_api_that_are_no_more_than_themselves, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let body = json!({ "name": "child", "role": "manager", "expires": "30" });
    let made = site.call(Method::POST, "/api-keys", Some(body)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let child = made.json().get("secret").unwrap().as_str().unwrap().to_owned();
    let id = made.json().pointer("/key/id").unwrap().as_str().unwrap().to_owned();
    let more = json!({ "name": "x", "role": "administrator", "expires": "never", "addresses": ["10.0.0.1"] });
    let refused = by(&site, &child, Method::POST, "/api-keys", Some(more)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields: Vec<_> = refused.json().get("errors").unwrap().as_array().unwrap().clone();
    let fields: Vec<_> = fields.iter().map(|error| error.get("field").unwrap().clone()).collect();
    assert_eq!(fields, ["role", "expires"]);
    let list = site.call(Method::GET, "/api-keys?limit=1", None).await;
    assert!(!list.text.contains(&child));
    let page = list.json();
    let cursor = page.get("next_cursor").unwrap().as_str().unwrap();
    let rest = site.call(Method::GET, &format!("/api-keys?cursor={cursor}"), None).await.json();
    // No time passes here, so either may be the first.
    let mut listed = [&page, &rest].map(|of| {
        let told =
            |field: &str| of.pointer(&format!("/items/0/{field}")).unwrap().as_str().unwrap().to_owned();
        (told("name"), told("role"))
    });
    listed.sort();
    assert_eq!(listed[0], ("child".to_owned(), "manager".to_owned()));
    assert_eq!(listed[1].0, "test");
    assert!(rest.get("next_cursor").unwrap().is_null());
    for query in ["limit=0", "cursor=x", "more=1"] {
        let answer = site.call(Method::GET, &format!("/api-keys?{query}"), None).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
    }
    let path = format!("/api-keys/{id}");
    assert_eq!(by(&site, &child, Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(by(&site, &child, Method::GET, "/users", None).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(site.call(Method::DELETE, &path, None).await.status, StatusCode::NOT_FOUND);
});

on_both!(sessions_are_listed_and_ended_from_elsewhere, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let other = administrator(&site).await;
    let list = site.call(Method::GET, "/api-keys", None).await.json();
    let ada = list.pointer("/items/0/owner_id").unwrap().as_str().unwrap().to_owned();
    let path = format!("/admin/administrators/{ada}/sessions");
    let shown = page(&site, &cookie, &path).await;
    assert_eq!(
        shown.text.matches("Sign out</button>").count(),
        3,
        "both, and the account menu: {}",
        shown.text
    );
    let sessions = site.call(Method::GET, &format!("/administrators/{ada}/sessions"), None).await.json();
    assert_eq!(sessions.as_array().unwrap().len(), 2);
    let (_, rows) = shown.text.split_once("class=\"item-list\"").unwrap();
    let not_mine = rows.split("<li>").skip(1).find(|item| !item.contains("This one"));
    let end = between(not_mine.unwrap(), "action=\"", "\"");
    assert!(end.starts_with(&path), "{end}");
    let ended = site.send(form(end, &cookie, "")).await;
    assert_eq!((ended.status, ended.header("location")), (StatusCode::SEE_OTHER, path.as_str()));
    assert_eq!(page(&site, &other, "/admin/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(page(&site, &cookie, "/admin/account").await.status, StatusCode::OK);
    let all = site.call(Method::DELETE, &format!("/administrators/{ada}/sessions"), None).await;
    assert_eq!(all.status, StatusCode::NO_CONTENT);
    assert_eq!(page(&site, &cookie, "/admin/account").await.status, StatusCode::SEE_OTHER);
    let body = json!({ "username": "alice", "email": "alice@acme.test", "activate": true });
    let alice = site.call(Method::POST, "/users", Some(body)).await.json();
    let alice = alice.get("id").unwrap().as_str().unwrap();
    assert_eq!(site.call(Method::GET, &format!("/users/{alice}/sessions"), None).await.json(), json!([]));
    let nothing = site.call(Method::DELETE, &format!("/users/{alice}/sessions/{ada}"), None).await;
    assert_eq!(nothing.status, StatusCode::NOT_FOUND);
    let cookie = administrator(&site).await;
    let shown = page(&site, &cookie, &format!("/admin/users/{alice}/sessions")).await;
    assert!(shown.text.contains("Not signed in anywhere."), "{}", shown.text);
    assert!(shown.text.contains("aria-current=\"page\">Sessions</a>"));
});

on_both!(usage_is_shown_as_picture_table_and_file, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let shown = page(&site, &cookie, "/admin/usage").await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(
        shown.text.contains("Active users by month") && shown.text.contains("Jan 2027"),
        "{}",
        shown.text
    );
    assert!(shown.text.contains("href=\"/admin/usage\" aria-current=\"page\""));
    let csv = page(&site, &cookie, "/admin/usage.csv").await;
    assert!(csv.text.starts_with("month,active_users,devices\r\n2026-01,0,0\r\n"), "{}", csv.text);
    let months = site.call(Method::GET, "/usage", None).await.json();
    assert_eq!(months.get("months").unwrap().as_array().unwrap().len(), 13);
    assert_eq!(
        months.pointer("/months/12").unwrap(),
        &json!({ "month": "2027-01", "active_users": 0, "devices": 0 })
    );
});
