//! The activity log as it is read, kept and forwarded (section 12).

use crate::*;
use claviger_app::{
    activity::{Asked, Format, Place, StreamForm, WebhookForm},
    audit::Verdict,
    ports::Shipment,
};
use claviger_domain::{
    activity::Retention,
    audit::{Entry, GENESIS, Link},
    id::AuditId,
    organization::Organization,
    stream::signature,
    time::Span,
};
use claviger_store::{
    Batch, Commit, Select, Statement, on_both, p,
    table::{self, audit_list::LOOKED_THROUGH},
    testing::{Engine, TestDatabase},
};

impl World {
    async fn commit(&self, batch: Batch) {
        assert_eq!(self.app.store().commit(batch).await.unwrap(), Commit::Committed);
    }

    async fn spoil_log(&self, sql: &'static str) {
        self.commit(Batch::of([Statement::new(sql, p![])])).await;
    }

    /// The actions and targets of every page, read onwards from the newest.
    async fn found(&self, asked: &Asked) -> Vec<String> {
        let (mut all, mut place) = (Vec::new(), Place::Newest);
        loop {
            let page = self.app.activity_page(&granted(), asked, place, 3).await.unwrap();
            assert!(page.entries.len() <= 3);
            all.extend(
                page.entries.iter().map(|row| format!("{} {}", row.entry.action, row.entry.target_name)),
            );
            match page.older {
                Some(id) => place = Place::Older(id),
                None => return all,
            }
        }
    }

    async fn keep(&self, kept: Retention) {
        let organization = self.app.organization().await.unwrap();
        let settings =
            claviger_domain::organization::Settings { log_kept: kept, ..organization.settings.clone() };
        self.app.save_settings(&granted(), settings, None).await.unwrap();
    }

    async fn seal(&self) {
        while self.app.seal_log().await.unwrap() > 0 {}
    }

    fn take_shipped(&self) -> Vec<Shipment> {
        std::mem::take(&mut *self.mailbox.shipped.lock().unwrap())
    }
}

/// Entry number `n`, a second after the one before.
fn written(organization: &Organization, n: i64) -> Entry {
    let at = START.plus(Span::seconds(n));
    let mut entropy = [0; 10];
    entropy[2..].copy_from_slice(&n.to_be_bytes());
    Entry {
        id: AuditId::new(at, entropy),
        organization: organization.id,
        at,
        actor_kind: "api_key".into(),
        actor_id: "0190a000-0000-7000-8000-000000000000".into(),
        actor_name: "vpn".into(),
        address: "192.0.2.1".into(),
        action: "verify".into(),
        target_id: format!("t{}", n % 100),
        target_name: format!("user{}@acme.test", n % 100),
        outcome: "success".into(),
        details: "{}".into(),
    }
}

fn asked(change: impl FnOnce(&mut Asked)) -> Asked {
    let mut asked = Asked::default();
    change(&mut asked);
    asked
}

