//! Policies and commands in the portal and in the API (S9).

use crate::{
    api::{fields, problem},
    devices::enrolled,
    *,
};
use axum::http::{Method, StatusCode};
use claviger_testing::{TestDatabase, on_both};
use serde_json::{Value, json};

async fn ok(site: &Site, method: Method, path: &str, body: Option<Value>) -> Value {
    let answer = site.call(method, path, body).await;
    assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.text);
    if answer.text.is_empty() { Value::Null } else { answer.json() }
}

fn id_of(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

fn motd(content: &str) -> Value {
    json!({ "name": "Motd", "template": "file", "path": "/etc/motd", "content": content })
}

on_both!(a_program_lays_policies_down_and_binds_them, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let device = enrolled(&site, 1).await;
    let policy = ok(&site, Method::POST, "/policies", Some(motd("hello\n"))).await;
    let path = format!("/policies/{}", id_of(&policy));
    assert_eq!(
        (&policy["mode"], &policy["platform"], &policy["revision"]),
        (&json!("0644"), &json!("linux"), &json!(1))
    );
    assert_eq!(policy["platforms"], json!(["linux", "macos"]));
    ok(&site, Method::PUT, &format!("{path}/devices/{device}"), None).await;
    let devices = ok(&site, Method::GET, &format!("{path}/devices"), None).await;
    assert_eq!(
        (&devices[0]["id"], &devices[0]["status"], &devices[0]["direct"]),
        (&json!(device), &json!("pending"), &json!(true))
    );
    let group =
        ok(&site, Method::POST, "/device-groups", Some(json!({ "name": "web", "description": "" }))).await;
    let in_group = format!("{path}/device-groups/{}", id_of(&group));
    ok(&site, Method::PUT, &in_group, None).await;
    assert_eq!(ok(&site, Method::GET, &format!("{path}/device-groups"), None).await[0]["name"], "web");
    ok(&site, Method::DELETE, &in_group, None).await;
    let of_device = ok(&site, Method::GET, &format!("/devices/{device}/policies"), None).await;
    assert_eq!((&of_device[0]["name"], &of_device[0]["template"]), (&json!("Motd"), &json!("file")));
    let changed = ok(&site, Method::PUT, &path, Some(motd("new\n"))).await;
    assert_eq!((&changed["revision"], &changed["content"]), (&json!(2), &json!("new\n")));
    ok(&site, Method::DELETE, &format!("{path}/devices/{device}"), None).await;
    ok(&site, Method::DELETE, &path, None).await;
    problem(&site.call(Method::GET, &path, None).await, StatusCode::NOT_FOUND, "not_found");
});

on_both!(bad_policies_are_refused_with_their_fields, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let registry = |location: &str, kind: &str, data: &str| {
        let value = json!({ "location": location, "name": "v", "type": kind, "data": data });
        json!({ "name": "P", "template": "registry", "values": [value] })
    };
    for (body, wrong) in [
        (registry(r"HKCU\SOFTWARE\Acme", "dword", "1"), "values"),
        (registry(r"SOFTWARE\Acme", "dword", "4294967296"), "values"),
        (registry(r"SOFTWARE\Acme", "multi_sz", "a\u{0}b"), "values"),
        (json!({ "name": "P", "template": "file", "path": "/etc/shadow", "content": "x" }), "path"),
        (json!({ "name": "P", "template": "file", "path": "/etc/../etc/shadow", "content": "x" }), "path"),
        (
            json!({ "name": "P", "template": "sshd", "settings": [{ "keyword": "PermitRootLogin", "value": "yes" }] }),
            "settings",
        ),
        (json!({ "name": "P", "template": "banner", "text": "\\n" }), "text"),
        (json!({ "name": "P", "template": "door" }), "template"),
    ] {
        assert_eq!(
            fields(&site.call(Method::POST, "/policies", Some(body.clone())).await),
            [wrong],
            "{body}"
        );
    }
    // 64 KiB of content fit, however they are escaped.
    let large = motd(&"\u{7f}\"".repeat(32 * 1024));
    ok(&site, Method::POST, "/policies", Some(large)).await;
    assert_eq!(ok(&site, Method::GET, "/policies", None).await.as_array().unwrap().len(), 1);
});

