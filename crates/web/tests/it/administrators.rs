//! Administrators in the portal and in the API (S6.1–S6.7).

use crate::*;
use axum::http::{Method, StatusCode};
use claviger_app::{administrators::AdministratorForm, demand::Ticked};
use claviger_domain::{
    administrator::cell,
    permission::{Actor, Permission, Role, Who},
};
use claviger_testing::{TestDatabase, on_both};
use serde_json::{Value, json};

const LIST: &str = "/admin/administrators";

fn host() -> Actor {
    Actor { who: Who::Host, name: "test".into(), address: String::new() }
}

/// The id and the cookie of a new administrator of that role, who came in by their mailed link and needs no code.
pub(crate) async fn signed_in_as(site: &Site, role: Role) -> (String, String) {
    let email = format!("{}@acme.test", role.key());
    let form_of = AdministratorForm { email, role: role.key().into(), ..AdministratorForm::default() };
    let made = site.app.create_administrator(&host().granted().unwrap(), &form_of, Ticked::No).await.unwrap();
    let path = made.link.strip_prefix("https://sso.acme.test").unwrap();
    assert!(page(site, "", path).await.text.contains("Choose a password"));
    let answer = site.send(form(path, "", "password=wandering+seal+41+plum")).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/admin"));
    assert_eq!(page(site, "", path).await.status, StatusCode::NOT_FOUND, "it works once");
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    (made.account.id.to_string(), cookie)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("{name}: {value}"))
}

fn code(answer: &Answer) -> String {
    text(&answer.json(), "type").rsplit(':').next().unwrap().to_owned()
}

async fn posted(site: &Site, cookie: &str, path: &str, body: &str) -> Answer {
    site.send(form(path, cookie, body)).await
}

on_both!(an_administrator_is_made_edited_barred_and_deleted, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let new = format!("{LIST}/new");
    assert!(page(&site, &cookie, &new).await.text.contains("name=\"require_mfa\" value=\"on\" checked"));
    let wrong = posted(&site, &cookie, &new, "first_name=Grace&email=nobody&role=").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    for part in ["id=\"email-error\"", "id=\"role-error\"", "value=\"Grace\""] {
        assert!(wrong.text.contains(part), "{part}: {}", wrong.text);
    }
    let body = "first_name=Grace&email=grace%40acme.test&role=manager&require_mfa=on";
    let made = posted(&site, &cookie, &new, body).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER);
    let one = made.header("location").to_owned();
    let listed = page(&site, &cookie, LIST).await.text;
    for part in ["Grace", "grace@acme.test", "Manager", "MFA: Requirement", "Not Enrolled", one.as_str()] {
        assert!(listed.contains(part), "{part}");
    }
    let shown = page(&site, &cookie, &one).await.text;
    assert!(shown.contains("E-mail is not set up, so the link"), "the mail waits: {shown}");
    let saved = posted(&site, &cookie, &one, "first_name=Grace&email=grace%40acme.test&role=help_desk").await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    assert!(page(&site, &cookie, &one).await.text.contains("grace@acme.test · Help Desk"));
    let freed = posted(&site, &cookie, &format!("{one}/security"), "").await;
    assert_eq!(freed.header("location"), format!("{one}#security"));
    assert!(page(&site, &cookie, &one).await.text.contains("<dd>Not Required</dd>"));
    for (verb, words) in
        [("suspend", "Suspend Grace"), ("activate", "Activate Grace"), ("delete", "Delete Grace")]
    {
        let path = format!("{one}/{verb}");
        assert!(page(&site, &cookie, &path).await.text.contains(words), "{verb}");
        assert_eq!(posted(&site, &cookie, &path, "").await.status, StatusCode::SEE_OTHER, "{verb}");
    }
    assert_eq!(page(&site, &cookie, &one).await.status, StatusCode::NOT_FOUND);
    assert_eq!(page(&site, &cookie, &format!("{one}/nonsense")).await.status, StatusCode::NOT_FOUND);
});

on_both!(the_last_with_billing_is_told_to_stay, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let list = site.call(Method::GET, "/administrators", None).await.json();
    let ada = text(list.get("items").unwrap().get(0).unwrap(), "id").to_owned();
    let shown = page(&site, &cookie, &format!("{LIST}/{ada}")).await.text;
    assert!(!shown.contains("/suspend") && !shown.contains("/delete"), "{shown}");
    let one = format!("{LIST}/{ada}");
    let refused = posted(&site, &cookie, &format!("{one}/delete"), "").await;
    assert!(refused.status == StatusCode::CONFLICT && refused.text.contains("your own account"));
    let demoted = posted(&site, &cookie, &one, "email=ada%40acme.test&role=manager").await;
    assert_eq!(demoted.status, StatusCode::CONFLICT);
    assert!(demoted.text.contains("the last Administrator with Billing"), "{}", demoted.text);
    assert!(demoted.text.contains("<option value=\"manager\" selected>"), "what was chosen is kept");
    let (_, plain) = signed_in_as(&site, Role::Administrator).await;
    let shown = page(&site, &plain, &one).await.text;
    assert!(
        shown.contains("Only an Administrator with Billing can change")
            && shown.contains("<fieldset disabled>")
    );
    let reset = posted(&site, &plain, &format!("{one}/suspend"), "").await;
    assert_eq!(reset.status, StatusCode::CONFLICT);
    let offered = page(&site, &plain, &format!("{LIST}/new")).await.text;
    assert!(
        !offered.contains("value=\"administrator_with_billing\"") && offered.contains("value=\"manager\"")
    );
});