on_both!(a_filter_finds_what_it_asks_for_and_nothing_else, async |database: &TestDatabase| {
    let world = World::fresh(database).await;
    world.set_up().await;
    let organization = world.app.organization().await.unwrap();
    let mut batch = Batch::new();
    let table: [(&str, &str, &str, &str, &str); 8] = [
        ("user.create", "ada@acme.test", "alice@acme.test", "success", "192.0.2.1"),
        ("user.mfa.require", "ada@acme.test", "alice@acme.test", "success", "192.0.2.1"),
        ("user.mfa.reset", "Bob_Ü", "alice@acme.test", "success", "192.0.2.2"),
        ("sign_in.password", "", "alice@acme.test", "refused", "198.51.100.9"),
        ("sign_in.code", "", "alice@acme.test", "wrong_code", "198.51.100.9"),
        ("sign_in", "", "bob@acme.test", "success", "192.0.2.2"),
        ("sign_in.password", "", "bob@acme.test", "delayed", "198.51.100.9"),
        ("verify", "vpn", "bob@acme.test", "wrong_code", "192.0.2.1"),
    ];
    for (n, (action, actor, target, outcome, address)) in (1_000_000_i64..).zip(table) {
        let entry = Entry {
            action: action.into(),
            actor_id: format!("id of {actor}"),
            actor_name: actor.into(),
            target_id: format!("id of {target}"),
            target_name: target.into(),
            outcome: outcome.into(),
            address: address.into(),
            ..written(&organization, n)
        };
        batch.push(table::audit::insert(&entry));
    }
    world.commit(batch).await;
    let from = "2027-01-26T21:46:40Z";
    let check = async |ask: fn(&mut Asked), expected: &[usize]| {
        let mut asked = asked(ask);
        if asked.from.is_empty() {
            asked.from = from.into();
        }
        let expected: Vec<_> =
            expected.iter().rev().map(|index| format!("{} {}", table[*index].0, table[*index].2)).collect();
        assert_eq!(world.found(&asked).await, expected, "{asked:?}");
    };
    check(|_| (), &[0, 1, 2, 3, 4, 5, 6, 7]).await;
    check(|asked| asked.action = "sign_in.password".into(), &[3, 6]).await;
    check(|asked| asked.action = "group:mfa".into(), &[1, 2]).await;
    check(|asked| asked.action = "group:sign_in".into(), &[3, 4, 5, 6, 7]).await;
    check(|asked| asked.action = "no.such.thing".into(), &[]).await;
    check(|asked| asked.outcome = "wrong_code".into(), &[4, 7]).await;
    check(|asked| asked.outcome = "success".into(), &[0, 1, 2, 5]).await;
    check(|asked| asked.outcome = "failed".into(), &[3, 4, 6, 7]).await;
    check(|asked| asked.address = "198.51.100.9".into(), &[3, 4, 6]).await;
    check(|asked| asked.address = "198.51.100".into(), &[]).await;
    check(|asked| asked.actor = "ADA@".into(), &[0, 1]).await;
    check(|asked| asked.actor = "bob_".into(), &[2]).await;
    check(|asked| asked.actor = "%".into(), &[]).await;
    check(|asked| asked.target = "ALICE".into(), &[0, 1, 2, 3, 4]).await;
    check(|asked| asked.from = "2027-01-26T21:46:45Z".into(), &[5, 6, 7]).await;
    check(|asked| asked.to = "2027-01-26T21:46:42Z".into(), &[0, 1]).await;
    // Several at once, whichever of them finds the entries.
    check(|asked| (asked.action, asked.outcome) = ("group:sign_in".into(), "failed".into()), &[3, 4, 6, 7])
        .await;
    check(|asked| (asked.action, asked.outcome) = ("group:sign_in".into(), "success".into()), &[5]).await;
    check(|asked| (asked.address, asked.outcome) = ("192.0.2.1".into(), "wrong_code".into()), &[7]).await;
    check(|asked| (asked.target, asked.action) = ("bob".into(), "group:sign_in".into()), &[5, 6, 7]).await;
    check(|asked| (asked.target, asked.outcome) = ("bob".into(), "failed".into()), &[6, 7]).await;
});

on_both!(an_account_is_found_by_its_address_whatever_it_was_called, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", Some(7)).await;
    world.user("alicette", None).await;
    let of_alice = world.found(&asked(|asked| asked.target = "alice@acme.test".into())).await;
    assert!(
        of_alice.len() > 1 && of_alice.iter().all(|row| row.ends_with(" alice@acme.test")),
        "{of_alice:?}"
    );
    assert_eq!(world.found(&asked(|asked| asked.target = "ALICE".into())).await, of_alice, "the login name");
    let by_ada = world.found(&asked(|asked| asked.target = "ada@acme.test".into())).await;
    assert!(by_ada.iter().any(|row| row.starts_with("administrator.create")), "{by_ada:?}");
    let wrong = asked(|asked| {
        asked.from = "yesterday".into();
        asked.to = "28.11.2026".into();
        asked.action = "group:nothing".into();
        asked.actor = "x".repeat(201);
    });
    let refused = world.app.activity_page(&granted(), &wrong, Place::Newest, 10).await.unwrap_err();
    assert_eq!(refused_fields(refused), ["from", "to", "actor", "action"]);
    let turned = asked(|asked| (asked.from, asked.to) = ("2026-11-28".into(), "2026-11-27".into()));
    let refused = world.app.activity_page(&granted(), &turned, Place::Newest, 10).await.unwrap_err();
    assert_eq!(refused_fields(refused), ["to"]);
});

on_both!(pages_lead_there_and_back, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", Some(7)).await;
    world.user("bob", None).await;
    let everything = Asked::default();
    let page = async |place| world.app.activity_page(&granted(), &everything, place, 2).await.unwrap();
    let ids = |page: &claviger_app::activity::ActivityPage| {
        page.entries.iter().map(|row| row.entry.id).collect::<Vec<_>>()
    };
    let first = page(Place::Newest).await;
    assert_eq!((first.newer, ids(&first).len()), (None, 2));
    let second = page(Place::Older(first.older.unwrap())).await;
    assert!(ids(&second).iter().all(|id| *id < ids(&first)[1]));
    let back = page(Place::Newer(second.newer.unwrap())).await;
    assert_eq!(ids(&back), ids(&first));
    assert_eq!(back.newer, None);
    assert_eq!(page(Place::Older(back.older.unwrap())).await.entries.len(), 2);
});

