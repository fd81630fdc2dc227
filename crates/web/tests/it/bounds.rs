//! S13.1: the bounds and words that the description has are those that the server holds to: what is just within is not
//! refused, what is just beyond is.

use crate::{
    api::{created, id_of},
    *,
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use claviger_testing::{Engine, TestDatabase};
use serde_json::{Map, Value, json};

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// Fields of which more is asked than the description can say; what is beyond is refused all the same.
const ASK_MORE: &[(&str, &str)] = &[
    // Without encryption only if the server's configuration allows it.
    ("changeSmtp", "encryption"),
    // An address; empty while mail is off.
    ("changeSmtp", "from_address"),
    ("changeSyslogStream", "host"),
    // A token that is in stock.
    ("assignToken", "serial"),
    // The organization says how long a password is at least, and easy ones are refused.
    ("setFirstPassword", "password"),
    // A policy keeps the one it has.
    ("changePolicy", "template"),
];

/// What else must be in the body for the field to be looked at.
fn beside(operation: &str, field: &str, ids: &Value) -> Value {
    match (operation, field) {
        ("startBulk", "reason") => json!({ "action": "reset_mfa", "enrollment_days": 7, "ids": ids }),
        ("startBulk", "group") => json!({ "action": "add_to_group", "ids": ids }),
        ("startDeviceBulk", "group") => json!({ "action": "add_to_group" }),
        (
            "createApplication" | "changeApplication" | "createOidcApplication" | "changeOidcApplication",
            "fresh_minutes",
        ) => json!({ "fresh_code": "older_than" }),
        ("fillApplicationTemplate", _) => json!({ "own": "acme" }),
        ("createPolicy" | "changePolicy", _) => {
            json!({ "template": "file", "path": "/etc/motd", "content": "x" })
        }
        ("startBulk", _) => json!({ "enrollment_days": 7, "ids": ids }),
        ("setGroupRule", _) => {
            json!({ "kind": "waves", "enrollment_days": 7, "wave_size": 9, "wave_hours": 9, "pause_at": 9 })
        }
        _ => json!({}),
    }
}

/// The schema itself, whatever leads to it; null is left aside.
fn resolved<'a>(schema: &'a Value, document: &'a Value) -> &'a Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return resolved(document.pointer(&reference[1..]).unwrap(), document);
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(options) = schema[choice].as_array() {
            let real = options.iter().find(|option| option["type"] != "null");
            return resolved(real.unwrap(), document);
        }
    }
    schema
}

fn is(schema: &Value, kind: &str) -> bool {
    let kinds = &schema["type"];
    kinds == kind || kinds.as_array().is_some_and(|kinds| kinds.iter().any(|one| one == kind))
}

fn length(schema: &Value, name: &str) -> Option<usize> {
    schema[name].as_u64().map(|length| usize::try_from(length).unwrap())
}

/// Something that the field takes.
fn sample(field: &str, schema: &Value) -> Value {
    match field {
        "username" => json!("zoe"),
        "email" | "from_address" => json!("zoe@acme.test"),
        "code" => json!("123456"),
        "expires" => json!("30"),
        "password" => json!("wandering seal 41 plum"),
        _ if schema["enum"].is_array() => schema.pointer("/enum/0").unwrap().clone(),
        _ if is(schema, "integer") => schema["minimum"].clone(),
        _ if is(schema, "boolean") => json!(false),
        _ if is(schema, "array") => json!([]),
        _ => json!("x"),
    }
}

/// So many different things that a list takes.
fn list(field: &str, count: usize) -> Value {
    let item = |at: usize| match field {
        "addresses" => json!(format!("192.0.2.{at}")),
        _ => json!(format!("0190a000-0000-7000-8000-{at:012}")),
    };
    (0..count).map(item).collect()
}

/// Values of a field, each with whether the field takes it.
fn values(field: &str, schema: &Value, document: &Value) -> Vec<(Value, bool)> {
    let schema = resolved(schema, document);
    let mut values = Vec::new();
    for word in schema["enum"].as_array().into_iter().flatten() {
        values.push((word.clone(), true));
    }
    if schema["enum"].is_array() && is(schema, "string") {
        values.push((json!("nonsense"), false));
    }
    for (bound, step) in [("minimum", -1), ("maximum", 1)] {
        if let Some(edge) = schema[bound].as_i64() {
            values.extend([(json!(edge), true), (json!(edge + step), false)]);
        }
    }
    let is_plain = schema["pattern"].is_null() && schema["format"].is_null();
    if let Some(longest) = length(schema, "maxLength") {
        values.push((json!("x".repeat(longest + 1)), false));
        values.extend(is_plain.then(|| (json!("x".repeat(longest)), true)));
    }
    if let Some(shortest) = length(schema, "minLength").filter(|shortest| *shortest > 0) {
        values.push((json!("x".repeat(shortest - 1)), false));
        values.extend(is_plain.then(|| (json!("x".repeat(shortest)), true)));
    }
    if !schema["pattern"].is_null() || ["uuid", "date", "email"].iter().any(|kind| schema["format"] == *kind)
    {
        values.push((json!("?"), false));
    }
    if let Some(most) = length(schema, "maxItems") {
        values.extend([(list(field, most), true), (list(field, most + 1), false)]);
    }
    if length(schema, "minItems").is_some() {
        values.push((json!([]), false));
    }
    if is(schema, "array") && !is(schema, "string") {
        let items = values_of_items(field, resolved(&schema["items"], document), document);
        values.extend(items);
    }
    values
}

