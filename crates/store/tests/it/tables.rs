use super::*;
use claviger_domain::{
    account::{PasswordHash, Realm},
    audit::Entry,
    id::{AuditId, LinkId, MailId, SessionId},
    mail::Kind as MailKind,
    mfa::Requirement,
    permission::Role,
    sign_in::Proven,
    throttle::{FORGOTTEN_AFTER, Scope},
    time::Span,
};
use claviger_store::table::link::Purpose;
use claviger_testing::{TestDatabase, on_both};

on_both!(an_account_comes_back_as_it_was_saved, async |database: &TestDatabase| {
    let store = database.open().await;
    let mut alice = user("alice");
    committed(&store, Batch::of([table::account::insert(ORG, &alice)])).await;
    for requirement in [
        Requirement::By(NOW),
        Requirement::Paused(Span::days(3)),
        Requirement::AtOnce,
        Requirement::NotRequired,
    ] {
        alice.mfa.requirement = requirement;
        alice.password = Password::Expired(PasswordHash("$argon2id$…".into()));
        alice.state = State::Suspended;
        committed(&store, Batch::of([table::account::save(ORG, &alice)])).await;
        assert_eq!(
            store.commit(Batch::of([table::account::save(ORG, &alice)])).await.unwrap(),
            Commit::Conflict
        );
        alice.revision += 1;
        assert_eq!(
            table::account::by_id(&store, ORG, Realm::User, alice.id).await.unwrap().as_ref(),
            Some(&alice)
        );
    }
    for name in ["alice", "ALICE", "alice@example.com", "Alice@Example.Com"] {
        let found = table::account::by_identifier(&store, ORG, Realm::User, name).await.unwrap();
        assert_eq!(found.map(|account| account.id), Some(alice.id), "{name}");
    }
    assert!(table::account::by_id(&store, ORG, Realm::Administrator, alice.id).await.unwrap().is_none());
    assert!(
        table::account::by_identifier(&store, ORG, Realm::Administrator, "alice").await.unwrap().is_none()
    );
});

on_both!(names_are_unique_in_their_realm_without_regard_to_case, async |database: &TestDatabase| {
    let store = database.open().await;
    committed(&store, Batch::of([table::account::insert(ORG, &user("alice"))])).await;
    let mut twin = user("bob");
    twin.email = Email::parse("email", "ALICE@example.com").unwrap();
    assert_eq!(
        store.commit(Batch::of([table::account::insert(ORG, &twin)])).await.unwrap(),
        Commit::Conflict
    );
    twin.kind = Kind::Administrator { role: Role::Manager };
    committed(&store, Batch::of([table::account::insert(ORG, &twin)])).await;
});

on_both!(a_deleted_account_leaves_nothing_behind, async |database: &TestDatabase| {
    let store = database.open().await;
    let alice = user("alice");
    committed(
        &store,
        Batch::of([
            table::account::insert(ORG, &alice),
            table::factor::insert(ORG, &factor(&alice), vec![1]),
        ]),
    )
    .await;
    committed(&store, Batch::of(table::account::delete(ORG, &alice))).await;
    committed(&store, Batch::of([table::account::insert(ORG, &alice)])).await;
    let holder = table::factor::holder(&store, ORG, Realm::User, alice.id).await.unwrap().unwrap();
    assert!(holder.factor.is_none());
});

on_both!(a_link_is_used_once_and_not_after_its_time, async |database: &TestDatabase| {
    let store = database.open().await;
    let link = table::link::Link {
        id: LinkId::new(NOW, [1; 10]),
        token_hash: [5; 32],
        account: Some(user("alice").id),
        purpose: Purpose::Registration,
        created_at: NOW,
        expires_at: NOW.plus(Span::days(7)),
        used_at: None,
    };
    committed(&store, Batch::of([table::link::insert(ORG, &link)])).await;
    let late = table::link::take(ORG, &link, link.expires_at);
    assert_eq!(store.commit(Batch::of([late])).await.unwrap(), Commit::Conflict);
    committed(&store, Batch::of([table::link::take(ORG, &link, NOW)])).await;
    assert_eq!(
        store.commit(Batch::of([table::link::take(ORG, &link, NOW)])).await.unwrap(),
        Commit::Conflict
    );
    assert_eq!(table::link::find(&store, ORG, [5; 32]).await.unwrap().unwrap().used_at, Some(NOW));
    assert!(table::link::find(&store, ORG, [6; 32]).await.unwrap().is_none());
});

on_both!(one_mail_for_one_cause_and_one_sender_for_one_mail, async |database: &TestDatabase| {
    let store = database.open().await;
    let mail = |n| table::mail::New {
        id: MailId::new(NOW, [n; 10]),
        cause: "reminder:alice:7",
        kind: MailKind::Reminder,
        account: None,
        recipient: "alice@example.com",
        payload: vec![1],
    };
    for n in 0..3 {
        committed(&store, Batch::of([table::mail::insert(ORG, mail(n), NOW)])).await;
    }
    let due = table::mail::due(&store, ORG, NOW, 10).await.unwrap();
    assert_eq!(due.len(), 1);
    let until = NOW.plus(Span::minutes(5));
    let claim = || Batch::of([table::mail::claim(ORG, &due[0], until)]);
    assert_eq!(store.commit(claim()).await.unwrap(), Commit::Committed);
    assert_eq!(store.commit(claim()).await.unwrap(), Commit::Conflict);
    assert!(table::mail::due(&store, ORG, NOW, 10).await.unwrap().is_empty());
    assert_eq!(table::mail::due(&store, ORG, until, 10).await.unwrap().len(), 1);
    committed(&store, Batch::of([table::mail::sent(ORG, due[0].id, NOW)])).await;
    assert!(table::mail::due(&store, ORG, until, 10).await.unwrap().is_empty());
    let newest = table::mail::Listing { state: None, page: table::mail::Page::Newest, limit: 10 };
    assert!(table::mail::list(&store, ORG, &newest).await.unwrap()[0].payload.is_empty());
});

