//! Many users at once: files, bulk actions, jobs and groups, as pages and by API.

use crate::*;
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use claviger_testing::{TestDatabase, on_both};
use serde_json::{Value, json};

const IMPORT: &str = "/admin/users/import";

pub(crate) fn upload(cookie: &str, file: &[u8]) -> Request<Body> {
    let mut body = b"--x\r\nContent-Disposition: form-data; name=\"enrollment_days\"\r\n\r\n7\r\n--x\r\n\
        Content-Disposition: form-data; name=\"file\"; filename=\"people.csv\"\r\n\r\n"
        .to_vec();
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let request = Request::post(IMPORT).header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
    request.header(header::COOKIE, cookie).body(Body::from(body)).unwrap()
}

fn fields(answer: &Answer) -> Vec<String> {
    let problem = answer.json();
    let errors = problem.get("errors").unwrap_or_else(|| panic!("{}", answer.text)).as_array().unwrap();
    errors.iter().map(|error| error.get("field").unwrap().as_str().unwrap().to_owned()).collect()
}

async fn user(site: &Site, name: &str) -> String {
    let body = json!({ "username": name, "email": format!("{name}@acme.test"), "activate": true });
    let made = site.call(Method::POST, "/users", Some(body)).await;
    made.json().get("id").unwrap().as_str().unwrap().to_owned()
}

/// The job's answer once it has ended.
async fn ended(site: &Site, job: &Value) -> Value {
    let path = format!("/jobs/{}", job.get("id").unwrap().as_str().unwrap());
    for _ in 0..20 {
        site.app.work_once().await.unwrap();
        let now = site.call(Method::GET, &path, None).await.json();
        if now.get("state").unwrap() == "done" {
            return now;
        }
    }
    panic!("the job does not end");
}

on_both!(what_is_no_file_of_users_is_told_and_writes_nothing, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    for (file, status, words) in [
        (&b""[..], 422, "Choose a CSV file."),
        (b"\n", 422, "The file is empty."),
        (b"name,shoe\na,b\n", 422, "There is no column username."),
        (b"username,email\n", 422, "The file has no rows"),
        (b"username,email\nok,ok@x.y\n\xff,x\n", 422, "Line 3 is not UTF-8"),
    ] {
        let answer = site.send(upload(&cookie, file)).await;
        assert_eq!(answer.status.as_u16(), status, "{words}");
        assert!(answer.text.contains(words), "{words}: {}", answer.text);
    }
    let huge = vec![b'x'; 65 * 1024 * 1024];
    assert_eq!(site.send(upload(&cookie, &huge)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(page(&site, &cookie, "/admin/jobs").await.text.contains("No jobs yet."));
    let stranger = site.send(upload("none=1", b"username,email\na,a@x.y\n")).await;
    assert_eq!((stranger.status, stranger.header("location")), (StatusCode::SEE_OTHER, "/admin/sign-in"));
});

on_both!(a_file_is_shown_discarded_and_shown_again, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let shown = site.send(upload(&cookie, b"username,email\nalice,alice@acme.test\n2,x\n")).await;
    assert_eq!(shown.status, StatusCode::SEE_OTHER);
    let job = shown.header("location").to_owned();
    let preview = page(&site, &cookie, &job).await.text;
    assert!(
        preview.contains("1 user</b> will be made") && preview.contains("1 row</b> can't be used"),
        "{preview}"
    );
    let canceled = site.send(form(&format!("{job}/cancel"), &cookie, "")).await;
    assert_eq!(canceled.status, StatusCode::SEE_OTHER);
    site.app.work_once().await.unwrap();
    assert_eq!(site.call(Method::GET, "/users", None).await.json().get("items").unwrap(), &json!([]));
    assert_eq!(site.send(form(&format!("{job}/start"), &cookie, "")).await.status, StatusCode::CONFLICT);
});

