//! Who was active in which month (docs/decisions/019-usage.md).

use crate::*;
use claviger_app::{App, words};
use claviger_domain::{account::Realm, permission::Granted, secret::Secret, time::Span, usage::Usage};
use claviger_store::p;
use claviger_testing::{TestDatabase, on_both};

/// Months with anybody in them.
async fn active(app: &App) -> Vec<(String, i64)> {
    let months: Vec<Usage> = app.usage(&granted()).await.unwrap();
    assert_eq!(months.len(), 13);
    let some = months.into_iter().filter(|usage| usage.users > 0);
    some.map(|usage| (usage.month.to_string(), usage.users)).collect()
}

async fn counted(world: &World) -> Vec<(String, i64)> {
    world.later(Span::seconds(10));
    world.app.work_once().await.unwrap();
    active(&world.app).await
}

async fn kept(world: &World) -> i64 {
    let rows: Vec<i64> = world.app.store().query("SELECT COUNT(*) FROM usage_month", p![]).await.unwrap();
    rows.into_iter().sum()
}

fn month(month: &str, users: i64) -> (String, i64) {
    (month.to_owned(), users)
}

on_both!(users_are_counted_once_a_month_and_administrators_never, async |database: &TestDatabase| {
    let world = World::new(database).await;
    assert_eq!(words::date_field(world.app.now(), "UTC"), "2027-01-15");
    assert!(counted(&world).await.is_empty(), "nobody yet");
    let (alice, secret) = world.enrolled("alice").await;
    world.user("bob", None).await;
    let staged = person("carol");
    let carol = world
        .app
        .create_user(
            &granted(),
            &staged,
            &claviger_app::demand::Demand::NotRequired,
            claviger_app::users::Activation::Later,
        )
        .await
        .unwrap();
    assert_eq!(carol.last_sign_in_at, None);
    let password = Secret::from(PASSWORD);
    world.app.submit_password(Realm::Administrator, "ada@acme.test", &password, &origin()).await.unwrap();
    world.password("bob", "wrong").await;
    assert_eq!(counted(&world).await, [month("2027-01", 2)], "alice by her set-up, bob by his link");
    world.session("bob").await;
    assert_eq!(counted(&world).await, [month("2027-01", 2)], "once a month");
    world.later(Span::days(20));
    world.app.verify(&granted(), alice.id, &world.code(&secret)).await.unwrap();
    assert_eq!(counted(&world).await, [month("2027-01", 2), month("2027-02", 1)], "by a program's code");
    let csv = world.app.usage_csv(&granted()).await.unwrap();
    assert!(csv.starts_with("month,active_users,devices\r\n2026-02,0,0\r\n"), "{csv}");
    assert!(csv.ends_with("2027-01,2,0\r\n2027-02,1,0\r\n"), "{csv}");
});

on_both!(of_a_month_that_is_over_only_the_sum_is_kept, async |database: &TestDatabase| {
    let world = World::new(database).await;
    for name in ["alice", "bob", "carol"] {
        world.user(name, None).await;
    }
    assert_eq!(counted(&world).await, [month("2027-01", 3)]);
    world.later(Span::days(17));
    assert_eq!(
        counted(&world).await,
        [month("2027-01", 3)],
        "over, but its last minutes may still be sealed"
    );
    assert_eq!(kept(&world).await, 3);
    world.later(Span::days(1));
    world.user("dave", None).await;
    assert_eq!(counted(&world).await, [month("2027-01", 3), month("2027-02", 1)]);
    assert_eq!(kept(&world).await, 1);
    let everybody: Granted<claviger_domain::permission::ManageUsers> = granted();
    let alice = world.app.find_account(Realm::User, "alice").await.unwrap().unwrap();
    world.app.delete_user(&everybody, alice.id).await.unwrap();
    assert_eq!(counted(&world).await, [month("2027-01", 3), month("2027-02", 1)], "who is gone was there");
    world.later(Span::days(370));
    assert_eq!(counted(&world).await, [month("2027-02", 1)], "thirteen months are shown");
});

on_both!(two_nodes_count_nobody_twice, async |database: &TestDatabase| {
    let world = World::new(database).await;
    for n in 0..10 {
        world.user(&format!("user{n}"), None).await;
    }
    world.later(Span::seconds(10));
    let other = world.another_node(database).await;
    let (one, two) = tokio::join!(world.app.work_once(), other.work_once());
    one.unwrap();
    two.unwrap();
    assert_eq!(counted(&world).await, [month("2027-01", 10)]);
    assert_eq!(active(&other).await, [month("2027-01", 10)]);
});

on_both!(devices_that_called_are_counted_once_a_month, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let devices = async || {
        world.later(Span::seconds(10));
        world.app.work_once().await.unwrap();
        let months: Vec<Usage> = world.app.usage(&granted()).await.unwrap();
        let some = months.into_iter().filter(|usage| usage.devices > 0);
        some.map(|usage| (usage.month.to_string(), usage.devices)).collect::<Vec<_>>()
    };
    assert!(devices().await.is_empty());
    let first = world.device(1).await;
    world.device(2).await;
    assert_eq!(devices().await, [month("2027-01", 2)]);
    world.happened(&first, Vec::new()).await;
    assert_eq!(devices().await, [month("2027-01", 2)], "once a month");
    // In February one of them calls; the other is gone by then, and was there.
    world.later(Span::days(17));
    world.happened(&first, Vec::new()).await;
    assert_eq!(devices().await, [month("2027-01", 2), month("2027-02", 1)]);
    world.later(Span::days(1));
    assert_eq!(devices().await, [month("2027-01", 2), month("2027-02", 1)], "closed");
    let kept: Vec<i64> = world.app.store().query("SELECT COUNT(*) FROM usage_device", p![]).await.unwrap();
    assert_eq!(kept, [1], "of January only the sum");
    assert!(world.app.usage_csv(&granted()).await.unwrap().ends_with("2027-01,0,2\r\n2027-02,0,1\r\n"));
});
