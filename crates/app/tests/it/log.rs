use crate::*;
use claviger_app::audit::Verdict;
use claviger_store::{Batch, Commit, Statement, p};
use claviger_testing::{TestDatabase, on_both};

async fn spoil(world: &World, sql: &'static str) {
    let commit = world.app.store().commit(Batch::of([Statement::new(sql, p![])])).await.unwrap();
    assert_eq!(commit, Commit::Committed);
}

async fn given_a_sealed_log(database: &TestDatabase) -> World {
    let world = World::new(database).await;
    for name in ["alice", "bob", "carol"] {
        world.user(name, Some(7)).await;
    }
    while world.app.seal_log().await.unwrap() > 0 {}
    assert!(matches!(world.app.verify_log().await.unwrap(), Verdict::Whole { entries, .. } if entries > 10));
    world
}

on_both!(a_changed_entry_is_found_where_it_is, async |database: &TestDatabase| {
    let world = given_a_sealed_log(database).await;
    spoil(&world, "UPDATE audit SET outcome = 'refused' WHERE sequence = 5").await;
    assert!(matches!(world.app.verify_log().await.unwrap(), Verdict::Broken { sequence: 5, .. }));
});

on_both!(a_removed_entry_is_found_where_it_was, async |database: &TestDatabase| {
    let world = given_a_sealed_log(database).await;
    spoil(&world, "DELETE FROM audit WHERE sequence = 7").await;
    assert!(matches!(world.app.verify_log().await.unwrap(), Verdict::Broken { sequence: 7, .. }));
});

on_both!(a_cut_off_end_is_found, async |database: &TestDatabase| {
    let world = given_a_sealed_log(database).await;
    spoil(&world, "DELETE FROM audit WHERE sequence > 8").await;
    assert!(matches!(world.app.verify_log().await.unwrap(), Verdict::Broken { sequence: 9, .. }));
});

on_both!(a_swapped_pair_is_found, async |database: &TestDatabase| {
    let world = given_a_sealed_log(database).await;
    spoil(&world, "UPDATE audit SET sequence = 300 WHERE sequence = 3").await;
    spoil(&world, "UPDATE audit SET sequence = 3 WHERE sequence = 4").await;
    spoil(&world, "UPDATE audit SET sequence = 4 WHERE sequence = 300").await;
    assert!(matches!(world.app.verify_log().await.unwrap(), Verdict::Broken { sequence: 3, .. }));
});

on_both!(eight_sealers_at_once_make_one_chain, async |database: &TestDatabase| {
    let world = World::new(database).await;
    for n in 0..20 {
        world.user(&format!("user{n}"), None).await;
    }
    let mut nodes = Vec::new();
    for _ in 0..8 {
        let node = world.another_node(database).await;
        nodes.push(tokio::spawn(async move { node.seal_log().await.unwrap() }));
    }
    for node in nodes {
        node.await.unwrap();
    }
    while world.app.seal_log().await.unwrap() > 0 {}
    assert!(matches!(world.app.verify_log().await.unwrap(), Verdict::Whole { .. }));
});

on_both!(no_secret_is_in_the_log, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (alice, secret) = world.enrolled("alice").await;
    let code = world.code_now(&secret);
    let _ = world.app.verify(&granted(), alice.id, &world.code(&secret)).await.unwrap();
    let entries = world.app.activity(&granted(), &alice.id.to_string(), 100).await.unwrap();
    assert!(entries.len() > 5);
    for entry in entries {
        let text = format!("{entry:?}");
        assert!(
            !text.contains(&code) && !text.contains(PASSWORD) && !text.contains(secret.base32().expose()),
            "{text}"
        );
    }
});
