//! The activity log as it is kept, proven and forwarded (section 12).

use crate::{
    activity::{asked, written},
    *,
};
use claviger_app::{
    activity::{Place, StreamForm, WebhookForm},
    audit::Verdict,
    ports::Shipment,
    stored::Flow,
};
use claviger_domain::{
    activity::Retention,
    audit::{GENESIS, Link},
    organization::Settings,
    stream::{Health, signature},
    time::Span,
};
use claviger_store::{Batch, Select, Statement, p};
use claviger_testing::{Engine, TestDatabase, on_both};

impl World {
    async fn keep(&self, kept: Retention) {
        let organization = self.app.organization().await.unwrap();
        let settings = Settings { log_kept: kept, ..organization.settings.clone() };
        self.app.save_settings(&granted(), settings, None).await.unwrap();
    }

    pub(crate) fn take_shipped(&self) -> Vec<Shipment> {
        std::mem::take(&mut *self.mailbox.shipped.lock().unwrap())
    }
}

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
        flow: Flow::On,
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
    let form = WebhookForm { flow: Flow::On, url: "https://siem.acme.test/in".into() };
    let secret = world.app.save_webhook(&granted(), &form).await.unwrap().unwrap();
    assert!(world.app.save_webhook(&granted(), &form).await.unwrap().is_none(), "the secret is told once");
    *world.mailbox.unreachable.lock().unwrap() = Some("connection refused".into());
    world.app.work_once().await.unwrap();
    let stream = async || world.app.log_streams(&granted()).await.unwrap().webhook.unwrap();
    let failed = stream().await;
    let now = world.app.now();
    assert_eq!(failed.health, Health::Well.failed("connection refused", now));
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
    assert_eq!((settled.health, settled.delivered_at), (Health::Well, Some(world.app.now())));
    let renewed = world.app.renew_webhook_secret(&granted()).await.unwrap();
    assert_ne!(renewed.expose(), secret.expose());
    for url in ["http://siem.acme.test/", "https://10.0.0.1/", "https://localhost/"] {
        let refused =
            world.app.save_webhook(&granted(), &WebhookForm { flow: Flow::On, url: url.into() }).await;
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
