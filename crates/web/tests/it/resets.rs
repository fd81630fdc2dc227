//! Resets of administrators' MFA that wait, by API; and an administrator who is locked (S6.8, S4.19).

use crate::{
    administrators::signed_in_as,
    api::problem,
    identity::{Browser, SIGN_IN, at_the_code, know_the_link},
    keys::by,
    *,
};
use axum::http::{Method, StatusCode};
use claviger_app::api_keys::KeyForm;
use claviger_domain::permission::{Actor, Role, Who};
use claviger_testing::{TestDatabase, on_both};
use serde_json::{Value, json};

async fn key_of(site: &Site, email: &str) -> String {
    let host = Actor { who: Who::Host, name: "test".into(), address: String::new() };
    let form = KeyForm { name: "key".into(), expires: "never".into(), ..KeyForm::default() };
    site.app.create_api_key_of(&host, email, &form).await.unwrap().token.expose().to_owned()
}

/// An administrator who has an authenticator.
async fn enrolled(site: &Site, role: Role) -> String {
    let (id, cookie) = signed_in_as(site, role).await;
    site.call(Method::PUT, &format!("/administrators/{id}/mfa/requirement"), None).await;
    let mut browser = Browser::new(site);
    browser.cookie = cookie;
    assert_eq!(browser.get("/admin").await.header("location"), "/admin/enroll");
    assert_eq!(browser.set_up(0).await.1.status, StatusCode::OK);
    id
}

fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("{name}: {value}"))
}

on_both!(a_reset_is_asked_for_refused_and_approved_by_api, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let grace = enrolled(&site, Role::Manager).await;
    signed_in_as(&site, Role::AdministratorWithBilling).await;
    let bea = key_of(&site, "administrator_with_billing@acme.test").await;
    site.call(Method::PATCH, "/organization", Some(json!({ "reset_approval": "on" }))).await;
    let reset = format!("/administrators/{grace}/mfa/reset");
    let ask = async || site.call(Method::POST, &reset, Some(json!({ "reason": "Lost phone" }))).await;
    let asked = ask().await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.text);
    let view = asked.json();
    let path = format!("/mfa-resets/{}", word(&view, "id"));
    assert_eq!(asked.header("location"), format!("/api/v1{path}"));
    for (name, expected) in [
        ("administrator_id", grace.as_str()),
        ("administrator_email", "manager@acme.test"),
        ("asked_by", "another"),
        ("requester_email", "ada@acme.test"),
        ("reason", "Lost phone"),
        ("state", "needs_approval"),
        ("approval", "own_request"),
        ("created_at", "2027-01-15T08:00:00Z"),
        ("expires_at", "2027-01-16T08:00:00Z"),
    ] {
        assert_eq!(word(&view, name), expected);
    }
    problem(&ask().await, StatusCode::CONFLICT, "reset_waits");
    let listed = by(&site, &bea, Method::GET, "/mfa-resets", None).await.json();
    assert_eq!(word(&listed[0], "approval"), "allowed");
    assert_eq!(by(&site, &bea, Method::GET, &path, None).await.json(), listed[0]);
    let approve = format!("{path}/approve");
    problem(&site.call(Method::POST, &approve, None).await, StatusCode::CONFLICT, "own_request");
    let refused = by(&site, &bea, Method::POST, &format!("{path}/cancel"), None).await;
    assert_eq!(refused.status, StatusCode::NO_CONTENT);
    for verb in ["approve", "cancel"] {
        let late = by(&site, &bea, Method::POST, &format!("{path}/{verb}"), None).await;
        problem(&late, StatusCode::CONFLICT, "reset_over");
    }
    problem(&site.call(Method::GET, &path, None).await, StatusCode::NOT_FOUND, "not_found");
    let again = ask().await.json();
    let approve = format!("/mfa-resets/{}/approve", word(&again, "id"));
    let done = by(&site, &bea, Method::POST, &approve, None).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    assert_eq!(word(&done.json(), "mfa_enrollment"), "not_enrolled");
    assert_eq!(site.call(Method::GET, "/mfa-resets", None).await.json(), json!([]));
    problem(&ask().await, StatusCode::CONFLICT, "not_enrolled");
    let nothing = "/mfa-resets/0190a000-0000-7000-8000-000000000000";
    for (method, path) in [(Method::GET, nothing.to_owned()), (Method::POST, format!("{nothing}/cancel"))] {
        problem(&site.call(method, &path, None).await, StatusCode::NOT_FOUND, "not_found");
    }
});

