//! Requests for a code and calls for tokens.

use crate::{Broken, Outcome, changes::changed, numbers::Numbers};
use axum::http::{HeaderMap, HeaderValue, header};
use claviger_app::oidc::Presented;
use claviger_domain::{
    application::oidc::{
        Algorithm, Client, Refresh, Scope, Settings, addresses,
        grant::{CODE_LASTS, Code, Use},
        request::Authorization,
    },
    id::ApplicationId,
    time::Timestamp,
};
use claviger_web::{read_parameters, shown_credentials};
use std::sync::OnceLock;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const REDIRECT: &str = "https://app.example/cb?tenant=1";
/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

const AUTHORIZATIONS: &[&[u8]] = &[
    b"response_type=code&client_id=0190a000-0000-7000-8000-000000000000&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%3Ftenant%3D1&scope=openid+email&state=a+b&nonce=n&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
    b"client_id=x&redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fcb&response_type=code&scope=openid%20profile%20groups%20offline_access&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&prompt=login&max_age=60&acr_values=https%3A%2F%2Frefeds.org%2Fprofile%2Fmfa&login_hint=a&id_token_hint=a.b.c&ui_locales=de&response_mode=query",
];
/// The header `Authorization` in the first line, and the form.
const CALLS: &[&[u8]] = &[
    b"Basic MDE5MGEwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAwOmN2c19zZWNyZXQ=\ngrant_type=authorization_code&code=AAAA&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%3Ftenant%3D1&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    b"\nclient_id=a&client_secret=b&grant_type=authorization_code&code=AAAA&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%3Ftenant%3D1&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    b"\nclient_id=a&grant_type=refresh_token&refresh_token=AAAA&scope=openid+email",
];

const WORDS: &[&[u8]] = &[
    b"&redirect_uri=https%3A%2F%2Fevil.example%2F",
    b"&redirect_uri=https://app.example/cb?tenant=1",
    b"&code_challenge_method=plain",
    b"&code_challenge=",
    b"&response_type=token",
    b"&response_mode=fragment",
    b"&request=eyJhbGciOiJub25lIn0.e30.",
    b"&request_uri=https://evil.example/r",
    b"&prompt=none",
    b"&max_age=-1",
    b"&max_age=99999999999999999999",
    b"&scope=openid",
    b"&state=x",
    b"&client_id=b",
    b"&client_secret=x",
    b"&code=BBBB",
    b"&code_verifier=",
    b"&grant_type=password",
    b"Basic ",
    b"Bearer ",
    b"%00",
    b"%0d%0a",
    b"%2e%2e%2f",
    b"%F0%9F%98%80",
    b"%ff",
    b"%",
    b"+",
    b"@evil.example",
    b"\n",
    b"\xff",
];

fn settings() -> Option<&'static Settings> {
    static SETTINGS: OnceLock<Option<Settings>> = OnceLock::new();
    let made = SETTINGS.get_or_init(|| {
        let redirects = addresses("redirects", &format!("{REDIRECT}\nhttp://localhost:3000/cb")).ok()?;
        Some(Settings {
            client: Client::Confidential,
            redirects,
            after_log_out: Vec::new(),
            scopes: vec![Scope::Openid, Scope::Email, Scope::Profile],
            refresh: Refresh::Rotating,
            claims: Vec::new(),
            signed: Algorithm::Rs256,
            start: None,
        })
    });
    made.as_ref()
}

pub(crate) fn an_authorization(number: u64) -> Vec<u8> {
    changed(AUTHORIZATIONS, WORDS, &mut Numbers::of(number))
}

/// The query of a request for a code: whatever it is, a code goes to a registered address, with PKCE.
pub fn authorization(query: &[u8]) -> Result<Outcome, Broken> {
    let settings = settings().ok_or_else(|| Broken("the addresses of the application aren't read".into()))?;
    let Some(parameters) = read_parameters(query) else { return Ok(Outcome::Refused) };
    let Some(redirect) = settings.destination(&parameters) else { return Ok(Outcome::Refused) };
    let is_ours = [REDIRECT, "http://localhost:3000/cb"].contains(&redirect);
    Broken::unless(is_ours, "a code would go to an address that isn't registered")?;
    let Ok(asked) = Authorization::parse(settings, redirect, &parameters) else {
        return Ok(Outcome::Refused);
    };
    Broken::unless(asked.redirect == redirect, "the address changed")?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_hash = asked.challenge.len() == 43 && asked.challenge.bytes().all(plain);
    Broken::unless(is_hash, "a request without PKCE was taken")?;
    let is_asked = asked.scopes.contains(&Scope::Openid) && !asked.scopes.contains(&Scope::Groups);
    Broken::unless(is_asked, "a scope is given that isn't the application's")?;
    let is_header = |text: &String| text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    let texts = asked.state.iter().chain(&asked.nonce);
    Broken::unless(texts.clone().all(is_header), "what goes back isn't printable")?;
    Broken::unless(texts.map(String::len).all(|length| length <= 1_024), "what goes back is too long")?;
    let _ = asked.request(NOW);
    Ok(Outcome::Read)
}

pub(crate) fn a_token(number: u64) -> Vec<u8> {
    changed(CALLS, WORDS, &mut Numbers::of(number))
}

/// A call for tokens, the header `Authorization` in the first line: only the verifier that was hashed redeems a code, and each
/// parameter that counts stands there once.
pub fn token(call: &[u8]) -> Result<Outcome, Broken> {
    let line = call.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let (header, form) = call.split_at_checked(line).unwrap_or_default();
    let Some(parameters) = read_parameters(form.get(1..).unwrap_or_default()) else {
        return Ok(Outcome::Refused);
    };
    let mut headers = HeaderMap::new();
    if !header.is_empty() {
        let Ok(value) = HeaderValue::from_bytes(header) else { return Ok(Outcome::Refused) };
        headers.insert(header::AUTHORIZATION, value);
    }
    let Ok(shown) = shown_credentials(&headers, &parameters) else { return Ok(Outcome::Refused) };
    let named = parameters.once("client_id");
    Broken::unless(named.is_none_or(|named| named == shown.client_id), "it calls as two applications")?;
    match Presented::read(&parameters) {
        Err(_) => Ok(Outcome::Refused),
        Ok(Presented::Refresh { token }) => {
            Broken::unless(parameters.once("refresh_token") == Some(token), "another token is looked at")?;
            Ok(Outcome::Read)
        }
        Ok(Presented::Code { code, redirect, verifier }) => {
            Broken::unless(parameters.once("code") == Some(code), "another code is looked at")?;
            let is_redeemed = given().redeem(an_application(), (redirect, verifier), NOW).is_ok();
            Broken::unless(
                is_redeemed == (redirect == REDIRECT && verifier == VERIFIER),
                "a code was redeemed with another verifier or address, or not with its own",
            )?;
            Ok(Outcome::Read)
        }
    }
}

fn an_application() -> ApplicationId {
    ApplicationId::new(NOW, [1; 10])
}

fn given() -> Code {
    Code {
        application: an_application(),
        redirect: REDIRECT.to_owned(),
        challenge: CHALLENGE.to_owned(),
        until: NOW.plus(CODE_LASTS),
        used: Use::Fresh,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_are_read() {
        for query in AUTHORIZATIONS {
            assert_eq!(authorization(query), Ok(Outcome::Read));
        }
        for call in CALLS {
            assert_eq!(token(call), Ok(Outcome::Read));
        }
    }
}
