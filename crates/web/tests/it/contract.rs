//! S13.1: the API is as its description says, and changes on condition only what was seen.

use crate::{
    api::{created, fields, id_of, problem},
    *,
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use claviger_testing::{Engine, TestDatabase, on_both};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const ROUTES: &str = include_str!("../../src/api/mod.rs");
const ID: &str = "0190a000-0000-7000-8000-000000000000";
/// The check of codes has no limit, no condition and no repetition.
const VERIFY: &str = "POST /api/v1/users/{id}/mfa/verify";

/// Every `.at(PATH, METHODS)` as its source has it.
fn routed() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for route in ROUTES.split(".at(").skip(1) {
        let (path, methods) = route.trim_start().strip_prefix('"').unwrap().split_once('"').unwrap();
        let mut depth = 1;
        let end = methods.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        });
        let (methods, _) = methods.split_at(end.unwrap());
        let mut count = 0;
        for method in ["get", "post", "put", "patch", "delete"] {
            let called = format!("{method}(");
            let is_called = methods.match_indices(&called).any(|(at, _)| {
                !methods[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
            });
            if is_called && path != "/openapi.json" {
                found.insert(format!("{} /api/v1{path}", method.to_uppercase()));
            }
            count += usize::from(is_called);
        }
        assert!(count > 0, "{path}: its methods stand somewhere else");
    }
    found
}

/// Every operation of the description, under its method and path.
async fn described(site: &Site) -> BTreeMap<String, Value> {
    let document = site.get("/api/v1/openapi.json").await.json();
    assert!(document.get("openapi").unwrap().as_str().unwrap().starts_with("3.1"));
    let paths = document.get("paths").unwrap().as_object().unwrap();
    let each = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap();
        methods
            .iter()
            .map(move |(method, about)| (format!("{} {path}", method.to_uppercase()), about.clone()))
    });
    each.collect()
}

fn header_is_asked(operation: &Value, name: &str) -> bool {
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    parameters.iter().any(|parameter| parameter["in"] == "header" && parameter["name"] == name)
}

#[tokio::test]
async fn the_description_and_the_routes_are_the_same() {
    let site = Site::new(&TestDatabase::new(Engine::Sqlite).await).await;
    let described: BTreeSet<_> = described(&site).await.into_keys().collect();
    assert_eq!(described, routed());
    for operation in &described {
        let (method, path) = operation.split_once(' ').unwrap();
        let uri = ["{id}", "{user}", "{session}", "{kind}", "{device}", "{group}", "{key}", "{certificate}"]
            .iter()
            .fold(path.to_owned(), |uri, part| uri.replace(part, ID));
        let request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
        let answer = site.send(request).await;
        problem(&answer, StatusCode::UNAUTHORIZED, "unauthorized");
        assert_eq!(answer.header("www-authenticate"), "Bearer", "{operation}");
    }
}

#[tokio::test]
async fn every_operation_says_what_it_can_answer_and_which_permission_it_needs() {
    let site = Site::new(&TestDatabase::new(Engine::Sqlite).await).await;
    let mut names = BTreeSet::new();
    for (operation, about) in described(&site).await {
        let (method, path) = operation.split_once(' ').unwrap();
        assert!(
            names.insert(about["operationId"].as_str().unwrap().to_owned()),
            "{operation}: its name is taken"
        );
        let words = about["description"].as_str().unwrap_or_default();
        assert!(
            about["x-permission"].is_string() || words.contains("Permission:"),
            "{operation}: which permission?"
        );
        let responses = about["responses"].as_object().unwrap();
        let mut needed = vec!["401", "403", "429", "500", "503"];
        needed.extend(path.contains('{').then_some("404"));
        if about["requestBody"].is_object() {
            needed.extend(["400", "413", "415", "422"]);
        }
        let parameters = about["parameters"].as_array().cloned().unwrap_or_default();
        needed.extend(parameters.iter().any(|parameter| parameter["in"] == "query").then_some("422"));
        if method != "GET" && operation != VERIFY {
            needed.extend(["400", "412"]);
        }
        if method == "POST" && operation != VERIFY {
            needed.extend(["409", "413", "422"]);
            assert!(header_is_asked(&about, "Idempotency-Key"), "{operation}");
        }
        for status in needed {
            assert!(responses.contains_key(status), "{operation}: what of {status}?");
        }
        for (status, response) in responses {
            let kinds: Vec<_> =
                response["content"].as_object().into_iter().flatten().map(|(kind, _)| kind).collect();
            match status.as_bytes()[0] {
                b'4' | b'5' => assert_eq!(kinds, ["application/problem+json"], "{operation} {status}"),
                _ if status == "204" || status == "304" => assert!(kinds.is_empty(), "{operation} {status}"),
                _ => assert!(!kinds.is_empty(), "{operation} {status}"),
            }
        }
        let tells_tag = responses.get("200").is_some_and(|response| response["headers"]["ETag"].is_object());
        assert_eq!(tells_tag && method == "GET", responses.contains_key("304"), "{operation}");
    }
}

