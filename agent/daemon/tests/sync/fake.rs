//! A server that does what the test says.

use claviger_agent::{
    config::{Enrollment, ServerUrl},
    identity::{DeviceKey, ServerKey, hash},
};
use claviger_domain::{
    device::{Sudo, TakeOver},
    id::{AccountId, DeviceId, FactorId},
    time::Timestamp,
    verifier::{STEPS_A_DAY, VERIFIER_BYTES},
};
use claviger_wire::{
    server::{Access, Codes, Event, Factor, Report, SignedState, State, Taken, User, Verifiers},
    signed,
};
use data_encoding::BASE64URL_NOPAD;
use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Waits for something that other threads do.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{what} did not come");
}

/// An empty folder.
pub(crate) fn folder() -> PathBuf {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::SeqCst);
    let name = format!("sync-{}-{number}", std::process::id());
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

pub(crate) fn user(number: u8, name: &str) -> User {
    User {
        id: AccountId::new(NOW, [number; 10]),
        name: name.into(),
        full_name: String::new(),
        access: Access::Open,
        uid: None,
        gid: None,
        shell: "/bin/sh".into(),
        ssh_keys: Vec::new(),
        sudo: Sudo::None,
        take_over: TakeOver::Ask,
        requirement: claviger_wire::server::Requirement::NotRequired,
        factor: None,
        break_glass: Vec::new(),
        enrolls_until: None,
    }
}

pub(crate) fn enrolled(number: u8, name: &str) -> User {
    let factor = Factor { id: FactorId::new(NOW, [number; 10]), resynced: 0, learned: 0 };
    User { factor: Some(factor), ..user(number, name) }
}

