//! What decides over who gets in asks for a fresh code before anything is typed, and a form that comes too late loses
//! nothing.

use crate::{identity::age, rollout::upload, *};
use axum::http::{StatusCode, header};
use claviger_testing::{TestDatabase, on_both};
use serde_json::json;

const LOG: &str = "/admin/activity/settings";

/// Shows the password, which is what this administrator has, and goes on at `back`.
async fn step_up(site: &Site, cookie: &str, back: &str) {
    let body = format!("return={back}&current_password=wandering+seal+41+plum");
    let led = site.send(form("/admin/step-up", cookie, &body)).await;
    assert_eq!((led.status, led.header("location")), (StatusCode::SEE_OTHER, back));
}

/// Sends the button of a page, as a browser does.
async fn press(site: &Site, cookie: &str, page: &str, path: &str) -> Answer {
    let mut request = form(path, cookie, "");
    request.headers_mut().insert(header::REFERER, format!("https://sso.acme.test{page}").parse().unwrap());
    site.send(request).await
}

on_both!(a_new_user_of_whom_mfa_is_required_asks_for_a_fresh_code, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let new = "/admin/users/new";
    assert_eq!(page(&site, &cookie, new).await.status, StatusCode::OK);
    age(&site).await;
    let led = page(&site, &cookie, new).await;
    assert_eq!(led.header("location"), "/admin/step-up?return=%2Fadmin%2Fusers%2Fnew", "before typing");
    let typed = "username=alice&email=alice%40acme.test&first_name=Alice&require_mfa=on&enrollment_days=9";
    let late = site.send(form(new, &cookie, typed)).await;
    assert_eq!(late.status, StatusCode::FORBIDDEN);
    for kept in ["fresh code", "value=\"alice@acme.test\"", "value=\"Alice\"", "value=\"9\""] {
        assert!(late.text.contains(kept), "{kept}: {}", late.text);
    }
    assert_eq!(site.call(axum::http::Method::GET, "/users", None).await.json()["items"], json!([]));
    let free = "username=bob&email=bob%40acme.test&enrollment_days=7";
    assert_eq!(site.send(form(new, &cookie, free)).await.status, StatusCode::SEE_OTHER);
    step_up(&site, &cookie, new).await;
    assert_eq!(page(&site, &cookie, new).await.status, StatusCode::OK);
    assert_eq!(site.send(form(new, &cookie, typed)).await.status, StatusCode::SEE_OTHER);
});

on_both!(the_way_back_is_another_page_of_this_portal, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    for back in
        ["https://evil.test/admin", "//evil.test", "/security", "/admin/step-up?return=/admin/step-up"]
    {
        let sent = serde_urlencoded::to_string([("return", back)]).unwrap();
        let shown = page(&site, &cookie, &format!("/admin/step-up?{sent}")).await;
        assert!(shown.text.contains("name=\"return\" value=\"/admin\""), "{}", shown.text);
        let body = format!("{sent}&current_password=wandering+seal+41+plum");
        let led = site.send(form("/admin/step-up", &cookie, &body)).await;
        assert_eq!((led.status, led.header("location")), (StatusCode::SEE_OTHER, "/admin"), "{back}");
    }
});

on_both!(an_import_that_requires_mfa_is_started_with_a_fresh_code, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    age(&site).await;
    let mut jobs = Vec::new();
    for (name, require) in [("alice", "yes"), ("bob", "no")] {
        let file = format!("username,email,require_mfa\n{name},{name}@acme.test,{require}\n");
        let shown = site.send(upload(&cookie, file.as_bytes())).await;
        assert_eq!(shown.status, StatusCode::SEE_OTHER, "looking at a file asks for nothing");
        jobs.push(shown.header("location").to_owned());
    }
    let [asks, free] = jobs.try_into().unwrap();
    let led = press(&site, &cookie, &asks, &format!("{asks}/start")).await;
    let back = asks.replace('/', "%2F");
    assert_eq!(led.header("location"), format!("/admin/step-up?return={back}"));
    assert!(page(&site, &cookie, &asks).await.text.contains("1 user</b> will be made"), "the preview stays");
    assert_eq!(press(&site, &cookie, &free, &format!("{free}/start")).await.header("location"), free);
    step_up(&site, &cookie, &asks).await;
    assert_eq!(press(&site, &cookie, &asks, &format!("{asks}/start")).await.header("location"), asks);
});

on_both!(how_long_the_log_is_kept_asks_for_a_fresh_code, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    assert_eq!(page(&site, &cookie, LOG).await.status, StatusCode::OK);
    age(&site).await;
    let led = page(&site, &cookie, LOG).await;
    assert_eq!(led.header("location"), "/admin/step-up?return=%2Fadmin%2Factivity%2Fsettings");
    let (path, typed) = (format!("{LOG}/retention"), "keep=days&log_days=90");
    let late = site.send(form(&path, &cookie, typed)).await;
    assert_eq!(late.status, StatusCode::FORBIDDEN);
    assert!(late.text.contains("fresh code") && late.text.contains("value=\"90\""), "{}", late.text);
    let kept = || async { site.app.load_organization().await.unwrap().settings.log_kept.text() };
    assert_eq!(kept().await, "forever");
    step_up(&site, &cookie, LOG).await;
    assert_eq!(site.send(form(&path, &cookie, typed)).await.header("location"), LOG);
    assert_eq!(kept().await, "90");
});

on_both!(a_form_that_comes_too_late_comes_back_as_it_was_typed, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let group = site.call(axum::http::Method::POST, "/groups", Some(json!({ "name": "Sales" }))).await.json();
    let user = crate::api::created(&site, "alice").await;
    let (group, user) = (crate::api::id_of(&group), crate::api::id_of(&user));
    age(&site).await;
    let forms = [
        ("/admin/administrators/new".to_owned(), "email=grace%40acme.test&role=manager", "grace@acme.test"),
        (format!("/admin/groups/{group}/rule"), "rule=everyone&enrollment_days=12&start=", "value=\"12\""),
        (format!("/admin/users/{user}/mfa/token"), "serial=F-100&confirm=later", "value=\"F-100\""),
        ("/admin/mfa/totp/disable".to_owned(), "organization=Acme", "value=\"Acme\""),
        ("/admin/api-keys/new".to_owned(), "name=vpn&role=help_desk&expires=30", "value=\"vpn\""),
    ];
    for (path, typed, kept) in forms {
        let late = site.send(form(&path, &cookie, typed)).await;
        assert_eq!(late.status, StatusCode::FORBIDDEN, "{path}");
        assert!(late.text.contains("fresh code") && late.text.contains(kept), "{path}: {}", late.text);
    }
    let chosen = format!("verb=require_mfa&id.{user}=on");
    let asked = site.send(form("/admin/users/bulk/ask", &cookie, &chosen)).await;
    assert!(asked.status == StatusCode::OK && asked.text.contains("fresh code"), "{}", asked.text);
    let harmless = format!("verb=suspend&id.{user}=on");
    let asked = site.send(form("/admin/users/bulk/ask", &cookie, &harmless)).await;
    assert!(asked.status == StatusCode::OK && !asked.text.contains("fresh code"), "{}", asked.text);
});