/// Whatever a part of the document points to.
fn pointers(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|field| pointers(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| pointers(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn what_the_description_points_to_is_in_it() {
    let site = Site::new(&TestDatabase::new(Engine::Sqlite).await).await;
    let document = site.get("/api/v1/openapi.json").await.json();
    let mut found = BTreeSet::new();
    pointers(&document, &mut found);
    assert!(found.contains("#/components/schemas/Problem"), "{found:?}");
    for pointer in found {
        assert!(document.pointer(&pointer[1..]).is_some(), "{pointer}");
    }
}

async fn with(
    site: &Site,
    method: Method,
    path: &str,
    head: (&'static str, &str),
    body: Option<Value>,
) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header(header::AUTHORIZATION, format!("Bearer {}", site.key))
        .header(header::CONTENT_TYPE, "application/json")
        .header(head.0, head.1);
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    site.send(request.body(body).unwrap()).await
}

/// One of each thing that counts its changes, with a change of it.
async fn things(site: &Site) -> Vec<(String, Method, Value)> {
    let user = created(site, "alice").await;
    let group = site.call(Method::POST, "/groups", Some(json!({ "name": "Sales" }))).await.json();
    let smtp = json!({ "enabled": true, "host": "mail.acme.test", "encryption": "implicit", "from_address": "it@acme.test" });
    let wiki = |name: &str| json!({ "name": name, "entity_id": "urn:wiki", "consumers": [{ "address": "https://wiki.example/acs" }] });
    let application = site.call(Method::POST, "/applications", Some(wiki("Wiki"))).await.json();
    let servers = site.call(Method::POST, "/device-groups", Some(json!({ "name": "Servers" }))).await.json();
    let device = crate::devices::enrolled(site, 1).await;
    vec![
        (format!("/applications/{}", id_of(&application)), Method::PUT, wiki("Lore")),
        (format!("/devices/{device}"), Method::PATCH, json!({ "name": "db-1" })),
        (format!("/device-groups/{}", id_of(&servers)), Method::PUT, json!({ "name": "Machines" })),
        (format!("/users/{}", id_of(&user)), Method::PATCH, json!({ "display_name": "Al" })),
        (format!("/groups/{}", id_of(&group)), Method::PUT, json!({ "name": "Selling" })),
        ("/organization".into(), Method::PATCH, json!({ "enrollment_days": 21 })),
        ("/organization/smtp".into(), Method::PUT, smtp),
        ("/mail-texts/reminder".into(), Method::PUT, json!({ "subject": "Soon", "body": "Set MFA up." })),
    ]
}

on_both!(what_was_changed_since_it_was_seen_is_not_changed, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    for (path, method, change) in things(&site).await {
        let first = site.call(Method::GET, &path, None).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.contains('-'), "{path}: {tag}");
        let known =
            with(&site, Method::GET, &path, ("if-none-match", &format!("\"other\", W/{tag}")), None).await;
        assert_eq!(
            (known.status, known.header("etag"), known.text.as_str()),
            (StatusCode::NOT_MODIFIED, &*tag, ""),
            "{path}"
        );
        assert_eq!(
            with(&site, Method::GET, &path, ("if-none-match", "\"0\""), None).await.status,
            StatusCode::OK
        );
        for wrong in ["\"77\"", "\"x\"", "W/\"1\"", "1"] {
            let refused = with(&site, method.clone(), &path, ("if-match", wrong), Some(change.clone())).await;
            problem(&refused, StatusCode::PRECONDITION_FAILED, "precondition_failed");
            let revision = tag.split('-').next().unwrap();
            assert_eq!(refused.header("etag"), format!("{revision}\""), "{path}");
        }
        assert_eq!(site.call(Method::GET, &path, None).await.text, first.text, "{path}: nothing was written");
        let changed = with(&site, method.clone(), &path, ("if-match", &tag), Some(change.clone())).await;
        assert_eq!(changed.status, StatusCode::OK, "{path}: {}", changed.text);
        assert_ne!(changed.header("etag"), tag, "{path}");
        assert_eq!(
            changed.header("etag"),
            site.call(Method::GET, &path, None).await.header("etag"),
            "{path}"
        );
        let now = changed.header("etag").split('-').next().unwrap().to_owned() + "\"";
        assert_eq!(
            with(&site, Method::GET, &path, ("if-none-match", &tag), None).await.status,
            StatusCode::OK
        );
        for holds in [now.as_str(), "*"] {
            let again = with(&site, method.clone(), &path, ("if-match", holds), Some(change.clone())).await;
            assert_eq!(again.status, StatusCode::OK, "{path} {holds}: {}", again.text);
        }
        let two = with(&site, method, &path, ("if-match", "\"1\", \"2\""), Some(change)).await;
        problem(&two, StatusCode::BAD_REQUEST, "malformed");
    }
});

on_both!(of_two_who_saw_the_same_one_changes_it, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let user = created(&site, "alice").await;
    let path = format!("/users/{}", id_of(&user));
    let tag = site.call(Method::GET, &path, None).await.header("etag").to_owned();
    let racers = ["a", "b", "c", "d", "e", "f"].map(|name| {
        let (site, path, tag) = (&site, &path, &tag);
        async move {
            let period = format!("{path}/mfa/requirement");
            let change = json!({ "enrollment_days": 30 + i64::from(name.as_bytes()[0]), "restart": true });
            with(site, Method::PUT, &period, ("if-match", tag), Some(change)).await.status
        }
    });
    let mut statuses = futures_util::future::join_all(racers).await;
    statuses.sort();
    assert_eq!(statuses[0], StatusCode::OK);
    assert!(statuses[1..].iter().all(|status| *status == StatusCode::PRECONDITION_FAILED), "{statuses:?}");
});

