//! Ten thousand agents on one node: each with its own key pair and one held poll, as the real agent does it (S8.5).

use crate::{
    api::{Api, text},
    http::{Answer, Connection},
    report::{Times, say},
    seed::{Seeded, random},
    server::Server,
};
use anyhow::{Context, Result, ensure};
use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{Ed25519KeyPair, KeyPair},
};
use claviger_domain::{device::Platform, id::DeviceId};
use claviger_wire::{
    server::{Enroll, Enrolled, Machine, SignedState, State},
    signed,
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::json;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

const AGENTS: usize = 10_000;
/// Users bound to all of them.
const PEOPLE: usize = 5;
/// How many agents enroll, or connect, at the same time.
const AT_ONCE: usize = 64;
const IDLE: Duration = Duration::from_secs(60);
const REACHES: Duration = Duration::from_secs(120);

/// An agent: its key pair, its id, and the revision it has.
struct Agent {
    pair: Ed25519KeyPair,
    device: DeviceId,
    revision: i64,
}

/// That an agent has a new state, and when.
type Heard = (usize, Instant);

pub(crate) async fn measure(server: &Server, seeded: &Seeded) -> Result<()> {
    let api = Api::of(server, seeded);
    let key = api.prepare(seeded).await?;
    let begun = Instant::now();
    let agents = enroll(server.address, &key).await?;
    say(&format!("  {AGENTS} devices enrolled in {:.1} s", begun.elapsed().as_secs_f64()));
    let (heard, mut hears) = mpsc::unbounded_channel();
    let mut running = JoinSet::new();
    let connecting = Arc::new(Semaphore::new(AT_ONCE));
    for (index, agent) in agents.into_iter().enumerate() {
        let (heard, connecting, address) = (heard.clone(), Arc::clone(&connecting), server.address);
        running.spawn(
            async move { poll(agent, address, connecting, |at| heard.send((index, at)).is_ok()).await },
        );
    }
    let begun = Instant::now();
    reached(&mut hears, begun).await.context("the first states did not arrive")?;
    say(&format!("  every agent has its state after {:.1} s", begun.elapsed().as_secs_f64()));
    idle(server).await?;
    for days in [29, 28, 27] {
        let begun = Instant::now();
        api.change_window(days).await?;
        let mut times = reached(&mut hears, begun).await?;
        say(&format!(
            "  a change that concerns all {AGENTS}: p50 {:.0} ms, p99 {:.0} ms, the last {:.0} ms after it was asked for",
            times.quantile(0.5),
            times.quantile(0.99),
            times.quantile(1.0)
        ));
    }
    running.abort_all();
    while let Some(ended) = running.join_next().await {
        // An agent only ends by being stopped.
        if let Ok(ended) = ended {
            ended?;
        }
    }
    Ok(())
}

/// The server's CPU while every poll is held.
async fn idle(server: &Server) -> Result<()> {
    server.rest().await;
    let before = server.counts().await?;
    sleep(IDLE).await;
    let after = server.counts().await?;
    let memory = server.memory()?;
    say(&format!(
        "  idle, {AGENTS} polls held: {:.2} % of one core over {} s, {} MiB resident, {} MiB at most",
        (after.cpu_seconds - before.cpu_seconds) / IDLE.as_secs_f64() * 100.0,
        IDLE.as_secs(),
        memory.resident,
        memory.peak,
    ));
    Ok(())
}

/// Waits until every agent has a new state.
async fn reached(hears: &mut mpsc::UnboundedReceiver<Heard>, begun: Instant) -> Result<Times> {
    let mut times = Times::default();
    let mut waiting: Vec<bool> = vec![true; AGENTS];
    while times.count() < AGENTS {
        let left = REACHES.saturating_sub(begun.elapsed());
        let heard =
            timeout(left, hears.recv()).await.with_context(|| format!("{} of {AGENTS}", times.count()))?;
        let (index, at) = heard.context("the agents ended")?;
        if let Some(waiting) = waiting.get_mut(index).filter(|waiting| **waiting) {
            *waiting = false;
            times.push(at.saturating_duration_since(begun));
        }
    }
    Ok(times)
}

impl Api {
    /// A group of devices with some people bound to it, and the key that devices join it by.
    async fn prepare(&self, seeded: &Seeded) -> Result<String> {
        let devices = text(&self.call("POST", "/device-groups", &json!({ "name": "Fleet" })).await?, "id")?;
        let people = text(&self.call("POST", "/groups", &json!({ "name": "People" })).await?, "id")?;
        for user in seeded.users.iter().take(PEOPLE) {
            self.call("PUT", &format!("/groups/{people}/users/{}", user.id), &json!({})).await?;
        }
        self.call("PUT", &format!("/device-groups/{devices}/groups/{people}"), &json!({ "sudo": "none" }))
            .await?;
        let key =
            self.call("POST", "/connect-keys", &json!({ "name": "Fleet", "device_group": devices })).await?;
        text(&key, "secret")
    }

    /// The offline window, which every device is told.
    async fn change_window(&self, days: i64) -> Result<()> {
        self.call("PATCH", "/organization", &json!({ "offline_days": days })).await.map(drop)
    }
}

async fn enroll(address: SocketAddr, key: &str) -> Result<Vec<Agent>> {
    let mut tasks = JoinSet::new();
    for part in 0..AT_ONCE {
        let (key, count) = (key.to_owned(), AGENTS / AT_ONCE + usize::from(part < AGENTS % AT_ONCE));
        tasks.spawn(async move {
            let mut connection = Connection::open(address).await?;
            let mut agents = Vec::with_capacity(count);
            for n in 0..count {
                agents.push(enroll_one(&mut connection, &key, &format!("host-{part}-{n}")).await?);
            }
            anyhow::Ok(agents)
        });
    }
    let mut agents = Vec::with_capacity(AGENTS);
    while let Some(part) = tasks.join_next().await {
        agents.extend(part??);
    }
    Ok(agents)
}

async fn enroll_one(connection: &mut Connection, key: &str, hostname: &str) -> Result<Agent> {
    let pair = Ed25519KeyPair::from_seed_unchecked(&random::<32>()).context("no key pair")?;
    let asked = Enroll {
        connect_key: key.to_owned(),
        public_key: BASE64URL_NOPAD.encode(pair.public_key().as_ref()),
        nonce: BASE64URL_NOPAD.encode(&random::<16>()),
        machine: Machine {
            hostname: hostname.to_owned(),
            platform: Platform::Linux,
            system: "Debian GNU/Linux 12 (bookworm)".into(),
            agent_version: env!("CARGO_PKG_VERSION").into(),
        },
    };
    let body = serde_json::to_string(&asked)?;
    let request = format!(
        "POST /agent/v1/enroll HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = connection.send(&request).await?;
    ensure!(answer.status == 201, "an enrollment was answered with {}: {}", answer.status, answer.body);
    let enrolled: Enrolled = serde_json::from_str(&answer.body)?;
    Ok(Agent { pair, device: enrolled.device, revision: 0 })
}

/// One poll after the other, for ever.
async fn poll(
    mut agent: Agent,
    address: SocketAddr,
    connecting: Arc<Semaphore>,
    tell: impl Fn(Instant) -> bool,
) -> Result<()> {
    let mut connection = {
        let _turn = connecting.acquire().await?;
        Connection::open(address).await?
    };
    loop {
        let answer = agent.ask(&mut connection).await?;
        if answer.status == 200 {
            let told: SignedState = serde_json::from_str(&answer.body)?;
            let state: State = serde_json::from_str(&told.state)?;
            ensure!(state.users.len() == PEOPLE, "{} users are bound", state.users.len());
            agent.revision = state.revision;
            if !tell(Instant::now()) {
                return Ok(());
            }
        }
    }
}

impl Agent {
    async fn ask(&self, connection: &mut Connection) -> Result<Answer> {
        let target = format!("/agent/v1/state?since={}", self.revision);
        let nonce = BASE64URL_NOPAD.encode(&random::<16>());
        let empty: [u8; 32] = digest(&SHA256, b"").as_ref().try_into()?;
        let message = signed::request(self.device, &nonce, "GET", &target, &empty);
        let signature = BASE64URL_NOPAD.encode(self.pair.sign(&message).as_ref());
        let request = format!(
            "GET {target} HTTP/1.1\r\nhost: localhost\r\n{}: {}\r\n{}: {nonce}\r\n{}: {signature}\r\n\r\n",
            signed::DEVICE,
            self.device,
            signed::NONCE,
            signed::SIGNATURE
        );
        let answer = connection.send(&request).await?;
        ensure!(
            matches!(answer.status, 200 | 204),
            "a poll was answered with {}: {}",
            answer.status,
            answer.body
        );
        Ok(answer)
    }
}
