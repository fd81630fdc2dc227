use crate::{mails::smtp, *};
use claviger_app::{
    App, Refusal,
    mail::{Message, TextForm, Wording},
    stored::{MailListing, MailPage, MailState, MailSwitch},
    users::{Person, UserEdit},
};
use claviger_domain::{
    id::AccountId, mail::Kind, mail_text::Words, organization::Settings, reminder::Reminders, time::Span,
};
use claviger_testing::{TestDatabase, on_both};

fn form(subject: &str, body: &str) -> TextForm {
    TextForm { revision: None, switch: MailSwitch::On, subject: subject.into(), body: body.into() }
}

/// The beginning of a PNG file of 100 × 50 pixels: as much as is looked at.
fn png() -> Vec<u8> {
    b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x64\0\0\0\x32\x08\x06\0\0\0".to_vec()
}

impl World {
    fn letters_to(&self, to: &str) -> Vec<Message> {
        let sent = self.mailbox.sent.lock().unwrap();
        sent.iter().filter(|message| message.to == to).cloned().collect()
    }

    async fn off(&self, kind: Kind) {
        let mail = self.app.mail_kind(&granted(), kind).await.unwrap();
        let switch = TextForm { switch: MailSwitch::Off, ..form(&mail.words.subject, &mail.words.body) };
        self.app.save_mail_text(&granted(), kind, &switch).await.unwrap();
    }

    async fn remind_at(&self, hours: &str) {
        let settings = self.app.organization().await.unwrap().settings.clone();
        let reminders = Reminders::parse("reminders", hours).unwrap();
        self.app.save_settings(&granted(), Settings { reminders, ..settings }, None).await.unwrap();
    }

    /// How many reminders are written to that person, after two nodes looked twice.
    async fn reminders(&self, name: &str, other: &App) -> usize {
        for _ in 0..2 {
            let (one, two) = tokio::join!(self.app.work_once(), other.work_once());
            one.and(two).unwrap();
            self.later(Span::minutes(2));
        }
        let kinds = self.subjects(&format!("{name}@acme.test")).await;
        kinds.iter().filter(|kind| *kind == "reminder").count()
    }

    async fn bounced(&self, id: AccountId) -> bool {
        self.app.mail_bounced_at(&granted(), id).await.unwrap().is_some()
    }
}

on_both!(an_edited_text_is_used_and_the_link_stays, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let own = form("{name}: {days}", "Dear {name},\r\n\r\nuntil {deadline}.\r\n\r\n{support_contact}");
    world.app.save_mail_text(&granted(), Kind::MfaRequired, &own).await.unwrap();
    world.user("alice", Some(7)).await;
    world.app.save_smtp(&granted(), &smtp()).await.unwrap();
    world.app.work_once().await.unwrap();
    let letters = world.letters_to("alice@acme.test");
    let own = letters.iter().find(|message| message.subject == "alice: 7 days").unwrap();
    assert!(own.text.contains("Dear alice,") && own.text.contains("your administrator"), "{}", own.text);
    assert!(
        own.text.contains("https://sso.acme.test/") && own.html.contains("href=\"https://sso.acme.test/\"")
    );
    assert!(
        letters.iter().any(|message| message.subject == "Your Acme account"),
        "other mails are as they were"
    );
    let kind = world.app.mail_kind(&granted(), Kind::MfaRequired).await.unwrap();
    assert_eq!((kind.wording, kind.revision), (Wording::Own, 1));
    world.app.restore_mail_text(&granted(), Kind::MfaRequired).await.unwrap();
    let kind = world.app.mail_kind(&granted(), Kind::MfaRequired).await.unwrap();
    assert_eq!((kind.wording, kind.words.subject.as_str()), (Wording::Original, "MFA is now required"));
});

