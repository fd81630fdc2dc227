//! A device in memory, whose server says what a test wants.

use super::*;
use crate::{
    clock::{Clocks, Contact, Uptime},
    port::{Attempts, Checks, Clock, Judged, Log, Online, Passwords, Use, Vault},
};
use claviger_domain::{
    device::{OFFLINE_FAILURES, Rules, Sudo, TakeOver},
    id::{AccountId, BreakGlassId, DeviceId, FactorId},
    totp::{Step, TotpSecret},
    verifier::{DeviceKey, Verifier},
};
use claviger_wire::server::{BreakGlass, CodeVerdict, Recalled, Remembers, Window};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_015);
pub(super) const END: Timestamp = Timestamp::from_seconds(1_800_000_000 + 30 * 86_400);

fn id(byte: u8) -> [u8; 10] {
    [byte; 10]
}

pub(super) fn factor() -> FactorId {
    FactorId::new(NOW, id(2))
}

pub(super) fn break_glass() -> BreakGlassId {
    BreakGlassId::new(NOW, id(3))
}

fn secret() -> TotpSecret {
    TotpSecret::new((0..20).collect())
}

fn key() -> DeviceKey {
    DeviceKey::of(&secret(), DeviceId::new(NOW, id(1)), factor())
}

/// The code so many steps from now.
pub(super) fn code(offset: i64) -> String {
    code_of(Step(Step::at(NOW).0 + offset))
}

fn code_of(step: Step) -> String {
    format!("{:06}", secret().code(step))
}

pub(super) fn hello(phase: Phase, service: &str, user: &str) -> Hello {
    Hello {
        phase,
        user: user.into(),
        service: service.into(),
        rhost: "192.0.2.1".into(),
        tty: "ssh".into(),
        shown: claviger_wire::login::Shown::Nothing,
        key: None,
    }
}

fn user(byte: u8, name: &str, factor: Option<Factor>, break_glass: Vec<BreakGlass>) -> User {
    User {
        id: AccountId::new(NOW, id(byte)),
        name: name.into(),
        full_name: name.into(),
        access: Access::Open,
        uid: None,
        gid: None,
        shell: "/bin/sh".into(),
        ssh_keys: Vec::new(),
        sudo: Sudo::None,
        take_over: TakeOver::Ask,
        requirement: claviger_wire::server::Requirement::NotRequired,
        factor,
        break_glass,
        enrolls_until: None,
    }
}

fn state() -> State {
    let enrolled = Factor { id: factor(), resynced: 0, learned: 0 };
    let stuck = BreakGlass {
        id: break_glass(),
        hash: BASE64URL_NOPAD.encode(&Sha256::digest("ABCDEFGHIJKLMNOP")),
        expires_at: NOW.plus(Span::hours(8)).0,
    };
    State {
        device: DeviceId::new(NOW, id(1)),
        revision: 1,
        organization: "Acme".into(),
        support: String::new(),
        codes: Codes::Asked,
        rules: Rules::default(),
        offline_days: 365,
        window: Window::Tolerant,
        proof: Proof::NotNeeded,
        remembers: Remembers::Never,
        invite: None,
        users: vec![user(10, "alice", Some(enrolled), vec![stuck]), user(11, "bob", None, Vec::new())],
        policies: Vec::new(),
        runs: Vec::new(),
    }
}

pub(super) struct Device {
    pub(super) state: Mutex<Option<Arc<State>>>,
    pub(super) ownership: Ownership,
    pub(super) verifiers: BTreeMap<i64, Verifier>,
    pub(super) has_checks: bool,
    now: Timestamp,
    last: Mutex<Step>,
    wrong: Mutex<u32>,
    broken: Mutex<bool>,
    used: Mutex<BTreeSet<BreakGlassId>>,
    contact: Mutex<Option<Contact>>,
    attempts: Mutex<Attempts>,
    events: Mutex<Vec<What>>,
    verdict: Mutex<Option<CodeVerdict>>,
    of_password: Mutex<Option<PasswordVerdict>>,
    asked: Mutex<usize>,
    /// What the server says of a key.
    pub(super) recalled: Option<Recalled>,
    /// How often it was asked about one.
    pub(super) asked_to_recall: Mutex<usize>,
    /// The key that the last code was sent with.
    pub(super) code_with: Mutex<Option<KeyHash>>,
    kept: Mutex<Vec<String>>,
    lines: Mutex<Vec<(bool, String)>>,
}