on_both!(a_program_runs_commands_once_they_are_switched_on, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let device = enrolled(&site, 1).await;
    let body = json!({ "name": "Uptime", "shell": "shell", "script": "uptime", "timeout_seconds": 10 });
    let command = ok(&site, Method::POST, "/commands", Some(body)).await;
    let path = format!("/commands/{}", id_of(&command));
    assert_eq!((&command["schedule"], &command["wait_hours"]), (&json!("never"), &json!(24)));
    ok(&site, Method::PUT, &format!("{path}/devices/{device}"), None).await;
    let run = format!("{path}/run");
    problem(&site.call(Method::POST, &run, Some(json!({}))).await, StatusCode::CONFLICT, "commands_off");
    ok(&site, Method::PATCH, "/organization", Some(json!({ "commands": true }))).await;
    assert_eq!(ok(&site, Method::GET, "/organization", None).await["commands"], json!(true));
    assert_eq!(fields(&site.call(Method::POST, &run, Some(json!({ "devices": [] }))).await), ["devices"]);
    let asked = ok(&site, Method::POST, &run, Some(json!({ "devices": [device] }))).await;
    let of_run = format!("/command-runs/{}", id_of(&asked));
    let seen = ok(&site, Method::GET, &of_run, None).await;
    assert_eq!((&seen["results"][0]["state"], &seen["script"]), (&json!("waiting"), &json!("uptime")));
    assert_eq!(ok(&site, Method::GET, &format!("{path}/runs"), None).await[0]["open"], json!(1));
    assert_eq!(
        ok(&site, Method::GET, &format!("{of_run}/devices/{device}"), None).await["output"],
        json!("")
    );
    assert_eq!(
        ok(&site, Method::GET, &format!("/devices/{device}/commands"), None).await[0]["name"],
        json!("Uptime")
    );
    assert!(ok(&site, Method::POST, &format!("{of_run}/cancel"), None).await["canceled_at"].is_string());
    problem(
        &site.call(Method::POST, &format!("{of_run}/cancel"), None).await,
        StatusCode::CONFLICT,
        "canceled",
    );
    ok(&site, Method::POST, &format!("{of_run}/again"), None).await;
    // S8.17: the ready-made one and its reverse.
    let ready = ok(&site, Method::GET, "/command-templates", None).await;
    let keys: Vec<_> = ready.as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["disable_arso", "enable_arso"]);
    assert!(
        ready[0]["script"].as_str().unwrap().contains("DisableAutomaticRestartSignOn -Type DWord -Value 1")
    );
    assert!(ready[1]["script"].as_str().unwrap().contains("-Value 0"));
});

async fn posted(site: &Site, cookie: &str, path: &str, body: &str) -> Answer {
    site.send(form(path, cookie, body)).await
}

