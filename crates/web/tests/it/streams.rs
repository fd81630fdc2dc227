//! Streams of the activity log: tests of them, what Home says of one that fails, and all of it by API (section 12).

use crate::{
    administrators::signed_in_as,
    api::{fields, problem},
    *,
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use claviger_domain::permission::Role;
use claviger_testing::{TestDatabase, on_both};
use serde_json::{Value, json};

const HERE: &str = "/admin/activity/settings";
const SYSLOG: &str = "/log-streams/syslog";
const WEBHOOK: &str = "/log-streams/webhook";

fn syslog(host: &str, transport: &str) -> Value {
    json!({ "enabled": true, "transport": transport, "host": host, "port": 6514 })
}

async fn set(site: &Site, path: &str, body: Value) -> Answer {
    let answer = site.call(Method::PUT, path, Some(body)).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer
}

on_both!(a_test_is_sent_from_the_page_and_told_in_words, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let send = async |path: &str| site.send(form(&format!("{HERE}{path}"), &cookie, "")).await;
    let blank = page(&site, &cookie, HERE).await.text;
    assert!(!blank.contains("Send a test"), "there is nobody to send it to");
    assert_eq!(send("/syslog/test").await.status, StatusCode::CONFLICT);
    set(&site, SYSLOG, syslog("away.acme.test", "tls")).await;
    let refused = send("/syslog/test").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let words = "The collector did not take the test: nothing is sent here.";
    assert!(refused.text.contains(words) && refused.text.contains("away.acme.test"), "{}", refused.text);
    set(&site, SYSLOG, syslog("taken.acme.test", "tls")).await;
    let taken = send("/syslog/test").await;
    assert_eq!((taken.status, taken.header("location")), (StatusCode::SEE_OTHER, HERE));
    assert!(taken.header("set-cookie").contains("stream_tested"));
    set(&site, SYSLOG, syslog("taken.acme.test", "udp")).await;
    assert!(send("/syslog/test").await.header("set-cookie").contains("stream_test_sent"));
    set(&site, WEBHOOK, json!({ "enabled": false, "url": "https://away.acme.test/in" })).await;
    let refused = send("/webhook/test").await;
    assert!(refused.text.contains("The webhook did not take the test: nothing is sent here."));
    let shown = page(&site, &cookie, HERE).await.text;
    assert_eq!(shown.matches("Send a test</button>").count(), 2);
    let (_, manager) = signed_in_as(&site, Role::Manager).await;
    let denied = site.send(form(&format!("{HERE}/syslog/test"), &manager, "")).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
});

on_both!(home_tells_who_may_see_it_of_a_stream_that_fails, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let (_, manager) = signed_in_as(&site, Role::Manager).await;
    let home = async |cookie: &str| page(&site, cookie, "/admin").await.text;
    set(&site, SYSLOG, syslog("away.acme.test", "tls")).await;
    set(&site, WEBHOOK, json!({ "enabled": true, "url": "https://taken.acme.test/in" })).await;
    assert!(!home(&cookie).await.contains("taken no log entries"));
    site.app.work_once().await.unwrap();
    let told = home(&cookie).await;
    let sentence = told.split("The syslog collector has taken no log entries since ").nth(1).unwrap();
    let sentence = sentence.split("</p>").next().unwrap();
    assert!(sentence.contains("15 Jan 2027") && sentence.contains("): nothing is sent here. "), "{sentence}");
    let waiting = site.call(Method::GET, SYSLOG, None).await.json()["progress"]["waiting"].clone();
    assert!(
        waiting.as_i64().unwrap() > 1 && sentence.contains(&format!("{waiting} entries wait.")),
        "{sentence}"
    );
    assert!(sentence.contains("href=\"/admin/activity/settings\""));
    assert!(!told.contains("The webhook has taken"), "one that works is not told of");
    assert!(!home(&manager).await.contains("taken no log entries"), "who may not change it does not see it");
    let settings = page(&site, &cookie, HERE).await.text;
    assert!(settings.contains("Failing since") && settings.contains("Failures in a row"));
    set(&site, SYSLOG, json!({ "enabled": false, "transport": "tls", "host": "away.acme.test", "port": 1 }))
        .await;
    assert!(!home(&cookie).await.contains("taken no log entries"));
});