impl Device {
    pub(super) fn new() -> Self {
        Self::at(NOW)
    }

    pub(super) fn with(change: impl FnOnce(&mut State)) -> Self {
        let mut state = state();
        change(&mut state);
        Self { state: Mutex::new(Some(Arc::new(state))), ..Self::new() }
    }

    pub(super) fn at(now: Timestamp) -> Self {
        // Those around both moments are enough.
        let end = Step::at(END).0;
        let around = |at: Timestamp| Step::at(at).0 - 20..(Step::at(at).0 + 20).min(end);
        let steps = around(NOW).chain(around(now).skip(if now == NOW { 40 } else { 0 }));
        let (key, secret) = (key(), secret());
        let pairs =
            steps.flat_map(|step| key.verifiers(&secret, step..step + 1).pop().map(|one| (step, one)));
        Self {
            state: Mutex::new(Some(Arc::new(state()))),
            ownership: Ownership::Ours,
            verifiers: pairs.collect(),
            has_checks: true,
            now,
            last: Mutex::new(Step::NONE),
            wrong: Mutex::default(),
            broken: Mutex::default(),
            used: Mutex::default(),
            contact: Mutex::default(),
            attempts: Mutex::default(),
            events: Mutex::default(),
            verdict: Mutex::default(),
            of_password: Mutex::default(),
            asked: Mutex::default(),
            recalled: None,
            asked_to_recall: Mutex::default(),
            code_with: Mutex::default(),
            kept: Mutex::default(),
            lines: Mutex::default(),
        }
    }

    pub(super) fn ports(&self) -> Ports<'_> {
        Ports { vault: self, online: self, clock: self, passwords: self, log: self }
    }

    pub(super) fn first(&self, phase: Phase, service: &str, user: &str) -> Vec<Turn> {
        match begin(self.ports(), &hello(phase, service, user)) {
            Begun::Over(turns) | Begun::Asking(_, turns) => turns,
            Begun::Lost => Vec::new(),
        }
    }

    pub(super) fn begin(&self, service: &str) -> (Box<Login<'_>>, Vec<Turn>) {
        match begin(self.ports(), &hello(Phase::Code, service, "alice")) {
            Begun::Asking(login, turns) => (login, turns),
            Begun::Over(turns) => panic!("{turns:?}"),
            Begun::Lost => panic!("no state"),
        }
    }

    pub(super) fn typed(&self, service: &str, text: &str) -> Vec<Turn> {
        self.begin(service).0.answer(text.as_bytes())
    }

    pub(super) fn password(&self, service: &str, user: &str, typed: &[u8]) -> Vec<Turn> {
        match begin(self.ports(), &hello(Phase::Password, service, user)) {
            Begun::Asking(mut login, _) => login.answer(typed),
            Begun::Over(_) | Begun::Lost => panic!("nothing was asked"),
        }
    }

    pub(super) fn code_now(&self) -> String {
        code_of(Step::at(self.now))
    }

    pub(super) fn use_up(&self, offset: i64) {
        *self.last.lock().unwrap() = Step(Step::at(NOW).0 + offset);
    }

    pub(super) fn last(&self) -> Step {
        *self.last.lock().unwrap()
    }

    pub(super) fn says(&self, verdict: Option<CodeVerdict>) {
        *self.verdict.lock().unwrap() = verdict;
    }

    pub(super) fn says_of_password(&self, verdict: Option<PasswordVerdict>) {
        *self.of_password.lock().unwrap() = verdict;
    }

    pub(super) fn met(&self, server: Timestamp) {
        let since = Span::from_micros(server.0 - NOW.0 + Span::days(400).micros());
        *self.contact.lock().unwrap() = Some(Contact { server, at: Uptime { boot: "a".into(), since } });
    }

    pub(super) fn set_attempts(&self, attempts: Attempts) {
        *self.attempts.lock().unwrap() = attempts;
    }

    pub(super) fn break_down(&self) {
        *self.broken.lock().unwrap() = true;
    }

    pub(super) fn break_glass_until(&mut self, until: Timestamp) {
        let mut changed = state();
        changed.users[0].break_glass[0].expires_at = until.0;
        *self.state.lock().unwrap() = Some(Arc::new(changed));
    }

    pub(super) fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    pub(super) fn events(&self) -> Vec<What> {
        self.events.lock().unwrap().clone()
    }

    pub(super) fn kept(&self) -> Vec<String> {
        self.kept.lock().unwrap().clone()
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        lines.iter().filter(|(is_warning, _)| *is_warning).map(|(_, line)| line.clone()).collect()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().iter().map(|(_, line)| line.clone()).collect()
    }

    fn write(&self) -> Result<(), Broken> {
        if *self.broken.lock().unwrap() { Err(Broken("the disk is full".into())) } else { Ok(()) }
    }
}

