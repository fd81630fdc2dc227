//! A device with its own key pair, as the server sees one.

use crate::*;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use claviger_app::{
    device_admin::MfaOn,
    devices::{Calling, EnrollOutcome, News, NotEnrolled},
};
use claviger_domain::{
    connect_key::Form,
    device::{Applied, FirstFactor, Platform, Sudo},
    id::{AccountId, DeviceId},
    time::Timestamp,
};
use claviger_store::p;
use claviger_wire::{
    server::{
        Account as OnDevice, CodeAttempt, CodeVerdict, Enroll, Enrolled, Event, Machine, Place, Presence,
        Report, State, Taken, What,
    },
    signed,
};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

pub(crate) const FROM: &str = "203.0.113.9";

/// A device that enrolled.
pub(crate) struct Agent {
    pub(crate) id: DeviceId,
    server_key: Vec<u8>,
    pub(crate) revision: i64,
}

pub(crate) fn key_pair(seed: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
}

pub(crate) fn machine() -> Machine {
    Machine {
        hostname: "web-1\n".into(),
        platform: Platform::Linux,
        system: "Debian GNU/Linux 12".into(),
        agent_version: "0.1.0".into(),
    }
}

/// A Mac.
pub(crate) fn mac() -> Machine {
    Machine { platform: Platform::Macos, system: "macOS 15.5".into(), ..machine() }
}

pub(crate) fn asked(connect_key: &str, seed: u8) -> Enroll {
    Enroll {
        connect_key: connect_key.into(),
        public_key: BASE64URL_NOPAD.encode(key_pair(seed).public_key().as_ref()),
        nonce: BASE64URL_NOPAD.encode(&[0; 16]),
        machine: machine(),
    }
}

pub(crate) fn place() -> Place {
    Place { service: "sshd".into(), from: FROM.into() }
}

pub(crate) fn report(agent: &Agent, now: Timestamp) -> Report {
    Report {
        machine: machine(),
        revision: agent.revision,
        applied: Applied::Off,
        detail: String::new(),
        ssh_server: Presence::Present,
        clock: now.0,
        accounts: Vec::new(),
        events: Vec::new(),
        policies: Vec::new(),
        runs: Vec::new(),
    }
}

impl World {
    /// The text of a connect key for so many devices, or any number.
    pub(crate) async fn connect_key(&self, uses: &str) -> String {
        let form =
            Form { name: "servers".into(), expires: "30".into(), uses: uses.into(), ..Form::default() };
        self.app.create_connect_key(&granted(), &form).await.unwrap().text.expose().clone()
    }

    pub(crate) async fn try_enroll(&self, key: &str, seed: u8) -> Result<Enrolled, NotEnrolled> {
        self.try_enroll_as(&asked(key, seed)).await
    }

    async fn try_enroll_as(&self, asked: &Enroll) -> Result<Enrolled, NotEnrolled> {
        match self.app.enroll_device(asked, &origin()).await.unwrap() {
            EnrollOutcome::Enrolled(enrolled) => Ok(enrolled),
            EnrollOutcome::Refused(why) => Err(why),
        }
    }

    /// An enrolled device, on Linux.
    pub(crate) async fn device(&self, seed: u8) -> Agent {
        self.device_on(seed, machine()).await
    }

    /// An enrolled device.
    pub(crate) async fn device_on(&self, seed: u8, machine: Machine) -> Agent {
        let asked = Enroll { machine, ..asked(&self.connect_key("").await, seed) };
        let Enrolled { device, server_key, .. } = self.try_enroll_as(&asked).await.unwrap();
        let server_key = BASE64URL_NOPAD.decode(server_key.as_bytes()).unwrap();
        Agent { id: device, server_key, revision: 0 }
    }

    /// The same with MFA on.
    pub(crate) async fn asking(&self, seed: u8) -> Agent {
        let agent = self.device(seed).await;
        let on = MfaOn { first_factor: Some(FirstFactor::Password), ..MfaOn::default() };
        self.app.enable_device_mfa(&granted(), agent.id, &on).await.unwrap();
        agent
    }

    pub(crate) async fn bind(&self, agent: &Agent, user: AccountId) {
        self.app.bind_user(&granted(), (agent.id, user), Sudo::None).await.unwrap();
    }

    pub(crate) async fn unbind(&self, agent: &Agent, user: AccountId) {
        self.app.unbind_user(&granted(), (agent.id, user)).await.unwrap();
    }

    pub(crate) async fn calling(&self, agent: &Agent) -> Calling {
        self.app.calling(agent.id, FROM).await.unwrap().unwrap()
    }

    /// The device's state where it is another than it has, checked as a device checks it.
    pub(crate) async fn state(&self, agent: &mut Agent) -> State {
        let calling = self.calling(agent).await;
        let News::State(news) = self.app.await_state(&calling, agent.revision).await.unwrap() else {
            panic!("nothing is new")
        };
        agent.take(&news)
    }

    pub(crate) async fn report(&self, agent: &Agent, report: &Report) -> Option<Taken> {
        let calling = self.calling(agent).await;
        self.app.device_report(&calling, report).await.unwrap()
    }

    /// Says what became of accounts at the revision that the device has.
    pub(crate) async fn says(&self, agent: &Agent, accounts: Vec<OnDevice>) {
        let report = Report { accounts, ..report(agent, self.app.now()) };
        self.report(agent, &report).await.unwrap();
    }

    pub(crate) async fn happened(&self, agent: &Agent, events: Vec<Event>) -> i64 {
        let report = Report { events, ..report(agent, self.app.now()) };
        self.report(agent, &report).await.unwrap().sequence
    }

    pub(crate) async fn code_at(&self, agent: &Agent, user: AccountId, code: &str) -> CodeVerdict {
        let attempt = CodeAttempt { user, code: code.into(), place: place(), key: None };
        self.app.device_code(&self.calling(agent).await, &attempt).await.unwrap()
    }

    /// Outcomes of the action in the log by their words, with the kind of actor: the clock stands, so they have no order.
    pub(crate) async fn logged_as(&self, action: &str) -> Vec<String> {
        const SQL: &str = "SELECT actor_kind || ' ' || outcome FROM audit WHERE action = $1 ORDER BY 1";
        self.app.store().query(SQL, p![action]).await.unwrap()
    }

    pub(crate) async fn details_of(&self, action: &str) -> Vec<serde_json::Value> {
        const SQL: &str = "SELECT details FROM audit WHERE action = $1 ORDER BY 1";
        let found: Vec<String> = self.app.store().query(SQL, p![action]).await.unwrap();
        found.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
    }
}

impl Agent {
    /// Takes what is signed for this device and is newer than what it has.
    pub(crate) fn take(&mut self, news: &claviger_wire::server::SignedState) -> State {
        let state: State = serde_json::from_str(&news.state).unwrap();
        let message = signed::state(self.id, state.revision, &Sha256::digest(&news.state).into());
        let signature = BASE64URL_NOPAD.decode(news.signature.as_bytes()).unwrap();
        UnparsedPublicKey::new(&ED25519, &self.server_key).verify(&message, &signature).unwrap();
        assert!(state.revision > self.revision && state.device == self.id);
        self.revision = state.revision;
        state
    }
}

pub(crate) fn event(sequence: i64, user: AccountId, at: Timestamp, what: What) -> Event {
    Event { sequence, at: at.0, user, place: place(), what }
}
