//! The activity log as pages and through the API (section 12).

use crate::*;
use axum::http::{Method, StatusCode};
use claviger_domain::activity::ACTIONS;
use claviger_testing::{TestDatabase, on_both};
use serde_json::{Value, json};
use std::{collections::BTreeSet, path::Path};

async fn given_user(site: &Site, name: &str) -> String {
    let body = json!({ "username": name, "email": format!("{name}@acme.test"), "activate": true });
    let made = site.call(Method::POST, "/users", Some(body)).await.json();
    made.get("id").unwrap().as_str().unwrap().to_owned()
}

async fn events(site: &Site, query: &str) -> Value {
    let answer = site.call(Method::GET, &format!("/events{query}"), None).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

fn actions(page: &Value) -> Vec<String> {
    let items = page.get("items").unwrap().as_array().unwrap();
    items.iter().map(|item| item.get("action").unwrap().as_str().unwrap().to_owned()).collect()
}

on_both!(the_log_is_a_page_with_filters_in_its_address, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    given_user(&site, "alice").await;
    let log = page(&site, &cookie, "/admin/activity").await;
    assert_eq!(log.status, StatusCode::OK);
    for words in
        ["User created", "alice@acme.test", "TOTP enabled", "Signed in", "data-tail=\"/admin/activity/tail\""]
    {
        assert!(log.text.contains(words), "{words}");
    }
    let filtered = page(&site, &cookie, "/admin/activity?action=user.create&target=alice%40acme.test").await;
    assert!(
        filtered.text.contains("User created")
            && !filtered.text.contains("<td data-label=\"Action\"><span title=\"sign_in\">")
    );
    assert!(
        filtered.text.contains("/admin/activity.csv?action=user.create&amp;target=alice%40acme.test")
            || filtered.text.contains("/admin/activity.csv?action=user.create&#38;target=alice%40acme.test")
    );
    let strange = page(&site, &cookie, "/admin/activity?actor=+ada%40acme.test+&older=1&x=y").await;
    let known = "href=\"/admin/activity.csv?actor=ada%40acme.test\"";
    assert!(strange.text.contains(known), "{}", strange.text);
    let none = page(&site, &cookie, "/admin/activity?address=203.0.113.77").await;
    assert!(none.text.contains("No entry matches."));
    let wrong = page(&site, &cookie, "/admin/activity?from=yesterday").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.text.contains("id=\"from-error\"") && wrong.text.contains("Enter a date such as 2026-11-28")
    );
    let foul = page(&site, &cookie, "/admin/activity?actor=%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert!(!foul.text.contains("<script>alert"));
    let id = events(&site, "?action=user.create").await["items"][0]["id"].as_str().unwrap().to_owned();
    let entry = page(&site, &cookie, &format!("/admin/activity/{id}")).await;
    assert!(
        entry.text.contains("Number in the chain") && entry.text.contains("user.create"),
        "{}",
        entry.text
    );
    for missing in ["x", "0190a000-0000-7000-8000-000000000000"] {
        let answer = page(&site, &cookie, &format!("/admin/activity/{missing}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    for path in ["/admin/activity", "/admin/activity/tail", "/admin/activity.csv", "/admin/activity/settings"]
    {
        let answer = site.get(path).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::SEE_OTHER, "/admin/sign-in"),
            "{path}"
        );
    }
});

on_both!(the_newest_come_as_rows_after_a_number, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    while site.app.seal_log().await.unwrap() > 0 {}
    let all = page(&site, &cookie, "/admin/activity/tail?after=0").await;
    let after = all.text.split("data-after=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(all.text.matches("<tr data-entry=").count() > 3);
    given_user(&site, "alice").await;
    while site.app.seal_log().await.unwrap() > 0 {}
    let newest =
        page(&site, &cookie, &format!("/admin/activity/tail?after={after}&action=user.create")).await;
    assert_eq!(newest.text.matches("<tr data-entry=").count(), 1, "{}", newest.text);
    assert!(!newest.text.contains("<html"));
});

on_both!(the_log_is_a_file, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    given_user(&site, "alice").await;
    let csv = page(&site, &cookie, "/admin/activity.csv?action=user.create").await;
    assert_eq!(csv.header("content-disposition"), "attachment; filename=\"activity.csv\"");
    let lines: Vec<_> = csv.text.lines().collect();
    assert!(lines.len() == 2 && lines[1].contains(",user.create,alice@acme.test,"), "{lines:?}");
    let json = page(&site, &cookie, "/admin/activity.jsonl?action=user.create").await;
    let line: Value = serde_json::from_str(json.text.trim()).unwrap();
    let event = &events(&site, "?action=user.create").await["items"][0];
    assert_eq!(&line, event, "a file says what the API says");
    assert_eq!(actions(&events(&site, "?action=activity.export").await).len(), 2);
});

