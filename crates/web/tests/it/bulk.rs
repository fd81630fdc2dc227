//! Who sees which actions on many users, who may stop a job, and the question before a mail's words are restored.

use crate::*;
use axum::http::{Method, StatusCode};
use claviger_domain::permission::Role;
use claviger_store::{Batch, Commit, Statement, p};
use claviger_testing::{TestDatabase, on_both};
use serde_json::json;

const LIST: &str = "/admin/users";

/// The only administrator gets another role.
async fn becomes(site: &Site, role: Role) {
    const SQL: &str = "UPDATE account SET role = $1 WHERE realm = 'administrator'";
    let changed = site.app.store().commit(Batch::of([Statement::new(SQL, p![role.key()])])).await.unwrap();
    assert_eq!(changed, Commit::Committed);
}

async fn user(site: &Site, name: &str) -> String {
    let body = json!({ "username": name, "email": format!("{name}@acme.test"), "activate": true, "mfa": { "enrollment_days": 7 } });
    let made = site.call(Method::POST, "/users", Some(body)).await;
    made.json().get("id").unwrap().as_str().unwrap().to_owned()
}

async fn job(site: &Site, action: &str) -> String {
    let body = json!({ "action": action, "filter": {}, "enrollment_days": 5 });
    let job = site.call(Method::POST, "/users/bulk", Some(body)).await;
    assert_eq!(job.status, StatusCode::ACCEPTED, "{}", job.text);
    format!("/admin/jobs/{}", job.json().get("id").unwrap().as_str().unwrap())
}

/// The values of the menu "more actions", in its order.
fn actions(page: &str) -> Vec<&str> {
    let menu = page.split("name=\"verb\">").nth(1).and_then(|rest| rest.split("</select>").next());
    let options = menu.unwrap_or_default().split("<option value=\"").skip(1);
    options.map(|option| option.split('"').next().unwrap()).collect()
}

on_both!(each_role_sees_the_actions_that_it_may_do_and_no_others, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let alice = user(&site, "alice").await;
    let all = [
        "require_mfa",
        "remove_requirement",
        "extend",
        "reset_mfa",
        "activate",
        "suspend",
        "resend_activation",
        "add_to_group",
        "remove_from_group",
        "delete",
    ];
    for (role, expected) in [
        (Role::AdministratorWithBilling, &all[..]),
        (Role::Manager, &all),
        (Role::HelpDesk, &["extend", "reset_mfa"]),
        (Role::ReadOnly, &[]),
    ] {
        becomes(&site, role).await;
        let list = page(&site, &cookie, LIST).await.text;
        assert_eq!(actions(&list), expected, "{role:?}");
        assert_eq!(list.contains(&format!("name=\"id.{alice}\"")), !expected.is_empty(), "{role:?}: boxes");
        for action in all {
            let ask = form("/admin/users/bulk/ask", &cookie, &format!("verb={action}&id.{alice}=on"));
            let status = if expected.contains(&action) { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(site.send(ask).await.status, status, "{role:?} {action}");
        }
    }
    becomes(&site, Role::HelpDesk).await;
    let list = page(&site, &cookie, LIST).await.text;
    assert!(!list.contains("/admin/users/new") && !list.contains("/admin/users/import"));
});

on_both!(
    the_help_desk_extends_many_periods_and_stops_that_and_nothing_else,
    async |database: &TestDatabase| {
        let site = Site::new(database).await;
        let cookie = administrator(&site).await;
        let alice = user(&site, "alice").await;
        let suspending = job(&site, "suspend").await;
        becomes(&site, Role::HelpDesk).await;
        let start = async |fields: &str| {
            site.send(form("/admin/users/bulk", &cookie, &format!("{fields}&id.{alice}=on"))).await
        };
        assert_eq!(start("verb=suspend").await.status, StatusCode::FORBIDDEN);
        let started = start("verb=extend&enrollment_days=5").await;
        assert_eq!(started.status, StatusCode::SEE_OTHER, "{}", started.text);
        let extending = started.header("location").to_owned();
        let stop = async |job: &str| site.send(form(&format!("{job}/cancel"), &cookie, "")).await;
        let shows_stop = async |job: &str| page(&site, &cookie, job).await.text.contains("Stop</button>");
        assert!(shows_stop(&extending).await && !shows_stop(&suspending).await);
        assert_eq!(stop(&suspending).await.status, StatusCode::FORBIDDEN);
        assert_eq!(stop(&extending).await.status, StatusCode::SEE_OTHER);
        assert!(page(&site, &cookie, &extending).await.text.contains("Canceled"));
        becomes(&site, Role::ReadOnly).await;
        assert_eq!(stop(&suspending).await.status, StatusCode::FORBIDDEN);
    }
);

on_both!(a_mails_own_words_are_lost_only_after_a_question, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let path = "/admin/settings/email/texts/reminder";
    let question = format!("{path}/original");
    let untouched = page(&site, &cookie, &question).await;
    assert_eq!((untouched.status, untouched.header("location")), (StatusCode::SEE_OTHER, path));
    assert!(!page(&site, &cookie, path).await.text.contains(&question), "there is nothing to go back from");
    let own = "revision=0&sent=on&subject=Soon%3A+%7Bleft%7D&body=Your+own+words";
    assert_eq!(site.send(form(path, &cookie, own)).await.status, StatusCode::SEE_OTHER);
    assert!(page(&site, &cookie, path).await.text.contains(&format!("href=\"{question}\"")));
    let asked = page(&site, &cookie, &question).await;
    assert!(asked.status == StatusCode::OK && asked.text.contains("Soon: {left}"), "{}", asked.text);
    assert!(
        asked.text.contains(&format!("action=\"{question}\""))
            && asked.text.contains(&format!("href=\"{path}\""))
    );
    assert!(page(&site, &cookie, path).await.text.contains("Your own words"), "asking changes nothing");
    assert_eq!(site.send(form(&question, &cookie, "")).await.status, StatusCode::SEE_OTHER);
    assert!(!page(&site, &cookie, path).await.text.contains("Your own words"));
    becomes(&site, Role::Manager).await;
    assert_eq!(page(&site, &cookie, &question).await.status, StatusCode::FORBIDDEN);
});
