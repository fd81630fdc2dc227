//! S6.2: every route and operation × every role, in one golden file. What the file lacks fails.
//!
//! Paths are read from where the sources register them, so that no second list can be forgotten; which methods a path
//! takes is asked of the router itself.

pub(crate) mod requests;
mod sources;

use crate::*;
use axum::http::Method;
use claviger_app::api_keys::KeyForm;
use claviger_domain::permission::{Actor, Permission, Role, Who};
use claviger_store::{Batch, Commit, Statement, p};
use claviger_testing::{Engine, TestDatabase};
use requests::Caller;
use std::collections::BTreeMap;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/golden_permissions.txt");
/// Set to any value, the golden file is written anew (CONTRIBUTING.md).
const BLESS: &str = "CLAVIGER_BLESS_PERMISSIONS";

const HEAD: &str = "\
# Who may call what (S6.2): Administrator with Billing, Administrator, Manager, Help Desk, Read Only, Billing Only,
# Command Runner, Command Runner with Billing; then a user of the User Portal, and nobody.
# yes: not refused for the role; no: refused with 403, and the permission that is missing stands at the end;
# sign-in: led to a sign-in page, or 401. CONTRIBUTING.md says how this file is written anew.
";

const COLUMNS: [&str; 10] =
    ["AdmBill", "Admin", "Manager", "Help", "Read", "Bill", "Cmd", "CmdBill", "user", "nobody"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Yes,
    No(Permission),
    SignIn,
}

impl Outcome {
    const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No(_) => "no",
            Self::SignIn => "sign-in",
        }
    }
}

/// What an answer says of the caller's permission.
fn outcome(route: &str, answer: &Answer) -> Outcome {
    assert!(!answer.status.is_server_error(), "{route}: {} {}", answer.status, answer.text);
    match answer.status.as_u16() {
        401 => Outcome::SignIn,
        303 if answer.header("location").ends_with("/sign-in") => Outcome::SignIn,
        403 => {
            let lacked = Permission::ALL.into_iter().find(|one| tells_of(answer, *one));
            lacked.map_or_else(|| panic!("{route} doesn't say what is missing: {}", answer.text), Outcome::No)
        }
        _ => Outcome::Yes,
    }
}

/// A refusal names the missing permission: a page in words, a problem by its key, too.
fn tells_of(answer: &Answer, permission: Permission) -> bool {
    if answer.header("content-type") == "application/problem+json" {
        let named = answer.json().get("permission").is_some_and(|key| key == permission.key());
        return named && answer.text.contains(&permission.words().replace('"', "\\\""));
    }
    let words = permission.words().replace('"', "&#34;").replace('\'', "&#39;");
    answer.text.contains(&format!("It may not {words}."))
}

async fn sql(site: &Site, text: &'static str, role: &str) {
    let changed = site.app.store().commit(Batch::of([Statement::new(text, p![role])])).await.unwrap();
    assert_eq!(changed, Commit::Committed);
}

/// Makes the first administrator what they were, with that role, whatever a request did to them.
async fn restore(site: &Site, role: Role) {
    const ADA: &str = "UPDATE account SET role = $1, state = 'activated', requirement = 'not_required', \
        requirement_at = NULL WHERE realm = 'administrator' AND email_key = 'ada@acme.test'";
    sql(site, ADA, role.key()).await;
}

/// The golden lines, as the router answers now.
async fn walk(site: &Site) -> String {
    let host = Actor { who: Who::Host, name: "test".into(), address: String::new() };
    let document = site.get("/api/v1/openapi.json").await.json();
    let user = requests::a_user(site).await;
    let routes = sources::routes(site).await;
    let mut rows: BTreeMap<(String, String), Vec<Outcome>> = BTreeMap::new();
    let mut keys = Vec::new();
    for role in Role::ALL {
        let form = KeyForm {
            name: role.key().into(),
            role: role.key().into(),
            expires: "never".into(),
            addresses: String::new(),
        };
        keys.push(site.app.create_api_key_of(&host, "ada@acme.test", &form).await.unwrap());
    }
    for (route, method) in &routes {
        let is_operation = route.starts_with("/api/v1/");
        let row = rows.entry((route.clone(), method.clone())).or_default();
        let method: Method = method.parse().unwrap();
        let mut cookie = administrator(site).await;
        for (role, key) in Role::ALL.into_iter().zip(&keys) {
            // Operations are called by keys of somebody who may do everything; pages by the role itself.
            restore(site, if is_operation { Role::AdministratorWithBilling } else { role }).await;
            // What the request before changed may have ended the session.
            if method != Method::GET && !is_operation {
                cookie = administrator(site).await;
            }
            let caller = if is_operation { Caller::Key(key.token.expose()) } else { Caller::Cookie(&cookie) };
            row.push(answered(site, (route, &method), caller, &document).await);
        }
        restore(site, Role::AdministratorWithBilling).await;
        let user = requests::signed_in(site, &user).await;
        row.push(answered(site, (route, &method), Caller::Cookie(&user), &document).await);
        row.push(answered(site, (route, &method), Caller::Nobody, &document).await);
    }
    table(&rows)
}

