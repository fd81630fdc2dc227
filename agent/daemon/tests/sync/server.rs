//! Who is believed: the server that the device was enrolled with, about what was asked a moment ago.

use super::fake::{Asked, NOW, folder, reply};
use claviger_agent::{
    config::{Enrollment, ServerUrl},
    enroll::{self, Wish},
    identity::{DeviceKey, ServerKey, hash},
    server::{Failure, Server},
    trust,
};
use claviger_agent_core::port::Online;
use claviger_domain::id::{AccountId, DeviceId};
use claviger_wire::{
    server::{CodeVerdict, Enroll, Enrolled, PasswordVerdict, Place},
    signed,
};
use std::{
    io::{BufReader, Write},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// A server that answers one request after the other like this.
fn answering(answer: impl Fn(&Asked) -> Vec<u8> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            if let Some(asked) = Asked::read(&mut BufReader::new(stream.try_clone().unwrap())) {
                let _ = stream.write_all(&answer(&asked));
            }
        }
    });
    address
}

fn key(number: u8) -> DeviceKey {
    DeviceKey::parse(&data_encoding::BASE64URL_NOPAD.encode(&[number; 32])).unwrap()
}

/// A device of the server with key 1.
fn device_of(address: &str) -> Server {
    let enrollment = Enrollment {
        server: ServerUrl::parse(address).unwrap(),
        device: DeviceId::new(NOW, [1; 10]),
        server_key: ServerKey::parse(&key(1).public()).unwrap(),
        organization: String::new(),
        certificate: None,
    };
    Server::new(&enrollment, Arc::new(key(2)), trust::config(None).unwrap())
}

fn signed_by(number: u8, nonce: &str, status: u16, body: &[u8]) -> Vec<u8> {
    let signature = key(number).sign(&signed::reply(nonce, status, &hash(body)));
    reply(status, Some(&signature), body)
}

#[test]
fn only_the_servers_reply_to_this_request_counts() {
    const YES: &[u8] = br#"{"verdict":"accepted"}"#;
    let ask = |answer: fn(&Asked) -> Vec<u8>| {
        let user = AccountId::new(NOW, [1; 10]);
        device_of(&answering(answer)).code(user, "123456", &Place::default(), None)
    };
    assert_eq!(
        ask(|asked| signed_by(1, &asked.header(signed::NONCE), 200, YES)),
        Some(CodeVerdict::Accepted)
    );
    // Another server, an older reply, a reply without a signature, a status that was changed on the way.
    assert_eq!(ask(|asked| signed_by(3, &asked.header(signed::NONCE), 200, YES)), None);
    assert_eq!(ask(|_| signed_by(1, "AAAAAAAAAAAAAAAAAAAAAA", 200, YES)), None);
    assert_eq!(ask(|_| reply(200, None, YES)), None);
    assert_eq!(
        ask(|asked| {
            let signature = key(1).sign(&signed::reply(&asked.header(signed::NONCE), 409, &hash(YES)));
            reply(200, Some(&signature), YES)
        }),
        None
    );
}

#[test]
fn a_proxy_without_a_server_is_silence_and_a_deleted_device_is_told() {
    let proxy = device_of(&answering(|_| reply(502, None, b"<h1>Bad Gateway</h1>")));
    assert!(matches!(proxy.reach(), Err(Failure::Silent(_))));
    let deleted = device_of(&answering(|asked| {
        let body = br#"{"type":"urn:claviger:problem:unknown_device","title":"Unauthorized","detail":"x"}"#;
        signed_by(1, &asked.header(signed::NONCE), 401, body)
    }));
    assert!(deleted.reach().unwrap_err().is_unknown_device());
    let redirect = device_of(&answering(|_| {
        b"HTTP/1.1 302 X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".to_vec()
    }));
    assert!(matches!(redirect.reach(), Err(Failure::Silent(_))));
    assert!(matches!(device_of("http://127.0.0.1:1").reach(), Err(Failure::Silent(_))));
}

/// Whoever waits at a login waits for a second.
#[test]
fn a_server_that_says_nothing_is_given_up_after_a_second() {
    let silent = device_of(&answering(|_| {
        thread::sleep(Duration::from_secs(20));
        Vec::new()
    }));
    let (done, end) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let user = AccountId::new(NOW, [1; 10]);
        let place = Place::default();
        done.send((silent.code(user, "123456", &place, None), silent.password(user, "x", &place))).unwrap();
    });
    assert_eq!(end.recv_timeout(Duration::from_secs(8)), Ok((None, None)));
}

/// A password takes the server work: while it answers otherwise, it gets the time. Nobody waits long for one that is gone.
#[test]
fn a_password_may_take_longer_while_the_server_is_there() {
    let slow = Arc::new(AtomicU64::new(0));
    let address = answering({
        let slow = Arc::clone(&slow);
        move |asked| {
            thread::sleep(Duration::from_millis(slow.load(Ordering::SeqCst)));
            signed_by(1, &asked.header(signed::NONCE), 200, br#"{"verdict":"right"}"#)
        }
    });
    let server = device_of(&address);
    let beside = server.beside(trust::config(None).unwrap());
    let password = || beside.password(AccountId::new(NOW, [1; 10]), "x", &Place::default());
    slow.store(2_000, Ordering::SeqCst);
    assert_eq!(password(), None, "nobody knows yet that it is there");
    slow.store(0, Ordering::SeqCst);
    server.reach().unwrap();
    slow.store(2_000, Ordering::SeqCst);
    assert_eq!(password(), Some(PasswordVerdict::Right));
}

#[test]
fn a_device_enrolls_with_the_server_of_its_connect_key_and_no_other() {
    let address = answering(|asked| {
        let enroll: Enroll = serde_json::from_slice(&asked.body).unwrap();
        let enrolled = Enrolled {
            device: DeviceId::new(NOW, [5; 10]),
            organization: "Acme".into(),
            server_key: key(1).public(),
        };
        signed_by(1, &enroll.nonce, 201, &serde_json::to_vec(&enrolled).unwrap())
    });
    let place = folder().join("etc");
    let wish = |server: u8| Wish {
        server: address.clone(),
        key: format!(
            "clvk_{}.{}",
            "a".repeat(43),
            ServerKey::parse(&key(server).public()).unwrap().fingerprint()
        ),
        certificate: None,
        folder: place.clone(),
    };
    let error = enroll::enroll(&wish(3)).unwrap_err().to_string();
    assert!(error.contains("not the one that made this connect key"), "{error}");
    assert!(!place.exists());
    let enrollment = enroll::enroll(&wish(1)).unwrap();
    assert_eq!(enrollment.device, DeviceId::new(NOW, [5; 10]));
    let mode = |name: &str| std::fs::metadata(place.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("key"), mode("agent.toml")), (0o600, 0o644));
    assert!(!std::fs::read_to_string(place.join("agent.toml")).unwrap().contains("clvk_"));
}
