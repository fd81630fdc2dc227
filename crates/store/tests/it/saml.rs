//! What is signed with for applications, what they were told, and which messages were answered (S10.1).

use super::*;
use claviger_domain::{
    application::{certificate::Stage, saml::NameId},
    id::{ApplicationId, ApplicationKeyId, SessionId},
    time::Span,
};
use claviger_store::table::{
    application_key::{self, ApplicationKey},
    application_visit::{self, Visit},
    saml::{self, Asker, LogOut, Waiting},
};
use claviger_testing::{TestDatabase, on_both};

fn application(number: u8) -> ApplicationId {
    ApplicationId::new(NOW, [number; 10])
}

fn key(number: u8, stage: Stage) -> ApplicationKey {
    ApplicationKey {
        id: ApplicationKeyId::new(NOW, [number; 10]),
        stage,
        certificate: vec![number, 0, 255],
        secret: vec![0, number],
        created_at: NOW,
        expires_at: NOW.plus(Span::days(i64::from(number))),
    }
}

async fn conflicts(store: &Store, batch: Batch) {
    assert_eq!(store.commit(batch).await.unwrap(), Commit::Conflict);
}

on_both!(one_key_of_an_application_signs_at_a_time, async |database: &TestDatabase| {
    let store = database.open().await;
    let (wiki, chat) = (application(1), application(2));
    let insert = |one, number, stage| application_key::insert(ORG, one, &key(number, stage));
    let first =
        [insert(wiki, 1, Stage::Current), insert(chat, 2, Stage::Current), insert(wiki, 3, Stage::Next)];
    committed(&store, Batch::of(first)).await;
    for stage in [Stage::Current, Stage::Next] {
        conflicts(&store, Batch::of([insert(wiki, 4, stage)])).await;
    }
    let id = |number| key(number, Stage::Next).id;
    let advance = |number, from, to| application_key::advance(ORG, id(number), (from, to));
    conflicts(&store, Batch::of([advance(3, Stage::Next, Stage::Current)])).await;
    let switch = [advance(1, Stage::Current, Stage::Retired), advance(3, Stage::Next, Stage::Current)];
    committed(&store, Batch::of(switch.clone())).await;
    conflicts(&store, Batch::of(switch)).await;
    let kept: Vec<_> = application_key::of(&store, ORG, wiki).await.unwrap();
    let stages: Vec<_> = kept.iter().map(|key| (key.id, key.stage)).collect();
    assert_eq!(stages, [(id(3), Stage::Current), (id(1), Stage::Retired)]);
    assert_eq!((kept[0].certificate.clone(), kept[0].secret.clone()), (vec![3, 0, 255], vec![0, 3]));
    let mut ends = application_key::ends(&store, ORG).await.unwrap();
    ends.sort();
    assert_eq!(ends, [(wiki, NOW.plus(Span::days(3))), (chat, NOW.plus(Span::days(2)))]);
    conflicts(&store, Batch::of([application_key::remove(ORG, id(3), Stage::Current)])).await;
    committed(&store, Batch::of([application_key::remove(ORG, id(1), Stage::Retired)])).await;
    assert_eq!(application_key::of(&store, ORG, wiki).await.unwrap().len(), 1);
});

on_both!(a_message_is_answered_once_by_whoever_comes_first, async |database: &TestDatabase| {
    let store = database.open().await;
    let note = |one, message| saml::answered(ORG, one, ([message; 32], NOW.plus(Span::hours(1))));
    let racers = (0..8).map(|_| store.commit(Batch::of([note(application(1), 7)])));
    let outcomes = futures_util::future::try_join_all(racers).await.unwrap();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Commit::Committed).count(), 1);
    committed(&store, Batch::of([note(application(2), 7), note(application(1), 8)])).await;
    let known = async |one, message| saml::was_answered(&store, ORG, one, [message; 32]).await.unwrap();
    assert!(known(application(1), 7).await && !known(application(2), 8).await);
    committed(&store, Batch::of([saml::forget_answered(ORG, NOW)])).await;
    assert!(known(application(1), 7).await);
    committed(&store, Batch::of([saml::forget_answered(ORG, NOW.plus(Span::hours(1)))])).await;
    assert!(!known(application(1), 7).await);
});

fn visit(session: u8, application_number: u8, name: &str) -> Visit {
    Visit {
        session: SessionId::new(NOW, [session; 10]),
        application: application(application_number),
        account: user("alice").id,
        name_kind: NameId::Persistent,
        name_id: name.into(),
        session_index: format!("_{session}{application_number}"),
        visited_at: NOW,
    }
}