on_both!(a_page_looks_through_so_many_entries_and_says_how_far, async |database: &TestDatabase| {
    let world = World::fresh(database).await;
    let organization = world.app.organization().await.unwrap();
    let count = LOOKED_THROUGH as i64 + 500;
    for first in (0..count).step_by(500) {
        let entries = (first..first + 500).map(|n| {
            let name = if n == 7 { "needle" } else { "hay" };
            table::audit::insert(&Entry { target_name: name.into(), ..written(&organization, n) })
        });
        world.commit(Batch::of(entries)).await;
    }
    for sparse in [
        asked(|asked| asked.target = "NEEDLE".into()),
        asked(|asked| (asked.action, asked.target) = ("verify".into(), "needle".into())),
        asked(|asked| (asked.action, asked.target) = ("group:sign_in".into(), "needle".into())),
    ] {
        let page = world.app.activity_page(&granted(), &sparse, Place::Newest, 50).await.unwrap();
        assert!(page.entries.is_empty() && page.looked_to.is_some(), "{sparse:?}");
        assert_eq!(page.older, page.looked_to);
        let rest = Place::Older(page.older.unwrap());
        let page = world.app.activity_page(&granted(), &sparse, rest, 50).await.unwrap();
        assert_eq!((page.entries.len(), page.older, page.looked_to), (1, None, None), "{sparse:?}");
        let back = Place::Newer(page.entries[0].entry.id);
        let page = world.app.activity_page(&granted(), &sparse, back, 50).await.unwrap();
        assert!(page.entries.is_empty() && page.newer.is_some() && page.older.is_some());
        let end = world
            .app
            .activity_page(&granted(), &sparse, Place::Newer(page.newer.unwrap()), 50)
            .await
            .unwrap();
        assert_eq!((end.newer, end.looked_to), (None, None));
    }
    let dense = asked(|asked| asked.target = "hay".into());
    let page = world.app.activity_page(&granted(), &dense, Place::Newest, 50).await.unwrap();
    assert_eq!((page.entries.len(), page.looked_to), (50, None));
});

on_both!(what_is_sealed_since_is_told_once, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.seal().await;
    let everything = Asked::default();
    let (_, after) = world.app.activity_since(&granted(), &everything, 0).await.unwrap();
    let (none, same) = world.app.activity_since(&granted(), &everything, after).await.unwrap();
    assert!(none.is_empty() && same == after);
    world.user("alice", None).await;
    assert!(
        world.app.activity_since(&granted(), &everything, after).await.unwrap().0.is_empty(),
        "not sealed yet"
    );
    world.seal().await;
    let (newest, end) = world.app.activity_since(&granted(), &everything, after).await.unwrap();
    assert_eq!(newest.len() as i64, end - after);
    assert!(newest.iter().all(|row| row.sealed.is_some()));
    let of_mfa = asked(|asked| asked.action = "group:mfa".into());
    assert!(world.app.activity_since(&granted(), &of_mfa, after).await.unwrap().0.is_empty());
});

on_both!(an_export_has_every_entry_and_no_formula, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", None).await;
    world.seal().await;
    let organization = world.app.organization().await.unwrap();
    let evil = Entry { actor_name: "=HYPERLINK(1)".into(), ..written(&organization, -1) };
    world.commit(Batch::of([table::audit::insert(&evil)])).await;
    let entries = world.found(&Asked::default()).await.len();
    world.later(Span::seconds(1));
    let text = async |format| {
        let mut export = world.app.export_activity(&granted(), &Asked::default(), format).await.unwrap();
        let mut text = String::new();
        while let Some(piece) = export.next().await.unwrap() {
            text.push_str(&piece);
        }
        text
    };
    let csv = text(Format::Csv).await;
    assert_eq!(csv.lines().count(), entries + 1);
    assert!(csv.starts_with("at,sequence,actor_kind,") && csv.contains(",'=HYPERLINK(1),"), "{csv}");
    world.later(Span::seconds(1));
    let lines = text(Format::JsonLines).await;
    assert_eq!(lines.lines().count(), entries + 1, "the first export stands in the second");
    let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(first["action"], "activity.export");
    assert_eq!(first["details"]["format"], "csv");
});

