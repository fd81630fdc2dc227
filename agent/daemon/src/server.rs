//! The server, as a device reaches it: every request signed, every reply bound to its request (wire `signed`).

use crate::{
    config::{Enrollment, ServerUrl},
    entropy,
    identity::{DeviceKey, Forged, ServerKey, hash},
    patience::Patience,
    resolve::{Addresses, Found},
    trust::{self, Tls},
};
use claviger_agent_core::port::Online;
use claviger_domain::{
    device::ask_once::KeyHash,
    id::{AccountId, DeviceId, FactorId},
};
use claviger_wire::{
    server::{
        CodeAttempt, CodeVerdict, Enroll, Enrolled, HOLD_SECONDS, PasswordAttempt, PasswordVerdict, Place,
        RecallAttempt, Recalled, Report, SignedState, Taken, Verifiers,
    },
    signed,
};
use rustls::ClientConfig;
use serde::{Serialize, de::DeserializeOwned};
use std::{path::Path, sync::Arc, time::Duration};
use ureq::{
    Agent,
    http::{Request, Response},
    unversioned::transport::{Connector, TcpConnector},
};
use zeroize::{Zeroize, Zeroizing};

/// How long anything is waited for that nobody at a login waits for.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest reply: a year of verifiers is 11 MiB.
const LONGEST: u64 = 24 << 20;

/// Why the server gave no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It could not be reached.
    #[error("the server can't be reached: {0}")]
    Silent(String),
    /// It refused.
    #[error("the server refused ({status}): {title}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The problem's name, the last part of its type.
        problem: String,
        /// What it said.
        title: String,
    },
    /// Somebody else answered.
    #[error("the reply is not the server's: {0}")]
    Forged(#[from] Forged),
    /// It said something else than agreed.
    #[error("the server's reply can't be understood")]
    Malformed,
}

impl Failure {
    /// Whether the server says that this device was deleted.
    pub fn is_unknown_device(&self) -> bool {
        matches!(self, Self::Refused { status: 401, problem, .. } if problem.ends_with("unknown_device"))
    }
}

/// The server.
pub struct Server {
    url: ServerUrl,
    device: DeviceId,
    key: Arc<DeviceKey>,
    server_key: ServerKey,
    agent: Agent,
    found: Found,
    patience: Arc<Patience>,
}

struct Reply {
    status: u16,
    body: Vec<u8>,
}

impl Server {
    /// The server that this device was enrolled with; connections are its own.
    pub fn new(enrollment: &Enrollment, key: Arc<DeviceKey>, tls: Arc<ClientConfig>) -> Self {
        let found = Found::default();
        Self {
            url: enrollment.server.clone(),
            device: enrollment.device,
            key,
            server_key: enrollment.server_key.clone(),
            agent: agent(tls, Addresses::noting(&found)),
            found,
            patience: Arc::default(),
        }
    }

    /// The same server over other connections, which go where this one's found it last.
    pub fn beside(&self, tls: Arc<ClientConfig>) -> Self {
        Self {
            url: self.url.clone(),
            device: self.device,
            key: Arc::clone(&self.key),
            server_key: self.server_key.clone(),
            agent: agent(tls, Addresses::noted(&self.found)),
            found: Arc::clone(&self.found),
            patience: Arc::clone(&self.patience),
        }
    }

    /// The state, if there is a newer one than `since`; this waits until there is, or for a few minutes.
    pub fn state(&self, since: i64) -> Result<Option<SignedState>, Failure> {
        let patience = Duration::from_secs(HOLD_SECONDS + 30);
        let reply = self.get(&format!("/agent/v1/state?since={since}"), patience)?;
        if reply.status == 204 { Ok(None) } else { parse(&reply.body).map(Some) }
    }

    /// What a user's codes are checked with, from a step on.
    pub fn verifiers(&self, user: AccountId, factor: FactorId, from: i64) -> Result<Verifiers, Failure> {
        let target = format!("/agent/v1/verifiers?user={user}&factor={factor}&from={from}");
        parse(&self.get(&target, PATIENCE)?.body)
    }

    /// Tells what is and what happened.
    pub fn report(&self, report: &Report) -> Result<Taken, Failure> {
        self.post("/agent/v1/report", report, PATIENCE)
    }

