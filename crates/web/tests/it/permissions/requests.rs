//! A plausible request to any route: ids of nothing, and the smallest body that is as described.

use crate::*;
use axum::{
    body::Body,
    http::{Method, Request, header},
};
use claviger_app::{
    demand::Demand,
    session::Origin,
    users::{Activation, Person},
};
use claviger_domain::{
    account::Realm,
    permission::{Actor, Granted, ManageOrganization, ManageUsers, Who},
};
use serde_json::{Value, json};

/// The id of nothing.
pub(super) const ID: &str = "0190a000-0000-7000-8000-000000000000";
const PASSWORD: &str = "wandering seal 41 plum";
/// Forms that come in parts.
const UPLOADS: &[&str] = &[
    "/admin/users/import",
    "/admin/tokens/import",
    "/admin/settings/organization/logo",
    "/admin/applications/new/metadata",
];

/// Who sends a request.
#[derive(Clone, Copy)]
pub(super) enum Caller<'a> {
    Cookie(&'a str),
    Key(&'a str),
    Nobody,
}

/// What stands for `{action}`: each is a route of its own, with a permission of its own.
pub(super) const ACTIONS: &[(&str, &[&str])] = &[
    (
        "/admin/users/{id}/{action}",
        &["activate", "suspend", "delete", "unlock", "activation-email", "password-reset", "password"],
    ),
    ("/admin/users/{id}/mfa/{action}", &["forget-drift", "require", "remove", "extend", "reset"]),
    (
        "/admin/administrators/{id}/{action}",
        &["activate", "suspend", "delete", "activation-email", "unlock", "reset-mfa"],
    ),
    ("/admin/tokens/{id}/{action}", &["delete", "return"]),
    ("/admin/resets/{id}/{action}", &["approve", "cancel"]),
    ("/admin/settings/security/administrators/{action}", &["require", "release"]),
];

/// What a form or call must say for its handler to know which permission it needs.
const BODIES: &[(&str, &str)] = &[
    ("/admin/administrators/without-mfa", "id.0190a000-0000-7000-8000-000000000000=on"),
    ("/admin/administrators/without-mfa/ask", "id.0190a000-0000-7000-8000-000000000000=on"),
    ("/admin/users/bulk", "verb=delete&id.0190a000-0000-7000-8000-000000000000=on"),
    ("/admin/users/bulk/ask", "verb=delete&id.0190a000-0000-7000-8000-000000000000=on"),
    ("/admin/devices/bulk", "verb=delete&id.0190a000-0000-7000-8000-000000000000=on"),
    ("/admin/devices/bulk/ask", "verb=delete&id.0190a000-0000-7000-8000-000000000000=on"),
    ("/api/v1/devices/bulk", r#"{"action":"delete","ids":["0190a000-0000-7000-8000-000000000000"]}"#),
    ("/api/v1/users/bulk", r#"{"action":"delete","ids":["0190a000-0000-7000-8000-000000000000"]}"#),
    ("/api/v1/users/{id}/mfa/requirement", r#"{"enrollment_days":7}"#),
    ("/api/v1/users/{id}/mfa/token", r#"{"serial":"1","code":null}"#),
];

/// The route, once for each action that it stands for.
pub(super) fn expanded(route: &str) -> Vec<String> {
    if !route.contains("{action}") {
        return vec![route.to_owned()];
    }
    let known = ACTIONS.iter().find(|(known, _)| *known == route);
    let (_, actions) = known.unwrap_or_else(|| panic!("{route}: say in ACTIONS what its actions are"));
    actions.iter().map(|action| route.replace("{action}", action)).collect()
}

/// The path with something plausible in every placeholder.
pub(super) fn filled(route: &str) -> String {
    let part = |part: &str| match part {
        "{kind}" => "registration".to_owned(),
        "{token}" => "nonsense".to_owned(),
        part if part.starts_with('{') => ID.to_owned(),
        part => part.to_owned(),
    };
    route.split('/').map(part).collect::<Vec<_>>().join("/")
}

pub(super) fn plausible(route: &str, method: &Method, caller: Caller<'_>, document: &Value) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(filled(route));
    request = match caller {
        Caller::Cookie(cookie) => request.header(header::COOKIE, cookie),
        Caller::Key(key) => request.header(header::AUTHORIZATION, format!("Bearer {key}")),
        Caller::Nobody => request,
    };
    let body = match (route.starts_with("/api/v1/"), *method == Method::GET) {
        (_, true) => None,
        (true, false) => described(route, method, document),
        (false, false) if UPLOADS.contains(&route) => {
            let part =
                "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nx\r\n--x--\r\n";
            Some(("multipart/form-data; boundary=x".to_owned(), part.to_owned()))
        }
        (false, false) => Some(("application/x-www-form-urlencoded".to_owned(), said(route).to_owned())),
    };
    match body {
        Some((kind, body)) => request.header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap(),
        None => request.body(Body::empty()).unwrap(),
    }
}

fn said(route: &str) -> &'static str {
    BODIES.iter().find(|(known, _)| *known == route).map_or("", |(_, body)| body)
}

/// The smallest body that the description allows.
fn described(route: &str, method: &Method, document: &Value) -> Option<(String, String)> {
    let operation = document.get("paths")?.get(route)?.get(method.as_str().to_lowercase())?;
    let content = operation.get("requestBody")?.get("content")?.as_object()?;
    match content.get("application/json") {
        Some(_) if !said(route).is_empty() => Some(("application/json".into(), said(route).into())),
        Some(json) => Some(("application/json".into(), smallest(json.get("schema")?, document).to_string())),
        None => content.keys().next().map(|kind| (kind.clone(), "x".into())),
    }
}

fn smallest(schema: &Value, document: &Value) -> Value {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return smallest(document.pointer(reference.trim_start_matches('#')).unwrap(), document);
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        let options = schema.get(choice).and_then(Value::as_array);
        if let Some(option) = options.and_then(|options| options.last()) {
            return smallest(option, document);
        }
    }
    if let Some(first) = schema.get("enum").and_then(|words| words.get(0)) {
        return first.clone();
    }
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.first().and_then(Value::as_str),
        kind => kind.and_then(Value::as_str),
    };
    match kind {
        Some("string") => json!("x"),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(false),
        Some("array") => json!([]),
        Some("null") => Value::Null,
        _ => {
            let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
            let properties = schema.get("properties");
            let field = |name: &Value| {
                let name = name.as_str()?;
                Some((name.to_owned(), smallest(properties?.get(name)?, document)))
            };
            Value::Object(required.iter().filter_map(field).collect())
        }
    }
}

/// A user who can sign in without a code; their e-mail.
pub(crate) async fn a_user(site: &Site) -> String {
    let host = Actor { who: Who::Host, name: "test".into(), address: String::new() };
    let granted: Granted<ManageUsers> = host.granted().unwrap();
    let email = "alice@acme.test";
    let person = Person { username: "alice".into(), email: email.into(), ..Person::default() };
    site.app.create_user(&granted, &person, &Demand::NotRequired, Activation::Now).await.unwrap();
    let granted: Granted<ManageOrganization> = host.granted().unwrap();
    let mails = site.app.mail_queue(&granted, 100).await.unwrap();
    let mut links =
        mails.into_iter().filter(|queued| queued.mail.recipient == email).filter_map(|queued| queued.link);
    let link = links.find(|link| link.contains("/register/")).unwrap();
    let token = link.rsplit('/').next().unwrap();
    let purpose = claviger_app::stored::Purpose::Registration;
    let found = site.app.password_link(Realm::User, purpose, token).await.unwrap();
    site.app.set_password(&found, PASSWORD, &Origin::default()).await.unwrap();
    email.to_owned()
}

/// The cookie of a new session of that user.
pub(crate) async fn signed_in(site: &Site, email: &str) -> String {
    let body = format!("identifier={}&password=wandering+seal+41+plum", email.replace('@', "%40"));
    let answer = site.send(form("/sign-in", "", &body)).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.text);
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}
