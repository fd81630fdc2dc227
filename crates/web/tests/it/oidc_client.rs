//! How an application shows who it is (RFC 6749 section 2.3.1).

use axum::http::{HeaderMap, HeaderValue, header};
use claviger_domain::application::oidc::request::Parameters;
use claviger_web::{Unshown, shown_credentials};
use data_encoding::BASE64;

fn read(header: Option<&str>, pairs: &[(&str, &str)]) -> Result<(String, Option<String>), Unshown> {
    let mut headers = HeaderMap::new();
    if let Some(header) = header {
        headers.insert(header::AUTHORIZATION, HeaderValue::try_from(header).unwrap());
    }
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let credentials = shown_credentials(&headers, &Parameters::of(pairs))?;
    Ok((credentials.client_id, credentials.secret.map(|secret| secret.expose().clone())))
}

#[test]
fn an_application_shows_itself_in_one_way() {
    let basic = |text: &str| format!("Basic {}", BASE64.encode(text.as_bytes()));
    let ok = |id: &str, secret: Option<&str>| Ok((id.to_owned(), secret.map(str::to_owned)));
    assert_eq!(read(Some(&basic("a:b%3A%25+c")), &[]), ok("a", Some("b:% c")));
    assert_eq!(read(Some(&basic("a:b")), &[("client_id", "a")]), ok("a", Some("b")));
    assert_eq!(read(None, &[("client_id", "a"), ("client_secret", "b")]), ok("a", Some("b")));
    assert_eq!(read(None, &[("client_id", "a")]), ok("a", None));
    assert_eq!(read(None, &[]), Err(Unshown::Nobody));
    for (header, pairs) in [
        (Some(basic("a:b")), vec![("client_secret", "b")]),
        (Some(basic("a:b")), vec![("client_id", "c")]),
        (None, vec![("client_id", "a"), ("client_id", "c")]),
    ] {
        assert_eq!(read(header.as_deref(), &pairs), Err(Unshown::TwoWays));
    }
    for header in ["Basic", "Basic !", "Bearer abc", &basic("ab"), &basic("a:b&x=c")] {
        assert_eq!(read(Some(header), &[]), Err(Unshown::Unreadable), "{header}");
    }
}