    /// Whether the server answers and knows this device; what it answers doesn't matter.
    pub fn reach(&self) -> Result<(), Failure> {
        let nobody = "00000000-0000-0000-0000-000000000000";
        let target = format!("/agent/v1/verifiers?user={nobody}&factor={nobody}&from=0");
        match self.get(&target, Duration::from_secs(10)) {
            Err(Failure::Refused { status: 403 | 404 | 409 | 422, .. }) | Ok(_) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// Says goodbye.
    pub fn leave(&self) -> Result<(), Failure> {
        let request = self.signed("DELETE", "/agent/v1/device", b"");
        let sent = self.run(request.0.body(()).map_err(|_| Failure::Malformed)?, PATIENCE)?;
        self.opened(sent, &request.1).map(drop)
    }

    fn get(&self, target: &str, patience: Duration) -> Result<Reply, Failure> {
        let (request, nonce) = self.signed("GET", target, b"");
        let sent = self.run(request.body(()).map_err(|_| Failure::Malformed)?, patience)?;
        self.opened(sent, &nonce)
    }

    fn post<T: DeserializeOwned>(
        &self,
        target: &str,
        message: &impl Serialize,
        patience: Duration,
    ) -> Result<T, Failure> {
        let body = Zeroizing::new(serde_json::to_vec(message).map_err(|_| Failure::Malformed)?);
        let (request, nonce) = self.signed("POST", target, &body);
        let request = request.header("content-type", "application/json");
        let sent = self.run(request.body(body.as_slice()).map_err(|_| Failure::Malformed)?, patience)?;
        parse(&self.opened(sent, &nonce)?.body)
    }

    fn signed(&self, method: &str, target: &str, body: &[u8]) -> (ureq::http::request::Builder, String) {
        let nonce = entropy::nonce();
        let message = signed::request(self.device, &nonce, method, target, &hash(body));
        let request = Request::builder()
            .method(method)
            .uri(self.url.at(target))
            .header(signed::DEVICE, self.device.to_string())
            .header(signed::NONCE, &nonce)
            .header(signed::SIGNATURE, self.key.sign(&message));
        (request, nonce)
    }

    fn run(&self, request: Request<impl ureq::AsSendBody>, patience: Duration) -> Result<Received, Failure> {
        let received = run(&self.agent, request, patience);
        self.patience.note(&received);
        received
    }

    fn opened(&self, received: Received, nonce: &str) -> Result<Reply, Failure> {
        opened(&self.server_key, received, nonce)
    }
}

impl Online for Server {
    fn code(&self, user: AccountId, code: &str, place: &Place, key: Option<KeyHash>) -> Option<CodeVerdict> {
        let mut attempt = CodeAttempt { user, code: code.to_owned(), place: place.clone(), key };
        let verdict = self.post("/agent/v1/code", &attempt, Patience::CODE);
        attempt.code.zeroize();
        verdict.ok()
    }

    fn recall(&self, user: AccountId, key: KeyHash, place: &Place) -> Option<Recalled> {
        let attempt = RecallAttempt { user, key, place: place.clone() };
        // A server that doesn't know the question is as good as a silent one.
        self.post("/agent/v1/remembered", &attempt, Patience::CODE).ok()
    }

    fn password(&self, user: AccountId, password: &str, place: &Place) -> Option<PasswordVerdict> {
        let mut attempt = PasswordAttempt { user, password: password.to_owned(), place: place.clone() };
        let verdict = self.post("/agent/v1/password", &attempt, self.patience.password());
        attempt.password.zeroize();
        verdict.ok()
    }
}

/// Asks a server to take this device in. Its key must be the one whose fingerprint the connect key holds.
pub fn enroll(
    url: &ServerUrl,
    certificate: Option<&Path>,
    enroll: &Enroll,
    fingerprint: &str,
) -> Result<(Enrolled, ServerKey), Failure> {
    let tls = trust::config(certificate).map_err(|error| Failure::Silent(format!("{error:#}")))?;
    let body = Zeroizing::new(serde_json::to_vec(enroll).map_err(|_| Failure::Malformed)?);
    let request = Request::builder()
        .method("POST")
        .uri(url.at("/agent/v1/enroll"))
        .header("content-type", "application/json")
        .body(body.as_slice())
        .map_err(|_| Failure::Malformed)?;
    let received = run(&agent(tls, Addresses::default()), request, PATIENCE)?;
    if received.status != 201 {
        return Err(refused(received.status, &received.body));
    }
    let enrolled: Enrolled = parse(&received.body)?;
    let key = ServerKey::parse(&enrolled.server_key).ok_or(Failure::Malformed)?;
    if key.fingerprint() != fingerprint {
        return Err(Failure::Forged(Forged::Signature));
    }
    opened(&key, received, &enroll.nonce)?;
    Ok((enrolled, key))
}

/// A reply before anybody knows whose it is.
struct Received {
    status: u16,
    signature: String,
    body: Vec<u8>,
}

fn agent(tls: Arc<ClientConfig>, addresses: Addresses) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .user_agent(concat!("claviger-agent/", env!("CARGO_PKG_VERSION")))
        .max_idle_connections(2)
        .input_buffer_size(16 << 10)
        .output_buffer_size(16 << 10)
        .build();
    Agent::with_parts(config, TcpConnector::default().chain(Tls(tls)), addresses)
}

fn run(
    agent: &Agent,
    request: Request<impl ureq::AsSendBody>,
    patience: Duration,
) -> Result<Received, Failure> {
    let silent = |error: ureq::Error| Failure::Silent(error.to_string());
    let request = agent.configure_request(request).timeout_global(Some(patience)).build();
    let mut response: Response<ureq::Body> = agent.run(request).map_err(silent)?;
    let signature = response.headers().get(signed::SIGNATURE).and_then(|value| value.to_str().ok());
    let signature = signature.unwrap_or_default().to_owned();
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(LONGEST).read_to_vec().map_err(silent)?;
    Ok(Received { status, signature, body })
}

fn opened(key: &ServerKey, received: Received, nonce: &str) -> Result<Reply, Failure> {
    let message = signed::reply(nonce, received.status, &hash(&received.body));
    if received.signature.is_empty() && !(200..300).contains(&received.status) {
        // A proxy in front of a server that is down.
        return Err(Failure::Silent(format!("something in front of it answered {}", received.status)));
    }
    key.verify(&message, &received.signature)?;
    match received.status {
        200..=299 => Ok(Reply { status: received.status, body: received.body }),
        status => Err(refused(status, &received.body)),
    }
}

fn refused(status: u16, body: &[u8]) -> Failure {
    let problem: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| problem.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    let title = if text("detail").is_empty() { text("title") } else { text("detail") };
    let line = |text: &str| text.chars().filter(|c| !c.is_control()).take(300).collect::<String>();
    Failure::Refused { status, problem: line(text("type")), title: line(title) }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|_| Failure::Malformed)
}
