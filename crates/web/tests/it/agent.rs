//! What devices call: signed both ways, and nobody else's (S8.1, S8.5; docs/devices-protocol.md).

use crate::*;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use claviger_app::{
    demand::Demand,
    device_admin::MfaOn,
    users::{Activation, Person},
};
use claviger_domain::{
    account::Account,
    connect_key::Form,
    device::{FirstFactor, Sudo},
    id::DeviceId,
    permission::{Actor, Granted, ManageUsers, Who},
};
use claviger_testing::{TestDatabase, on_both};
use claviger_wire::{
    server::{Enrolled, SignedState, State},
    signed::{self, DEVICE, NONCE, SIGNATURE},
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A device and what it was told when it enrolled.
struct Agent {
    id: DeviceId,
    key: Ed25519KeyPair,
    server_key: Vec<u8>,
}

fn manager() -> Granted<ManageUsers> {
    Actor { who: Who::Host, name: "test".into(), address: String::new() }.granted().unwrap()
}

fn key_pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

fn nonce(n: u8) -> String {
    BASE64URL_NOPAD.encode(&[n; 16])
}

fn hash(body: &str) -> [u8; 32] {
    Sha256::digest(body).into()
}

fn problem(answer: &Answer) -> String {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.text);
    answer
        .json()
        .get("type")
        .and_then(Value::as_str)
        .unwrap()
        .trim_start_matches("urn:claviger:problem:")
        .to_owned()
}

/// Whether the server signed this answer for the request with that nonce.
fn is_signed(answer: &Answer, server_key: &[u8], nonce: &str) -> bool {
    let message = signed::reply(nonce, answer.status.as_u16(), &hash(&answer.text));
    let signature = BASE64URL_NOPAD.decode(answer.header(SIGNATURE).as_bytes()).unwrap();
    UnparsedPublicKey::new(&ED25519, server_key).verify(&message, &signature).is_ok()
}

async fn connect_key(site: &Site) -> String {
    let form = Form { name: "servers".into(), expires: "30".into(), ..Form::default() };
    site.app.create_connect_key(&manager(), &form).await.unwrap().text.expose().clone()
}

fn enroll(connect_key: &str, seed: u8, nonce: &str) -> Request<Body> {
    let body = json!({
        "connect_key": connect_key,
        "public_key": BASE64URL_NOPAD.encode(key_pair(seed).public_key().as_ref()),
        "nonce": nonce,
        "machine": {"hostname": "web-1", "platform": "linux", "system": "Debian 12", "agent_version": "0.1.0"},
    });
    let request = Request::post("/agent/v1/enroll").header(header::CONTENT_TYPE, "application/json");
    request.body(Body::from(body.to_string())).unwrap()
}

async fn enrolled(site: &Site, seed: u8) -> Agent {
    let answer = site.send(enroll(&connect_key(site).await, seed, &nonce(9))).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    let Enrolled { device, server_key, .. } = serde_json::from_str(&answer.text).unwrap();
    let server_key = BASE64URL_NOPAD.decode(server_key.as_bytes()).unwrap();
    assert!(is_signed(&answer, &server_key, &nonce(9)));
    Agent { id: device, key: key_pair(seed), server_key }
}

impl Agent {
    fn signature(&self, nonce: &str, method: &Method, target: &str, body: &str) -> String {
        let message = signed::request(self.id, nonce, method.as_str(), target, &hash(body));
        BASE64URL_NOPAD.encode(self.key.sign(&message).as_ref())
    }

    fn request(
        &self,
        (nonce, signature): (&str, &str),
        method: Method,
        target: &str,
        body: &str,
    ) -> Request<Body> {
        Request::builder()
            .method(method)
            .uri(target)
            .header(DEVICE, self.id.to_string())
            .header(NONCE, nonce)
            .header(SIGNATURE, signature)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap()
    }

    /// A signed call, and an answer that is signed for it.
    async fn call(&self, site: &Site, method: Method, target: &str, body: Option<Value>) -> Answer {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let nonce = nonce(1);
        let signature = self.signature(&nonce, &method, target, &body);
        let answer = site.send(self.request((&nonce, &signature), method, target, &body)).await;
        assert!(is_signed(&answer, &self.server_key, &nonce), "{target}: {}", answer.text);
        assert!(
            !is_signed(&answer, &self.server_key, &super::agent::nonce(2)),
            "an answer passes for another"
        );
        answer
    }
}

async fn alice(site: &Site) -> Account {
    let person = Person { username: "alice".into(), email: "alice@acme.test".into(), ..Person::default() };
    site.app.create_user(&manager(), &person, &Demand::NotRequired, Activation::Now).await.unwrap()
}