on_both!(each_role_sees_what_the_table_allows, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    administrator(&site).await;
    for role in Role::ALL {
        let (_, cookie) = signed_in_as(&site, role).await;
        let may = |permission| role.allows(permission);
        for (path, allowed) in [
            (LIST, may(Permission::ManageAdministrators)),
            ("/admin/administrators/new", may(Permission::ManageAdministrators)),
            ("/admin/administrators/without-mfa", may(Permission::SeeAdminsWithoutMfa)),
            ("/admin/settings/security", may(Permission::ViewUsers)),
            ("/admin/settings/security/administrators/require", may(Permission::ManageOrganization)),
            ("/admin/home/widgets", may(Permission::SeeHome)),
            ("/admin/roles", true),
        ] {
            let expected = if allowed { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(page(&site, &cookie, path).await.status, expected, "{role:?} {path}");
        }
        if may(Permission::SeeHome) {
            let home = page(&site, &cookie, "/admin").await.text;
            let widget = home.contains("Admins Without MFA Required");
            assert_eq!(widget, may(Permission::SeeAdminsWithoutMfa), "{role:?}");
            let entry = home.contains("href=\"/admin/administrators\"");
            assert_eq!(entry, may(Permission::ManageAdministrators), "{role:?}");
        }
        let act = posted(&site, &cookie, "/admin/administrators/without-mfa/ask", "").await.status;
        let acts = may(Permission::ActOnAdminsWithoutMfa);
        assert_eq!(act == StatusCode::FORBIDDEN, !acts, "{role:?}");
    }
});

on_both!(the_global_requirement_is_confirmed_and_fixes_the_switches, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let (id, other) = signed_in_as(&site, Role::Manager).await;
    let base = "/admin/settings/security";
    let asked = page(&site, &cookie, &format!("{base}/administrators/require")).await.text;
    assert!(asked.contains("MFA will be required of 2 administrators more"), "{asked}");
    let on =
        site.call(Method::PUT, "/organization/mfa/administrators", Some(json!({ "required": true }))).await;
    assert_eq!(on.json().get("administrators_mfa_required"), Some(&json!(true)));
    for cookie in [&cookie, &other] {
        let led = page(&site, cookie, "/admin").await;
        assert_eq!(led.header("location"), "/admin/enroll", "whoever has no authenticator sets one up now");
    }
    let refused = site.call(Method::DELETE, &format!("/administrators/{id}/mfa/requirement"), None).await;
    assert_eq!((refused.status, code(&refused)), (StatusCode::CONFLICT, "required_of_everyone".into()));
    let mfa = site.call(Method::GET, &format!("/administrators/{id}/mfa"), None).await.json();
    assert_eq!(mfa.get("required_of_everyone"), Some(&json!(true)));
    let cookie = administrator(&site).await;
    let shown = page(&site, &cookie, &format!("{LIST}/{id}")).await.text;
    assert!(shown.contains("Fixed on: MFA is required of every administrator"), "{shown}");
    assert!(page(&site, &cookie, base).await.text.contains("administrators/release"));
    let off = posted(&site, &cookie, &format!("{base}/administrators/release"), "").await;
    assert_eq!(off.header("location"), base);
    assert!(page(&site, &cookie, base).await.text.contains("administrators/require"));
    let odd = posted(&site, &cookie, &format!("{base}/administrators/nonsense"), "").await;
    assert_eq!(odd.status, StatusCode::NOT_FOUND);
    let form_of_settings = "name=Acme&time_zone=UTC&admin_mfa=everyone";
    posted(&site, &cookie, "/admin/settings/organization", form_of_settings).await;
    let now = site.call(Method::GET, "/organization", None).await.json();
    assert_eq!(now.get("administrators_mfa_required"), Some(&json!(false)));
});