on_both!(what_is_deleted_or_done_is_conditional_too, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let user = created(&site, "alice").await;
    let path = format!("/users/{}", id_of(&user));
    let old = site.call(Method::GET, &path, None).await.header("etag").to_owned();
    site.call(Method::PATCH, &path, Some(json!({ "first_name": "Alice" }))).await;
    for (method, path) in [(Method::DELETE, path.clone()), (Method::POST, format!("{path}/suspend"))] {
        let refused = with(&site, method, &path, ("if-match", &old), None).await;
        problem(&refused, StatusCode::PRECONDITION_FAILED, "precondition_failed");
    }
    let bare = format!("\"{}\"", site.call(Method::GET, &path, None).await.json()["revision"]);
    let suspended = with(&site, Method::POST, &format!("{path}/suspend"), ("if-match", &bare), None).await;
    assert_eq!(suspended.status, StatusCode::OK, "{}", suspended.text);
    let tag = suspended.header("etag").to_owned();
    assert_eq!(
        with(&site, Method::DELETE, &path, ("if-match", &tag), None).await.status,
        StatusCode::NO_CONTENT
    );
    let gone = with(&site, Method::DELETE, &path, ("if-match", &tag), None).await;
    problem(&gone, StatusCode::NOT_FOUND, "not_found");
    let listed = with(&site, Method::POST, "/users", ("if-match", &tag), Some(json!({}))).await;
    problem(&listed, StatusCode::PRECONDITION_FAILED, "precondition_failed");
});

on_both!(a_token_counts_what_becomes_of_it, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let user = created(&site, "alice").await;
    let file = "serial,secret\nF100,GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n";
    let request = Request::post("/api/v1/tokens/import")
        .header(header::AUTHORIZATION, format!("Bearer {}", site.key))
        .header(header::CONTENT_TYPE, "text/csv");
    let imported = site.send(request.body(Body::from(file)).unwrap()).await;
    assert_eq!(imported.status, StatusCode::OK, "{}", imported.text);
    let listed = site.call(Method::GET, "/tokens", None).await.json();
    let path = format!("/tokens/{}", id_of(&listed["items"][0]));
    let stock = site.call(Method::GET, &path, None).await.header("etag").to_owned();
    let of_user = format!("/users/{}/mfa/token", id_of(&user));
    let given = site.call(Method::PUT, &of_user, Some(json!({ "serial": "F100", "code": null }))).await;
    assert_eq!(given.status, StatusCode::OK, "{}", given.text);
    assert_ne!(site.call(Method::GET, &path, None).await.header("etag"), stock);
    assert_eq!(site.call(Method::DELETE, &of_user, None).await.status, StatusCode::NO_CONTENT);
    let again = with(&site, Method::DELETE, &path, ("if-match", &stock), None).await;
    problem(&again, StatusCode::PRECONDITION_FAILED, "precondition_failed");
    let tag = site.call(Method::GET, &path, None).await.header("etag").to_owned();
    assert_eq!(
        with(&site, Method::DELETE, &path, ("if-match", &tag), None).await.status,
        StatusCode::NO_CONTENT
    );
    problem(&site.call(Method::GET, &path, None).await, StatusCode::NOT_FOUND, "not_found");
});

