//! Devices in the portal and in the API, as administrators and programs meet them (S8.1–S8.9).

use crate::{
    api::{created, fields, id_of, problem},
    *,
};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use claviger_testing::{TestDatabase, on_both};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl alice@laptop";

async fn connect_key(site: &Site) -> Value {
    let made = site.call(Method::POST, "/connect-keys", Some(json!({ "name": "servers" }))).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    made.json()
}

/// The id of a new device, on Linux.
pub(crate) async fn enrolled(site: &Site, seed: u8) -> String {
    enrolled_on(site, seed, ("linux", "Debian 12")).await
}

/// The id of a new device on that platform and system.
pub(crate) async fn enrolled_on(site: &Site, seed: u8, (platform, system): (&str, &str)) -> String {
    let key = connect_key(site).await;
    let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
    let body = json!({
        "connect_key": key.get("secret"),
        "public_key": BASE64URL_NOPAD.encode(pair.public_key().as_ref()),
        "nonce": BASE64URL_NOPAD.encode(&[seed; 16]),
        "machine": {
            "hostname": format!("web-{seed}"), "platform": platform, "system": system, "agent_version": "0.1.0",
        },
    });
    let request = Request::post("/agent/v1/enroll").header(header::CONTENT_TYPE, "application/json");
    let answer = site.send(request.body(Body::from(body.to_string())).unwrap()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json().get("device").and_then(Value::as_str).unwrap().to_owned()
}

pub(crate) async fn ok(site: &Site, method: Method, path: &str, body: Option<Value>) -> Value {
    let answer = site.call(method, path, body).await;
    assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.text);
    if answer.text.is_empty() { Value::Null } else { answer.json() }
}

on_both!(
    a_program_switches_devices_on_and_is_asked_what_a_person_is_asked,
    async |database: &TestDatabase| {
        let site = Site::new(database).await;
        let id = enrolled(&site, 1).await;
        let (device, mfa) = (format!("/devices/{id}"), format!("/devices/{id}/mfa"));
        let seen = ok(&site, Method::GET, &device, None).await;
        assert_eq!(
            (&seen["name"], &seen["system"], &seen["online"]),
            (&json!("web-1"), &json!("Debian 12"), &json!(true))
        );
        assert_eq!((&seen["mfa"]["enabled"], &seen["mfa"]["status"]), (&json!(false), &json!("off")));
        let asked = site.call(Method::PUT, &mfa, Some(json!({ "enabled": true }))).await;
        problem(&asked, StatusCode::CONFLICT, "ssh_methods_conflict");
        let on =
            json!({ "enabled": true, "ssh_first_factors": "public_key", "revert_unless_proven_minutes": 30 });
        let on = ok(&site, Method::PUT, &mfa, Some(on)).await;
        assert_eq!(
            (&on["mfa"]["status"], &on["ssh_first_factors"]),
            (&json!("waiting"), &json!("public_key"))
        );
        assert_eq!((&on["mfa"]["proof"], &on["mfa"]["proof_minutes"]), (&json!("wanted"), &json!(30)));
        let other = site.call(Method::PATCH, &device, Some(json!({ "ssh_password_login": true }))).await;
        problem(&other, StatusCode::CONFLICT, "ssh_methods_conflict");
        let both = json!({ "ssh_password_login": true, "ssh_first_factors": "both", "sudo_asks": true, "not_enrolled": "refused" });
        let both = ok(&site, Method::PATCH, &device, Some(both)).await;
        assert_eq!((&both["ssh_first_factors"], &both["sudo_asks"]), (&json!("both"), &json!(true)));
        ok(&site, Method::POST, &format!("{mfa}/confirm"), None).await;
        let again = site.call(Method::POST, &format!("{mfa}/confirm"), None).await;
        problem(&again, StatusCode::CONFLICT, "no_proof_wanted");
        for (path, body, wrong) in [(
            &mfa,
            json!({ "enabled": true, "ssh_first_factors": "x", "revert_unless_proven_minutes": 1 }),
            vec!["ssh_first_factors", "revert_unless_proven_minutes"],
        )] {
            assert_eq!(fields(&site.call(Method::PUT, path, Some(body)).await), wrong);
        }
        let bad = json!({ "name": "", "when_down": "ajar" });
        assert_eq!(fields(&site.call(Method::PATCH, &device, Some(bad)).await), ["when_down"]);
        assert_eq!(fields(&site.call(Method::PATCH, &device, Some(json!({ "name": "" }))).await), ["name"]);
        for (query, count) in [
            ("mfa_status=waiting", 1),
            ("mfa_status=on", 0),
            ("presence=online", 1),
            ("search=WEB", 1),
            ("platform=macos", 0),
        ] {
            let list = ok(&site, Method::GET, &format!("/devices?{query}"), None).await;
            assert_eq!(list["items"].as_array().unwrap().len(), count, "{query}");
        }
        assert_eq!(
            fields(&site.call(Method::GET, "/devices?mfa_status=x&limit=0", None).await),
            ["mfa_status", "limit"]
        );
        ok(&site, Method::DELETE, &device, None).await;
        problem(&site.call(Method::GET, &device, None).await, StatusCode::NOT_FOUND, "not_found");
    }
);