on_both!(the_widget_leads_to_its_list_and_can_be_switched_off, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let (id, manager) = signed_in_as(&site, Role::Manager).await;
    let list = "/admin/administrators/without-mfa";
    assert!(page(&site, &cookie, "/admin").await.text.contains(&format!("href=\"{list}\"")));
    let shown = page(&site, &manager, list).await.text;
    assert!(shown.contains("manager@acme.test") && !shown.contains("type=\"checkbox\""), "looks only");
    let nobody = posted(&site, &cookie, &format!("{list}/ask"), "").await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(nobody.text.contains("Tick at least one administrator."));
    let asked = posted(&site, &cookie, &format!("{list}/ask"), &format!("id.{id}=on")).await.text;
    assert!(asked.contains("Require MFA of 1 administrator") && asked.contains(&format!("name=\"id.{id}\"")));
    let done = posted(&site, &cookie, list, &format!("id.{id}=on")).await;
    assert_eq!(done.header("location"), list);
    assert!(!page(&site, &cookie, list).await.text.contains("manager@acme.test"));
    assert_eq!(page(&site, &manager, "/admin").await.header("location"), "/admin/enroll");
    let saved = posted(&site, &cookie, "/admin/home/widgets", "failed=on&clock=on").await;
    assert_eq!(saved.header("location"), "/admin");
    let home = page(&site, &cookie, "/admin").await.text;
    assert!(!home.contains("Admins Without MFA Required") && !home.contains("MFA status"));
    assert!(home.contains("Failed sign-ins by hour"));
    let choices = page(&site, &cookie, "/admin/home/widgets").await.text;
    assert!(choices.contains("name=\"failed\" value=\"on\" checked"));
    assert!(choices.contains("name=\"admins_without_mfa\" value=\"on\">"), "{choices}");
});

on_both!(administrators_are_managed_by_api, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let new = json!({ "email": "grace@acme.test", "role": "manager", "first_name": "Grace" });
    let made = site.call(Method::POST, "/administrators", Some(new.clone())).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let view = made.json();
    assert_eq!((text(&view, "mfa_requirement"), text(&view, "password")), ("required", "pending"));
    assert!(!made.text.contains("/admin/register/"), "the link is mailed and told to nobody else");
    let path = format!("/administrators/{}", text(&view, "id"));
    assert_eq!(made.header("location"), format!("/api/v1{path}"));
    let twice = site.call(Method::POST, "/administrators", Some(new)).await;
    assert_eq!((twice.status, code(&twice)), (StatusCode::UNPROCESSABLE_ENTITY, "fields".into()));
    let changed = site.call(Method::PATCH, &path, Some(json!({ "role": "help_desk" }))).await.json();
    assert_eq!((text(&changed, "role"), text(&changed, "first_name")), ("help_desk", "Grace"));
    let king = site.call(Method::PATCH, &path, Some(json!({ "role": "king" }))).await;
    assert_eq!(king.status, StatusCode::UNPROCESSABLE_ENTITY);
    let requirement = format!("{path}/mfa/requirement");
    let freed = site.call(Method::DELETE, &requirement, None).await.json();
    assert_eq!(text(&freed, "mfa_requirement"), "not_required");
    let free = site.call(Method::GET, "/administrators?mfa_requirement=not_required", None).await.json();
    assert_eq!(free.get("items").unwrap().as_array().unwrap().len(), 1);
    let without = site.call(Method::GET, "/administrators/without-mfa", None).await.json();
    assert_eq!(without.as_array().unwrap().len(), 1);
    let ids = json!({ "ids": [text(&view, "id")] });
    let required = site.call(Method::POST, "/administrators/without-mfa/require", Some(ids)).await.json();
    assert_eq!(required, json!({ "required": 1 }));
    let again = site.call(Method::PUT, &requirement, None).await.json();
    assert_eq!(text(&again, "mfa_requirement"), "required");
    let reset = format!("{path}/mfa/reset");
    for (reason, status, what) in [(" ", 422, "fields"), ("Lost phone", 409, "not_enrolled")] {
        let answer = site.call(Method::POST, &reset, Some(json!({ "reason": reason }))).await;
        assert_eq!((answer.status.as_u16(), code(&answer).as_str()), (status, what));
    }
    let link = site.call(Method::POST, &format!("{path}/activation-email"), None).await;
    assert_eq!(link.status, StatusCode::ACCEPTED);
    for (verb, state) in [("suspend", "suspended"), ("activate", "activated")] {
        let done = site.call(Method::POST, &format!("{path}/{verb}"), None).await.json();
        assert_eq!(text(&done, "state"), state);
    }
    let first = site.call(Method::GET, "/administrators?limit=1", None).await.json();
    let next = format!("/administrators?limit=1&cursor={}", text(&first, "next_cursor"));
    let second = site.call(Method::GET, &next, None).await.json();
    assert_ne!(first.get("items"), second.get("items"));
    assert_eq!(second.get("next_cursor"), Some(&Value::Null));
    assert_eq!(site.call(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(site.call(Method::GET, &path, None).await.status, StatusCode::NOT_FOUND);
});

#[test]
fn the_docs_show_the_table_that_is_enforced() {
    let docs = include_str!("../../../../docs/administrators.md");
    let line = |cells: Vec<&str>| format!("| {} |\n", cells.join(" | "));
    let mut table = line([vec!["may"], Role::ALL.map(Role::words).to_vec()].concat());
    table.push_str(&line(vec!["---"; Role::ALL.len() + 1]));
    for permission in Permission::ALL {
        let cells = Role::ALL.map(|role| cell(role, permission)).to_vec();
        table.push_str(&line([vec![permission.words()], cells].concat()));
    }
    assert!(docs.contains(&table), "docs/administrators.md should have:\n{table}");
}