on_both!(streams_are_read_changed_and_tested_by_api, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let blank = site.call(Method::GET, SYSLOG, None).await;
    let none = json!({ "revision": 0, "enabled": false, "transport": "tls", "host": "", "port": 6514, "progress":
        { "delivered_to": 0, "waiting": 0, "last_delivered_at": null, "failing": null } });
    assert_eq!(blank.json(), none);
    let test = async |path: &str| site.call(Method::POST, &format!("{path}/test"), None).await;
    problem(&test(SYSLOG).await, StatusCode::CONFLICT, "no_stream");
    let bad = json!({ "enabled": true, "transport": "pigeon", "host": "a b", "port": 0 });
    let refused = site.call(Method::PUT, SYSLOG, Some(bad)).await;
    assert_eq!(fields(&refused), ["transport", "host", "port"], "{}", refused.text);
    let first = set(&site, SYSLOG, syslog("taken.acme.test", "tls")).await;
    assert_eq!((&first.json()["revision"], &first.json()["host"]), (&json!(1), &json!("taken.acme.test")));
    let old = Request::put(format!("/api/v1{SYSLOG}"))
        .header(header::AUTHORIZATION, format!("Bearer {}", site.key))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::IF_MATCH, blank.header("etag"));
    let body = Body::from(syslog("away.acme.test", "tls").to_string());
    let refused = site.send(old.body(body).unwrap()).await;
    problem(&refused, StatusCode::PRECONDITION_FAILED, "precondition_failed");
    let told = json!({ "result": "delivered", "detail": "The collector took the test." });
    assert_eq!(test(SYSLOG).await.json(), told);
    site.app.work_once().await.unwrap();
    let progress = site.call(Method::GET, SYSLOG, None).await.json()["progress"].clone();
    assert_eq!((&progress["waiting"], &progress["failing"]), (&json!(0), &Value::Null));
    assert_eq!(progress["last_delivered_at"], "2027-01-15T08:00:00Z");
    set(&site, SYSLOG, syslog("away.acme.test", "tcp")).await;
    let told = test(SYSLOG).await.json();
    assert_eq!(
        (&told["result"], told["detail"].as_str().unwrap().contains("nothing is sent here")),
        (&json!("not_delivered"), true)
    );
    site.call(Method::POST, "/groups", Some(json!({ "name": "Sales" }))).await;
    site.app.work_once().await.unwrap();
    let failing = site.call(Method::GET, SYSLOG, None).await.json()["progress"]["failing"].clone();
    let expected = json!({ "since": "2027-01-15T08:00:00Z", "attempts": 1, "next_attempt_at": "2027-01-15T08:00:05Z",
        "error": "nothing is sent here" });
    assert_eq!(failing, expected);
});

on_both!(the_webhooks_secret_is_told_once_by_api, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let none = site.call(Method::POST, &format!("{WEBHOOK}/secret"), None).await;
    problem(&none, StatusCode::NOT_FOUND, "not_found");
    for url in ["http://siem.acme.test/", "https://127.0.0.1/", "https://user:pw@siem.acme.test/"] {
        let refused = site.call(Method::PUT, WEBHOOK, Some(json!({ "enabled": true, "url": url }))).await;
        assert_eq!(fields(&refused), ["url"], "{url}");
    }
    let body = json!({ "enabled": true, "url": "https://taken.acme.test/in" });
    let first = set(&site, WEBHOOK, body.clone()).await.json();
    let secret = first["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("clw_"));
    let second = set(&site, WEBHOOK, body).await;
    assert!(!second.text.contains("secret"), "{}", second.text);
    let tested = site.call(Method::POST, &format!("{WEBHOOK}/test"), None).await.json();
    assert_eq!(tested["result"], "delivered");
    let renew = async || {
        let request = Request::post(format!("/api/v1{WEBHOOK}/secret"))
            .header(header::AUTHORIZATION, format!("Bearer {}", site.key))
            .header("idempotency-key", "once");
        site.send(request.body(Body::empty()).unwrap()).await
    };
    let renewed = renew().await.json();
    assert_ne!(renewed["secret"], json!(secret));
    problem(&renew().await, StatusCode::CONFLICT, "already_done");
    let log = site.call(Method::GET, "/events", None).await.text;
    assert!(!log.contains(&secret) && !log.contains(renewed["secret"].as_str().unwrap()));
});