on_both!(a_program_binds_people_previews_and_acts_on_many, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let (one, two) = (enrolled(&site, 1).await, enrolled(&site, 2).await);
    let alice = created(&site, "alice").await;
    let user = id_of(&alice).to_owned();
    let bound = format!("/devices/{one}/users/{user}");
    ok(&site, Method::PUT, &bound, Some(json!({ "sudo": "with_password" }))).await;
    assert_eq!(fields(&site.call(Method::PUT, &bound, Some(json!({ "sudo": "all" }))).await), ["sudo"]);
    let users = ok(&site, Method::GET, &format!("/devices/{one}/users"), None).await;
    assert_eq!(
        (&users["items"][0]["username"], &users["items"][0]["sudo"]),
        (&json!("alice"), &json!("with_password"))
    );
    let of_user = ok(&site, Method::GET, &format!("/users/{user}/devices"), None).await;
    assert_eq!((&of_user[0]["device"]["id"], &of_user[0]["direct"]), (&json!(one), &json!(true)));
    let ask = json!({ "ids": [one], "ssh_first_factors": "public_key" });
    let preview = ok(&site, Method::POST, "/devices/mfa/preview", Some(ask)).await;
    let person = &preview["devices"][0]["people"][0];
    assert_eq!(
        (&person["outcome"], &person["lacks"]),
        (&json!("locked_out"), &json!("everything")),
        "{preview}"
    );
    assert_eq!(fields(&site.call(Method::POST, "/devices/mfa/preview", Some(json!({}))).await), ["ids"]);
    let take_over = site.call(Method::POST, &format!("{bound}/take-over"), None).await;
    problem(&take_over, StatusCode::CONFLICT, "no_take_over");
    let wrong = site
        .call(Method::POST, &format!("{bound}/break-glass"), Some(json!({ "hours": 200, "reason": "" })))
        .await;
    assert_eq!(fields(&wrong), ["hours", "reason"]);
    let code = site
        .call(Method::POST, &format!("{bound}/break-glass"), Some(json!({ "reason": "lost phone" })))
        .await;
    assert_eq!(code.status, StatusCode::CREATED, "{}", code.text);
    assert_eq!(code.json()["code"].as_str().unwrap().len(), 19);
    let bulk = json!({ "action": "enable_mfa", "filter": {}, "revert_unless_proven_minutes": 30 });
    let job = site.call(Method::POST, "/devices/bulk", Some(bulk)).await;
    assert_eq!(job.status, StatusCode::ACCEPTED, "{}", job.text);
    for _ in 0..5 {
        site.app.work_once().await.unwrap();
    }
    let job = ok(&site, Method::GET, job.header("location").trim_start_matches("/api/v1"), None).await;
    assert_eq!(
        (&job["action"], &job["state"], &job["skipped"]),
        (&json!("device_enable_mfa"), &json!("done"), &json!(2))
    );
    assert!(job["report"][0]["reason"].as_str().unwrap().contains("Choose which one"), "{job}");
    let bad = json!({ "action": "paint", "ids": ["x"] });
    assert_eq!(fields(&site.call(Method::POST, "/devices/bulk", Some(bad)).await), ["ids", "action"]);
    ok(&site, Method::DELETE, &bound, None).await;
    problem(&site.call(Method::DELETE, &bound, None).await, StatusCode::CONFLICT, "not_bound");
    ok(&site, Method::DELETE, &format!("/devices/{two}"), None).await;
});