struct Checked<'a>(&'a Device, DeviceKey, Step);

impl Checks for Checked<'_> {
    fn key(&self) -> &DeviceKey {
        &self.1
    }

    fn last(&self) -> Step {
        self.2
    }

    fn verifier(&self, step: Step) -> Option<Verifier> {
        self.0.verifiers.get(&step.0).copied()
    }

    fn end(&self) -> Step {
        Step::at(END)
    }
}

impl Vault for Device {
    fn state(&self) -> Option<Arc<State>> {
        self.state.lock().unwrap().clone()
    }

    fn ownership(&self, _: AccountId) -> Ownership {
        self.ownership
    }

    fn checks(&self, _: AccountId, of: FactorId) -> Option<Box<dyn Checks + '_>> {
        (self.has_checks && of == factor())
            .then(|| -> Box<dyn Checks> { Box::new(Checked(self, key(), self.last())) })
    }

    fn use_step(&self, _: AccountId, _: FactorId, step: Step, judged: Judged) -> Result<Use, Broken> {
        self.write()?;
        let mut last = self.last.lock().unwrap();
        if step <= *last {
            return Ok(Use::Used);
        }
        if let Judged::Alone(happened) = judged {
            if *self.wrong.lock().unwrap() >= OFFLINE_FAILURES {
                return Ok(Use::TooManyWrong);
            }
            self.record(happened)?;
        }
        *last = step;
        Ok(Use::Fresh)
    }

    fn wrong(&self, happened: Happened) -> Result<Use, Broken> {
        let mut wrong = self.wrong.lock().unwrap();
        if *wrong >= OFFLINE_FAILURES {
            return Ok(Use::TooManyWrong);
        }
        *wrong += 1;
        self.record(happened)?;
        Ok(Use::Fresh)
    }

    fn use_break_glass(&self, id: BreakGlassId, happened: Happened) -> Result<Use, Broken> {
        if !self.used.lock().unwrap().insert(id) {
            return Ok(Use::Used);
        }
        self.record(happened)?;
        Ok(Use::Fresh)
    }

    fn record(&self, happened: Happened) -> Result<(), Broken> {
        self.write()?;
        self.events.lock().unwrap().push(happened.what);
        Ok(())
    }

    fn attempts(&self) -> Attempts {
        *self.attempts.lock().unwrap()
    }

    fn prove(&self, attempt: i64, happened: Happened) -> Result<(), Broken> {
        self.attempts.lock().unwrap().proven = attempt;
        self.record(happened)
    }

    fn contact(&self) -> Option<Contact> {
        self.contact.lock().unwrap().clone()
    }
}

impl Online for Device {
    fn code(&self, _: AccountId, _: &str, _: &Place, key: Option<KeyHash>) -> Option<CodeVerdict> {
        *self.asked.lock().unwrap() += 1;
        *self.code_with.lock().unwrap() = key;
        *self.verdict.lock().unwrap()
    }

    fn recall(&self, _: AccountId, _: KeyHash, _: &Place) -> Option<Recalled> {
        *self.asked_to_recall.lock().unwrap() += 1;
        self.recalled
    }

    fn password(&self, _: AccountId, _: &str, _: &Place) -> Option<PasswordVerdict> {
        *self.of_password.lock().unwrap()
    }
}

impl Clock for Device {
    fn clocks(&self) -> Clocks {
        let since = Span::from_micros(self.now.0 - NOW.0 + Span::days(400).micros());
        Clocks { wall: self.now, uptime: Uptime { boot: "a".into(), since } }
    }
}

impl Passwords for Device {
    fn keep(&self, _: AccountId, password: &str) {
        self.kept.lock().unwrap().push(password.into());
    }
}

impl Log for Device {
    fn note(&self, line: &str) {
        self.lines.lock().unwrap().push((false, line.into()));
    }

    fn warn(&self, line: &str) {
        self.lines.lock().unwrap().push((true, line.into()));
    }
}
