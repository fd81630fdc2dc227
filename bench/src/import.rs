//! A file of users, uploaded as an administrator does it: read and shown, then made.

use crate::{
    http::Connection,
    report::say,
    rollout::{Administrator, form},
    seed::Seeded,
    server::Server,
};
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const PATH: &str = "/admin/users/import";

/// The rows that can't be used stand on lines 2, 50,001 and the last.
fn file(rows: usize) -> (String, [usize; 3]) {
    let bad = [2, rows / 2 + 1, rows + 1];
    let mut text = String::from("username,email,first_name,groups\n");
    for line in 2..=rows + 1 {
        let (name, group) =
            if bad.contains(&line) { (line.to_string(), "Nobody") } else { (format!("p{line}"), "") };
        text.push_str(&format!("{name},{name}@acme.test,Person {line},{group}\n"));
    }
    (text, bad)
}

fn upload(cookie: &str, file: &str) -> String {
    let part = |name: &str, rest: &str, value: &str| {
        format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"{rest}\r\n\r\n{value}\r\n")
    };
    let body = [
        part("activate", "", "on"),
        part("require_mfa", "", "on"),
        part("enrollment_days", "", "7"),
        part("file", "; filename=\"people.csv\"", file),
        "--x--\r\n".to_owned(),
    ]
    .concat();
    format!(
        "POST {PATH} HTTP/1.1\r\nhost: localhost\r\n{cookie}content-type: multipart/form-data; boundary=x\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// All but three of `rows` are made, and the three are told by their lines.
pub(crate) async fn users(server: &Server, seeded: &Seeded, rows: usize) -> Result<()> {
    let mut ada = Administrator::sign_in(server, seeded).await?;
    let (file, bad) = file(rows);
    let begun = Instant::now();
    let shown = ada.connection.send(&upload(&ada.cookie, &file)).await?;
    let read = begun.elapsed();
    let path =
        shown.head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or_default().to_owned();
    ensure!(shown.status == 303, "the file was answered with {}", shown.status);
    let id = path.strip_prefix("/admin/jobs/").context("the file became no job")?.to_owned();
    let started = ada.connection.send(&form(&format!("{path}/start"), &ada.cookie, "")).await?;
    ensure!(started.status == 303, "the start was answered with {}", started.status);
    let begun = Instant::now();
    let job = done(server, seeded, &id).await?;
    let took = begun.elapsed().as_secs_f64();
    let number = |name: &str| job.get(name).and_then(Value::as_u64).unwrap_or_default();
    let report = job.get("report").and_then(Value::as_array).context("no report")?;
    let reasons: Vec<_> = report.iter().filter_map(|line| line.get("reason")?.as_str()).collect();
    let as_expected = bad.len() == reasons.len()
        && bad.iter().zip(&reasons).all(|(line, reason)| reason.starts_with(&format!("Line {line}: ")));
    ensure!(as_expected && number("done") + 3 == rows as u64, "not what the file says: {job}");
    say(&format!(
        "  {rows} rows of {:.1} MiB: read and shown in {:.1} s; {} users made, each with their mails, in {took:.1} s ({:.0} users/s), {} MiB at most",
        file.len() as f64 / f64::from(1 << 20),
        read.as_secs_f64(),
        number("done"),
        number("done") as f64 / took,
        server.memory()?.peak,
    ));
    Ok(())
}

async fn done(server: &Server, seeded: &Seeded, id: &str) -> Result<Value> {
    let mut connection = Connection::open(server.address).await?;
    let begun = Instant::now();
    let request = format!(
        "GET /api/v1/jobs/{id} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\r\n",
        seeded.api_key
    );
    loop {
        let job: Value = serde_json::from_str(&connection.send(&request).await?.body)?;
        if job.get("state").and_then(Value::as_str) == Some("done") {
            return Ok(job);
        }
        ensure!(begun.elapsed() < Duration::from_secs(600), "the job does not end: {job}");
        sleep(Duration::from_millis(500)).await;
    }
}
