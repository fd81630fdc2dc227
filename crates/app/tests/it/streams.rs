//! Streams of the activity log: tests of them, and how long one has been failing (section 12).

use crate::{activity::asked, identity::code_of, *};
use claviger_app::{
    activity::{Place, StreamForm, Streams, Tested, WebhookForm},
    ports::Shipment,
    stored::{Flow, LogStream},
};
use claviger_domain::{
    secret::Secret,
    stream::{Health, Kind, signature},
    time::Span,
};
use claviger_testing::{TestDatabase, on_both};

fn syslog(flow: Flow, transport: &str) -> StreamForm {
    let (host, port) = ("siem.acme.test".to_owned(), "6514".to_owned());
    StreamForm { flow, transport: transport.into(), host, port }
}

impl World {
    async fn streams(&self) -> Streams {
        self.app.log_streams(&granted()).await.unwrap()
    }

    async fn try_stream(&self, kind: Kind) -> Tested {
        self.app.test_stream(&granted(), kind).await.unwrap()
    }

    fn reach(&self, error: Option<&str>) {
        *self.mailbox.unreachable.lock().unwrap() = error.map(str::to_owned);
    }

    async fn outcomes_of_tests(&self) -> Vec<String> {
        let tests = asked(|asked| asked.action = "activity.stream.test".into());
        let page = self.app.activity_page(&granted(), &tests, Place::Newest, 50).await.unwrap();
        page.entries
            .into_iter()
            .map(|row| format!("{} {}", row.entry.target_name, row.entry.outcome))
            .collect()
    }
}

on_both!(a_test_of_syslog_is_one_marked_message_without_a_number, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let none = world.app.test_stream(&granted(), Kind::Syslog).await;
    assert_eq!(code_of(none), "no_stream");
    world.app.save_syslog(&granted(), &syslog(Flow::Off, "tls")).await.unwrap();
    let before = world.streams().await.syslog.unwrap();
    assert_eq!(world.try_stream(Kind::Syslog).await, Tested::Taken, "switched on or not");
    let shipped = world.take_shipped();
    let [Shipment::Syslog { host, port: 6514, messages, .. }] = shipped.as_slice() else {
        panic!("{shipped:?}")
    };
    let [message] = messages.as_slice() else { panic!("{messages:?}") };
    assert_eq!(host, "siem.acme.test");
    assert!(message.contains(" claviger - activity.stream.test [claviger@32473 id="), "{message}");
    assert!(message.contains(r#"\"test\":true"#) && !message.contains("sequence="), "{message}");
    let after = world.streams().await.syslog.unwrap();
    assert_eq!((after.position, after.revision), (before.position, before.revision));
    world.reach(Some("no answer within 10 seconds"));
    let told = Tested::NotTaken("no answer within 10 seconds".into());
    assert_eq!(world.try_stream(Kind::Syslog).await, told);
    assert_eq!(world.streams().await.syslog.unwrap().health, Health::Well, "a test counts as no failure");
    world.reach(None);
    world.app.save_syslog(&granted(), &syslog(Flow::Off, "udp")).await.unwrap();
    assert_eq!(world.try_stream(Kind::Syslog).await, Tested::Sent);
    let mut logged = world.outcomes_of_tests().await;
    logged.sort();
    assert_eq!(
        logged,
        ["failed", "success", "success"].map(|outcome| format!("siem.acme.test:6514 {outcome}"))
    );
});

on_both!(a_test_of_the_webhook_is_signed_as_all_others, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let form = WebhookForm { flow: Flow::Off, url: "https://siem.acme.test/in".into() };
    let secret = world.app.save_webhook(&granted(), &form).await.unwrap().unwrap();
    assert_eq!(world.try_stream(Kind::Webhook).await, Tested::Taken);
    let shipped = world.take_shipped();
    let [Shipment::Webhook { url, signature: signed, body }] = shipped.as_slice() else {
        panic!("{shipped:?}")
    };
    assert_eq!(url.to_string(), "https://siem.acme.test/in");
    assert_eq!(*signed, signature(&Secret::from(secret.expose()), world.app.now(), body));
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let events = body["events"].as_array().unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["action"], "activity.stream.test");
    assert_eq!(events[0]["details"]["test"], true);
    assert!(events[0]["sequence"].is_null() && events[0]["link"].is_null(), "{body}");
});

on_both!(a_stream_fails_since_its_first_failure_until_something_is_taken, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.app.save_syslog(&granted(), &syslog(Flow::On, "tls")).await.unwrap();
    let failing = async || {
        let streams = world.streams().await;
        let of = |stream: &LogStream| (stream.health.clone(), streams.waiting(stream));
        streams.failing().map(of).collect::<Vec<_>>()
    };
    world.app.work_once().await.unwrap();
    assert!(failing().await.is_empty());
    world.user("alice", None).await;
    world.reach(Some("connection refused"));
    let since = world.app.now();
    world.app.work_once().await.unwrap();
    let first = failing().await;
    let once = Health::Well.failed("connection refused", since);
    assert!(first.len() == 1 && first[0].0 == once && first[0].1 > 2, "{first:?}");
    world.reach(Some("no route"));
    world.later(Span::seconds(5));
    world.user("bob", None).await;
    let again = world.app.now();
    world.app.work_once().await.unwrap();
    let second = failing().await;
    assert_eq!(second[0].0, once.failed("no route", again));
    assert!(second[0].1 > first[0].1, "more wait: {second:?}");
    world.reach(None);
    world.app.work_once().await.unwrap();
    assert_eq!(failing().await.len(), 1, "the pause is kept");
    assert_eq!(world.try_stream(Kind::Syslog).await, Tested::Taken);
    assert_eq!(failing().await.len(), 1, "a test alone is no delivery");
    world.take_shipped();
    world.app.work_once().await.unwrap();
    assert!(!world.take_shipped().is_empty() && failing().await.is_empty(), "but it ends the pause");
    world.reach(Some("no route"));
    world.user("carol", None).await;
    world.app.work_once().await.unwrap();
    assert_eq!(failing().await.len(), 1);
    world.app.save_syslog(&granted(), &syslog(Flow::Off, "tls")).await.unwrap();
    assert!(failing().await.is_empty(), "one that is switched off fails no more");
});

on_both!(of_two_first_saves_of_the_webhook_one_has_the_secret, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let other = world.another_node(database).await;
    let form = WebhookForm { flow: Flow::Off, url: "https://siem.acme.test/in".into() };
    let (here, there) = (granted(), granted());
    let (one, two) = tokio::join!(world.app.save_webhook(&here, &form), other.save_webhook(&there, &form));
    let told: Vec<_> = [one, two].into_iter().flatten().flatten().collect();
    let [secret] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(world.try_stream(Kind::Webhook).await, Tested::Taken);
    let shipped = world.take_shipped();
    let [Shipment::Webhook { signature: signed, body, .. }] = shipped.as_slice() else {
        panic!("{shipped:?}")
    };
    assert_eq!(*signed, signature(&Secret::from(secret.expose()), world.app.now(), body));
});
