//! S13.1: a call is carried out once, whatever becomes of the server that began it.

use crate::*;
use claviger_app::idempotency::{Answer, Begun, Call};
use claviger_domain::{idempotency::CallKey, secret::Secret, time::Span};
use claviger_testing::{TestDatabase, on_both};

fn call(body: &str) -> Call {
    Call::new("clv_key", &CallKey::parse(b"k").unwrap(), "POST /users", &[b"", body.as_bytes()])
}

fn answer(body: Option<&str>) -> Answer {
    Answer {
        status: 201,
        content_type: "application/json".into(),
        location: "/api/v1/users/1".into(),
        etag: "\"1\"".into(),
        body: body.map(|body| Secret::new(body.as_bytes().to_vec())),
    }
}

fn word(begun: &Begun) -> &'static str {
    match begun {
        Begun::First => "first",
        Begun::Again(_) => "again",
        Begun::NotKept => "not kept",
        Begun::Running => "running",
        Begun::Lost => "lost",
        Begun::Another => "another",
    }
}

on_both!(a_call_is_answered_again_for_a_day, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let other = world.another_node(database).await;
    let begin = async |app: &claviger_app::App, body| app.begin_call(&call(body)).await.unwrap();
    assert_eq!(word(&begin(&world.app, "a").await), "first");
    assert_eq!(word(&begin(&other, "a").await), "running");
    world.app.end_call(&call("a"), answer(Some("{}"))).await.unwrap();
    let Begun::Again(kept) = begin(&other, "a").await else { panic!() };
    assert_eq!((kept.status, kept.location.as_str(), kept.etag.as_str()), (201, "/api/v1/users/1", "\"1\""));
    assert_eq!(kept.body.unwrap().expose(), b"{}");
    assert_eq!(word(&begin(&other, "b").await), "another");
    world.later(Span::hours(23));
    world.app.work_once().await.unwrap();
    assert_eq!(word(&begin(&other, "a").await), "again");
    world.later(Span::hours(2));
    assert_eq!(word(&begin(&other, "b").await), "first", "after a day the key is free");
});

on_both!(a_call_that_was_cut_off_is_not_carried_out_again, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let begin = async || world.app.begin_call(&call("a")).await.unwrap();
    assert_eq!(word(&begin().await), "first");
    world.later(Span::minutes(3));
    assert_eq!(word(&begin().await), "lost");
    world.app.release_call(&call("a")).await.unwrap();
    assert_eq!(word(&begin().await), "first", "a call that was refused frees its key");
});

on_both!(what_is_shown_once_is_not_stored, async |database: &TestDatabase| {
    const BODIES: &str = "SELECT COUNT(*) FROM idempotency WHERE body IS NOT NULL";
    let world = World::new(database).await;
    let call = call("a");
    assert_eq!(word(&world.app.begin_call(&call).await.unwrap()), "first");
    world.app.end_call(&call, answer(None)).await.unwrap();
    assert_eq!(word(&world.app.begin_call(&call).await.unwrap()), "not kept");
    assert_eq!(world.app.store().query::<i64>(BODIES, Vec::new()).await.unwrap(), [0]);
});
