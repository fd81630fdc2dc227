//! The organization's logo by API (S2.5).

use crate::{
    api::{fields, problem},
    keys::by,
    settings::PICTURE,
    *,
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use claviger_app::api_keys::KeyForm;
use claviger_domain::{
    logo::LOGO_MAX,
    permission::{Actor, Who},
};
use claviger_testing::{TestDatabase, on_both};

const PATH: &str = "/organization/logo";

async fn put(site: &Site, media_type: &str, picture: Vec<u8>, if_match: Option<&str>) -> Answer {
    let mut request = Request::put(format!("/api/v1{PATH}"))
        .header(header::AUTHORIZATION, format!("Bearer {}", site.key))
        .header(header::CONTENT_TYPE, media_type);
    if let Some(tag) = if_match {
        request = request.header(header::IF_MATCH, tag);
    }
    site.send(request.body(Body::from(picture)).unwrap()).await
}

on_both!(a_logo_is_put_read_and_removed_by_api, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let picture = || PICTURE.as_bytes().to_vec();
    problem(&site.call(Method::GET, PATH, None).await, StatusCode::NOT_FOUND, "not_found");
    let early = put(&site, "image/webp", picture(), Some("\"1\"")).await;
    problem(&early, StatusCode::PRECONDITION_FAILED, "precondition_failed");
    // What it is is told by its bytes, whatever its sender calls it.
    assert_eq!(put(&site, "IMAGE/PNG", picture(), None).await.status, StatusCode::NO_CONTENT);
    let shown = site.call(Method::GET, PATH, None).await;
    assert_eq!((shown.status, shown.text.as_str()), (StatusCode::OK, PICTURE));
    assert_eq!(shown.header("content-type"), "image/webp");
    assert_eq!(site.get("/logo").await.text, PICTURE, "sign-in pages have it");
    let tag = shown.header("etag").to_owned();
    let again = Request::get(format!("/api/v1{PATH}"))
        .header(header::AUTHORIZATION, format!("Bearer {}", site.key))
        .header(header::IF_NONE_MATCH, &tag);
    let again = site.send(again.body(Body::empty()).unwrap()).await;
    assert_eq!((again.status, again.text.as_str()), (StatusCode::NOT_MODIFIED, ""));
    let old = put(&site, "image/webp", picture(), Some("\"77\"")).await;
    problem(&old, StatusCode::PRECONDITION_FAILED, "precondition_failed");
    assert_eq!(old.header("etag").trim_matches('"'), tag.trim_matches('"').split('-').next().unwrap());
    assert_eq!(put(&site, "image/webp", picture(), Some(&tag)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(site.call(Method::DELETE, PATH, None).await.status, StatusCode::NO_CONTENT);
    problem(&site.call(Method::GET, PATH, None).await, StatusCode::NOT_FOUND, "not_found");
    assert_eq!(site.get("/logo").await.status, StatusCode::NOT_FOUND);
    let log = site.call(Method::GET, "/events?group=organization", None).await.text;
    assert_eq!(log.matches("\"organization.logo\"").count(), 2);
    assert_eq!(log.matches("\"organization.logo.remove\"").count(), 1);
});

on_both!(what_is_no_logo_changes_nothing, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    assert_eq!(put(&site, "image/webp", PICTURE.into(), None).await.status, StatusCode::NO_CONTENT);
    let before = site.call(Method::GET, PATH, None).await.header("etag").to_owned();
    let heavy = |size: usize| {
        let mut picture = PICTURE.as_bytes().to_vec();
        picture.resize(size, 0);
        picture
    };
    for (media_type, picture, status, code) in [
        ("image/svg+xml", PICTURE.into(), 415, "media_type"),
        ("image/gif", PICTURE.into(), 415, "media_type"),
        ("application/json", b"{}".to_vec(), 415, "media_type"),
        ("", PICTURE.into(), 415, "media_type"),
        ("image/webp", heavy(LOGO_MAX + 1), 413, "too_large"),
        ("image/webp", heavy(9 * 1024 * 1024), 413, "too_large"),
        ("image/png", b"<svg onload='alert(1)'/>".to_vec(), 422, "fields"),
        ("image/webp", PICTURE.as_bytes()[..20].to_vec(), 422, "fields"),
        ("image/webp", Vec::new(), 422, "fields"),
    ] {
        let length = picture.len();
        let refused = put(&site, media_type, picture, None).await;
        problem(&refused, StatusCode::from_u16(status).unwrap(), code);
        if code == "fields" {
            assert_eq!(fields(&refused), ["logo"], "{media_type} {length}");
        }
    }
    let form = KeyForm {
        name: "looks".into(),
        role: "read_only".into(),
        expires: "never".into(),
        ..KeyForm::default()
    };
    let host = Actor { who: Who::Host, name: "test".into(), address: String::new() };
    let key = site.app.create_api_key_of(&host, "ada@acme.test", &form).await.unwrap();
    let looks = async |method| by(&site, key.token.expose(), method, PATH, None).await;
    problem(&looks(Method::DELETE).await, StatusCode::FORBIDDEN, "denied");
    assert_eq!(looks(Method::GET).await.header("etag"), before, "nothing was written");
    assert_eq!(put(&site, "image/webp", heavy(LOGO_MAX), None).await.status, StatusCode::NO_CONTENT);
});
