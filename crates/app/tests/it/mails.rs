use crate::*;
use claviger_app::email::SmtpForm;
use claviger_domain::time::Span;
use claviger_testing::{TestDatabase, on_both};

pub(crate) fn smtp() -> SmtpForm {
    SmtpForm {
        enabled: true,
        host: "mail.acme.test".into(),
        port: "465".into(),
        encryption: "implicit".into(),
        username: "claviger".into(),
        password: "smtp secret".into(),
        from_address: "sso@acme.test".into(),
        from_name: "Acme".into(),
    }
}

impl World {
    fn sent_to(&self, to: &str) -> Vec<String> {
        let sent = self.mailbox.sent.lock().unwrap();
        let mut subjects: Vec<_> =
            sent.iter().filter(|message| message.to == to).map(|message| message.subject.clone()).collect();
        // Mails go out side by side, so their order says nothing.
        subjects.sort();
        subjects
    }
}

on_both!(mails_wait_until_smtp_is_set_up_and_then_go_out_once, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", Some(7)).await;
    world.app.work_once().await.unwrap();
    assert!(world.sent_to("alice@acme.test").is_empty());
    world.app.save_smtp(&granted(), &smtp()).await.unwrap();
    for _ in 0..3 {
        world.app.work_once().await.unwrap();
    }
    assert_eq!(world.sent_to("alice@acme.test"), ["MFA is now required", "Your Acme account"]);
    let queue = world.app.mail_queue(&granted(), 10).await.unwrap();
    assert!(queue.iter().all(|queued| queued.link.is_none()), "no link is shown once mails go out");
});

on_both!(a_refused_mail_is_tried_again_with_pauses_and_keeps_its_id, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", None).await;
    world.app.save_smtp(&granted(), &smtp()).await.unwrap();
    *world.mailbox.refusing.lock().unwrap() = Some("451 come back later".into());
    world.app.work_once().await.unwrap();
    let before = world.app.mail_queue(&granted(), 10).await.unwrap().remove(0).mail;
    assert_eq!((before.attempts, before.last_error.as_str()), (1, "451 come back later"));
    *world.mailbox.refusing.lock().unwrap() = None;
    world.app.work_once().await.unwrap();
    assert!(world.sent_to("alice@acme.test").is_empty(), "the pause is kept");
    world.later(Span::minutes(1));
    world.app.work_once().await.unwrap();
    assert_eq!(world.sent_to("alice@acme.test").len(), 1);
    assert_eq!(world.mailbox.sent.lock().unwrap().first().unwrap().id, before.id);
});

on_both!(a_mail_is_given_up_after_three_days_and_can_be_retried, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.user("alice", None).await;
    world.app.save_smtp(&granted(), &smtp()).await.unwrap();
    *world.mailbox.refusing.lock().unwrap() = Some("550 no".into());
    for _ in 0..60 {
        world.app.work_once().await.unwrap();
        world.later(Span::hours(4));
    }
    assert_eq!(world.app.mail_counts(&granted()).await.unwrap(), (0, 1));
    *world.mailbox.refusing.lock().unwrap() = None;
    let id = world.app.mail_queue(&granted(), 10).await.unwrap().first().unwrap().mail.id;
    world.app.retry_mail(&granted(), id).await.unwrap();
    world.app.work_once().await.unwrap();
    assert_eq!(world.sent_to("alice@acme.test").len(), 1);
    assert!(world.app.retry_mail(&granted(), id).await.is_err(), "a sent mail is not sent again");
});

on_both!(one_reminder_a_day_before_the_deadline_by_however_many_nodes, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let other = world.another_node(database).await;
    let alice = world.user("alice", Some(7)).await;
    world.enrolled("bob").await;
    let reminders = async || {
        let kinds = world.subjects("alice@acme.test").await;
        kinds.iter().filter(|kind| *kind == "reminder").count()
    };
    world.later(Span::days(5));
    world.app.work_once().await.unwrap();
    assert_eq!(reminders().await, 0);
    world.later(Span::days(1));
    for _ in 0..5 {
        let (one, two) = tokio::join!(world.app.work_once(), other.work_once());
        one.and(two).unwrap();
        world.later(Span::minutes(2));
    }
    assert_eq!(reminders().await, 1);
    assert!(!world.subjects("bob@acme.test").await.contains(&"reminder".to_owned()));
    world.app.extend_period(&granted(), alice.id, days(3)).await.unwrap();
    world.later(Span::days(3));
    world.app.work_once().await.unwrap();
    assert_eq!(reminders().await, 2, "a new deadline has its own reminder");
});

on_both!(
    the_smtp_password_is_sealed_kept_when_left_empty_and_never_shown,
    async |database: &TestDatabase| {
        let world = World::new(database).await;
        world.app.save_smtp(&granted(), &smtp()).await.unwrap();
        let stored = world.app.smtp(&granted()).await.unwrap().unwrap();
        let sealed = stored.password.unwrap();
        assert!(!sealed.windows(11).any(|window| window == b"smtp secret"));
        world.app.save_smtp(&granted(), &SmtpForm { password: String::new(), ..smtp() }).await.unwrap();
        assert_eq!(world.app.smtp(&granted()).await.unwrap().unwrap().password, Some(sealed));
        let bad = SmtpForm {
            host: String::new(),
            port: "0".into(),
            encryption: "none".into(),
            from_address: "x".into(),
            ..smtp()
        };
        let refused = world.app.save_smtp(&granted(), &bad).await.unwrap_err();
        assert_eq!(refused_fields(refused), ["host", "port", "encryption", "from_address"]);
    }
);

on_both!(a_test_mail_tells_what_the_server_said, async |database: &TestDatabase| {
    let world = World::new(database).await;
    assert!(
        world.app.send_test(&granted(), "ada@acme.test").await.is_err(),
        "without SMTP there is nothing to test"
    );
    world.app.save_smtp(&granted(), &smtp()).await.unwrap();
    *world.mailbox.refusing.lock().unwrap() = Some("535 wrong password".into());
    let refused = world.app.send_test(&granted(), "ada@acme.test").await.unwrap_err();
    assert!(refused.to_string().contains("535 wrong password"), "{refused}");
    *world.mailbox.refusing.lock().unwrap() = None;
    world.app.send_test(&granted(), "ada@acme.test").await.unwrap();
    assert_eq!(world.sent_to("ada@acme.test"), ["Test mail from Acme"]);
});