on_both!(a_body_that_is_odd_is_a_problem_document, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let send = async |path: &str, body: Vec<u8>| {
        let request = Request::post(format!("/api/v1{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", site.key))
            .header(header::CONTENT_TYPE, "application/json");
        site.send(request.body(Body::from(body)).unwrap()).await
    };
    let user = |rest: &str| format!("{{\"username\":\"a\",\"email\":\"a@acme.test\"{rest}}}").into_bytes();
    let deep = format!("{{\"username\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes();
    let large = format!("{{\"username\":\"{}\"}}", "a".repeat(64 * 1024)).into_bytes();
    let exact = format!("\"{}\"", "a".repeat(64 * 1024 - 2)).into_bytes();
    let cases: [(Vec<u8>, StatusCode, &str); 10] = [
        (Vec::new(), StatusCode::BAD_REQUEST, "malformed"),
        (b"{\"username\":\"a".to_vec(), StatusCode::BAD_REQUEST, "malformed"),
        (b"{\"username\":\"\xff\xfe\"}".to_vec(), StatusCode::BAD_REQUEST, "malformed"),
        (deep, StatusCode::UNPROCESSABLE_ENTITY, "body"),
        (b"{} {}".to_vec(), StatusCode::UNPROCESSABLE_ENTITY, "body"),
        (user(",\"email\":\"b@acme.test\""), StatusCode::UNPROCESSABLE_ENTITY, "body"),
        (user(",\"activate\":\"yes\""), StatusCode::UNPROCESSABLE_ENTITY, "body"),
        (user(",\"\\u0000\":1"), StatusCode::UNPROCESSABLE_ENTITY, "body"),
        (exact, StatusCode::UNPROCESSABLE_ENTITY, "body"),
        (large, StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
    ];
    for (body, status, code) in cases {
        problem(&send("/users", body).await, status, code);
    }
    assert_eq!(site.call(Method::GET, "/users", None).await.json()["items"], json!([]));
});

on_both!(what_has_a_page_has_an_operation, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let texts = site.call(Method::GET, "/mail-texts", None).await.json();
    assert!(texts.as_array().unwrap().iter().any(|text| text["kind"] == "reminder"));
    let wrong = json!({ "subject": "", "body": "{nonsense}" });
    let refused = site.call(Method::PUT, "/mail-texts/reminder", Some(wrong)).await;
    assert_eq!(fields(&refused), ["subject", "body"], "{}", refused.text);
    problem(&site.call(Method::GET, "/mail-texts/spam", None).await, StatusCode::NOT_FOUND, "not_found");
    let own = json!({ "subject": "Soon", "body": "Set MFA up.", "sent": false });
    let own = site.call(Method::PUT, "/mail-texts/reminder", Some(own)).await.json();
    assert_eq!((&own["own_words"], &own["sent"]), (&json!(true), &json!(false)));
    let restored = site.call(Method::DELETE, "/mail-texts/reminder", None).await;
    assert_eq!(restored.status, StatusCode::NO_CONTENT);
    assert_eq!(site.call(Method::GET, "/mail-texts/reminder", None).await.json()["own_words"], false);
    assert_eq!(site.call(Method::GET, "/reports/drift", None).await.json()["items"], json!([]));
    created(&site, "alice").await;
    let mails = site.call(Method::GET, "/mails?state=queued&limit=1", None).await.json();
    assert_eq!(mails["items"][0]["to"], "alice@acme.test");
    let retried = format!("/mails/{}/retry", id_of(&mails["items"][0]));
    assert_eq!(site.call(Method::POST, &retried, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(fields(&site.call(Method::GET, "/mails?state=x", None).await), ["state"]);
    let smtp = json!({ "enabled": true, "host": "mail.acme.test", "encryption": "implicit", "username": "it",
        "password": "hunter two", "from_address": "it@acme.test" });
    let set = site.call(Method::PUT, "/organization/smtp", Some(smtp)).await;
    assert_eq!(set.json()["password_set"], true, "{}", set.text);
    assert!(!set.text.contains("hunter"));
    problem(&site.call(Method::GET, "/organization/logo", None).await, StatusCode::NOT_FOUND, "not_found");
});

/// Two shapes of one name would be one in the description: the one that was read last.
#[test]
fn every_shape_of_the_description_has_a_name_of_its_own() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/api");
    let mut seen = BTreeMap::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for shape in text.split("ToSchema)]").skip(1) {
            let word = |kind| shape.find(kind).map(|at| at + str::len(kind));
            let at = [word("struct "), word("enum ")].into_iter().flatten().min();
            let name = at.and_then(|at| shape.get(at..)?.split([' ', '(', ';', '<']).next());
            if let Some(before) = seen.insert(name.unwrap().to_owned(), path.clone()) {
                panic!("{name:?} is in {} and in {}", before.display(), path.display());
            }
        }
    }
    assert!(seen.len() > 50, "{}", seen.len());
}