on_both!(wrong_passwords_are_counted_and_forgotten, async |database: &TestDatabase| {
    let store = database.open().await;
    let subjects =
        table::throttle::Subjects { account_at_address: [1; 32], address: [2; 32], account: [3; 32] };
    for _ in 0..3 {
        committed(&store, Batch::of(table::throttle::count(ORG, &subjects, NOW))).await;
    }
    let counts = table::throttle::load(&store, ORG, &subjects).await.unwrap();
    assert_eq!(counts.len(), 3);
    assert!(counts.iter().all(|(_, count)| count.failures == 3));
    committed(&store, Batch::of([table::throttle::clear(ORG, &subjects)])).await;
    let later = Timestamp(NOW.plus(FORGOTTEN_AFTER).0 + 1);
    committed(&store, Batch::of(table::throttle::count(ORG, &subjects, later))).await;
    for (scope, count) in table::throttle::load(&store, ORG, &subjects).await.unwrap() {
        assert_eq!((count.failures, count.last_at), (1, later), "{scope:?}");
        assert!(Scope::ALL.contains(&scope));
    }
});

on_both!(a_job_is_leased_by_one_node_and_runs_again_when_due, async |database: &TestDatabase| {
    let store = database.open().await;
    committed(&store, Batch::of([table::schedule::ensure(ORG, "x"), table::schedule::ensure(ORG, "x")]))
        .await;
    let until = NOW.plus(Span::minutes(1));
    let claim = |now| Batch::of([table::schedule::claim(ORG, "x", now, until)]);
    assert_eq!(store.commit(claim(NOW)).await.unwrap(), Commit::Committed);
    assert_eq!(store.commit(claim(NOW)).await.unwrap(), Commit::Conflict);
    committed(&store, Batch::of([table::schedule::done(ORG, "x", until, NOW.plus(Span::hours(1)))])).await;
    assert_eq!(store.commit(claim(NOW.plus(Span::minutes(59)))).await.unwrap(), Commit::Conflict);
    assert_eq!(store.commit(claim(NOW.plus(Span::hours(1)))).await.unwrap(), Commit::Committed);
});

on_both!(sessions_are_found_by_token_and_realm, async |database: &TestDatabase| {
    let store = database.open().await;
    let alice = user("alice");
    let session = table::session::Session {
        id: SessionId::new(NOW, [1; 10]),
        token_hash: [8; 32],
        account: alice.id,
        realm: Realm::User,
        stage: table::session::Stage::Full,
        proven: Proven::Code,
        proven_at: NOW,
        wrong_codes: 0,
        created_at: NOW,
        last_seen_at: NOW,
        expires_at: NOW.plus(Span::hours(1)),
        address: "192.0.2.1".into(),
        user_agent: "test".into(),
    };
    committed(
        &store,
        Batch::of([table::account::insert(ORG, &alice), table::session::insert(ORG, &session)]),
    )
    .await;
    let (found, account) = table::session::find(&store, ORG, Realm::User, [8; 32]).await.unwrap().unwrap();
    assert_eq!((found.id, account), (session.id, alice.clone()));
    assert!(table::session::find(&store, ORG, Realm::Administrator, [8; 32]).await.unwrap().is_none());
    committed(&store, Batch::of([table::session::count_wrong_code(ORG, &session)])).await;
    assert_eq!(
        store.commit(Batch::of([table::session::count_wrong_code(ORG, &session)])).await.unwrap(),
        Commit::Conflict
    );
    assert_eq!(table::session::of_account(&store, ORG, alice.id, NOW).await.unwrap().len(), 1);
    committed(&store, Batch::of([table::session::forget(ORG, session.expires_at)])).await;
    assert!(table::session::find(&store, ORG, Realm::User, [8; 32]).await.unwrap().is_none());
});

on_both!(entries_are_sealed_in_order_and_once, async |database: &TestDatabase| {
    let store = database.open().await;
    given_an_organization(&store).await;
    let entry = |n: u8| Entry {
        id: AuditId::new(NOW, [n; 10]),
        organization: ORG,
        at: NOW,
        actor_kind: "system".into(),
        actor_id: String::new(),
        actor_name: String::new(),
        address: String::new(),
        action: format!("test.{n}"),
        target_id: "t".into(),
        target_name: String::new(),
        outcome: "success".into(),
        details: "{}".into(),
    };
    committed(&store, Batch::of((0..3).map(|n| table::audit::insert(&entry(n))))).await;
    let head = table::audit::head(&store, ORG).await.unwrap().unwrap();
    let mut place = head;
    let mut batch = Batch::new();
    for entry in table::audit::unsealed(&store, ORG, 10).await.unwrap() {
        place = table::audit::Head {
            sequence: place.sequence + 1,
            link: entry.link(&place.link, place.sequence + 1),
        };
        batch.push(table::audit::seal(ORG, entry.id, place));
    }
    batch.push(table::audit::advance(ORG, head, place));
    committed(&store, batch.clone()).await;
    assert_eq!(store.commit(batch).await.unwrap(), Commit::Conflict);
    let chain = table::audit::chain(&store, ORG, 0, 10).await.unwrap();
    assert_eq!(
        chain.iter().map(|sealed| sealed.entry.action.as_str()).collect::<Vec<_>>(),
        ["test.0", "test.1", "test.2"]
    );
    assert!(table::audit::unsealed(&store, ORG, 10).await.unwrap().is_empty());
    assert_eq!(table::audit::about(&store, ORG, "t", 2).await.unwrap().len(), 2);
});
