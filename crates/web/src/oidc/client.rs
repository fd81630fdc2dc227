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
