//! How an application shows who it is: by HTTP Basic, or in the form (RFC 6749 §2.3.1).

use axum::http::{HeaderMap, header};
use claviger_app::oidc::Credentials;
use claviger_domain::{application::oidc::request::Parameters, secret::Secret};
use data_encoding::BASE64;

/// Why nothing that was shown can be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unshown {
    /// It was shown in two ways, or a part of it twice.
    TwoWays,
    /// It can't be read.
    Unreadable,
    /// Nothing says who calls.
    Nobody,
}

/// What was shown, in one way.
///
/// # Errors
/// If it was in none or in two, or can't be read.
pub fn shown_credentials(headers: &HeaderMap, parameters: &Parameters) -> Result<Credentials, Unshown> {
    let one = |name| parameters.one(name).map_err(|_| Unshown::TwoWays);
    let (client_id, secret) = (one("client_id")?, one("client_secret")?);
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let Some(header) = sent.next() else {
        let client_id = client_id.ok_or(Unshown::Nobody)?.to_owned();
        return Ok(Credentials { client_id, secret: secret.map(Secret::from) });
    };
    if secret.is_some() || sent.next().is_some() {
        return Err(Unshown::TwoWays);
    }
    let basic = header.to_str().ok().and_then(basic).ok_or(Unshown::Unreadable)?;
    if client_id.is_some_and(|client_id| client_id != basic.client_id) {
        return Err(Unshown::TwoWays);
    }
    Ok(basic)
}

/// Both parts are written as in forms before they are put together.
fn basic(header: &str) -> Option<Credentials> {
    let (scheme, text) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64.decode(text.trim().as_bytes()).ok()?).ok()?;
    let (client_id, secret) = text.split_once(':')?;
    let unescaped = |part: &str| {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&format!("x={part}")).ok()?;
        match pairs.as_slice() {
            [(_, value)] => Some(value.clone()),
            _ => None,
        }
    };
    Some(Credentials { client_id: unescaped(client_id)?, secret: Some(Secret::new(unescaped(secret)?)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

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
}