/// A request as it came.
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> String {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// The value of a parameter of the address.
    fn parameter(&self, name: &str) -> String {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        found.unwrap_or_default().to_owned()
    }

    pub(crate) fn read(stream: &mut impl BufRead) -> Option<Self> {
        let mut line = || {
            let mut text = String::new();
            stream.read_line(&mut text).ok().filter(|length| *length > 0)?;
            Some(text.trim_end().to_owned())
        };
        let first = line()?;
        let mut words = first.split(' ').map(str::to_owned);
        let (method, target) = (words.next()?, words.next()?);
        let mut headers = Vec::new();
        loop {
            let line = line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        let mut asked = Self { method, target, headers, body: Vec::new() };
        let length = asked.header("content-length").parse().unwrap_or(0);
        asked.body = vec![0; length];
        stream.read_exact(&mut asked.body).ok()?;
        Some(asked)
    }
}

/// A reply with or without a signature.
pub(crate) fn reply(status: u16, signature: Option<&str>, body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
    if let Some(signature) = signature {
        head.push_str(&format!("{}: {signature}\r\n", signed::SIGNATURE));
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// A server.
pub(crate) struct Fake {
    address: String,
    key: DeviceKey,
    pub(crate) device_key: Arc<DeviceKey>,
    world: Mutex<World>,
    changed: Condvar,
}

struct World {
    state: State,
    history: Vec<SignedState>,
    replayed: Option<SignedState>,
    reports: Vec<Report>,
    events: Vec<Event>,
    refused_reports: usize,
    is_away: bool,
    missed_reports: usize,
    fetched: usize,
    polls: usize,
}

impl Fake {
    pub(crate) fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let state = State {
            codes: Codes::Asked,
            organization: "Acme".into(),
            ..State::empty(DeviceId::new(NOW, [1; 10]))
        };
        let world = World {
            state,
            history: Vec::new(),
            replayed: None,
            reports: Vec::new(),
            events: Vec::new(),
            refused_reports: 0,
            is_away: false,
            missed_reports: 0,
            fetched: 0,
            polls: 0,
        };
        let fake = Arc::new(Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            key: DeviceKey::generate().unwrap().0,
            device_key: Arc::new(DeviceKey::generate().unwrap().0),
            world: Mutex::new(world),
            changed: Condvar::new(),
        });
        let serving = Arc::clone(&fake);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let fake = Arc::clone(&serving);
                thread::spawn(move || fake.serve(stream.unwrap()));
            }
        });
        fake
    }

    pub(crate) fn enrollment(&self) -> Enrollment {
        Enrollment {
            server: ServerUrl::parse(&self.address).unwrap(),
            device: DeviceId::new(NOW, [1; 10]),
            server_key: ServerKey::parse(&self.key.public()).unwrap(),
            organization: "Acme".into(),
            certificate: None,
        }
    }

    /// The next revision.
    pub(crate) fn put(&self, change: impl FnOnce(&mut State)) {
        let mut world = self.world.lock().unwrap();
        change(&mut world.state);
        world.state.revision += 1;
        let text = serde_json::to_string(&world.state).unwrap();
        let message = signed::state(world.state.device, world.state.revision, &hash(text.as_bytes()));
        let signed = SignedState { signature: self.key.sign(&message), state: text, now: now() };
        world.history.push(signed);
        self.changed.notify_all();
    }

    /// From now on every poll gets this old revision at once.
    pub(crate) fn replay(&self, revision: usize) {
        let mut world = self.world.lock().unwrap();
        world.replayed = Some(world.history[revision - 1].clone());
        self.changed.notify_all();
    }

    pub(crate) fn refuse_reports(&self, times: usize) {
        self.world.lock().unwrap().refused_reports = times;
    }

    pub(crate) fn reports(&self) -> Vec<Report> {
        self.world.lock().unwrap().reports.clone()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.world.lock().unwrap().events.clone()
    }

    pub(crate) fn fetched(&self) -> usize {
        self.world.lock().unwrap().fetched
    }

    pub(crate) fn polls(&self) -> usize {
        self.world.lock().unwrap().polls
    }

    pub(crate) fn missed_reports(&self) -> usize {
        self.world.lock().unwrap().missed_reports
    }

    /// Every call ends without an answer until it is back, those that are held among them.
    pub(crate) fn be_away(&self, is_away: bool) {
        self.world.lock().unwrap().is_away = is_away;
        self.changed.notify_all();
    }

    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut stream = stream;
        while let Some(asked) = Asked::read(&mut reader) {
            if self.misses(&asked) {
                return;
            }
            let (status, body) = self.answer(&asked);
            if self.misses(&asked) {
                return;
            }
            let message = signed::reply(&asked.header(signed::NONCE), status, &hash(&body));
            if stream.write_all(&reply(status, Some(&self.key.sign(&message)), &body)).is_err() {
                return;
            }
        }
    }

    fn misses(&self, asked: &Asked) -> bool {
        let mut world = self.world.lock().unwrap();
        let missed = world.is_away;
        world.missed_reports += usize::from(missed && asked.target == "/agent/v1/report");
        missed
    }

    fn answer(&self, asked: &Asked) -> (u16, Vec<u8>) {
        assert!(self.is_signed(asked), "{}", asked.target);
        match asked.target.split('?').next().unwrap() {
            "/agent/v1/state" => self.state(asked.parameter("since").parse().unwrap()),
            "/agent/v1/verifiers" => self.verifiers(asked),
            "/agent/v1/report" => self.report(&asked.body),
            _ => (404, Vec::new()),
        }
    }

    fn is_signed(&self, asked: &Asked) -> bool {
        let device = asked.header(signed::DEVICE).parse().unwrap();
        let nonce = asked.header(signed::NONCE);
        let message = signed::request(device, &nonce, &asked.method, &asked.target, &hash(&asked.body));
        let key = ServerKey::parse(&self.device_key.public()).unwrap();
        key.verify(&message, &asked.header(signed::SIGNATURE)).is_ok()
    }

    fn state(&self, since: i64) -> (u16, Vec<u8>) {
        let mut world = self.world.lock().unwrap();
        world.polls += 1;
        let is_old =
            |world: &mut World| world.replayed.is_none() && !world.is_away && world.state.revision <= since;
        world = self.changed.wait_while(world, is_old).unwrap();
        let signed = world.replayed.as_ref().or(world.history.last()).unwrap();
        (200, serde_json::to_vec(signed).unwrap())
    }

    fn verifiers(&self, asked: &Asked) -> (u16, Vec<u8>) {
        let mut world = self.world.lock().unwrap();
        world.fetched += 1;
        let factor: FactorId = asked.parameter("factor").parse().unwrap();
        let from: i64 = asked.parameter("from").parse().unwrap();
        let days = i64::from(world.state.offline_days);
        let window = claviger_domain::verifier::offline_window(
            0,
            u16::try_from(days).unwrap(),
            claviger_domain::totp::Step(from),
            Timestamp(now()),
        );
        assert!(window.end - window.start <= 32 * STEPS_A_DAY);
        let bytes = vec![7; usize::try_from(window.end - window.start).unwrap() * VERIFIER_BYTES];
        let sent = Verifiers {
            factor,
            key: BASE64URL_NOPAD.encode(&[1; 32]),
            first: window.start,
            verifiers: BASE64URL_NOPAD.encode(&bytes),
            last_step: 0,
        };
        (200, serde_json::to_vec(&sent).unwrap())
    }

    fn report(&self, body: &[u8]) -> (u16, Vec<u8>) {
        let mut world = self.world.lock().unwrap();
        if world.refused_reports > 0 {
            world.refused_reports -= 1;
            return (503, br#"{"type":"urn:claviger:problem:busy","title":"Busy"}"#.to_vec());
        }
        let report: Report = serde_json::from_slice(body).unwrap();
        let known = world.events.last().map_or(0, |event| event.sequence);
        world.events.extend(report.events.iter().filter(|event| event.sequence > known).cloned());
        world.reports.push(report);
        let sequence = world.events.last().map_or(0, |event| event.sequence);
        (200, serde_json::to_vec(&Taken { sequence, now: now() }).unwrap())
    }
}

/// The machine's own time: what is fetched depends on it.
pub(crate) fn now() -> i64 {
    use claviger_agent_core::port::Clock;
    claviger_agent::clock::SystemClocks::new().unwrap().clocks().wall.0
}
