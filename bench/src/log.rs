//! A million entries of the activity log: each filter over HTTP, and the proof of the chain on the command line.

use crate::{
    Place,
    report::{Times, say},
    rollout::Administrator,
    seed::{self, People, Seeded, User, now},
    server::Server,
};
use anyhow::{Context, Result, ensure};
use claviger_domain::{
    account::Realm,
    audit::{Entry, GENESIS, Link},
    id::{AuditId, OrganizationId},
    time::{Span, Timestamp},
};
use claviger_store::{Batch, Commit, Select, Statement, Store, StoreOptions, p, table};
use std::path::Path;
use tokio::{process::Command, time::Instant};

const ENTRIES: i64 = 1_000_000;
/// Entries of one statement: 14 values each, and SQLite takes 32,766.
const TOGETHER: i64 = 500;
const TIMES: usize = 30;

/// Filters, and the addresses of each. Entries are a second apart; the newest is a minute old.
const FILTERS: [(&str, &[&str]); 8] = [
    ("everything", &["/admin/activity"]),
    (
        "action",
        &[
            "/admin/activity?action=verify",
            "/admin/activity?action=user.mfa.reset",
            "/admin/activity?action=group%3Amfa",
            "/admin/activity?action=organization.smtp",
        ],
    ),
    (
        "outcome",
        &[
            "/admin/activity?outcome=failed",
            "/admin/activity?outcome=wrong_code",
            "/admin/activity?outcome=closed",
            "/admin/activity?outcome=success",
        ],
    ),
    ("account", &["/admin/activity?target=user77%40acme.test", "/admin/activity?actor=ada%40acme.test"]),
    (
        "a part of a name",
        &["/admin/activity?target=user77", "/admin/activity?target=nobody", "/admin/activity?actor=nobody"],
    ),
    ("address", &["/admin/activity?address=10.0.7.7", "/admin/activity?address=203.0.113.1"]),
    (
        "filters together",
        &[
            "/admin/activity?action=verify&outcome=closed",
            "/admin/activity?action=group%3Asign_in&outcome=failed&target=user9",
            "/admin/activity?address=10.0.7.7&outcome=failed&action=sign_in.code",
            "/admin/activity?target=user77%40acme.test&action=user.mfa.reset",
        ],
    ),
    ("live", &["/admin/activity/tail?after=999990", "/admin/activity/tail?after=999000&outcome=failed"]),
];

/// Seeds, measures, proves, and spoils.
pub(crate) async fn measure(binary: &Path, place: &Place) -> Result<()> {
    let seeded = seed::seed(place, 1_000, People::Enrolled).await?;
    let options = StoreOptions::parse(&seeded.database_url).map_err(anyhow::Error::msg)?;
    let store = Store::open(&options).await?;
    let begun = Instant::now();
    let first = fill(&store, &seeded).await?;
    say(&format!("  {ENTRIES} entries written in {:.0} s", begun.elapsed().as_secs_f64()));
    let server = Server::start(binary, &seeded).await?;
    server.rest().await;
    pages(&server, &seeded, first).await?;
    server.stop().await?;
    prove(binary, &seeded, &store).await
}

async fn pages(server: &Server, seeded: &Seeded, first: Timestamp) -> Result<()> {
    let mut ada = Administrator::sign_in(server, seeded).await?;
    for (kind, paths) in FILTERS {
        let mut times = Times::default();
        for _ in 0..TIMES {
            for path in paths {
                times.push(ada.get(path).await?.0);
            }
        }
        tell(kind, &mut times);
    }
    let mut times = Times::default();
    for n in 0..TIMES {
        let edge = i64::try_from(n)? * ENTRIES / i64::try_from(TIMES)?;
        let from = first.plus(Span::seconds(edge)).seconds();
        let path = format!("/admin/activity?from={}&to={}", iso(from), iso(from + 3_600));
        times.push(ada.get(&path).await?.0);
    }
    tell("an hour", &mut times);
    Ok(())
}

fn iso(seconds: i64) -> String {
    claviger_app::words::iso(Timestamp::from_seconds(seconds)).replace(':', "%3A")
}

fn tell(kind: &str, times: &mut Times) {
    let (p50, p99) = (times.quantile(0.5), times.quantile(0.99));
    say(&format!("  {kind}: p50 {p50:.1} ms, p99 {p99:.1} ms, {} pages", times.count()));
}