on_both!(an_administrator_lays_a_policy_down_in_the_portal, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let device = enrolled(&site, 1).await;
    let list = page(&site, &cookie, "/admin/policies").await;
    assert!(
        list.text.contains("No policies yet") && list.text.contains("/admin/policies/new?template=registry")
    );
    for template in ["registry", "disable_arso", "block_safe_mode", "sshd", "file", "banner"] {
        let blank = page(&site, &cookie, &format!("/admin/policies/new?template={template}")).await;
        assert_eq!(blank.status, StatusCode::OK, "{template}");
    }
    assert_eq!(page(&site, &cookie, "/admin/policies/new?template=door").await.status, StatusCode::NOT_FOUND);
    let wrong = "template=registry&name=P&location.0=HKCU%5CX&name.0=v&kind.0=dword&data.0=1";
    let again = posted(&site, &cookie, "/admin/policies/new", wrong).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        again.text.contains("must lie under HKEY_LOCAL_MACHINE") && again.text.contains(r"HKCU\X"),
        "{}",
        again.text
    );
    let right = "template=file&name=Motd&description=&path=%2Fetc%2Fmotd&content=a%0D%0Ab&mode=0644";
    let made = posted(&site, &cookie, "/admin/policies/new", right).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let at = made.header("location").to_owned();
    let bound = posted(&site, &cookie, &format!("{at}/bind"), "device=web-1").await;
    assert_eq!((bound.status, bound.header("location")), (StatusCode::SEE_OTHER, at.as_str()));
    let missing = posted(&site, &cookie, &format!("{at}/bind"), "device=nobody").await;
    assert!(missing.text.contains("No device has that name."), "{}", missing.text);
    let seen = page(&site, &cookie, &at).await;
    for part in ["web-1", "Pending", "/etc/motd", "a\nb"] {
        assert!(seen.text.contains(part), "{part}: {}", seen.text);
    }
    let tab = page(&site, &cookie, &format!("/admin/devices/{device}/policies")).await;
    assert!(tab.text.contains("Motd") && tab.text.contains("File content"));
    assert!(
        page(&site, &cookie, &format!("{at}/delete")).await.text.contains("puts back what was there before")
    );
    let unbound = posted(&site, &cookie, &format!("{at}/unbind"), &format!("device={device}")).await;
    assert_eq!(unbound.status, StatusCode::SEE_OTHER);
    assert_eq!(
        posted(&site, &cookie, &format!("{at}/delete"), "").await.header("location"),
        "/admin/policies"
    );
});

on_both!(an_administrator_runs_a_command_in_the_portal, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let device = enrolled(&site, 1).await;
    let list = page(&site, &cookie, "/admin/commands").await;
    assert!(list.text.contains("Commands are switched off") && list.text.contains("Disable ARSO"));
    let ready = page(&site, &cookie, "/admin/commands/new?template=disable_arso").await;
    assert!(ready.text.contains("DisableAutomaticRestartSignOn"));
    let wrong = "name=Uptime&shell=shell&script=&schedule=often&timeout_seconds=0&wait_hours=24";
    let again = posted(&site, &cookie, "/admin/commands/new", wrong).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    for part in ["Write the script.", "between 1 and 86400", "Choose never, once"] {
        assert!(again.text.contains(part), "{part}");
    }
    let right = "name=Uptime&shell=shell&script=uptime&schedule=never&timeout_seconds=10&wait_hours=24";
    let made = posted(&site, &cookie, "/admin/commands/new", right).await;
    let at = made.header("location").to_owned();
    assert_eq!(
        posted(&site, &cookie, &format!("{at}/bind"), "device=web-1").await.status,
        StatusCode::SEE_OTHER
    );
    let off = posted(&site, &cookie, &format!("{at}/run"), "").await;
    assert!(off.status == StatusCode::CONFLICT && off.text.contains("switched off"), "{}", off.text);
    ok(&site, Method::PATCH, "/organization", Some(json!({ "commands": true }))).await;
    assert!(page(&site, &cookie, &format!("{at}/run")).await.text.contains("on 1 device"));
    let run = posted(&site, &cookie, &format!("{at}/run"), "").await;
    let run = run.header("location").to_owned();
    let seen = page(&site, &cookie, &run).await;
    assert!(
        seen.text.contains("Waiting for the device") && seen.text.contains("Cancel run"),
        "{}",
        seen.text
    );
    let output = page(&site, &cookie, &format!("{run}/devices/{device}")).await;
    assert!(output.text.contains("has not ended yet"));
    assert_eq!(posted(&site, &cookie, &format!("{run}/cancel"), "").await.status, StatusCode::SEE_OTHER);
    assert!(page(&site, &cookie, &run).await.text.contains("Canceled, not confirmed yet"));
    assert!(page(&site, &cookie, &format!("/admin/devices/{device}/commands")).await.text.contains("Uptime"));
    assert!(page(&site, &cookie, &format!("{run}/again")).await.text.contains("Run Uptime again?"));
    assert!(page(&site, &cookie, &at).await.text.contains("0 of 1 succeeded, 1 open"));
});
