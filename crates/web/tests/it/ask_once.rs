//! How often a group of devices asks for the code, and logins that are remembered (S8.13b).

use crate::{
    api::{created, fields, id_of, problem},
    devices::{enrolled, leads_to, ok, posted},
    identity::age,
    *,
};
use axum::http::{Method, StatusCode};
use claviger_domain::{
    device::ask_once::{KeyHash, Remembered, Shown},
    id::FactorId,
    time::Span,
};
use claviger_store::{Batch, Commit, table::remembered_login};
use claviger_testing::{TestDatabase, on_both};
use serde_json::{Value, json};

/// Alice's login at web-1, as if she had shown a code.
async fn remember(site: &Site, device: &str, group: &Value, user: &Value) {
    let now = site.app.now();
    let shown = Shown::at("sshd", Some(KeyHash([7; 32])), "203.0.113.9").unwrap();
    let remembered = Remembered {
        group: id_of(group).parse().unwrap(),
        factor: FactorId::new(now, [1; 10]),
        shown,
        since: now,
        until: now.plus(Span::hours(8)),
    };
    let organization = site.app.organization().await.unwrap().id;
    let who = (id_of(user).parse().unwrap(), device.parse().unwrap());
    let batch = Batch::of([remembered_login::remember(organization, who, &remembered)]);
    assert_eq!(site.app.store().commit(batch).await.unwrap(), Commit::Committed);
}

on_both!(a_program_says_how_often_and_revokes, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let device = enrolled(&site, 1).await;
    let alice = created(&site, "alice").await;
    let group = ok(&site, Method::POST, "/device-groups", Some(json!({ "name": "Servers" }))).await;
    assert_eq!(group["ask_once_hours"], Value::Null, "off, unless somebody says otherwise");
    let path = format!("/device-groups/{}", id_of(&group));
    let ask_once = format!("{path}/ask-once");
    let set = ok(&site, Method::PUT, &ask_once, Some(json!({ "hours": 8 }))).await;
    assert_eq!((&set["ask_once_hours"], &set["revision"]), (&json!(8), &json!(2)));
    for wrong in [0, 169, -1] {
        assert_eq!(
            fields(&site.call(Method::PUT, &ask_once, Some(json!({ "hours": wrong }))).await),
            ["hours"]
        );
    }
    remember(&site, &device, &group, &alice).await;
    let of_user = format!("/users/{}/remembered", id_of(&alice));
    let listed = ok(&site, Method::GET, &format!("{path}/remembered"), None).await;
    assert_eq!(listed, ok(&site, Method::GET, &of_user, None).await);
    assert_eq!(
        (&listed[0]["email"], &listed[0]["device_name"]),
        (&json!("alice@acme.test"), &json!("web-1"))
    );
    assert_eq!(listed[0]["from"], "203.0.113.9");
    assert!(listed[0]["key"].as_str().unwrap().starts_with("SHA256:"), "{listed}");
    for revoke in [format!("{path}/remembered"), of_user.clone()] {
        ok(&site, Method::DELETE, &revoke, None).await;
        assert_eq!(ok(&site, Method::GET, &of_user, None).await, json!([]), "{revoke}");
        remember(&site, &device, &group, &alice).await;
    }
    ok(&site, Method::PUT, &ask_once, Some(json!({ "hours": null }))).await;
    assert_eq!(ok(&site, Method::GET, &of_user, None).await, json!([]), "switched off");
    let nowhere = "/device-groups/0190a000-0000-7000-8000-000000000000/remembered";
    problem(&site.call(Method::GET, nowhere, None).await, StatusCode::NOT_FOUND, "not_found");
});

on_both!(an_administrator_says_how_often_and_revokes, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let device = enrolled(&site, 1).await;
    let alice = created(&site, "alice").await;
    let group = ok(&site, Method::POST, "/device-groups", Some(json!({ "name": "Servers" }))).await;
    let base = format!("/admin/device-groups/{}", id_of(&group));
    let users = format!("/admin/users/{}/devices", id_of(&alice));
    assert!(!page(&site, &cookie, &base).await.text.contains("Remembered logins"));
    let ask_once = format!("{base}/ask-once");
    let wrong = posted(&site, &cookie, &ask_once, "ask_once_hours=169").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("Hours must be between 1 and 168.") && wrong.text.contains("value=\"169\""));
    leads_to(&posted(&site, &cookie, &ask_once, "ask_once_hours=8").await, &base);
    assert!(page(&site, &cookie, &base).await.text.contains("No login is remembered."));
    for revoke in
        [format!("{base}/remembered/revoke"), format!("/admin/users/{}/remembered/revoke", id_of(&alice))]
    {
        remember(&site, &device, &group, &alice).await;
        let shown = page(&site, &cookie, &base).await.text;
        assert!(shown.contains("alice@acme.test") && shown.contains("203.0.113.9 at web-1"), "{shown}");
        assert!(page(&site, &cookie, &users).await.text.contains("Servers"));
        assert_eq!(posted(&site, &cookie, &revoke, "").await.status, StatusCode::SEE_OTHER);
        assert!(page(&site, &cookie, &base).await.text.contains("No login is remembered."));
        assert!(!page(&site, &cookie, &users).await.text.contains("Remembered logins"));
    }
    // Asking less often is for somebody who just showed a code; asking more often isn't.
    age(&site).await;
    let late = posted(&site, &cookie, &ask_once, "ask_once_hours=9").await;
    assert_eq!(late.status, StatusCode::FORBIDDEN);
    assert!(late.text.contains("fresh code") && late.text.contains("value=\"9\""), "{}", late.text);
    leads_to(&posted(&site, &cookie, &ask_once, "ask_once_hours=1").await, &base);
    leads_to(&posted(&site, &cookie, &ask_once, "ask_once_hours=").await, &base);
});