/// Writes the entries with their links, and gives the time of the first.
async fn fill(store: &Store, seeded: &Seeded) -> Result<Timestamp> {
    let organization = table::organization::load(store).await?.context("no organization")?.organization.id;
    let ada =
        table::account::by_identifier(store, organization, Realm::Administrator, "ada@acme.test").await?;
    let ada = ada.context("no administrator")?.id.to_string();
    let writer =
        Writer { organization, ada, users: &seeded.users, first: now().minus(Span::seconds(ENTRIES + 60)) };
    // What the seeding itself wrote makes room: the chain begins with entry 1.
    let emptied = Batch::of([Statement::new("DELETE FROM audit WHERE organization = $1", p![organization])]);
    ensure!(store.commit(emptied).await? == Commit::Committed, "the log could not be emptied");
    let mut before: Link = GENESIS;
    for from in (1..=ENTRIES).step_by(usize::try_from(TOGETHER)?) {
        let mut insert = Select::new(
            "INSERT INTO audit (organization, id, at, actor_kind, actor_id, actor_name, address, action, target_id, \
             target_name, outcome, details, sequence, link) VALUES ",
            Vec::new(),
        );
        for n in from..(from + TOGETHER).min(ENTRIES + 1) {
            let e = writer.entry(n)?;
            before = e.link(&before, n);
            let values = p![
                e.organization,
                e.id,
                e.at,
                e.actor_kind,
                e.actor_id,
                e.actor_name,
                e.address,
                e.action,
                e.target_id,
                e.target_name,
                e.outcome,
                e.details,
                n,
                before,
            ];
            insert = insert.list(if n == from { "(" } else { ", (" }, values, ")");
        }
        let batch = Batch::of([Statement::built(insert)]);
        ensure!(store.commit(batch).await? == Commit::Committed, "seeding conflicted");
    }
    const HEAD: &str = "UPDATE audit_chain SET sequence = $2, link = $3 WHERE organization = $1";
    let head = Statement::new(HEAD, p![organization, ENTRIES, before]).expect_rows(1);
    ensure!(store.commit(Batch::of([head])).await? == Commit::Committed, "the head conflicted");
    Ok(writer.first)
}

/// Who and what the entries are about.
struct Writer<'a> {
    organization: OrganizationId,
    ada: String,
    users: &'a [User],
    first: Timestamp,
}

impl Writer<'_> {
    /// Mostly checks of codes; sign-ins; now and then an administrator.
    fn entry(&self, n: i64) -> Result<Entry> {
        let user = usize::try_from(n)?.wrapping_mul(7_919) % self.users.len();
        let user = self.users.get(user).context("no user")?;
        let (action, kind) = match n % 1_000 {
            0 => ("user.mfa.reset", "administrator"),
            1..=3 => ("user.mfa.require", "administrator"),
            4..=300 => ("sign_in.code", "visitor"),
            301..=500 => ("sign_in.password", "visitor"),
            _ => ("verify", "api_key"),
        };
        let outcome = match n % 100_003 {
            17 => "closed",
            rest if rest % 11 == 0 => "wrong_code",
            rest if rest % 97 == 0 => "refused",
            _ => "success",
        };
        let action = if n % 250_007 == 5 { "organization.smtp" } else { action };
        let at = self.first.plus(Span::seconds(n));
        let mut entropy = [0; 10];
        for (to, from) in entropy.iter_mut().skip(2).zip(n.to_be_bytes()) {
            *to = from;
        }
        let known = kind != "visitor";
        Ok(Entry {
            id: AuditId::new(at, entropy),
            organization: self.organization,
            at,
            actor_kind: kind.into(),
            actor_id: if known { self.ada.clone() } else { String::new() },
            actor_name: if known { "ada@acme.test".into() } else { String::new() },
            address: format!("10.0.{}.{}", n % 50, n % 200),
            action: action.into(),
            target_id: user.id.to_string(),
            target_name: format!("{}@acme.test", user.name),
            outcome: outcome.into(),
            details: "{}".into(),
        })
    }
}

/// `claviger audit verify` on the whole chain, and on chains that are broken in three ways.
async fn prove(binary: &Path, seeded: &Seeded, store: &Store) -> Result<()> {
    let whole = verify(binary, seeded, "The log is whole").await?;
    say(&format!("  audit verify: {whole:.1} s"));
    let broken: [(&str, &[&'static str], &str); 3] = [
        (
            "one byte changed",
            &["UPDATE audit SET details = '[]' WHERE sequence = 900001"],
            "broken at entry 900001: the entry was changed or moved",
        ),
        (
            "a pair in the other order",
            &[
                "UPDATE audit SET sequence = -1 WHERE sequence = 600001",
                "UPDATE audit SET sequence = 600001 WHERE sequence = 600002",
                "UPDATE audit SET sequence = 600002 WHERE sequence = -1",
            ],
            "broken at entry 600001: the entry was changed or moved",
        ),
        (
            "a row removed",
            &["DELETE FROM audit WHERE sequence = 300001"],
            "broken at entry 300001: the entry is missing",
        ),
    ];
    for (what, spoiling, told) in broken {
        for sql in spoiling {
            let spoilt = store.commit(Batch::of([Statement::new(sql, Vec::new())])).await?;
            ensure!(spoilt == Commit::Committed, "{sql} conflicted");
        }
        let took = verify(binary, seeded, told).await?;
        say(&format!("  {what}: found after {took:.1} s"));
    }
    Ok(())
}

/// Seconds that the proof took, which must say `told`.
async fn verify(binary: &Path, seeded: &Seeded, told: &str) -> Result<f64> {
    let begun = Instant::now();
    let output = Command::new(binary)
        .args(["audit", "verify"])
        .env("CLAVIGER_DATA_DIR", &seeded.folder)
        .env("CLAVIGER_DATABASE_URL", &seeded.database_url)
        .output()
        .await?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(said.contains(told), "the proof says: {said}{}", String::from_utf8_lossy(&output.stderr));
    Ok(begun.elapsed().as_secs_f64())
}