async fn answered(
    site: &Site,
    (route, method): (&str, &Method),
    caller: Caller<'_>,
    document: &serde_json::Value,
) -> Outcome {
    let request = requests::plausible(route, method, caller, document);
    outcome(&format!("{method} {route}"), &site.send(request).await)
}

fn table(rows: &BTreeMap<(String, String), Vec<Outcome>>) -> String {
    let width = rows.keys().map(|(route, method)| route.len() + method.len() + 1).max().unwrap_or(0);
    let mut text = format!("{HEAD}{:width$}", "# route");
    for column in COLUMNS {
        text.push_str(&format!(" {column:7}"));
    }
    text = format!("{}\n", text.trim_end());
    for ((route, method), outcomes) in rows {
        let mut line = format!("{:width$}", format!("{method} {route}"));
        for outcome in outcomes {
            line.push_str(&format!(" {:7}", outcome.word()));
        }
        let mut lacked: Vec<_> = outcomes
            .iter()
            .filter_map(|outcome| match outcome {
                Outcome::No(permission) => Some(permission.key()),
                Outcome::Yes | Outcome::SignIn => None,
            })
            .collect();
        lacked.dedup();
        text.push_str(format!("{line} {}", lacked.join(" ")).trim_end());
        text.push('\n');
    }
    text
}

#[expect(clippy::disallowed_methods, reason = "the golden file is written anew on demand")]
fn is_to_be_written() -> bool {
    std::env::var_os(BLESS).is_some()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_asks_each_role_for_what_the_golden_file_says() {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let site = Site::new(&database).await;
    let now = walk(&site).await;
    if is_to_be_written() {
        std::fs::write(GOLDEN, &now).unwrap();
        return;
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap();
    let (golden, now): (Vec<_>, Vec<_>) = (golden.lines().collect(), now.lines().collect());
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let known: Vec<_> = golden.iter().map(|line| words(line)).collect();
    let found: Vec<_> = now.iter().map(|line| words(line)).collect();
    let added: Vec<_> = found.iter().filter(|line| !known.contains(line)).collect();
    let gone: Vec<_> = known.iter().filter(|line| !found.contains(line)).collect();
    assert!(
        added.is_empty() && gone.is_empty(),
        "the router and the golden file differ ({BLESS}=1 writes it anew).\nnow:    {added:#?}\ngolden: {gone:#?}"
    );
    assert!(found.len() > 150, "routes were missed: {}", found.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_stands_in_the_log_once_for_a_route() {
    const SQL: &str = "SELECT target_name || ' ' || actor_kind || ' ' || details, 1 FROM audit \
        WHERE action = 'permission.denied' AND outcome = 'refused' ORDER BY target_name";
    let database = TestDatabase::new(Engine::Sqlite).await;
    let site = Site::new(&database).await;
    let cookie = administrator(&site).await;
    restore(&site, Role::ReadOnly).await;
    for path in
        ["/admin/settings/email", "/admin/usage", "/admin/usage", "/admin/settings/email", "/admin/users"]
    {
        page(&site, &cookie, path).await;
    }
    site.call(Method::DELETE, &format!("/users/{}", requests::ID), None).await;
    restore(&site, Role::AdministratorWithBilling).await;
    let logged: Vec<(String, i64)> = site.app.store().query(SQL, p![]).await.unwrap();
    let logged: Vec<_> = logged.into_iter().map(|(line, _)| line).collect();
    assert_eq!(
        logged,
        [
            "DELETE /api/v1/users/{id} api_key {\"permission\":\"manage_users\"}",
            "GET /admin/settings/email administrator {\"permission\":\"manage_organization\"}",
            "GET /admin/usage administrator {\"permission\":\"see_usage\"}",
        ]
    );
}
