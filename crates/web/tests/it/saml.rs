//! SAML through the router: from an application's site by the sign-in to the form that goes back to it (S10).

use crate::{
    permissions::requests::{a_user, signed_in},
    *,
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use claviger_testing::{TestDatabase, on_both};
use data_encoding::BASE64;
use serde_json::{Value, json};

pub(crate) fn application(name: &str) -> Value {
    json!({
        "name": name,
        "description": "What we know",
        "entity_id": format!("https://{name}.example/metadata"),
        "consumers": [{ "address": format!("https://{name}.example/acs;v=1?t=2") }],
        "attributes": [{ "name": "mail", "source": "email" }],
    })
}

/// The application's id, and alice's e-mail, who has it.
pub(crate) async fn given(site: &Site, name: &str) -> (String, String) {
    given_one(site, application(name)).await
}

async fn given_one(site: &Site, application: Value) -> (String, String) {
    let made = site.call(Method::POST, "/applications", Some(application)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let id = made.json().pointer("/id").unwrap().as_str().unwrap().to_owned();
    let group = site.call(Method::POST, "/groups", Some(json!({ "name": "Staff" }))).await.json();
    let group = group.pointer("/id").unwrap().as_str().unwrap();
    let assigned = site.call(Method::PUT, &format!("/applications/{id}/groups/{group}"), None).await;
    assert_eq!(assigned.status, StatusCode::NO_CONTENT, "{}", assigned.text);
    let email = a_user(site).await;
    let users = site.call(Method::GET, "/users", None).await.json();
    let user = users.pointer("/items/0/id").unwrap().as_str().unwrap().to_owned();
    let joined = site.call(Method::PUT, &format!("/groups/{group}/users/{user}"), None).await;
    assert_eq!(joined.status, StatusCode::NO_CONTENT, "{}", joined.text);
    (id, email)
}

fn request(id: &str, name: &str, number: u8) -> String {
    BASE64.encode(
        format!(
            r#"<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r{number}" Version="2.0" IssueInstant="2027-01-15T08:00:00Z" Destination="https://sso.acme.test/saml/{id}/sso"><saml:Issuer>https://{name}.example/metadata</saml:Issuer></samlp:AuthnRequest>"#
        )
        .as_bytes(),
    )
}

/// A form that the application's site posts: no cookie of ours comes along.
pub(crate) async fn post(site: &Site, id: &str, fields: &[(&str, &str)]) -> Answer {
    let body = serde_urlencoded::to_string(fields).unwrap();
    let request = Request::post(format!("/saml/{id}/sso"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ORIGIN, "https://wiki.example")
        .header("sec-fetch-site", "cross-site");
    site.send(request.body(Body::from(body)).unwrap()).await
}

fn next_cookie(answer: &Answer) -> String {
    let cookies = answer.head.get_all(header::SET_COOKIE).iter();
    let found =
        cookies.map(|cookie| cookie.to_str().unwrap()).find(|cookie| cookie.contains("claviger_next"));
    found.unwrap().split(';').next().unwrap().to_owned()
}

on_both!(a_request_of_another_site_goes_on_after_the_sign_in, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let (id, email) = given(&site, "wiki").await;
    let message = request(&id, "wiki", 1);
    let bounced = post(&site, &id, &[("SAMLRequest", &message), ("RelayState", "/a\"b<c>")]).await;
    assert_eq!(bounced.status, StatusCode::SEE_OTHER, "{}", bounced.text);
    let way = bounced.header("location").to_owned();
    assert!(way.starts_with(&format!("/saml/{id}/continue?request=")), "{way}");

    let first = site.get(&way).await;
    assert_eq!((first.status, first.header("location")), (StatusCode::SEE_OTHER, "/"));
    let waiting = next_cookie(&first);
    assert!(waiting.starts_with("__Host-claviger_next=/saml/"), "{waiting}");
    let session = signed_in(&site, &email).await;
    let home = page(&site, &format!("{session}; {waiting}"), "/").await;
    assert_eq!((home.status, home.header("location")), (StatusCode::SEE_OTHER, way.as_str()));
    assert_eq!(next_cookie(&home), "__Host-claviger_next=", "it is followed once");

    let told = page(&site, &session, &way).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    assert!(told.text.contains(r#"action="https://wiki.example/acs;v=1?t=2""#), "{}", told.text);
    assert!(told.text.contains("data-forward") && told.text.contains("<button"), "{}", told.text);
    assert!(told.text.contains(r#"name="SAMLResponse""#) && told.text.contains(r#"name="RelayState""#));
    assert!(!told.text.contains("/a\"b<c>"), "what came is escaped");
    let policy = told.header("content-security-policy");
    let everywhere = site.get("/sign-in").await.header("content-security-policy").to_owned();
    assert_eq!(
        policy,
        everywhere.replace("form-action 'self'", "form-action 'self' https:"),
        "nothing else is let loose"
    );
    assert_eq!(told.header("cache-control"), "no-store");
    let again = page(&site, &session, &way).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(!again.text.contains("SAMLResponse"));
});

on_both!(a_form_for_an_application_of_this_machine_goes_to_it, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let mut local = application("local");
    local["consumers"] = json!([{ "address": "http://localhost:8000/acs" }]);
    let (id, email) = given_one(&site, local).await;
    let session = signed_in(&site, &email).await;
    let begun = page(&site, &session, &format!("/applications/{id}")).await;
    let told = page(&site, &session, begun.header("location")).await;
    let policy = told.header("content-security-policy");
    assert!(policy.contains("form-action 'self' http: https:;"), "{policy}");
});

on_both!(a_tile_leads_to_the_application, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let (id, email) = given(&site, "wiki").await;
    let session = signed_in(&site, &email).await;
    let home = page(&site, &session, "/").await;
    assert!(home.text.contains(&format!("href=\"/applications/{id}\"")), "{}", home.text);
    let begun = page(&site, &session, &format!("/applications/{id}")).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER);
    let told = page(&site, &session, begun.header("location")).await;
    assert!(told.text.contains("SAMLResponse"), "{}", told.text);

    let out = site.send(form("/sign-out", &session, "")).await;
    let way = out.header("location");
    assert!(way.starts_with("/sign-out/applications/"), "the application was told of the session: {way}");
    let done = site.get(way).await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, "/sign-in"));
});

on_both!(who_does_not_have_it_gets_a_page_and_the_application_nothing, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let (id, email) = given(&site, "wiki").await;
    let groups = site.call(Method::GET, &format!("/applications/{id}/groups"), None).await.json();
    let group = groups[0]["id"].as_str().unwrap();
    site.call(Method::DELETE, &format!("/applications/{id}/groups/{group}"), None).await;
    let session = signed_in(&site, &email).await;
    let begun = page(&site, &session, &format!("/applications/{id}")).await;
    let refused = page(&site, &session, begun.header("location")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("You don&#39;t have wiki"), "{}", refused.text);
    assert!(!refused.text.contains("SAMLResponse"));
    let metrics = site.get("/metrics").await.text;
    assert!(metrics.contains("application_requests_total{outcome=\"not_assigned\"} 1"), "{metrics}");
});