on_both!(a_device_enrolls_and_is_told_what_to_do, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let agent = enrolled(&site, 1).await;
    let alice = alice(&site).await;
    site.app.bind_user(&manager(), (agent.id, alice.id), Sudo::None).await.unwrap();
    let on = MfaOn { first_factor: Some(FirstFactor::Password), ..MfaOn::default() };
    site.app.enable_device_mfa(&manager(), agent.id, &on).await.unwrap();
    let answer = agent.call(&site, Method::GET, "/agent/v1/state?since=0", None).await;
    assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"));
    let told: SignedState = serde_json::from_str(&answer.text).unwrap();
    let state: State = serde_json::from_str(&told.state).unwrap();
    assert_eq!((state.revision, state.users[0].name.as_str()), (1, "alice"));
    let message = signed::state(agent.id, 1, &hash(&told.state));
    let signature = BASE64URL_NOPAD.decode(told.signature.as_bytes()).unwrap();
    UnparsedPublicKey::new(&ED25519, &agent.server_key).verify(&message, &signature).unwrap();
    // Nothing is new, and nobody waits at a server that stops.
    site.app.let_devices_go();
    let same = agent.call(&site, Method::GET, "/agent/v1/state?since=1", None).await;
    assert_eq!((same.status, same.text.as_str()), (StatusCode::NO_CONTENT, ""));
    let report = json!({
        "machine": {"hostname": "web-1", "platform": "linux", "system": "Debian 12", "agent_version": "0.1.0"},
        "revision": 1, "applied": {"mfa": "in_force"}, "detail": "", "ssh_server": "present", "clock": told.now,
        "accounts": [{"user": alice.id, "state": "ready", "offline_until": null}],
        "events": [{"sequence": 1, "at": told.now, "user": alice.id, "place": {"service": "sshd", "from": ""},
            "what": {"kind": "first_factor_alone"}}],
    });
    let taken = agent.call(&site, Method::POST, "/agent/v1/report", Some(report)).await;
    assert_eq!((taken.status, &taken.json()["sequence"]), (StatusCode::OK, &json!(1)));
    let place = json!({"service": "sshd", "from": "203.0.113.9"});
    let attempt = json!({"user": alice.id, "password": "not hers", "place": place});
    let wrong = agent.call(&site, Method::POST, "/agent/v1/password", Some(attempt)).await;
    assert_eq!(wrong.json(), json!({"verdict": "wrong"}));
    let attempt = json!({"user": alice.id, "code": "123456", "place": place});
    let none = agent.call(&site, Method::POST, "/agent/v1/code", Some(attempt)).await;
    assert_eq!(none.json(), json!({"verdict": "not_enrolled"}));
    let target = format!("/agent/v1/verifiers?user={0}&factor={0}&from=0", alice.id);
    let refused = agent.call(&site, Method::GET, &target, None).await;
    assert_eq!((refused.status, problem(&refused).as_str()), (StatusCode::CONFLICT, "not_enrolled"));
    let gone = agent.call(&site, Method::DELETE, "/agent/v1/device", None).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let unknown = agent.call(&site, Method::GET, "/agent/v1/state?since=1", None).await;
    assert_eq!((unknown.status, problem(&unknown).as_str()), (StatusCode::UNAUTHORIZED, "unknown_device"));
});

// S8.18.
on_both!(what_stands_in_the_way_at_a_mac_s_login_window_is_told, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let cookie = administrator(&site).await;
    let agent = enrolled(&site, 1).await;
    let on = MfaOn { first_factor: Some(FirstFactor::Password), ..MfaOn::default() };
    site.app.enable_device_mfa(&manager(), agent.id, &on).await.unwrap();
    agent.call(&site, Method::GET, "/agent/v1/state?since=0", None).await;
    let report = json!({
        "machine": {"hostname": "mac-1", "platform": "macos", "system": "macOS 15.5", "agent_version": "0.1.0"},
        "revision": 1, "applied": {"mfa": "blocked", "why": "login_window"}, "detail": "OtherAuth:login is there",
        "ssh_server": "missing", "clock": 0, "accounts": [], "events": [],
    });
    let taken = agent.call(&site, Method::POST, "/agent/v1/report", Some(report)).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
    let device = site.call(Method::GET, &format!("/devices/{}", agent.id), None).await.json();
    assert_eq!(
        (&device["mfa"]["status"], &device["mfa"]["blocked"], &device["mfa"]["detail"]),
        (&json!("blocked"), &json!("login_window"), &json!("OtherAuth:login is there"))
    );
    let shown = page(&site, &cookie, &format!("/admin/devices/{}", agent.id)).await.text;
    for part in
        ["authorization plug-in is missing, or another one is there", "It said: OtherAuth:login is there"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
});