on_both!(an_unknown_placeholder_is_refused_and_nothing_is_saved, async |database: &TestDatabase| {
    let world = World::new(database).await;
    for (bad, fields) in [
        (form("{nope}", "{left}"), vec!["subject", "body"]),
        (form("MFA", "Dear {name,"), vec!["body"]),
        (form("", ""), vec!["subject", "body"]),
    ] {
        let refused = world.app.save_mail_text(&granted(), Kind::MfaRequired, &bad).await.unwrap_err();
        assert_eq!(refused_fields(refused), fields);
        let words = Words { subject: bad.subject, body: bad.body };
        let refused = world.app.preview_mail(&granted(), Kind::MfaRequired, &words).await.unwrap_err();
        assert_eq!(refused_fields(refused), fields);
    }
    assert_eq!(world.app.mail_kind(&granted(), Kind::MfaRequired).await.unwrap().revision, 0);
});

on_both!(a_change_of_an_older_page_is_refused, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let older = |revision| TextForm { revision: Some(revision), ..form("Mine", "Words.") };
    world.app.save_mail_text(&granted(), Kind::Reminder, &older(0)).await.unwrap();
    let refused = world.app.save_mail_text(&granted(), Kind::Reminder, &older(0)).await;
    assert!(matches!(refused, Err(Refusal::Changed)), "{refused:?}");
    world.app.save_mail_text(&granted(), Kind::Reminder, &older(1)).await.unwrap();
});

on_both!(words_that_are_the_original_ones_are_not_kept, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.off(Kind::Reminder).await;
    let kinds = world.app.mail_kinds(&granted()).await.unwrap();
    assert_eq!(kinds.len(), Kind::ALL.len());
    let reminder = kinds.iter().find(|mail| mail.kind == Kind::Reminder).unwrap();
    assert_eq!((reminder.wording, reminder.switch), (Wording::Original, MailSwitch::Off));
});

on_both!(a_preview_shows_typed_words_and_saves_nothing, async |database: &TestDatabase| {
    let world = World::new(database).await;
    for kind in Kind::ALL {
        let words = Words { subject: "{organization}".into(), body: "Dear {name},\n\n<b>hello</b>".into() };
        let preview = world.app.preview_mail(&granted(), kind, &words).await.unwrap();
        assert_eq!(preview.subject, "Acme");
        assert_eq!(preview.paragraphs, ["Dear Alice Example,", "<b>hello</b>"], "{kind:?}");
        assert!(preview.text.contains("<b>hello</b>"));
        assert_eq!(world.app.mail_kind(&granted(), kind).await.unwrap().revision, 0);
    }
});

on_both!(a_mail_that_is_off_is_not_queued_and_the_log_is_the_same, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.off(Kind::MfaRequired).await;
    world.off(Kind::Registration).await;
    let alice = world.user("alice", Some(7)).await;
    assert_eq!(
        world.subjects("alice@acme.test").await,
        ["registration"],
        "without it she could never come in"
    );
    let entries = world.app.activity(&granted(), &alice.id.to_string(), 100).await.unwrap();
    assert!(entries.iter().any(|entry| entry.action == "user.mfa.require"));
    world.later(Span::seconds(3));
    let other = world.another_node(database).await;
    let bob = other
        .create_user(
            &granted(),
            &person("bob"),
            &claviger_app::demand::Demand::Required(Ok(period(7))),
            claviger_app::users::Activation::Now,
        )
        .await
        .unwrap();
    assert_eq!(world.subjects(bob.email.as_str()).await, ["registration"], "every node knows");
});

on_both!(each_reminder_goes_out_once_for_a_period_and_after_a_restart, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.remind_at("168 72 24 2").await;
    world.user("alice", Some(10)).await;
    let mut passed = Span::ZERO;
    for (hours, expected) in
        [(1, 0), (71, 0), (73, 1), (100, 1), (167, 1), (169, 2), (215, 2), (217, 3), (239, 4)]
    {
        world.later(Span::from_micros(Span::hours(hours).micros() - passed.micros()));
        passed = Span::hours(hours);
        let restarted = world.another_node(database).await;
        assert_eq!(world.reminders("alice", &restarted).await, expected, "after {hours} hours");
        world.earlier(Span::minutes(4));
    }
});

