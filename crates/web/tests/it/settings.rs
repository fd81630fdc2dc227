//! Settings › Organization and E-mail, as pages: the logo, the texts of mails, the reminders.

use crate::*;
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use claviger_domain::logo::LOGO_MAX;
use claviger_testing::{TestDatabase, on_both};
use serde_json::json;

const LOGO: &str = "/admin/settings/organization/logo";

/// A WebP picture of 100 × 50 pixels, as far as it is looked at; all of it is ASCII.
pub(crate) const PICTURE: &str = "RIFF\0\0\0\0WEBPVP8L\0\0\0\0/\x63\x40\x0c\0";

fn upload(cookie: &str, media_type: &str, file: &[u8]) -> Request<Body> {
    let mut body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"logo\"\r\nContent-Type: {media_type}\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let request = Request::post(LOGO).header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
    request.header(header::COOKIE, cookie).body(Body::from(body)).unwrap()
}

on_both!(what_is_no_small_picture_is_no_logo, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let mut heavy = PICTURE.as_bytes().to_vec();
    heavy.resize(LOGO_MAX + 1, 0);
    let huge = vec![b'x'; 9 * 1024 * 1024];
    for (media_type, file, status, words) in [
        ("image/svg+xml", b"<svg onload='alert(1)'/>".to_vec(), 422, "can carry script"),
        ("image/png", b"<html><script>alert(1)</script>".to_vec(), 422, "Use a PNG, JPEG or WebP picture."),
        ("image/webp", Vec::new(), 422, "Choose a picture first."),
        ("image/webp", heavy, 413, "at most 256 KiB"),
        ("image/webp", huge, 413, "at most 256 KiB"),
    ] {
        let answer = site.send(upload(&cookie, media_type, &file)).await;
        assert_eq!(answer.status.as_u16(), status, "{words}");
        assert!(answer.text.contains(words), "{words}");
        assert_eq!(site.get("/logo").await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(site.send(form(LOGO, &cookie, "logo=x")).await.status, StatusCode::BAD_REQUEST);
    let stranger = site.send(upload("none=1", "image/webp", PICTURE.as_bytes())).await;
    assert_eq!((stranger.status, stranger.header("location")), (StatusCode::SEE_OTHER, "/admin/sign-in"));
});

on_both!(a_logo_is_served_as_what_it_is_until_it_is_removed, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    assert!(!site.get("/sign-in").await.text.contains("src=\"/logo"));
    let saved = site.send(upload(&cookie, "text/html", PICTURE.as_bytes())).await;
    assert_eq!(saved.header("location"), "/admin/settings/organization");
    let logo = site.get("/logo").await;
    assert_eq!((logo.status, logo.text.as_str()), (StatusCode::OK, PICTURE));
    assert_eq!(logo.header("content-type"), "image/webp");
    assert_eq!(logo.header("x-content-type-options"), "nosniff");
    assert_eq!(logo.header("cache-control"), "public, max-age=300");
    let again = Request::get("/logo").header(header::IF_NONE_MATCH, logo.header("etag"));
    let again = site.send(again.body(Body::empty()).unwrap()).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    for path in ["/sign-in", "/admin/sign-in", "/forgot-password"] {
        assert!(site.get(path).await.text.contains("src=\"/logo?v="), "{path}");
    }
    assert!(page(&site, &cookie, "/admin/settings/organization").await.text.contains("src=\"/logo?v="));
    let removed = site.send(form("/admin/settings/organization/logo/remove", &cookie, "")).await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER);
    assert_eq!(site.get("/logo").await.status, StatusCode::NOT_FOUND);
    assert!(!site.get("/sign-in").await.text.contains("src=\"/logo"));
});