on_both!(what_is_not_signed_by_the_device_is_refused, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let (agent, other) = (enrolled(&site, 1).await, enrolled(&site, 2).await);
    let (target, nonce) = ("/agent/v1/state?since=0", nonce(1));
    let right = agent.signature(&nonce, &Method::GET, target, "");
    let forged = Agent { key: key_pair(2), server_key: Vec::new(), id: agent.id };
    let forgeries = [
        (
            "by another device",
            agent.request(
                (&nonce, &forged.signature(&nonce, &Method::GET, target, "")),
                Method::GET,
                target,
                "",
            ),
        ),
        ("for another nonce", agent.request((&super::agent::nonce(2), &right), Method::GET, target, "")),
        ("for another target", agent.request((&nonce, &right), Method::GET, "/agent/v1/state?since=1", "")),
        ("for another method", agent.request((&nonce, &right), Method::DELETE, "/agent/v1/device", "")),
        ("for another body", agent.request((&nonce, &right), Method::GET, target, "{}")),
        ("of another device", other.request((&nonce, &right), Method::GET, target, "")),
        ("that is none", agent.request((&nonce, "AAAA"), Method::GET, target, "")),
    ];
    for (what, request) in forgeries {
        let answer = site.send(request).await;
        assert_eq!(
            (answer.status, problem(&answer).as_str()),
            (StatusCode::UNAUTHORIZED, "wrong_signature"),
            "{what}"
        );
    }
    let plain = |name: &str| {
        let mut request = agent.request((&nonce, &right), Method::GET, target, "");
        request.headers_mut().remove(name);
        request
    };
    for name in [DEVICE, NONCE, SIGNATURE] {
        let answer = site.send(plain(name)).await;
        assert_eq!(
            (answer.status, problem(&answer).as_str()),
            (StatusCode::UNAUTHORIZED, "unsigned"),
            "{name}"
        );
    }
    assert_eq!(
        site.send(agent.request((&nonce, &right), Method::GET, target, "")).await.status,
        StatusCode::OK
    );
    // An administrator's key is no device.
    let key = Request::get(target).header(header::AUTHORIZATION, format!("Bearer {}", site.key));
    let answer = site.send(key.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
});

on_both!(a_deleted_device_is_told_so_by_its_own_server_alone, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let agent = enrolled(&site, 1).await;
    site.app.delete_device(&manager(), agent.id).await.unwrap();
    for (method, target) in [
        (Method::GET, "/agent/v1/state?since=0"),
        (Method::POST, "/agent/v1/report"),
        (Method::DELETE, "/agent/v1/device"),
    ] {
        // `call` asserts that it is signed: nobody in between makes a device forget itself.
        let answer = agent.call(&site, method, target, None).await;
        assert_eq!((answer.status, problem(&answer).as_str()), (StatusCode::UNAUTHORIZED, "unknown_device"));
    }
});

on_both!(what_a_device_sends_is_read_or_refused_in_words, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let agent = enrolled(&site, 1).await;
    let send = async |target: &str, body: &str| {
        let (nonce, method) = (nonce(1), if body.is_empty() { Method::GET } else { Method::POST });
        let signature = agent.signature(&nonce, &method, target, body);
        let answer = site.send(agent.request((&nonce, &signature), method, target, body)).await;
        (answer.status.as_u16(), problem(&answer))
    };
    assert_eq!(send("/agent/v1/state", "").await, (422, "query".into()));
    assert_eq!(send("/agent/v1/state?since=x", "").await, (422, "query".into()));
    assert_eq!(send("/agent/v1/report", "{").await, (400, "malformed".into()));
    assert_eq!(send("/agent/v1/report", "{}").await, (422, "body".into()));
    assert_eq!(send("/agent/v1/report", &"x".repeat(1024 * 1024 + 1)).await, (413, "too_large".into()));
    let bad = site.send(enroll("clvk_x.y", 1, "short")).await;
    assert_eq!((bad.status.as_u16(), bad.header(SIGNATURE)), (422, ""));
});

on_both!(connect_keys_are_not_guessed_and_a_right_one_is_never_held_up, async |database: &TestDatabase| {
    let site = Site::new(database).await;
    let key = connect_key(&site).await;
    let site = site.limited(100, 3);
    let guess = key.replace("clvk_", "clvk_x");
    let mut seen = Vec::new();
    for _ in 0..5 {
        let answer = site.send(enroll(&guess, 1, &nonce(1))).await;
        seen.push((answer.status.as_u16(), problem(&answer)));
    }
    let unknown = (401, "connect_key_unknown".to_owned());
    let too_many = (429, "too_many".to_owned());
    assert_eq!(seen, [unknown.clone(), unknown.clone(), unknown, too_many.clone(), too_many]);
    assert_eq!(site.send(enroll(&key, 1, &nonce(1))).await.status, StatusCode::CREATED);
});

on_both!(nobody_enrolls_before_the_server_is_set_up, async |database: &TestDatabase| {
    let site = Site::fresh(database).await;
    let answer = site.send(enroll("clvk_x.y", 1, &nonce(1))).await;
    assert_eq!((answer.status.as_u16(), problem(&answer).as_str()), (503, "not_set_up"));
});