on_both!(old_entries_go_and_the_chain_stays_provable, async |database: &TestDatabase| {
    let world = World::new(database).await;
    for name in ["alice", "bob", "carol"] {
        world.user(name, Some(7)).await;
    }
    world.seal().await;
    let Verdict::Whole { entries: old, removed: 0 } = world.app.verify_log().await.unwrap() else { panic!() };
    world.later(Span::days(40));
    world.user("dave", None).await;
    world.app.work_once().await.unwrap();
    assert!(
        matches!(world.app.verify_log().await.unwrap(), Verdict::Whole { removed: 0, .. }),
        "kept for ever"
    );
    world.keep(Retention::Days(30)).await;
    world.app.work_once().await.unwrap();
    let Verdict::Whole { entries, removed } = world.app.verify_log().await.unwrap() else { panic!() };
    assert!(removed == old && entries > 0, "{removed} of {old}");
    let chain = world.app.chain_state(&granted()).await.unwrap();
    assert_eq!(chain.removed_to, old);
    let told = world.found(&asked(|asked| asked.action = "activity.remove".into())).await;
    assert_eq!(told.len(), 1);
    let removal = asked(|asked| asked.action = "activity.remove".into());
    let page = world.app.activity_page(&granted(), &removal, Place::Newest, 1).await.unwrap();
    let facts: serde_json::Value = serde_json::from_str(&page.entries[0].entry.details).unwrap();
    assert_eq!((facts["from"].as_i64(), facts["to"].as_i64()), (Some(1), Some(old)));
    world
        .spoil_log("DELETE FROM audit WHERE sequence = (SELECT min(sequence) FROM audit WHERE sequence > 0)")
        .await;
    let broken = Verdict::Broken { sequence: old + 1, what: "the entry is missing" };
    assert_eq!(world.app.verify_log().await.unwrap(), broken);
});

on_both!(what_was_tampered_with_is_not_removed, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", Some(7)).await;
    world.seal().await;
    world.spoil_log("UPDATE audit SET outcome = 'refused' WHERE sequence = 2").await;
    world.keep(Retention::Days(30)).await;
    world.later(Span::days(31));
    world.app.work_once().await.unwrap();
    assert!(matches!(world.app.verify_log().await.unwrap(), Verdict::Broken { sequence: 2, .. }));
});

on_both!(a_stream_has_every_entry_once_in_order_from_when_it_was_set_up, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.seal().await;
    let Verdict::Whole { entries: before, .. } = world.app.verify_log().await.unwrap() else { panic!() };
    let form = StreamForm {
        enabled: true,
        transport: "tls".into(),
        host: "siem.acme.test".into(),
        port: "6514".into(),
    };
    let wrong =
        StreamForm { transport: "pigeon".into(), host: "a b".into(), port: "0".into(), ..form.clone() };
    let refused = world.app.save_syslog(&granted(), &wrong).await.unwrap_err();
    assert_eq!(refused_fields(refused), ["syslog_transport", "syslog_host", "syslog_port"]);
    world.app.save_syslog(&granted(), &form).await.unwrap();
    world.user("alice", None).await;
    for _ in 0..2 {
        world.app.work_once().await.unwrap();
    }
    let mut numbers = Vec::new();
    for shipment in world.take_shipped() {
        let Shipment::Syslog { host, port: 6514, messages, .. } = shipment else { panic!() };
        assert_eq!(host, "siem.acme.test");
        for message in messages {
            assert!(message.contains(" sso.acme.test claviger - "), "{message}");
            let number = message.split("sequence=\"").nth(1).unwrap().split('"').next().unwrap();
            numbers.push(number.parse::<i64>().unwrap());
        }
    }
    assert_eq!(numbers, (before + 1..=before + numbers.len() as i64).collect::<Vec<_>>());
    assert!(numbers.len() > 2);
    world.app.work_once().await.unwrap();
    assert!(world.take_shipped().is_empty(), "nothing is sent twice");
});

