//! An administrator among 100,000 users: pages of the list, and MFA required of everybody.

use crate::{
    http::Connection,
    report::{Times, say},
    seed::{PASSWORD, Seeded, now},
    server::Server,
};
use anyhow::{Context, Result, ensure};
use claviger_domain::totp::Step;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const TIMES: usize = 30;
const DEEP: usize = 1_000;

/// Kinds of pages, and the addresses of each.
const PAGES: [(&str, &[&str]); 6] = [
    ("first page", &["/admin/users"]),
    (
        "by status",
        &[
            "/admin/users?mfa_status=active",
            "/admin/users?mfa_status=enrolling",
            "/admin/users?mfa_status=expired",
            "/admin/users?mfa_status=optional",
            "/admin/users?mfa_status=required_without_period",
            "/admin/users?mfa_status=none",
        ],
    ),
    (
        "filters together",
        &[
            "/admin/users?mfa_requirement=required&mfa_status=inactive",
            "/admin/users?mfa_requirement=not_required&mfa_status=enrolled",
            "/admin/users?state=suspended",
            "/admin/users?state=activated&mfa_status=expired&search=anbe",
        ],
    ),
    (
        "sorted",
        &[
            "/admin/users?sort=email",
            "/admin/users?sort=created&order=desc",
            "/admin/users?sort=deadline",
            "/admin/users?sort=deadline&mfa_status=expired",
        ],
    ),
    (
        "search, many found",
        &["/admin/users?search=an", "/admin/users?search=user1", "/admin/users?search=acme.test"],
    ),
    (
        "search, few or none found",
        &["/admin/users?search=user77777", "/admin/users?search=zzzz", "/admin/users?search=user4242%40acme"],
    ),
];

pub(crate) struct Administrator {
    pub(crate) connection: Connection,
    pub(crate) cookie: String,
}

impl Administrator {
    pub(crate) async fn sign_in(server: &Server, seeded: &Seeded) -> Result<Self> {
        let mut connection = Connection::open(server.address).await?;
        let body = format!("identifier=ada%40acme.test&password={}", PASSWORD.replace(' ', "+"));
        let half = connection.send(&form("/admin/sign-in", "", &body)).await?;
        ensure!(half.status == 303, "the administrator's password was answered with {}", half.status);
        let cookie = format!("cookie: {}\r\n", half.cookie().context("no session")?);
        let body = format!("code={:06}", seeded.administrator.code(Step::at(now())));
        let full = connection.send(&form("/admin/sign-in/code", &cookie, &body)).await?;
        ensure!(full.status == 303, "the administrator's code was answered with {}", full.status);
        let cookie = format!("cookie: {}\r\n", full.cookie().context("no session")?);
        Ok(Self { connection, cookie })
    }

    pub(crate) async fn get(&mut self, path: &str) -> Result<(Duration, String)> {
        let sent = Instant::now();
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{}\r\n", self.cookie);
        let answer = self.connection.send(&request).await?;
        let took = sent.elapsed();
        ensure!(answer.status == 200, "{path} was answered with {}", answer.status);
        Ok((took, answer.body))
    }
}

pub(crate) fn form(path: &str, cookie: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\n{cookie}content-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Every kind of page, and pages far down the list.
pub(crate) async fn pages(server: &Server, seeded: &Seeded) -> Result<()> {
    let mut ada = Administrator::sign_in(server, seeded).await?;
    let mut all = Times::default();
    for (kind, paths) in PAGES {
        let mut times = Times::default();
        for _ in 0..TIMES {
            for path in paths {
                times.push(ada.get(path).await?.0);
            }
        }
        tell(kind, &mut times);
        all.merge(times);
    }
    let mut cursor = "/admin/users".to_owned();
    let (mut near, mut far) = (Times::default(), Times::default());
    for page in 0..DEEP {
        let (took, body) = ada.get(&cursor).await?;
        if page < 50 {
            near.push(took);
        }
        if page + 50 >= DEEP {
            far.push(took);
        }
        cursor = next_page(&body).with_context(|| format!("no page after {page}"))?;
    }
    tell("pages 1 to 50", &mut near);
    tell(&format!("pages {} to {DEEP}", DEEP - 49), &mut far);
    all.merge(near);
    all.merge(far);
    tell("all of them", &mut all);
    Ok(())
}

fn tell(kind: &str, times: &mut Times) {
    say(&format!(
        "  {kind}: p50 {:.1} ms, p99 {:.1} ms, {} pages",
        times.quantile(0.5),
        times.quantile(0.99),
        times.count()
    ));
}

/// The address behind "Next".
fn next_page(body: &str) -> Option<String> {
    let at = body.find("rel=\"next\"")?;
    let href = body.get(at..)?.split("href=\"").nth(1)?.split('"').next()?;
    Some(href.replace("&#38;", "&").replace("&amp;", "&"))
}

/// Requires MFA of everybody, and waits until it is through.
pub(crate) async fn require_everybody(server: &Server, seeded: &Seeded) -> Result<()> {
    let mut connection = Connection::open(server.address).await?;
    let body = "{\"action\":\"require_mfa\",\"filter\":{},\"enrollment_days\":7}";
    let authorization = format!("authorization: Bearer {}\r\n", seeded.api_key);
    let begun = Instant::now();
    let request = format!(
        "POST /api/v1/users/bulk HTTP/1.1\r\nhost: localhost\r\n{authorization}content-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let started = connection.send(&request).await?;
    ensure!(started.status == 202, "the job was answered with {}: {}", started.status, started.body);
    let asked = begun.elapsed();
    let id = serde_json::from_str::<Value>(&started.body)?;
    let id = id.get("id").and_then(Value::as_str).context("no job")?.to_owned();
    let before = server.counts().await?;
    loop {
        let request = format!("GET /api/v1/jobs/{id} HTTP/1.1\r\nhost: localhost\r\n{authorization}\r\n");
        let job: Value = serde_json::from_str(&connection.send(&request).await?.body)?;
        if job.get("state").and_then(Value::as_str) == Some("done") {
            let number = |name: &str| job.get(name).and_then(Value::as_i64).unwrap_or_default();
            let took = begun.elapsed().as_secs_f64();
            let cpu = server.counts().await?.cpu_seconds - before.cpu_seconds;
            say(&format!(
                "  MFA required of {} users, {} skipped, each with its log entry and mail: {took:.1} s ({:.0} users/s), {cpu:.1} s of the server's CPU, asked for in {} ms, {} MiB at most",
                number("done"),
                number("skipped"),
                number("done") as f64 / took,
                asked.as_millis(),
                server.memory()?.peak,
            ));
            return Ok(());
        }
        ensure!(begun.elapsed() < Duration::from_secs(300), "the job does not end: {job}");
        sleep(Duration::from_millis(50)).await;
    }
}
