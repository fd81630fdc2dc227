//! A request for a code, as an application sends it with the browser (OpenID Connect Core §3.1.2.1, RFC 7636, RFC 9700).

use super::{Scope, Settings};
use crate::{
    application::release::{Freshness, Interaction, Request},
    time::{Span, Timestamp},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most characters of `state` and of `nonce`.
const MOST_STATE: usize = 1_024;
const MOST_NONCE: usize = 256;
/// The most characters of `acr_values`, and of a `max_age`.
const MOST_ACR: usize = 512;
const MOST_DIGITS: usize = 10;

/// The parameters of a request. One without a value counts as left out (RFC 6749 §3.1); one that came twice is nothing
/// that can be relied on.
#[derive(Clone, Debug, Default)]
pub struct Parameters(BTreeMap<String, Option<String>>);

/// A parameter that came twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twice(pub &'static str);

impl Parameters {
    /// The parameters of these pairs.
    pub fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut all = BTreeMap::new();
        for (name, value) in pairs {
            if value.is_empty() {
                continue;
            }
            all.entry(name).and_modify(|known| *known = None).or_insert(Some(value));
        }
        Self(all)
    }

    /// The parameter, if it came.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, Twice> {
        match self.0.get(name) {
            None => Ok(None),
            Some(None) => Err(Twice(name)),
            Some(Some(value)) => Ok(Some(value)),
        }
    }

    /// The parameter, if it came once.
    pub fn once(&self, name: &'static str) -> Option<&str> {
        self.one(name).ok().flatten()
    }
}

/// Why an application gets no code: a word of RFC 6749 §4.1.2.1 or OpenID Connect Core §3.1.2.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Something is missing, wrong or there twice.
    InvalidRequest,
    /// It asks for something else than a code.
    UnsupportedResponseType,
    /// It asks for no scope that it has, or not for `openid`.
    InvalidScope,
    /// It sends its request as a JWT.
    RequestNotSupported,
    /// It sends its request as an address.
    RequestUriNotSupported,
    /// It brings its own registration.
    RegistrationNotSupported,
    /// The person would have to be asked, and may not be.
    LoginRequired,
    /// The person doesn't get in, and may not be told.
    AccessDenied,
}

impl Error {
    /// The word.
    pub const fn key(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::LoginRequired => "login_required",
            Self::AccessDenied => "access_denied",
        }
    }
}

/// An error with a sentence for whoever builds the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The word.
    pub error: Error,
    /// The sentence, of the characters that RFC 6749 allows.
    pub description: &'static str,
}

const fn fault(error: Error, description: &'static str) -> Fault {
    Fault { error, description }
}

const fn wrong(description: &'static str) -> Fault {
    fault(Error::InvalidRequest, description)
}

impl From<Twice> for Fault {
    fn from(_: Twice) -> Self {
        wrong("A parameter came twice.")
    }
}

/// Whether the person is to be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// For what they owe.
    Usual,
    /// For nothing.
    None,
    /// Once more in any case: `login`, and `select_account`, as there is one account in a browser.
    Anew,
}

/// A request for a code whose every part is right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorization {
    /// Where the code goes: one of the application's own addresses.
    pub redirect: String,
    /// What it is told.
    pub scopes: Vec<Scope>,
    /// What it wants back with the code.
    pub state: Option<String>,
    /// What it wants in the ID token.
    pub nonce: Option<String>,
    /// PKCE: the SHA-256 of what it will show with the code, in Base64.
    pub challenge: String,
    /// Whether the person is to be asked.
    pub prompt: Prompt,
    /// How many seconds ago the person may have shown who they are.
    pub max_age: Option<i64>,
    /// How the person should have signed in, the dearest way first.
    pub acr_values: Vec<String>,
}

impl Settings {
    /// Where the answer goes; nothing if people must not be sent there.
    pub fn destination<'a>(&self, parameters: &'a Parameters) -> Option<&'a str> {
        parameters.once("redirect_uri").filter(|redirect| self.allows(redirect))
    }
}

