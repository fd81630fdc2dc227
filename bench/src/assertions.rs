//! Applications: people with a session open them, one after another, and each time the application is told who they are.
//!
//! Then the same signatures alone: what the server's CPU for an assertion is beside them.

use crate::{
    api::{Api, text},
    http::Connection,
    load,
    report::{Times, say},
    seed::Seeded,
    server::Server,
};
use anyhow::{Context, Result, ensure};
use aws_lc_rs::{
    encoding::AsDer,
    rsa::{KeyPair, KeySize},
    signature::RSA_PKCS1_SHA256,
};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

const IN_FLIGHT: usize = 64;
const PHASE: Duration = Duration::from_secs(5);
const TURNS: usize = 4;
/// How long the octets are that a response and its assertion sign: a `SignedInfo` in its canonical form.
const SIGNED_INFO: usize = 700;

/// What of a message is signed, and how many signatures that is.
const SIGNED: [(&str, usize); 2] = [("assertion", 1), ("both", 2)];

pub(crate) async fn measure(server: &Server, seeded: &Arc<Seeded>) -> Result<()> {
    let api = Api::of(server, seeded);
    let group = text(&api.call("POST", "/groups", &json!({ "name": "Staff" })).await?, "id")?;
    let mut cookies = Vec::new();
    for user in seeded.users.iter().take(IN_FLIGHT) {
        api.call("PUT", &format!("/groups/{group}/users/{}", user.id), &json!(null)).await?;
        cookies.push(load::sign_in(&mut Connection::open(server.address).await?, user).await?);
    }
    let key = Key::new()?;
    for (signed, signatures) in SIGNED {
        let application = json!({
            "name": format!("Wiki {signed}"),
            "entity_id": format!("https://wiki.example/{signed}"),
            "consumers": [{ "address": "https://wiki.example/acs" }],
            "attributes": [{ "name": "mail", "source": "email" }, { "name": "groups", "source": "groups" }],
            "signed": signed,
        });
        let id = text(&api.call("POST", "/applications", &application).await?, "id")?;
        api.call("PUT", &format!("/applications/{id}/groups/{group}"), &json!(null)).await?;
        phases(server, &cookies, (signed, &id), key.cost(signatures)?).await?;
    }
    Ok(())
}

/// In turns, because machines change their speed while they are measured; the seconds are those of signatures alone.
async fn phases(
    server: &Server,
    cookies: &[String],
    (signed, application): (&str, &str),
    alone: f64,
) -> Result<()> {
    let (mut times, mut took, mut cpu, mut syncs) = (Times::default(), 0.0, 0.0, 0.0);
    for _ in 0..TURNS {
        let before = server.counts().await?;
        let begun = Instant::now();
        let mut people = Vec::new();
        for cookie in cookies {
            let (cookie, address, application) = (cookie.clone(), server.address, application.to_owned());
            people.push(tokio::spawn(async move {
                let (mut times, mut connection) = (Times::default(), Connection::open(address).await?);
                while begun.elapsed() < PHASE {
                    let sent = Instant::now();
                    open(&mut connection, &cookie, &application).await?;
                    times.push(sent.elapsed());
                }
                anyhow::Ok(times)
            }));
        }
        for person in people {
            times.merge(person.await??);
        }
        took += begun.elapsed().as_secs_f64();
        let after = server.counts().await?;
        cpu += after.cpu_seconds - before.cpu_seconds;
        syncs += after.syncs - before.syncs;
    }
    let count = times.count() as f64;
    let each = cpu / count;
    say(&format!(
        "  assertions, {signed} signed, {IN_FLIGHT} in flight: {:.0} assertions/s, {:.0} µs CPU each, of which {:.0} µs ({:.0} %) are reading the key and signing; without it {:.0} µs; p50 {:.1} ms, p99 {:.1} ms, {:.3} syncs each, {} MiB",
        count / took,
        each * 1e6,
        alone * 1e6,
        100.0 * alone / each,
        (each - alone) * 1e6,
        times.quantile(0.5),
        times.quantile(0.99),
        syncs / count,
        server.memory()?.resident,
    ));
    Ok(())
}

/// From the tile to the form that goes to the application.
async fn open(connection: &mut Connection, cookie: &str, application: &str) -> Result<()> {
    let mut get = async |path: &str| {
        connection.send(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\ncookie: {cookie}\r\n\r\n")).await
    };
    let begun = get(&format!("/applications/{application}")).await?;
    let way = begun.head.lines().find_map(|line| line.strip_prefix("location: "));
    let way = way.with_context(|| format!("the tile was answered with {}", begun.status))?.to_owned();
    let told = get(&way).await?;
    ensure!(
        told.status == 200 && told.body.contains("SAMLResponse"),
        "the way was answered with {}",
        told.status
    );
    Ok(())
}

/// A key as an application's is kept.
struct Key(Vec<u8>);

impl Key {
    fn new() -> Result<Self> {
        let key = KeyPair::generate(KeySize::Rsa2048)?;
        Ok(Self(AsDer::as_der(&key)?.as_ref().to_vec()))
    }

    /// Seconds of one thread for reading the key and so many signatures.
    fn cost(&self, signatures: usize) -> Result<f64> {
        const TIMES: u32 = 400;
        let octets = [b'x'; SIGNED_INFO];
        let begun = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        for _ in 0..TIMES {
            let key = KeyPair::from_pkcs8(&self.0).map_err(|error| anyhow::anyhow!("{error}"))?;
            let mut signature = vec![0; key.public_modulus_len()];
            for _ in 0..signatures {
                key.sign(&RSA_PKCS1_SHA256, &no_randomness(), &octets, &mut signature)?;
            }
        }
        let ended = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        let seconds = |at: rustix::time::Timespec| at.tv_sec as f64 + at.tv_nsec as f64 / 1e9;
        Ok((seconds(ended) - seconds(begun)) / f64::from(TIMES))
    }
}

#[expect(
    clippy::disallowed_types,
    reason = "PKCS #1 v1.5 is deterministic: the parameter is there and not used"
)]
fn no_randomness() -> aws_lc_rs::rand::SystemRandom {
    aws_lc_rs::rand::SystemRandom::new()
}