on_both!(what_is_not_right_is_told_in_few_words, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let (id, _) = given(&site, "wiki").await;
    let other = request(&id, "evil", 1);
    for fields in [
        vec![],
        vec![("SAMLRequest", "!")],
        vec![("SAMLRequest", other.as_str())],
        vec![("SAMLRequest", other.as_str()), ("SAMLResponse", "x")],
    ] {
        let refused = post(&site, &id, &fields).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{fields:?}");
        assert!(refused.text.contains("wiki sent a request"), "{}", refused.text);
        assert!(!refused.text.contains("evil.example"), "the log has it, the page doesn't");
    }
    for path in ["metadata", "sso?SAMLRequest=x", "continue?request=x", "slo?SAMLRequest=x"] {
        let unknown = site.get(&format!("/saml/0190a000-0000-7000-8000-000000000000/{path}")).await;
        let expected =
            if path.starts_with("continue") { StatusCode::CONFLICT } else { StatusCode::NOT_FOUND };
        assert_eq!(unknown.status, expected, "{path}");
        assert_eq!(site.get(&format!("/saml/x/{path}")).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let metadata = site.get(&format!("/saml/{id}/metadata")).await;
    assert_eq!(metadata.header("content-type"), "application/samlmetadata+xml");
    assert!(metadata.text.contains(&format!("https://sso.acme.test/saml/{id}/sso")), "{}", metadata.text);
    let large = "x".repeat(500 * 1024);
    let refused = post(&site, &id, &[("SAMLRequest", &large)]).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
});

on_both!(a_forged_way_on_is_not_followed, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let (_, email) = given(&site, "wiki").await;
    let session = signed_in(&site, &email).await;
    for forged in ["https://evil.test/", "//evil.test", "/admin", "/saml/x/continue?request=a"] {
        let home = page(&site, &format!("{session}; __Host-claviger_next={forged}"), "/").await;
        assert_eq!(home.status, StatusCode::OK, "{forged}");
    }
    let confirm = page(&site, &session, "/confirm?return=https%3A%2F%2Fevil.test%2F").await;
    assert!(!confirm.text.contains("evil.test"), "{}", confirm.text);
});