impl Authorization {
    /// The request that goes back to `redirect`. PKCE is asked of every application, with S256 alone.
    ///
    /// # Errors
    /// The fault that the application is told of.
    pub fn parse(settings: &Settings, redirect: &str, parameters: &Parameters) -> Result<Self, Fault> {
        refuse_unsupported(parameters)?;
        match parameters.one("response_type")? {
            Some("code") => {}
            Some(_) => {
                return Err(fault(Error::UnsupportedResponseType, "Only response_type=code is offered."));
            }
            None => return Err(wrong("response_type is missing.")),
        }
        if !matches!(parameters.one("response_mode")?, None | Some("query")) {
            return Err(wrong("Only response_mode=query is offered."));
        }
        let scopes = settings.given(parameters.one("scope")?.unwrap_or_default());
        Ok(Self {
            redirect: redirect.to_owned(),
            scopes: scopes.ok_or(fault(Error::InvalidScope, "scope must have openid in it."))?,
            state: bounded(parameters.one("state")?, MOST_STATE, "state is too long or not ASCII.")?,
            nonce: bounded(parameters.one("nonce")?, MOST_NONCE, "nonce is too long or not ASCII.")?,
            challenge: challenge(parameters)?,
            prompt: prompt(parameters.one("prompt")?.unwrap_or_default())?,
            max_age: max_age(parameters.one("max_age")?)?,
            acr_values: bounded(parameters.one("acr_values")?, MOST_ACR, "acr_values is too long.")?
                .map(|values| values.split(' ').map(str::to_owned).collect())
                .unwrap_or_default(),
        })
    }

    /// What is asked, as the rules have it, of a request that came `at`.
    pub const fn request(&self, at: Timestamp) -> Request {
        let freshness = match (self.prompt, self.max_age) {
            (Prompt::Anew, _) | (_, Some(0)) => Freshness::Anew,
            (_, Some(seconds)) => Freshness::Within(Span::seconds(seconds)),
            (_, None) => Freshness::Any,
        };
        let interaction = match self.prompt {
            Prompt::None => Interaction::Forbidden,
            Prompt::Usual | Prompt::Anew => Interaction::Allowed,
        };
        Request { at, freshness, interaction }
    }
}

fn refuse_unsupported(parameters: &Parameters) -> Result<(), Fault> {
    for (name, error, description) in [
        ("request", Error::RequestNotSupported, "Requests as a JWT are not offered."),
        ("request_uri", Error::RequestUriNotSupported, "Requests by reference are not offered."),
        ("registration", Error::RegistrationNotSupported, "Applications are registered by an administrator."),
    ] {
        if parameters.one(name)?.is_some() {
            return Err(fault(error, description));
        }
    }
    Ok(())
}

/// RFC 6749 appendix A: printable ASCII.
fn bounded(text: Option<&str>, most: usize, description: &'static str) -> Result<Option<String>, Fault> {
    let is_right = |text: &str| text.len() <= most && text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    match text {
        Some(text) if !is_right(text) => Err(wrong(description)),
        text => Ok(text.map(str::to_owned)),
    }
}

/// RFC 7636: without a challenge a stolen code could be redeemed, and `plain` shows what it should hide.
fn challenge(parameters: &Parameters) -> Result<String, Fault> {
    let Some(challenge) = parameters.one("code_challenge")? else {
        return Err(wrong("code_challenge is missing: PKCE is asked of every application."));
    };
    if parameters.one("code_challenge_method")? != Some("S256") {
        return Err(wrong("code_challenge_method must be S256."));
    }
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if challenge.len() != 43 || !challenge.bytes().all(is_base64) {
        return Err(wrong("code_challenge must be a SHA-256 in Base64 without padding."));
    }
    Ok(challenge.to_owned())
}

fn prompt(text: &str) -> Result<Prompt, Fault> {
    let words: Vec<_> = text.split(' ').filter(|word| !word.is_empty()).collect();
    match words.as_slice() {
        ["none"] => Ok(Prompt::None),
        words if words.contains(&"none") => Err(wrong("prompt=none goes with nothing else.")),
        words if words.iter().any(|word| matches!(*word, "login" | "select_account")) => Ok(Prompt::Anew),
        // The organization has given its consent by assigning the application.
        _ => Ok(Prompt::Usual),
    }
}