on_both!(a_delayed_reset_is_seen_and_canceled_by_api, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let (mut ada, _) = at_the_code(&site).await;
    site.call(Method::PATCH, "/organization", Some(json!({ "self_reset": "24" }))).await;
    ada.post("/admin/sign-in/reset", "").await;
    know_the_link(&site).await;
    let asked = Browser::new(&site).post("/admin/reset-mfa/known", SIGN_IN).await;
    assert!(asked.text.contains("Your reset is asked for"), "{}", asked.text);
    let listed = site.call(Method::GET, "/mfa-resets", None).await.json();
    let [view] = listed.as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!((word(view, "asked_by"), word(view, "state")), ("themselves", "delayed"));
    assert_eq!(word(view, "ready_at"), "2027-01-16T08:00:00Z");
    assert_eq!(word(view, "expires_at"), "2027-01-17T08:00:00Z");
    for name in ["requester_id", "requester_email", "reason", "approval"] {
        assert!(view[name].is_null(), "{name}: {view}");
    }
    let path = format!("/mfa-resets/{}", word(view, "id"));
    let approve = site.call(Method::POST, &format!("{path}/approve"), None).await;
    problem(&approve, StatusCode::CONFLICT, "reset_over");
    assert_eq!(site.call(Method::GET, &path, None).await.json(), *view, "nothing was changed");
    signed_in_as(&site, Role::HelpDesk).await;
    let help = key_of(&site, "help_desk@acme.test").await;
    let denied = by(&site, &help, Method::POST, &format!("{path}/cancel"), None).await;
    problem(&denied, StatusCode::FORBIDDEN, "denied");
    let canceled = site.call(Method::POST, &format!("{path}/cancel"), None).await;
    assert_eq!(canceled.status, StatusCode::NO_CONTENT);
    assert_eq!(site.call(Method::GET, "/mfa-resets", None).await.json(), json!([]));
});

on_both!(an_administrator_is_unlocked_by_another_on_the_page_and_by_api, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let (mut ada, _) = at_the_code(&site).await;
    let (id, bea) = signed_in_as(&site, Role::AdministratorWithBilling).await;
    let (_, plain) = signed_in_as(&site, Role::Administrator).await;
    let list = site.call(Method::GET, "/administrators", None).await.json();
    let of_ada =
        list["items"].as_array().unwrap().iter().find(|one| one["email"] == "ada@acme.test").unwrap();
    let (path, one) = (word(of_ada, "id"), format!("/admin/administrators/{}", word(of_ada, "id")));
    let api = format!("/administrators/{path}/unlock");
    let guess = async |browser: &mut Browser<'_>| {
        browser.post("/admin/sign-in/code", "code=000000").await;
    };
    assert!(!page(&site, &bea, &one).await.text.contains("/unlock\""), "nothing to unlock");
    guess(&mut ada).await;
    assert!(page(&site, &bea, &one).await.text.contains(&format!("{one}/unlock")));
    assert!(!page(&site, &plain, &one).await.text.contains("/unlock\""), "S6.3");
    let refused = site.send(form(&format!("{one}/unlock"), &plain, "")).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    problem(&site.call(Method::POST, &api, None).await, StatusCode::CONFLICT, "own_account");
    let asked = page(&site, &bea, &format!("{one}/unlock")).await.text;
    assert!(asked.contains("Unlock ada@acme.test"), "{asked}");
    let done = site.send(form(&format!("{one}/unlock"), &bea, "")).await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, one.as_str()));
    assert!(!page(&site, &bea, &one).await.text.contains("/unlock\""));
    guess(&mut ada).await;
    let key = key_of(&site, "administrator_with_billing@acme.test").await;
    assert_eq!(by(&site, &key, Method::POST, &api, None).await.status, StatusCode::NO_CONTENT);
    assert!(!page(&site, &bea, &one).await.text.contains("/unlock\""));
    let own = by(&site, &site.key, Method::POST, &format!("/administrators/{id}/unlock"), None).await;
    problem(&own, StatusCode::CONFLICT, "not_enrolled");
});