on_both!(a_program_keeps_groups_keys_and_accounts, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let id = enrolled(&site, 1).await;
    let alice = created(&site, "alice").await;
    let user = id_of(&alice).to_owned();
    let sales = ok(&site, Method::POST, "/groups", Some(json!({ "name": "Sales" }))).await;
    let group = ok(&site, Method::POST, "/device-groups", Some(json!({ "name": "Servers" }))).await;
    let path = format!("/device-groups/{}", id_of(&group));
    ok(&site, Method::PUT, &format!("{path}/devices/{id}"), None).await;
    ok(&site, Method::PUT, &format!("{path}/groups/{}", id_of(&sales)), Some(json!({}))).await;
    ok(&site, Method::PUT, &format!("/groups/{}/users/{user}", id_of(&sales)), None).await;
    let bindings = ok(&site, Method::GET, &format!("{path}/groups"), None).await;
    assert_eq!(
        (&bindings[0]["name"], &bindings[0]["members"], &bindings[0]["sudo"]),
        (&json!("Sales"), &json!(1), &json!("none"))
    );
    let in_group = ok(&site, Method::GET, &format!("/devices?group={}", id_of(&group)), None).await;
    assert_eq!(in_group["items"][0]["users"], 1);
    ok(&site, Method::DELETE, &format!("{path}/groups/{}", id_of(&sales)), None).await;
    ok(&site, Method::DELETE, &format!("{path}/devices/{id}"), None).await;
    ok(&site, Method::DELETE, &path, None).await;
    let key = connect_key(&site).await;
    let secret = key["secret"].as_str().unwrap();
    assert!(secret.starts_with("clvk_") && secret.len() == 5 + 43 + 1 + 22, "{secret}");
    let path = format!("/connect-keys/{}", id_of(&key["key"]));
    let rotated = ok(&site, Method::POST, &format!("{path}/rotate"), None).await;
    assert_ne!(rotated["secret"], key["secret"]);
    let seen = site.call(Method::GET, &path, None).await;
    assert!(!seen.text.contains("clvk_") && seen.json()["state"] == "works");
    assert_eq!(ok(&site, Method::POST, &format!("{path}/revoke"), None).await["state"], "revoked");
    problem(&site.call(Method::POST, &format!("{path}/revoke"), None).await, StatusCode::CONFLICT, "revoked");
    let bad = json!({ "name": "", "expires_in_days": 0, "uses": 0 });
    assert_eq!(
        fields(&site.call(Method::POST, "/connect-keys", Some(bad)).await),
        ["name", "expires_in_days", "uses"]
    );
    let posix = format!("/users/{user}/posix");
    let laid_down = ok(&site, Method::PUT, &posix, Some(json!({ "uid": 5000, "shell": "/bin/zsh" }))).await;
    assert_eq!(laid_down, json!({ "uid": 5000, "gid": null, "shell": "/bin/zsh" }));
    assert_eq!(ok(&site, Method::GET, &posix, None).await, laid_down);
    let bad = json!({ "uid": 1, "gid": 65534, "shell": "zsh" });
    assert_eq!(fields(&site.call(Method::PUT, &posix, Some(bad)).await), ["uid", "gid", "shell"]);
    let keys = format!("/users/{user}/ssh-keys");
    let added = ok(&site, Method::POST, &keys, Some(json!({ "key": KEY }))).await;
    assert_eq!((&added["line"], &added["comment"]), (&json!(KEY), &json!("alice@laptop")));
    assert_eq!(
        fields(&site.call(Method::POST, &keys, Some(json!({ "key": "no-pty ssh-rsa x" }))).await),
        ["key"]
    );
    ok(&site, Method::DELETE, &format!("{keys}/{}", id_of(&added)), None).await;
    assert_eq!(ok(&site, Method::GET, &keys, None).await, json!([]));
});

pub(crate) async fn posted(site: &Site, cookie: &str, path: &str, body: &str) -> Answer {
    site.send(form(path, cookie, body)).await
}

pub(crate) fn leads_to(answer: &Answer, path: &str) {
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, path), "{}", answer.text);
}