on_both!(a_mails_text_is_edited_previewed_and_restored, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let path = "/admin/settings/email/texts/reminder";
    let list = page(&site, &cookie, "/admin/settings/email/texts").await;
    assert!(
        list.status == StatusCode::OK && list.text.contains("{left} left to set up MFA"),
        "{}",
        list.text
    );
    let shown = page(&site, &cookie, path).await;
    assert!(shown.text.contains("7 days left to set up MFA"), "the preview has sample facts: {}", shown.text);
    let typed = "revision=0&sent=on&subject=Soon%3A+%7Bleft%7D&body=%3Cscript%3Ealert%281%29%3C%2Fscript%3E";
    let preview = site.send(form(&format!("{path}/preview"), &cookie, typed)).await;
    assert_eq!(preview.status, StatusCode::OK);
    assert!(preview.text.contains("Soon: 7 days") && !preview.text.contains("<script>alert"));
    assert!(!page(&site, &cookie, path).await.text.contains("Soon: "), "a preview saves nothing");
    let wrong = site.send(form(path, &cookie, "revision=0&sent=on&subject=%7Bnope%7D&body=Text")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("id=\"subject-error\"") && wrong.text.contains("{nope}"));
    let saved = site.send(form(path, &cookie, typed)).await;
    assert_eq!((saved.status, saved.header("location")), (StatusCode::SEE_OTHER, path));
    assert!(page(&site, &cookie, path).await.text.contains("Soon: 7 days"));
    let older = site.send(form(path, &cookie, typed)).await;
    assert_eq!(older.status, StatusCode::CONFLICT);
    let restored = site.send(form(&format!("{path}/original"), &cookie, typed)).await;
    assert_eq!(restored.status, StatusCode::SEE_OTHER);
    assert!(!page(&site, &cookie, path).await.text.contains("Soon: "));
    assert_eq!(page(&site, &cookie, "/admin/settings/email/texts/nope").await.status, StatusCode::NOT_FOUND);
});

on_both!(reminders_are_chosen_from_four_and_one_is_fixed, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let change = async |reminders: serde_json::Value| {
        site.call(Method::PATCH, "/organization", Some(json!({ "reminders": reminders }))).await
    };
    assert_eq!(change(json!([2, 168])).await.json().get("reminders").unwrap(), &json!([168, 24, 2]));
    assert_eq!(change(json!([48])).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let shown = page(&site, &cookie, "/admin/settings/organization").await.text;
    for (hours, ticked) in [(168, true), (72, false), (24, true), (2, true)] {
        let tick = format!("name=\"reminder_{hours}\" value=\"on\" checked");
        assert_eq!(shown.contains(&tick), ticked, "{hours}");
    }
    assert_eq!(change(json!([])).await.json().get("reminders").unwrap(), &json!([24]));
});

on_both!(the_queue_is_filtered_by_state, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let user = json!({ "username": "bob", "email": "bob@acme.test", "activate": true });
    site.call(Method::POST, "/users", Some(user)).await;
    let path = "/admin/settings/email/queue";
    assert!(page(&site, &cookie, path).await.text.contains("bob@acme.test"));
    assert!(page(&site, &cookie, &format!("{path}?state=queued")).await.text.contains("bob@acme.test"));
    let failed = page(&site, &cookie, &format!("{path}?state=failed&older=nonsense")).await;
    assert!(failed.status == StatusCode::OK && failed.text.contains("No mail is in this state."));
    let unknown = page(&site, &cookie, &format!("{path}?state=nonsense&x=y")).await;
    assert!(unknown.text.contains("bob@acme.test"));
    let smtp = json!({ "enabled": true, "host": "127.0.0.1", "port": 2525, "encryption": "starttls", "from_address": "it@acme.test" });
    let set = site.call(Method::PUT, "/organization/smtp", Some(smtp)).await;
    assert!(set.status.is_success(), "{}", set.text);
    let waiting = page(&site, &cookie, &format!("{path}?state=queued&older=1")).await.text;
    let (mail, rest) = waiting.split(&format!("{path}/")).find_map(|rest| rest.split_once("/retry")).unwrap();
    assert!(rest.starts_with("?state=queued\""), "{waiting}");
    let newer = "newer=0190a000-0000-7000-8000-000000000000";
    let paged = page(&site, &cookie, &format!("{path}?{newer}&state=queued")).await.text;
    assert!(paged.contains(&format!("{path}/{mail}/retry?state=queued&#38;{newer}\"")), "{paged}");
    let retried = site.send(form(&format!("{path}/{mail}/retry?state=queued&x=y"), &cookie, "")).await;
    assert_eq!(retried.header("location"), format!("{path}?state=queued"));
});
