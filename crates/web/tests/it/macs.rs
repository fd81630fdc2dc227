//! A Mac in the portal and in the API (S8.18, S9).

use crate::{
    api::created,
    devices::{enrolled, enrolled_on, leads_to, ok, posted},
    *,
};
use axum::http::Method;
use claviger_testing::{TestDatabase, on_both};
use serde_json::{Value, json};

const MAC: (&str, &str) = ("macos", "macOS 15.5");

fn id_of(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

// S8.1.
on_both!(each_system_has_its_command_to_install, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let version = env!("CARGO_PKG_VERSION");
    let blank = page(&site, &cookie, "/admin/devices/new").await.text;
    let form = "name=desks&expires=30&uses=&device_group=";
    let made = posted(&site, &cookie, "/admin/connect-keys/new", form).await.text;
    for command in [
        format!("sudo apt install ./claviger-agent_{version}_amd64.deb"),
        format!("sudo dnf install ./claviger-agent-{version}-1.x86_64.rpm"),
        format!("msiexec /i claviger-agent-{version}-x64.msi /qn"),
        format!("sudo installer -pkg claviger-agent-{version}.pkg -target /"),
        "sudo claviger-agent enroll --server https://sso.acme.test --key ".to_owned(),
    ] {
        assert!(blank.contains(&command) && made.contains(&command), "{command}: {blank}");
    }
});

on_both!(a_mac_has_no_rules_of_ssh_and_saving_its_page_changes_none, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let (mac, linux) = (enrolled_on(&site, 1, MAC).await, enrolled(&site, 2).await);
    let base = format!("/admin/devices/{mac}");
    let shown = page(&site, &cookie, &base).await.text;
    assert!(shown.contains("macOS 15.5") && shown.contains("refuse_not_enrolled"), "{shown}");
    let linux = page(&site, &cookie, &format!("/admin/devices/{linux}")).await.text;
    for part in ["SSH server", "password_login", "public_keys", "root_login", "sudo_asks", "invites"] {
        assert!(!shown.contains(part) && linux.contains(part), "{part}");
    }
    let before = ok(&site, Method::GET, &format!("/devices/{mac}"), None).await;
    let saved = posted(&site, &cookie, &base, "name=desk&when_down=open&revision=").await;
    leads_to(&saved, &base);
    let after = ok(&site, Method::GET, &format!("/devices/{mac}"), None).await;
    assert_eq!((&after["name"], &after["when_down"]), (&json!("desk"), &json!("open")));
    for rule in ["ssh_password_login", "ssh_public_keys", "ssh_root_login", "sudo_asks", "invites"] {
        assert_eq!(after[rule], before[rule], "{rule}");
    }
    // S8.9: nobody is asked which way in to keep, and what would happen is told of the machine itself.
    created(&site, "alice").await;
    posted(&site, &cookie, &format!("{base}/users"), "user=alice&sudo=none").await;
    let preview = page(&site, &cookie, &format!("{base}/mfa")).await.text;
    assert!(!preview.contains("Which goes before the code") && !preview.contains("openssh"), "{preview}");
    leads_to(&posted(&site, &cookie, &format!("{base}/mfa"), "revert=on&minutes=30").await, &base);
    let listed = ok(&site, Method::GET, "/devices?platform=macos", None).await;
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["items"][0]["id"]), (1, &json!(mac)));
    assert!(page(&site, &cookie, "/admin/devices?platform=macos").await.text.contains("desk"));
});

on_both!(policies_and_commands_of_linux_are_a_mac_s_too, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let mac = enrolled_on(&site, 1, MAC).await;
    let policy =
        |name: &str, template: &str| json!({ "name": name, "template": template, "text": "Acme only." });
    let banner = ok(&site, Method::POST, "/policies", Some(policy("Notice", "banner"))).await;
    let arso = ok(&site, Method::POST, "/policies", Some(policy("Restarts", "disable_arso"))).await;
    let systems = |policy: &Value| (policy["platform"].clone(), policy["platforms"].clone());
    assert_eq!(systems(&banner), (json!("linux"), json!(["linux", "macos"])));
    assert_eq!(systems(&arso), (json!("windows"), json!(["windows"])));
    // It can be chosen on the Mac's own page, and Windows' can't.
    let tab = format!("/admin/devices/{mac}/policies");
    let blank = page(&site, &cookie, &tab).await.text;
    assert!(blank.contains("Notice") && !blank.contains("Restarts"), "{blank}");
    leads_to(&posted(&site, &cookie, &tab, &format!("policy={}", id_of(&banner))).await, &tab);
    ok(&site, Method::PUT, &format!("/policies/{}/devices/{mac}", id_of(&arso)), None).await;
    let listed = ok(&site, Method::GET, &format!("/devices/{mac}/policies"), None).await;
    let status = |name: &str| {
        let mut all = listed.as_array().unwrap().iter();
        all.find(|one| one["name"] == name).unwrap()["status"].clone()
    };
    assert_eq!((status("Notice"), status("Restarts")), (json!("pending"), json!("other_system")));
    let shown = page(&site, &cookie, &tab).await.text;
    assert!(shown.contains("Pending") && shown.contains("Other system"), "{shown}");
    let shown = page(&site, &cookie, &format!("/admin/policies/{}", id_of(&banner))).await.text;
    for part in [
        "Linux, macOS",
        r#"/Library/Security/PolicyBanner.txt</span> <span class="soft">macOS</span>"#,
        r#"/etc/issue</span> <span class="soft">Linux</span>"#,
        "/etc/issue.net</span></span>",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(page(&site, &cookie, "/admin/policies").await.text.contains("Linux, macOS"));
    ok(&site, Method::PATCH, "/organization", Some(json!({ "commands": true }))).await;
    for (name, shell, runs) in [("Uptime", "shell", true), ("Date", "powershell", false)] {
        let body = json!({ "name": name, "shell": shell, "script": "x", "timeout_seconds": 10 });
        let command = ok(&site, Method::POST, "/commands", Some(body)).await;
        let path = format!("/commands/{}", id_of(&command));
        ok(&site, Method::PUT, &format!("{path}/devices/{mac}"), None).await;
        let devices = ok(&site, Method::GET, &format!("{path}/devices"), None).await;
        assert_eq!((&devices[0]["platform"], &devices[0]["runs"]), (&json!("macos"), &json!(runs)));
        let run = site.call(Method::POST, &format!("{path}/run"), Some(json!({}))).await;
        assert_eq!(run.status.is_success(), runs, "{name}: {}", run.text);
        let left_out = page(&site, &cookie, &format!("/admin/commands/{}", id_of(&command))).await.text;
        assert_eq!(left_out.contains("has no such shell"), !runs, "{name}");
    }
});