on_both!(an_administrator_adds_a_device_binds_and_enables_it, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let empty = page(&site, &cookie, "/admin/devices").await.text;
    assert!(empty.contains("No devices yet") && empty.contains("/admin/devices/new"));
    let new = page(&site, &cookie, "/admin/devices/new").await.text;
    assert!(new.contains("sudo claviger-agent enroll --server https://sso.acme.test --key KEY"), "{new}");
    let refused =
        posted(&site, &cookie, "/admin/connect-keys/new", "name=&expires=30&uses=0&device_group=").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("Name is missing.") && refused.text.contains("uses-error"));
    let made =
        posted(&site, &cookie, "/admin/connect-keys/new", "name=web&expires=30&uses=&device_group=").await;
    assert!(made.text.contains("--key clvk_") && made.text.contains("It is not shown again."));
    assert!(!page(&site, &cookie, "/admin/connect-keys").await.text.contains("clvk_"));
    let id = enrolled(&site, 1).await;
    let base = format!("/admin/devices/{id}");
    created(&site, "alice").await;
    let unknown = posted(&site, &cookie, &format!("{base}/users"), "user=nobody&sudo=none").await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        unknown.text.contains("No user has that e-mail or username.")
            && unknown.text.contains("value=\"nobody\"")
    );
    let bound = posted(&site, &cookie, &format!("{base}/users"), "user=alice&sudo=with_password").await;
    leads_to(&bound, &format!("{base}/users"));
    let users = page(&site, &cookie, &format!("{base}/users")).await.text;
    assert!(
        users.contains("alice@acme.test")
            && users.contains("sudo with password")
            && users.contains("Not enrolled")
    );
    // S8.7, S8.9: what would happen is told first, and the question is asked.
    let preview = page(&site, &cookie, &format!("{base}/mfa")).await.text;
    assert!(
        preview.contains("Which goes before the code at SSH?")
            && preview.contains("neither a password nor an SSH key")
    );
    let asked = posted(&site, &cookie, &format!("{base}/mfa"), "revert=on&minutes=30").await;
    assert_eq!(asked.status, StatusCode::CONFLICT);
    assert!(asked.text.contains("Choose which one goes before the code"));
    let wrong = posted(&site, &cookie, &format!("{base}/mfa"), "first_factor=both&revert=on&minutes=1").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("Minutes must be between 5 and 1440."));
    let on =
        posted(&site, &cookie, &format!("{base}/mfa"), "first_factor=public_key&revert=on&minutes=30").await;
    leads_to(&on, &base);
    let shown = page(&site, &cookie, &base).await.text;
    assert!(shown.contains("MFA Login Enabled") && shown.contains("within 30 minutes"), "{shown}");
    let settings = "name=web-1&password_login=on&public_keys=on&root_login=on&when_down=closed&revision=";
    let asked = posted(&site, &cookie, &base, settings).await;
    assert_eq!(asked.status, StatusCode::CONFLICT);
    assert!(asked.text.contains("Which goes before the code?"), "switching the other way on asks the same");
    let chosen = posted(&site, &cookie, &base, &format!("{settings}&first_factor=both&sudo_asks=on")).await;
    leads_to(&chosen, &base);
    let unnamed = posted(&site, &cookie, &base, "name=&public_keys=on&when_down=closed&revision=").await;
    assert_eq!(unnamed.status, StatusCode::UNPROCESSABLE_ENTITY);
    leads_to(&posted(&site, &cookie, &format!("{base}/mfa/confirm"), "").await, &base);
    assert!(page(&site, &cookie, &format!("{base}/mfa/off")).await.text.contains("Disable MFA on web-1?"));
    leads_to(&posted(&site, &cookie, &format!("{base}/mfa/off"), "").await, &base);
    let log = page(&site, &cookie, &format!("{base}/activity")).await.text;
    assert!(log.contains("MFA switched off for a device") && log.contains("Device enrolled"), "{log}");
    let list = page(&site, &cookie, "/admin/devices?search=web&mfa_status=off").await.text;
    assert!(list.contains(&id) && list.contains("1 device"));
    assert!(page(&site, &cookie, &format!("{base}/delete")).await.text.contains("Delete web-1?"));
    leads_to(&posted(&site, &cookie, &format!("{base}/delete"), "").await, "/admin/devices");
    assert_eq!(page(&site, &cookie, &base).await.status, StatusCode::NOT_FOUND);
});