fn max_age(text: Option<&str>) -> Result<Option<i64>, Fault> {
    let Some(text) = text else { return Ok(None) };
    let is_number = text.len() <= MOST_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = text.parse().ok().filter(|_| is_number);
    seconds.map(Some).ok_or(wrong("max_age must be a number of seconds."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::oidc::{Algorithm, Client, Refresh, addresses};

    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const HOME: &str = "https://app.example/cb";

    fn settings() -> Settings {
        Settings {
            client: Client::Public,
            redirects: addresses("redirects", HOME).unwrap(),
            after_log_out: Vec::new(),
            scopes: vec![Scope::Openid, Scope::Email],
            refresh: Refresh::None,
            claims: Vec::new(),
            signed: Algorithm::Rs256,
            start: None,
        }
    }

    fn with(changes: &[(&str, &str)]) -> Parameters {
        let usual = [
            ("response_type", "code"),
            ("scope", "openid email"),
            ("redirect_uri", HOME),
            ("state", "s"),
            ("nonce", "n"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let kept = usual.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        Parameters::of(kept.chain(changes).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    fn parse(changes: &[(&str, &str)]) -> Result<Authorization, Error> {
        Authorization::parse(&settings(), HOME, &with(changes)).map_err(|fault| fault.error)
    }

    #[test]
    fn a_request_is_taken_whole_or_refused_with_the_right_word() {
        let usual = parse(&[]).unwrap();
        assert_eq!((usual.state.as_deref(), usual.nonce.as_deref()), (Some("s"), Some("n")));
        assert_eq!((usual.challenge.as_str(), usual.prompt), (CHALLENGE, Prompt::Usual));
        assert!(parse(&[("unknown", "x"), ("claims", "{}"), ("display", "page")]).is_ok());
        let long = "x".repeat(1_025);
        for (changes, error) in [
            (vec![("response_type", "")], Error::InvalidRequest),
            (vec![("response_type", "token")], Error::UnsupportedResponseType),
            (vec![("response_type", "code id_token")], Error::UnsupportedResponseType),
            (vec![("response_mode", "fragment")], Error::InvalidRequest),
            (vec![("scope", "email")], Error::InvalidScope),
            (vec![("scope", "")], Error::InvalidScope),
            (vec![("request", "e30.e30.")], Error::RequestNotSupported),
            (vec![("request_uri", "https://evil.example/r")], Error::RequestUriNotSupported),
            (vec![("registration", "{}")], Error::RegistrationNotSupported),
            (vec![("state", long.as_str())], Error::InvalidRequest),
            (vec![("state", "a\nb")], Error::InvalidRequest),
            (vec![("nonce", "ä")], Error::InvalidRequest),
            (vec![("max_age", "-1")], Error::InvalidRequest),
            (vec![("max_age", "+1")], Error::InvalidRequest),
            (vec![("max_age", "99999999999")], Error::InvalidRequest),
            (vec![("prompt", "none login")], Error::InvalidRequest),
            (vec![("nonce", "a"), ("nonce", "a")], Error::InvalidRequest),
        ] {
            assert_eq!(parse(&changes), Err(error), "{changes:?}");
        }
    }

    #[test]
    fn pkce_is_asked_of_all_and_can_not_be_talked_down() {
        let short = "a".repeat(42);
        for changes in [
            vec![("code_challenge", "")],
            vec![("code_challenge", ""), ("code_challenge_method", "")],
            vec![("code_challenge_method", "plain")],
            vec![("code_challenge_method", "")],
            vec![("code_challenge_method", "s256")],
            vec![("code_challenge", short.as_str())],
            vec![("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM")],
            vec![("code_challenge", CHALLENGE), ("code_challenge", CHALLENGE)],
        ] {
            assert_eq!(parse(&changes), Err(Error::InvalidRequest), "{changes:?}");
        }
    }

    #[test]
    fn the_answer_goes_to_one_known_address_that_is_named_once() {
        let settings = settings();
        assert_eq!(settings.destination(&with(&[])), Some(HOME));
        for redirects in [
            vec![("redirect_uri", "")],
            vec![("redirect_uri", "https://evil.example/cb")],
            vec![("redirect_uri", "https://app.example/cb/")],
            vec![("redirect_uri", HOME), ("redirect_uri", "https://evil.example/cb")],
            vec![("redirect_uri", HOME), ("redirect_uri", HOME)],
        ] {
            assert_eq!(settings.destination(&with(&redirects)), None, "{redirects:?}");
        }
    }

    #[test]
    fn what_is_asked_of_the_person_follows_prompt_and_max_age() {
        let at = Timestamp::from_seconds(1_000);
        let asked = |changes: &[(&str, &str)]| {
            let request = parse(changes).unwrap().request(at);
            (request.freshness, request.interaction)
        };
        let allowed = Interaction::Allowed;
        for (changes, expected) in [
            (vec![], (Freshness::Any, allowed)),
            (vec![("prompt", "consent")], (Freshness::Any, allowed)),
            (vec![("prompt", "login")], (Freshness::Anew, allowed)),
            (vec![("prompt", "select_account consent")], (Freshness::Anew, allowed)),
            (vec![("prompt", "none")], (Freshness::Any, Interaction::Forbidden)),
            (vec![("max_age", "0")], (Freshness::Anew, allowed)),
            (vec![("max_age", "60")], (Freshness::Within(Span::seconds(60)), allowed)),
            (vec![("max_age", "60"), ("prompt", "login")], (Freshness::Anew, allowed)),
        ] {
            assert_eq!(asked(&changes), expected, "{changes:?}");
        }
    }
}
