//! The loads: codes checked by a program, and people who sign in.

use crate::{
    http::Connection,
    password,
    report::{Times, say},
    seed::{PASSWORD, Seeded, User, now},
    server::Server,
};
use anyhow::{Context, Result, ensure};
use claviger_domain::totp::Step;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, sleep, sleep_until};

const IN_FLIGHT: usize = 64;
const PHASE: Duration = Duration::from_secs(5);
/// Until as many sign-ins end as begin.
const RISE: Duration = Duration::from_secs(1);
/// As short as a storm can be counted: the machine changes its speed within seconds.
const STORM: Duration = Duration::from_secs(3);
const TURNS: usize = 16;

fn verify_request(seeded: &Seeded, user: &User, code: u32) -> String {
    let body = format!("{{\"code\":\"{code:06}\"}}");
    format!(
        "POST /api/v1/users/{}/mfa/verify HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        user.id,
        seeded.api_key,
        body.len()
    )
}

/// Which code the n-th request sends, and what it must be answered.
#[derive(Clone, Copy)]
enum Codes {
    Right,
    Wrong,
}

impl Codes {
    fn of(self, user: &User) -> u32 {
        let right = user.secret.code(Step::at(now()));
        match self {
            Self::Right => right,
            Self::Wrong => (right + 1) % 1_000_000,
        }
    }

    const fn answer(self) -> &'static str {
        match self {
            Self::Right => "accepted",
            Self::Wrong => "wrong",
        }
    }
}

/// Right and wrong codes in turn, each phase on users of its own.
pub(crate) async fn verify_phases(server: &Server, seeded: &Arc<Seeded>) -> Result<()> {
    let quarter = seeded.users.len() / 4;
    for (index, codes) in [Codes::Right, Codes::Wrong, Codes::Right, Codes::Wrong].into_iter().enumerate() {
        verify_phase(server, seeded, codes, index * quarter..(index + 1) * quarter).await?;
    }
    Ok(())
}

async fn verify_phase(
    server: &Server,
    seeded: &Arc<Seeded>,
    codes: Codes,
    users: std::ops::Range<usize>,
) -> Result<()> {
    let before = server.counts().await?;
    let next = Arc::new(AtomicUsize::new(users.start));
    let begun = Instant::now();
    let mut clients = Vec::new();
    for _ in 0..IN_FLIGHT {
        let (seeded, next, address, end) = (Arc::clone(seeded), Arc::clone(&next), server.address, users.end);
        clients.push(tokio::spawn(async move {
            let (mut times, mut connection, mut odd) =
                (Times::default(), Connection::open(address).await?, 0);
            while begun.elapsed() < PHASE {
                let Some(user) = seeded
                    .users
                    .get(next.fetch_add(1, Ordering::Relaxed))
                    .filter(|_| next.load(Ordering::Relaxed) < end)
                else {
                    break;
                };
                let request = verify_request(&seeded, user, codes.of(user));
                let sent = Instant::now();
                let answer = connection.send(&request).await?;
                times.push(sent.elapsed());
                odd += usize::from(!answer.body.contains(codes.answer()));
            }
            anyhow::Ok((times, odd))
        }));
    }
    let (mut times, mut odd) = (Times::default(), 0);
    for client in clients {
        let (of_one, odd_of_one) = client.await??;
        times.merge(of_one);
        odd += odd_of_one;
    }
    let took = begun.elapsed().as_secs_f64();
    let after = server.counts().await?;
    let count = times.count() as f64;
    // A code in a million is both the next step's and wrong here.
    ensure!(odd <= 3, "{odd} of {count} answers were not {:?}", codes.answer());
    say(&format!(
        "  verify, {} codes, {IN_FLIGHT} in flight: {:.0} req/s, {:.0} µs CPU each, p50 {:.1} ms, p99 {:.1} ms, {:.3} syncs each ({:.0} syncs/s), {} MiB",
        codes.answer(),
        count / took,
        (after.cpu_seconds - before.cpu_seconds) * 1e6 / count,
        times.quantile(0.5),
        times.quantile(0.99),
        (after.syncs - before.syncs) / count,
        (after.syncs - before.syncs) / took,
        server.memory()?.resident,
    ));
    Ok(())
}