on_both!(an_administrator_helps_a_person_who_is_stuck, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let id = enrolled(&site, 1).await;
    let alice = created(&site, "alice").await;
    let user = id_of(&alice).to_owned();
    let base = format!("/admin/devices/{id}/users");
    posted(&site, &cookie, &base, "user=alice&sudo=none").await;
    let code = format!("{base}/{user}/break-glass");
    assert!(page(&site, &cookie, &code).await.text.contains("Break-glass code for alice@acme.test on web-1"));
    let wrong = posted(&site, &cookie, &code, "hours=0&reason=").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.text.contains("Hours must be between 1 and 168.") && wrong.text.contains("Reason is missing.")
    );
    let made = posted(&site, &cookie, &code, "hours=8&reason=lost+phone").await;
    assert!(
        made.text.contains("Tell it to them now.") && made.text.contains("data-copy=\""),
        "{}",
        made.text
    );
    assert!(
        page(&site, &cookie, &format!("{base}/{user}/unbind"))
            .await
            .text
            .contains("Unbind alice@acme.test from web-1?")
    );
    leads_to(&posted(&site, &cookie, &format!("{base}/{user}/unbind"), "").await, &base);
    let again = posted(&site, &cookie, &format!("{base}/{user}/unbind"), "").await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let of_user = format!("/admin/users/{user}/devices");
    leads_to(&posted(&site, &cookie, &of_user, "device=WEB-1&sudo=none").await, &of_user);
    let wrong = posted(&site, &cookie, &of_user, "device=web-9&sudo=none").await;
    assert!(wrong.text.contains("No device has that name."));
    let posix = format!("/admin/users/{user}/posix");
    leads_to(&posted(&site, &cookie, &posix, "uid=5000&gid=&shell=").await, &of_user);
    let wrong = posted(&site, &cookie, &posix, "uid=1&gid=&shell=").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("UID must be between 1000"));
    let key = format!("key={}", KEY.replace('+', "%2B").replace(' ', "+"));
    leads_to(&posted(&site, &cookie, &format!("/admin/users/{user}/ssh-keys"), &key).await, &of_user);
    let shown = page(&site, &cookie, &of_user).await.text;
    assert!(
        shown.contains("alice@laptop")
            && shown.contains("SHA256:+DiY3wvvV6TuJJhbpZisF")
            && shown.contains("value=\"5000\"")
    );
    let wrong = posted(&site, &cookie, &format!("/admin/users/{user}/ssh-keys"), "key=nonsense").await;
    assert!(wrong.text.contains("A key begins with its type"));
});

on_both!(an_administrator_acts_on_many_and_keeps_groups, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let id = enrolled(&site, 1).await;
    let ticked = format!("verb=enable_mfa&id.{id}=on");
    let ask = posted(&site, &cookie, "/admin/devices/bulk/ask", &ticked).await;
    assert!(
        ask.text.contains("Enable MFA: 1 device")
            && ask.text.contains("skipped: password login and SSH keys"),
        "{}",
        ask.text
    );
    let wrong = posted(&site, &cookie, "/admin/devices/bulk", &format!("{ticked}&revert=on&minutes=x")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let started = posted(&site, &cookie, "/admin/devices/bulk", &ticked).await;
    assert_eq!(started.status, StatusCode::SEE_OTHER);
    for _ in 0..5 {
        site.app.work_once().await.unwrap();
    }
    let job = page(&site, &cookie, started.header("location")).await.text;
    assert!(
        job.contains("Enable MFA on devices")
            && job.contains("Choose which one goes")
            && job.contains(">Devices</a>"),
        "{job}"
    );
    let made = posted(&site, &cookie, "/admin/device-groups", "name=Servers&description=").await;
    let group = made.header("location").to_owned();
    assert!(group.starts_with("/admin/device-groups/"), "{}", made.text);
    let twin = posted(&site, &cookie, "/admin/device-groups", "name=servers&description=").await;
    assert!(twin.text.contains("Another group of devices has this name."));
    leads_to(&posted(&site, &cookie, &format!("{group}/devices"), "device=web-1").await, &group);
    let sales = ok(&site, Method::POST, "/groups", Some(json!({ "name": "Sales" }))).await;
    let none = posted(&site, &cookie, &format!("{group}/groups"), "user_group=&sudo=none").await;
    assert!(none.text.contains("Choose a group of users."));
    let bind = format!("user_group={}&sudo=without_password", id_of(&sales));
    leads_to(&posted(&site, &cookie, &format!("{group}/groups"), &bind).await, &group);
    let shown = page(&site, &cookie, &group).await.text;
    assert!(shown.contains("Sales") && shown.contains("sudo without password") && shown.contains("web-1"));
    assert!(page(&site, &cookie, &format!("/admin/devices/{id}")).await.text.contains("Servers"));
    leads_to(&posted(&site, &cookie, &format!("{group}/groups/{}/unbind", id_of(&sales)), "").await, &group);
    leads_to(&posted(&site, &cookie, &format!("{group}/devices/{id}/remove"), "").await, &group);
    leads_to(&posted(&site, &cookie, &format!("{group}/delete"), "").await, "/admin/device-groups");
    let nobody = posted(&site, &cookie, "/admin/devices/bulk", "verb=delete").await;
    assert_eq!(nobody.status, StatusCode::CONFLICT);
    let settings = page(&site, &cookie, "/admin/settings/organization").await.text;
    assert!(settings.contains("name=\"offline_days\" type=\"text\" inputmode=\"numeric\" value=\"30\""));
});