on_both!(a_collector_that_is_away_is_tried_again_with_pauses, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let form = WebhookForm { enabled: true, url: "https://siem.acme.test/in".into() };
    let secret = world.app.save_webhook(&granted(), &form).await.unwrap().unwrap();
    assert!(world.app.save_webhook(&granted(), &form).await.unwrap().is_none(), "the secret is told once");
    *world.mailbox.unreachable.lock().unwrap() = Some("connection refused".into());
    world.app.work_once().await.unwrap();
    let stream = async || world.app.log_streams(&granted()).await.unwrap().webhook.unwrap();
    let failed = stream().await;
    assert_eq!((failed.attempts, failed.last_error.as_str()), (1, "connection refused"));
    assert!(
        !failed.secret.unwrap().windows(8).any(|part| part == &secret.expose().as_bytes()[..8]),
        "it is sealed"
    );
    *world.mailbox.unreachable.lock().unwrap() = None;
    world.app.work_once().await.unwrap();
    assert!(world.take_shipped().is_empty(), "the pause is kept");
    world.later(Span::seconds(5));
    world.app.work_once().await.unwrap();
    let shipped = world.take_shipped();
    let [Shipment::Webhook { url, signature: signed, body }] = shipped.as_slice() else {
        panic!("{shipped:?}")
    };
    assert_eq!(url.to_string(), "https://siem.acme.test/in");
    let key = claviger_domain::secret::Secret::from(secret.expose());
    assert_eq!(*signed, signature(&key, world.app.now(), body));
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert!(body["events"].as_array().unwrap().iter().any(|event| event["action"] == "activity.stream"));
    let settled = stream().await;
    assert_eq!((settled.attempts, settled.last_error.as_str()), (0, ""));
    assert!(settled.delivered_at.is_some());
    let renewed = world.app.renew_webhook_secret(&granted()).await.unwrap();
    assert_ne!(renewed.expose(), secret.expose());
    for url in ["http://siem.acme.test/", "https://10.0.0.1/", "https://localhost/"] {
        let refused =
            world.app.save_webhook(&granted(), &WebhookForm { enabled: true, url: url.into() }).await;
        assert_eq!(refused_fields(refused.unwrap_err()), ["webhook_url"], "{url}");
    }
});

/// So many sealed entries, written straight into the table. A million are in the benchmark.
async fn given_a_long_chain(world: &World, count: i64) {
    const AT_ONCE: i64 = 60;
    let organization = world.app.organization().await.unwrap();
    let mut before: Link = GENESIS;
    let mut batch = Batch::new();
    for first in (1..=count).step_by(AT_ONCE as usize) {
        let mut insert = Select::new(
            "INSERT INTO audit (organization, id, at, actor_kind, actor_id, actor_name, address, action, target_id, \
             target_name, outcome, details, sequence, link) VALUES ",
            p![],
        );
        for n in first..(first + AT_ONCE).min(count + 1) {
            let entry = written(&organization, n);
            before = entry.link(&before, n);
            let values = p![
                entry.organization,
                entry.id,
                entry.at,
                entry.actor_kind,
                entry.actor_id,
                entry.actor_name,
                entry.address,
                entry.action,
                entry.target_id,
                entry.target_name,
                entry.outcome,
                entry.details,
                n,
                before,
            ];
            insert = insert.list(if n == first { "(" } else { ", (" }, values, ")");
        }
        batch.push(Statement::built(insert));
        if first % 6_000 == 1 {
            world.commit(std::mem::take(&mut batch)).await;
        }
    }
    const HEAD: &str = "UPDATE audit_chain SET sequence = $1, link = $2";
    batch.push(Statement::new(HEAD, p![count, before]).expect_rows(1));
    world.commit(batch).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn among_a_hundred_thousand_entries_each_wrong_one_is_found_where_it_is() {
    const COUNT: i64 = 100_000;
    let database = TestDatabase::new(Engine::Sqlite).await;
    let world = World::fresh(&database).await;
    world.spoil_log("DELETE FROM audit").await;
    given_a_long_chain(&world, COUNT).await;
    let whole = Verdict::Whole { entries: COUNT, removed: 0 };
    let verdict = async || world.app.verify_log().await.unwrap();
    let broken = |sequence, what| Verdict::Broken { sequence, what };
    let changed = "the entry was changed or moved";
    assert_eq!(verdict().await, whole);
    // One byte.
    world.spoil_log("UPDATE audit SET details = '[]' WHERE sequence = 60001").await;
    assert_eq!(verdict().await, broken(60_001, changed));
    // A pair in the other order, links and all.
    for sql in [
        "UPDATE audit SET sequence = -1 WHERE sequence = 30001",
        "UPDATE audit SET sequence = 30001 WHERE sequence = 30002",
        "UPDATE audit SET sequence = 30002 WHERE sequence = -1",
    ] {
        world.spoil_log(sql).await;
    }
    assert_eq!(verdict().await, broken(30_001, changed));
    // A row.
    world.spoil_log("DELETE FROM audit WHERE sequence = 10000").await;
    assert_eq!(verdict().await, broken(10_000, "the entry is missing"));
}