on_both!(a_bulk_request_is_checked_whole_and_becomes_a_job, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let alice = user(&site, "alice").await;
    user(&site, "bob").await;
    let bulk = async |body: Value| site.call(Method::POST, "/users/bulk", Some(body)).await;
    for (body, expected) in [
        (json!({ "action": "require_mfa", "ids": [alice], "filter": {}, "enrollment_days": 7 }), vec!["ids"]),
        (json!({ "action": "require_mfa", "enrollment_days": 0 }), vec!["ids", "enrollment_days"]),
        (json!({ "action": "require_mfa", "ids": ["x"] }), vec!["ids", "enrollment_days"]),
        (json!({ "action": "require_mfa", "filter": {}, "enrollment_days": 366 }), vec!["enrollment_days"]),
        (json!({ "action": "reset_mfa", "filter": {} }), vec!["enrollment_days", "reason"]),
        (json!({ "action": "add_to_group", "filter": {}, "group": "x" }), vec!["group"]),
        (json!({ "action": "dance", "filter": { "mfa_status": "happy" } }), vec!["mfa_status", "action"]),
    ] {
        let answer = bulk(body.clone()).await;
        assert_eq!(
            (answer.status, fields(&answer)),
            (StatusCode::UNPROCESSABLE_ENTITY, expected.iter().map(|field| (*field).to_owned()).collect()),
            "{body}"
        );
    }
    let none = bulk(json!({ "action": "suspend", "filter": { "search": "nobody" } })).await;
    assert_eq!(none.status, StatusCode::CONFLICT);
    let started = bulk(json!({ "action": "require_mfa", "ids": [alice], "enrollment_days": null })).await;
    assert_eq!(started.status, StatusCode::ACCEPTED);
    let done = ended(&site, &started.json()).await;
    assert_eq!((done.get("total").unwrap(), done.get("done").unwrap()), (&json!(1), &json!(1)));
    let status = |name: &str| format!("/users?mfa_status={name}");
    let required = site.call(Method::GET, &status("required_without_period"), None).await.json();
    assert_eq!(required.get("items").unwrap().as_array().unwrap().len(), 1);
    let again = bulk(json!({ "action": "activate", "filter": {} })).await;
    let again = ended(&site, &again.json()).await;
    let report = again.get("report").unwrap().as_array().unwrap();
    assert_eq!(report[0].get("reason").unwrap(), "The user is activated already.");
    let gone = site.call(Method::GET, "/jobs/nonsense", None).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
});

on_both!(groups_are_made_filled_and_ruled_by_api, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let alice = user(&site, "alice").await;
    let made = site.call(Method::POST, "/groups", Some(json!({ "name": "Sales" }))).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let path = format!("/groups/{}", made.json().get("id").unwrap().as_str().unwrap());
    let twin = site.call(Method::POST, "/groups", Some(json!({ "name": "sales" }))).await;
    assert_eq!(fields(&twin), ["name"]);
    let member = format!("{path}/users/{alice}");
    assert_eq!(site.call(Method::PUT, &member, None).await.status, StatusCode::NO_CONTENT);
    let bad = json!({ "kind": "waves", "enrollment_days": 0, "start": "soon", "wave_size": 0 });
    let bad = site.call(Method::PUT, &format!("{path}/rule"), Some(bad)).await;
    assert_eq!(fields(&bad), ["enrollment_days", "start", "wave_size", "wave_hours", "pause_at"]);
    let rule = json!({ "kind": "everyone", "enrollment_days": 5 });
    let ruled = site.call(Method::PUT, &format!("{path}/rule"), Some(rule)).await.json();
    assert_eq!(ruled.get("rule").unwrap().get("state").unwrap(), "running");
    site.app.work_once().await.unwrap();
    let alice_now = site.call(Method::GET, &format!("/users/{alice}"), None).await.json();
    assert_eq!(alice_now.get("mfa").unwrap().get("status").unwrap(), "enrolling");
    let list = format!("/users?group={}", path.trim_start_matches("/groups/"));
    let members = async || {
        site.call(Method::GET, &list, None).await.json().get("items").unwrap().as_array().unwrap().len()
    };
    assert_eq!(members().await, 1);
    assert_eq!(site.call(Method::DELETE, &member, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(members().await, 0);
    assert_eq!(site.call(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(site.call(Method::GET, &path, None).await.status, StatusCode::NOT_FOUND);
});