on_both!(an_administrator_adds_an_application_three_ways, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let list = page(&site, &cookie, "/admin/applications").await;
    assert!(list.text.contains("No applications yet"), "{}", list.text);
    let filled =
        site.send(form("/admin/applications/new/template", &cookie, "template=slack&own=acme")).await;
    assert_eq!(filled.status, StatusCode::OK);
    assert!(filled.text.contains("https://acme.slack.com/sso/saml"), "{}", filled.text);
    let metadata = "--x\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n<md:EntityDescriptor \
        xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"urn:wiki\"><md:SPSSODescriptor \
        protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:AssertionConsumerService \
        Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://wiki.example/acs\" index=\"1\"/>\
        </md:SPSSODescriptor></md:EntityDescriptor>\r\n--x--\r\n";
    let upload = Request::post("/admin/applications/new/metadata")
        .header(header::COOKIE, &cookie)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
    let read = site.send(upload.body(Body::from(metadata)).unwrap()).await;
    assert!(
        read.text.contains("https://wiki.example/acs 1") && read.text.contains("urn:wiki"),
        "{}",
        read.text
    );
    let wrong = site
        .send(form("/admin/applications/new", &cookie, "name=Wiki&entity_id=urn%3Awiki&consumers=x"))
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.text.contains("Enter a whole address") && wrong.text.contains("urn:wiki"),
        "{}",
        wrong.text
    );
    let body =
        "name=Wiki&entity_id=urn%3Awiki&consumers=https%3A%2F%2Fwiki.example%2Facs&attributes=mail+%3D+email";
    let made = site.send(form("/admin/applications/new", &cookie, body)).await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.text);
    let path = made.header("location").to_owned();
    let shown = page(&site, &cookie, &path).await;
    assert!(shown.text.contains("mail = email") && shown.text.contains("/metadata"), "{}", shown.text);
    a_user(&site).await;
    let tested = page(&site, &cookie, &format!("{path}/test?user=alice%40acme.test")).await;
    assert!(tested.text.contains("no group of theirs has the application"), "{}", tested.text);
});

on_both!(the_api_says_what_the_application_would_be_told, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let (id, _) = given(&site, "wiki").await;
    let path = format!("/applications/{id}");
    let told = site.call(Method::GET, &format!("{path}/preview?user=alice"), None).await.json();
    assert_eq!(told["refused"], Value::Null);
    assert_eq!(told["told"]["name_id"], "alice@acme.test");
    assert_eq!(told["told"]["attributes"], json!([{ "name": "mail", "values": ["alice@acme.test"] }]));
    let twin = site.call(Method::POST, "/applications", Some(application("wiki"))).await;
    assert_eq!(twin.status, StatusCode::UNPROCESSABLE_ENTITY);
    let made = site.call(Method::POST, &format!("{path}/certificates"), None).await;
    assert_eq!(made.status, StatusCode::NO_CONTENT, "{}", made.text);
    let all = site.call(Method::GET, &format!("{path}/certificates"), None).await.json();
    assert_eq!((all[0]["stage"].as_str(), all[1]["stage"].as_str()), (Some("current"), Some("next")));
    let changed = site.call(Method::PUT, &path, Some(application("lore"))).await;
    assert_eq!(changed.json()["revision"], 2, "{}", changed.text);
    let filled = json!({ "template": "grafana", "own": "g.example" });
    let filled = site.call(Method::POST, "/applications/templates", Some(filled)).await.json();
    assert_eq!(filled["consumers"][0]["address"], "https://g.example/saml/acs");
    assert_eq!(site.call(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
});
