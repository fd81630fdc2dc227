//! How often a key may call, and how often an address may try keys that don't work. Each node counts for itself.

use super::problem::ApiError;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use claviger_domain::{
    bucket::{Buckets, Drawn, Rate},
    network::party,
    time::{Span, Timestamp},
};
use sha2::{Digest, Sha256};
use std::{hash::Hash, sync::Mutex};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

/// The limits of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiLimits {
    /// Calls of one key; nothing for no limit.
    pub calls: Option<Rate>,
    /// Keys that don't work, from one address; nothing for no limit.
    pub wrong_keys: Option<Rate>,
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self { calls: Rate::per_minute(600), wrong_keys: Rate::per_minute(30) }
    }
}

/// The buckets of those who called lately, for all threads.
struct Shared<K>(Mutex<Buckets<K>>);

impl<K> Default for Shared<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq> Shared<K> {
    fn draw(&self, rate: Rate, who: K, now: Timestamp) -> Drawn {
        match self.0.lock() {
            Ok(mut buckets) => buckets.draw(rate, who, now),
            Err(_) => rate.draw(now, now),
        }
    }
}

/// The limits, and who has used how much of them.
#[derive(Default)]
pub(crate) struct Limiter {
    limits: ApiLimits,
    calls: Shared<[u8; 32]>,
    wrong_keys: Shared<String>,
    wrong_connect_keys: Shared<String>,
    wrong_clients: Shared<String>,
}

impl Limiter {
    pub(crate) fn new(limits: ApiLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Counts a call of `key`, or refuses it.
    pub(super) fn call(&self, key: &str, now: Timestamp) -> Result<Told, ApiError> {
        let Some(rate) = self.limits.calls else { return Ok(Told(None)) };
        let told = |left, span: Span| Told(Some((rate, left, span.seconds_rounded_up())));
        match self.calls.draw(rate, Sha256::digest(key).into(), now) {
            Drawn::Drawn { left, full_in, .. } => Ok(told(left, full_in)),
            Drawn::Empty { wait } => {
                let detail = format!("This key can make {} calls a minute.", rate.times());
                let mut refused = too_many(detail, wait);
                told(0, wait).write(refused.headers());
                Err(refused)
            }
        }
    }

    /// Counts a key that doesn't work. A right key is never held up by wrong ones from the same address.
    pub(super) fn wrong_key(&self, address: &str, now: Timestamp) -> Result<(), ApiError> {
        let Some(rate) = self.limits.wrong_keys else { return Ok(()) };
        match self.wrong_keys.draw(rate, party(address), now) {
            Drawn::Drawn { .. } => Ok(()),
            Drawn::Empty { wait } => {
                Err(too_many("Too many keys that don't work came from this address.".into(), wait))
            }
        }
    }

    /// The same for connect keys (S8.1).
    pub(crate) fn wrong_connect_key(&self, address: &str, now: Timestamp) -> Result<(), ApiError> {
        let Some(rate) = self.limits.wrong_keys else { return Ok(()) };
        match self.wrong_connect_keys.draw(rate, party(address), now) {
            Drawn::Drawn { .. } => Ok(()),
            Drawn::Empty { wait } => {
                Err(too_many("Too many connect keys that don't work came from this address.".into(), wait))
            }
        }
    }
}

impl Limiter {
    /// The same for secrets of applications: how long to wait, if there were too many.
    pub(crate) fn wrong_client(&self, address: &str, now: Timestamp) -> Option<Span> {
        match self.wrong_clients.draw(self.limits.wrong_keys?, party(address), now) {
            Drawn::Drawn { .. } => None,
            Drawn::Empty { wait } => Some(wait),
        }
    }
}

fn too_many(detail: String, wait: Span) -> ApiError {
    let mut refused = ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many", detail);
    refused.headers().insert(header::RETRY_AFTER, HeaderValue::from(wait.seconds_rounded_up()));
    refused
}

/// What a caller is told of their limit: the rate, what is left, and in how many seconds all of it is.
pub(super) struct Told(Option<(Rate, i64, i64)>);

impl Told {
    /// The fields of draft-ietf-httpapi-ratelimit-headers-10.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        let Some((rate, left, seconds)) = &self.0 else { return };
        let fields = [
            (POLICY, format!("\"key\";q={};w=60", rate.times())),
            (STATE, format!("\"key\";r={left};t={seconds}")),
        ];
        for (name, text) in fields {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(name, value);
            }
        }
    }
}