/// People sign in as fast as passwords can be hashed, while a program goes on checking codes.
///
/// In turns with Argon2id alone, because machines change their speed while they are measured.
pub(crate) async fn sign_in_storm(server: &Server, seeded: &Arc<Seeded>) -> Result<()> {
    sleep(Duration::from_secs(31)).await;
    let mut storm = Storm::default();
    for _ in 0..TURNS {
        storm.alone.push(password::hashes_per_second(STORM));
        storm.rage(server, seeded).await?;
    }
    let alone = storm.alone.iter().sum::<f64>() / TURNS as f64;
    let count = storm.sign_ins.count() as f64;
    let rate = count / (STORM * TURNS as u32).as_secs_f64();
    say(&format!(
        "  sign-in with password and code, {IN_FLIGHT} in flight: {rate:.1} sign-ins/s = {:.1} % of Argon2id alone (19 MiB, t=2, p=1, a thread each core: {alone:.1} hashes/s), {:.1} ms CPU each, p50 {:.0} ms, p99 {:.0} ms",
        100.0 * rate / alone,
        storm.cpu_seconds * 1e3 / count,
        storm.sign_ins.quantile(0.5),
        storm.sign_ins.quantile(0.99),
    ));
    say(&format!(
        "  meanwhile {} code checks: p50 {:.1} ms, p99 {:.1} ms; {} MiB resident at most\n",
        storm.checks.count(),
        storm.checks.quantile(0.5),
        storm.checks.quantile(0.99),
        server.memory()?.peak,
    ));
    Ok(())
}

/// What is measured in all turns together.
#[derive(Default)]
struct Storm {
    alone: Vec<f64>,
    sign_ins: Times,
    checks: Times,
    cpu_seconds: f64,
    next: Arc<AtomicUsize>,
}

impl Storm {
    /// Counts what ends within the time, once the storm has risen: what is left undone then was left undone before.
    async fn rage(&mut self, server: &Server, seeded: &Arc<Seeded>) -> Result<()> {
        let begun = Instant::now() + RISE;
        let counted = begun..begun + STORM;
        let mut people = Vec::new();
        for _ in 0..IN_FLIGHT {
            let (seeded, next, address) = (Arc::clone(seeded), Arc::clone(&self.next), server.address);
            let counted = counted.clone();
            people.push(tokio::spawn(async move {
                let (mut times, mut connection) = (Times::default(), Connection::open(address).await?);
                while Instant::now() < counted.end {
                    let user =
                        seeded.users.get(next.fetch_add(1, Ordering::Relaxed)).context("too few users")?;
                    let sent = Instant::now();
                    sign_in(&mut connection, user).await?;
                    if counted.contains(&Instant::now()) {
                        times.push(sent.elapsed());
                    }
                }
                anyhow::Ok(times)
            }));
        }
        sleep_until(counted.start).await;
        let before = server.counts().await?;
        self.code_checks(server, seeded, counted.end).await?;
        self.cpu_seconds += server.counts().await?.cpu_seconds - before.cpu_seconds;
        for person in people {
            self.sign_ins.merge(person.await??);
        }
        Ok(())
    }

    /// Fifty checks a second, on users that do not sign in meanwhile.
    async fn code_checks(&mut self, server: &Server, seeded: &Seeded, end: Instant) -> Result<()> {
        let mut connection = Connection::open(server.address).await?;
        for user in seeded.users.iter().rev().skip(self.checks.count()) {
            if Instant::now() >= end {
                break;
            }
            let request = verify_request(seeded, user, Codes::Right.of(user));
            let sent = Instant::now();
            connection.send(&request).await?;
            self.checks.push(sent.elapsed());
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

/// The cookie of a session that has shown a password and a code.
pub(crate) async fn sign_in(connection: &mut Connection, user: &User) -> Result<String> {
    let form = |path: &str, cookie: &str, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\n{cookie}content-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let body = format!("identifier={}&password={}", user.name, PASSWORD.replace(' ', "+"));
    let answer = connection.send(&form("/sign-in", "", &body)).await?;
    ensure!(answer.status == 303, "the password was answered with {}", answer.status);
    let cookie = format!("cookie: {}\r\n", answer.cookie().context("no session")?);
    let body = format!("code={:06}", user.secret.code(Step::at(now())));
    let answer = connection.send(&form("/sign-in/code", &cookie, &body)).await?;
    ensure!(answer.status == 303, "the code was answered with {}", answer.status);
    Ok(answer.cookie().context("no session")?.to_owned())
}