on_both!(a_period_of_a_day_gets_its_own_reminders_only, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let other = world.another_node(database).await;
    world.remind_at("168 72 24 2").await;
    world.user("alice", Some(1)).await;
    world.user("bob", Some(7)).await;
    world.user("carol", Some(2)).await;
    assert_eq!(world.reminders("alice", &other).await, 1, "24 hours");
    assert_eq!(world.reminders("bob", &other).await, 0, "he was just told that he has 7 days");
    assert_eq!(world.reminders("carol", &other).await, 0, "she never had 3 days");
    world.later(Span::hours(22));
    assert_eq!(world.reminders("alice", &other).await, 2, "2 hours");
    world.later(Span::hours(4));
    assert_eq!(world.reminders("alice", &other).await, 2, "after the deadline there is nothing to remind of");
    assert_eq!(world.reminders("carol", &other).await, 1);
});

on_both!(of_several_reminders_that_are_due_only_the_latest_is_sent, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let other = world.another_node(database).await;
    world.remind_at("168 72 24 2").await;
    let alice = world.user("alice", Some(30)).await;
    world.later(Span::days(29));
    world.later(Span::hours(1));
    assert_eq!(world.reminders("alice", &other).await, 1);
    world.app.extend_period(&granted(), alice.id, days(2)).await.unwrap();
    assert_eq!(world.reminders("alice", &other).await, 1, "she was just told the new deadline");
    world.later(Span::days(2));
    assert_eq!(world.reminders("alice", &other).await, 2, "a new deadline has its own reminders");
});

on_both!(without_the_mail_there_are_no_reminders, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let other = world.another_node(database).await;
    world.user("alice", Some(1)).await;
    world.off(Kind::Reminder).await;
    world.later(Span::seconds(3));
    assert_eq!(world.reminders("alice", &other).await, 0);
});

on_both!(an_address_that_is_refused_marks_the_account_until_it_is_taken, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let alice = world.user("alice", Some(7)).await;
    let bob = world.user("bob", None).await;
    world.app.save_smtp(&granted(), &smtp()).await.unwrap();
    *world.mailbox.unknown.lock().unwrap() = vec!["alice@acme.test".into()];
    world.app.work_once().await.unwrap();
    assert!(world.bounced(alice.id).await && !world.bounced(bob.id).await);
    assert_eq!(world.app.mail_counts(&granted()).await.unwrap(), (2, 0), "mail servers have bad moments");
    world.later(Span::minutes(1));
    world.app.work_once().await.unwrap();
    assert_eq!(world.app.mail_counts(&granted()).await.unwrap(), (0, 2), "given up after the second time");
    let listed = world.app.bounced_users(&granted(), &[alice.id, bob.id]).await.unwrap();
    assert_eq!(listed.iter().map(|bounced| bounced.account).collect::<Vec<_>>(), [alice.id]);
    world.mailbox.unknown.lock().unwrap().clear();
    world.app.extend_period(&granted(), alice.id, days(1)).await.unwrap();
    world.app.work_once().await.unwrap();
    assert!(!world.bounced(alice.id).await, "a later mail was taken");
});

on_both!(another_address_is_not_blamed_for_the_one_before, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let alice = world.user("alice", None).await;
    world.app.save_smtp(&granted(), &smtp()).await.unwrap();
    *world.mailbox.unknown.lock().unwrap() = vec!["alice@acme.test".into()];
    world.app.work_once().await.unwrap();
    let edit = |email: &str, display_name: &str| UserEdit {
        revision: None,
        person: Person { email: email.into(), display_name: display_name.into(), ..person("alice") },
        demand: claviger_app::demand::Demand::Keep,
    };
    world.app.edit_user(&granted(), alice.id, &edit("Alice@acme.test", "Al")).await.unwrap();
    assert!(world.bounced(alice.id).await, "it is the same address");
    world.app.edit_user(&granted(), alice.id, &edit("al@acme.test", "Al")).await.unwrap();
    assert!(!world.bounced(alice.id).await);
    world.later(Span::minutes(1));
    world.app.work_once().await.unwrap();
    assert!(!world.bounced(alice.id).await, "the mail that waited went to the address before");
});