on_both!(
    what_an_application_was_told_is_found_by_the_name_and_the_session,
    async |database: &TestDatabase| {
        let store = database.open().await;
        let visits = [visit(1, 1, "x"), visit(2, 1, "x"), visit(1, 2, "y"), visit(3, 1, "X")];
        committed(&store, Batch::of(visits.iter().map(|one| application_visit::put(ORG, one)))).await;
        let named = async |name: &str, indexes: &[String]| {
            application_visit::by_name(&store, ORG, application(1), (name, indexes)).await.unwrap()
        };
        assert_eq!(named("x", &[]).await, [visit(1, 1, "x"), visit(2, 1, "x")]);
        assert_eq!(named("x", &["_21".into(), "_99".into()]).await, [visit(2, 1, "x")]);
        assert!(named("x", &["_12".into()]).await.is_empty() && named("z", &[]).await.is_empty());
        let again = Visit { name_id: "new".into(), ..visit(1, 1, "x") };
        committed(&store, Batch::of([application_visit::put(ORG, &again)])).await;
        let session = visit(1, 1, "").session;
        let of_session = application_visit::of_session(&store, ORG, session).await.unwrap();
        assert_eq!(of_session, [again.clone(), visit(1, 2, "y")]);
        committed(&store, Batch::of([application_visit::take(ORG, &again)])).await;
        conflicts(&store, Batch::of([application_visit::take(ORG, &again)])).await;
        // Their sessions are no more, and no log-out needs them.
        committed(&store, Batch::of([application_visit::forget(ORG)])).await;
        assert!(named("x", &[]).await.is_empty());
    }
);

on_both!(a_user_has_one_name_at_an_application, async |database: &TestDatabase| {
    let store = database.open().await;
    let who = (application(1), user("alice").id);
    let give = |name| application_visit::name_subject(ORG, who, (name, NOW));
    committed(&store, Batch::of([give("first")])).await;
    conflicts(&store, Batch::of([give("second")])).await;
    let name = application_visit::subject(&store, ORG, who).await.unwrap();
    assert_eq!(name.as_deref(), Some("first"));
    let other = application_visit::subject(&store, ORG, (application(2), who.1)).await.unwrap();
    assert_eq!(other, None);
});

on_both!(a_log_out_goes_on_step_by_step, async |database: &TestDatabase| {
    let store = database.open().await;
    let begun = LogOut {
        token_hash: [4; 32],
        account: user("alice").id,
        asker: Some(Asker { application: application(1), request: "_r".into(), relay_state: None }),
        waiting: None,
        missing: 0,
        step: 0,
        expires_at: NOW.plus(Span::minutes(10)),
    };
    let sessions = [visit(1, 1, "").session, visit(2, 1, "").session];
    let told = visit(1, 2, "y");
    let batch = Batch::of(saml::begin_log_out(ORG, &begun, &sessions));
    committed(&store, batch.and([application_visit::put(ORG, &told)])).await;
    let load = async || saml::log_out(&store, ORG, [4; 32]).await.unwrap();
    assert_eq!(load().await, Some(begun.clone()));
    assert_eq!(saml::ended_sessions(&store, ORG, [4; 32]).await.unwrap(), sessions);
    committed(&store, Batch::of([application_visit::forget(ORG)])).await;
    let kept = application_visit::of_session(&store, ORG, told.session).await.unwrap();
    assert_eq!(kept, [told], "the log-out needs it");
    let waiting = Waiting { application: application(2), message: "_m".into() };
    let next = LogOut { waiting: Some(waiting), missing: 1, ..begun.clone() };
    committed(&store, Batch::of([saml::step_log_out(ORG, &next)])).await;
    conflicts(&store, Batch::of([saml::step_log_out(ORG, &next)])).await;
    let now = LogOut { step: 1, ..next };
    assert_eq!(load().await, Some(now.clone()));
    conflicts(&store, Batch::of(saml::end_log_out(ORG, &begun))).await;
    committed(&store, Batch::of(saml::forget_log_outs(ORG, NOW))).await;
    assert!(load().await.is_some());
    committed(&store, Batch::of(saml::end_log_out(ORG, &now))).await;
    assert_eq!(load().await, None);
    assert!(saml::ended_sessions(&store, ORG, [4; 32]).await.unwrap().is_empty());
});