/// Lists of one value each that the field's items can't be.
fn values_of_items(field: &str, items: &Value, document: &Value) -> Vec<(Value, bool)> {
    let beyond = match (is(items, "integer"), &items["enum"]) {
        (true, Value::Array(_)) => vec![(json!(5), false)],
        _ => values(field, items, document),
    };
    beyond.into_iter().filter(|(_, taken)| !taken).map(|(value, _)| (json!([value]), false)).collect()
}

/// The organization, with one of each thing; what stands for the ids of its paths.
async fn seeded() -> (Site, Vec<(&'static str, String)>) {
    let site = Site::new(&TestDatabase::new(Engine::Sqlite).await).await;
    let alice = created(&site, "alice").await;
    let group = site.call(Method::POST, "/groups", Some(json!({ "name": "Sales" }))).await.json();
    let fleet = site.call(Method::POST, "/device-groups", Some(json!({ "name": "Web" }))).await.json();
    let wiki = json!({ "name": "Wiki", "entity_id": "urn:wiki", "consumers": [{ "address": "https://wiki.example/acs" }] });
    let wiki = site.call(Method::POST, "/applications", Some(wiki)).await.json();
    let motd = json!({ "name": "Motd", "template": "file", "path": "/etc/motd", "content": "x" });
    let motd = site.call(Method::POST, "/policies", Some(motd)).await.json();
    let uptime = json!({ "name": "Uptime", "shell": "shell", "script": "uptime" });
    let uptime = site.call(Method::POST, "/commands", Some(uptime)).await.json();
    let device = json!({ "id": crate::devices::enrolled(&site, 1).await });
    let grace = json!({ "email": "grace@acme.test", "role": "manager" });
    let grace = site.call(Method::POST, "/administrators", Some(grace)).await.json();
    let request = Request::post("/api/v1/tokens/import")
        .header(header::AUTHORIZATION, format!("Bearer {}", site.key))
        .header(header::CONTENT_TYPE, "text/csv");
    let tokens = Body::from(format!("serial,secret\nx,{SECRET}\n"));
    assert_eq!(site.send(request.body(tokens).unwrap()).await.status, StatusCode::OK);
    let ids = [
        ("/users/{id}", &alice),
        ("/users/{user}", &alice),
        ("/devices/{id}", &device),
        ("/device-groups/{id}", &fleet),
        ("/applications/{id}", &wiki),
        ("/policies/{id}", &motd),
        ("/commands/{id}", &uptime),
        ("/groups/{id}", &group),
        ("/groups/{group}", &group),
        ("/administrators/{id}", &grace),
    ];
    let real = |path: &str, id: &str| format!("{}{id}", path.split('{').next().unwrap());
    (site, ids.map(|(path, thing)| (path, real(path, id_of(thing)))).to_vec())
}

/// Whether the answer says that the field is wrong, and not only that something else has the same.
fn refuses(answer: &Answer, field: &str) -> bool {
    if answer.status != StatusCode::UNPROCESSABLE_ENTITY {
        return false;
    }
    let problem = answer.json();
    let errors = problem.get("errors").and_then(Value::as_array);
    let is_twin = |error: &Value| error["message"].as_str().unwrap().starts_with("Another ");
    errors.is_some_and(|errors| errors.iter().any(|error| error["field"] == field && !is_twin(error)))
}

#[tokio::test]
async fn the_description_says_what_the_server_holds_to() {
    let (site, ids) = seeded().await;
    let site = site.limited(60_000, 30);
    let document = site.get("/api/v1/openapi.json").await.json();
    let (mut looked_at, mut wrong) = (0, Vec::new());
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            let real = path.strip_prefix("/api/v1").unwrap().replace("{kind}", "reminder");
            let real = ids.iter().fold(real, |real, (known, id)| real.replace(known, id));
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                if parameter["in"] == "query" {
                    let field = parameter["name"].as_str().unwrap();
                    for (value, taken) in values(field, &parameter["schema"], &document) {
                        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                        let query = format!("{real}?{field}={text}");
                        let answer = site.call(method.to_uppercase().parse().unwrap(), &query, None).await;
                        if refuses(&answer, field) == taken {
                            wrong.push(format!("{name} {field}={text}: {}", answer.text));
                        }
                        looked_at += 1;
                    }
                }
            }
            let body =
                resolved(&operation["requestBody"]["content"]["application/json"]["schema"], &document);
            let Some(fields) = body["properties"].as_object() else { continue };
            let needed = body["required"].as_array().cloned().unwrap_or_default();
            let needed = needed.iter().map(|field| field.as_str().unwrap());
            let least: Map<String, Value> = needed
                .map(|field| (field.to_owned(), sample(field, resolved(&fields[field], &document))))
                .collect();
            for (field, schema) in fields {
                for (value, taken) in values(field, schema, &document) {
                    if taken && ASK_MORE.contains(&(name, field)) {
                        continue;
                    }
                    let mut body = least.clone();
                    let users = list("ids", 1);
                    body.extend(beside(name, field, &users).as_object().unwrap().clone());
                    body.insert(field.clone(), value.clone());
                    let method = method.to_uppercase().parse().unwrap();
                    let answer = site.call(method, &real, Some(Value::Object(body))).await;
                    if refuses(&answer, field) == taken {
                        wrong.push(format!("{name} {field}={value}: {}", answer.text));
                    }
                    looked_at += 1;
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(looked_at > 150, "{looked_at}");
}