on_both!(a_passing_refusal_marks_nobody, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let alice = world.user("alice", None).await;
    world.app.save_smtp(&granted(), &smtp()).await.unwrap();
    *world.mailbox.refusing.lock().unwrap() = Some("535 wrong password".into());
    for _ in 0..3 {
        world.app.work_once().await.unwrap();
        world.later(Span::minutes(10));
    }
    assert!(!world.bounced(alice.id).await);
    assert_eq!(world.app.mail_counts(&granted()).await.unwrap(), (1, 0));
});

on_both!(a_logo_goes_with_each_mail_and_away_again, async |database: &TestDatabase| {
    let world = World::new(database).await;
    world.app.save_smtp(&granted(), &smtp()).await.unwrap();
    for (bad, words) in [(b"<svg>".to_vec(), "script"), (vec![0; 300_000], "256 KiB"), (Vec::new(), "Choose")]
    {
        let refused = world.app.save_logo(&granted(), bad).await.unwrap_err();
        let Refusal::Fields(errors) = refused else { panic!("no field is named") };
        assert!(
            errors.iter().all(|error| error.field == "logo" && error.message.contains(words)),
            "{errors:?}"
        );
    }
    assert!(world.app.logo().await.unwrap().is_none());
    world.app.save_logo(&granted(), png()).await.unwrap();
    assert_eq!(world.app.logo().await.unwrap().unwrap().image, png());
    world.app.send_test(&granted(), "ada@acme.test").await.unwrap();
    let letter = world.letters_to("ada@acme.test").pop().unwrap();
    assert!(letter.html.contains("cid:logo@claviger") && letter.logo.is_some());
    world.app.remove_logo(&granted()).await.unwrap();
    world.app.send_test(&granted(), "ada@acme.test").await.unwrap();
    let letter = world.letters_to("ada@acme.test").pop().unwrap();
    assert!(!letter.html.contains("cid:") && letter.logo.is_none());
});

on_both!(the_queue_is_paged_and_filtered, async |database: &TestDatabase| {
    let world = World::new(database).await;
    for name in ["a", "b", "c", "d", "e"] {
        world.user(name, None).await;
        world.later(Span::seconds(1));
    }
    let page = async |state, page| {
        let listing = MailListing { state, page, limit: 2 };
        world.app.mail_page(&granted(), &listing).await.unwrap()
    };
    let to = |page: &claviger_app::email::MailPage| -> Vec<String> {
        page.mails.iter().map(|queued| queued.mail.recipient.replace("@acme.test", "")).collect()
    };
    let first = page(None, MailPage::Newest).await;
    assert_eq!((to(&first), first.has_newer, first.has_older), (vec!["e".into(), "d".into()], false, true));
    let second = page(None, MailPage::Older(first.mails[1].mail.id)).await;
    assert_eq!((to(&second), second.has_newer, second.has_older), (vec!["c".into(), "b".into()], true, true));
    let last = page(None, MailPage::Older(second.mails[1].mail.id)).await;
    assert_eq!((to(&last), last.has_newer, last.has_older), (vec!["a".into()], true, false));
    let back = page(None, MailPage::Newer(last.mails[0].mail.id)).await;
    assert_eq!((to(&back), back.has_newer, back.has_older), (vec!["c".into(), "b".into()], true, true));
    assert!(page(Some(MailState::Failed), MailPage::Newest).await.mails.is_empty());
    assert_eq!(to(&page(Some(MailState::Queued), MailPage::Newest).await), ["e", "d"]);
});