on_both!(events_are_filtered_and_paged, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let alice = given_user(&site, "alice").await;
    given_user(&site, "bob").await;
    let all = actions(&events(&site, "").await);
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = events(&site, &format!("?limit=2{cursor}")).await;
        paged.extend(actions(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(paged, all);
    // The clock stands still: what is written in one moment has no order but that of a batch.
    let sorted = async |query: &str| {
        let mut found = actions(&events(&site, query).await);
        found.sort();
        found
    };
    assert_eq!(sorted(&format!("?target={alice}")).await, ["user.activate", "user.create"]);
    let of_organization = ["organization.set_up", "organization.totp.enable"];
    assert_eq!(sorted("?group=organization").await, of_organization);
    assert_eq!(actions(&events(&site, "?to=2020-01-01").await).len(), 0);
    let one = events(&site, "?target=bob%40acme.test").await["items"][0].clone();
    let shown = site.call(Method::GET, &format!("/events/{}", one["id"].as_str().unwrap()), None).await;
    assert_eq!(shown.json(), one);
    for (query, field) in [
        ("?limit=0", "limit"),
        ("?cursor=x", "cursor"),
        ("?from=x", "from"),
        ("?group=x", "group"),
        ("?group=mfa&action=verify", "group"),
    ] {
        let answer = site.call(Method::GET, &format!("/events{query}"), None).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{query}: {}", answer.text);
    }
    let unknown = site.call(Method::GET, "/events?colour=red", None).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(site.call(Method::GET, "/events/x", None).await.status, StatusCode::NOT_FOUND);
});

on_both!(retention_and_streams_are_set_on_one_page, async |database: &TestDatabase| {
    const HERE: &str = "/admin/activity/settings";
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let send = async |path: &str, body: &str| site.send(form(&format!("{HERE}{path}"), &cookie, body)).await;
    let shown = page(&site, &cookie, HERE).await.text;
    assert!(shown.contains("value=\"forever\" checked") && shown.contains("6514"));
    let bad = send("/retention", "keep=days&log_days=29").await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text.contains("Days must be between 30 and 3650.") && bad.text.contains("value=\"29\""));
    assert_eq!(send("/retention", "keep=days&log_days=90").await.header("location"), HERE);
    assert!(page(&site, &cookie, HERE).await.text.contains("value=\"90\""));
    assert_eq!(send("/retention", "keep=forever&log_days=").await.header("location"), HERE);
    let bad = send("/syslog", "syslog_enabled=on&syslog_transport=tls&syslog_host=a+b&syslog_port=0").await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text.contains("id=\"syslog_host-error\"") && bad.text.contains("id=\"syslog_port-error\""));
    let good = "syslog_enabled=on&syslog_transport=udp&syslog_host=siem.acme.test&syslog_port=514";
    assert_eq!(send("/syslog", good).await.header("location"), HERE);
    let bad = send("/webhook", "webhook_enabled=on&webhook_url=https%3A%2F%2F127.0.0.1%2F").await;
    assert!(bad.status == StatusCode::UNPROCESSABLE_ENTITY && bad.text.contains("allow_private_webhooks"));
    let url = "webhook_enabled=on&webhook_url=https%3A%2F%2Fsiem.acme.test%2Fin";
    let first = send("/webhook", url).await;
    assert_eq!(first.status, StatusCode::OK);
    let secret = first.text.split("<code>clw_").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_eq!(send("/webhook", url).await.header("location"), HERE, "told once");
    let again = page(&site, &cookie, HERE).await.text;
    assert!(!again.contains(&secret) && again.contains("siem.acme.test"));
    let renewed = send("/webhook/secret", "").await.text;
    assert!(renewed.contains("clw_") && !renewed.contains(&secret));
    assert!(!events(&site, "").await.to_string().contains(&secret));
    let saved = page(&site, &cookie, "/admin/settings/organization").await;
    assert_eq!(saved.status, StatusCode::OK);
});

fn literals(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            literals(&path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            // What stands between two texts is code, and never looks like a name alone.
            found.extend(text.split('"').map(str::to_owned));
        }
    }
}

#[test]
fn every_action_is_in_the_list_and_in_the_docs() {
    let known: BTreeSet<_> = ACTIONS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = std::fs::read_to_string(root.join("docs/operate.md")).unwrap();
    let (_, table) = page.split_once("| about | actions |").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let told: BTreeSet<_> = table.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    assert_eq!(told, known, "docs/operate.md against domain/src/activity.rs");
    let mut written = BTreeSet::new();
    literals(&root.join("crates/app/src"), &mut written);
    let is_name = |text: &&String| {
        let mut parts = text.split('.');
        let begins =
            parts.next().is_some_and(|first| known.iter().any(|name| name.split('.').next() == Some(first)));
        let letters =
            |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        begins && text.contains('.') && text.split('.').all(letters)
    };
    let names: Vec<_> = written.iter().filter(is_name).collect();
    assert!(names.len() > 60, "the sources are read: {names:?}");
    let unknown: Vec<_> = names.into_iter().filter(|name| !known.contains(*name)).collect();
    assert!(unknown.is_empty(), "not in domain/src/activity.rs: {unknown:?}");
}
