use super::*;
use claviger_domain::account::Realm;
use claviger_testing::{TestDatabase, on_both};

async fn given_a_factor(store: &Store) -> Factor {
    given_an_organization(store).await;
    let account = user("alice");
    let factor = factor(&account);
    committed(
        store,
        Batch::of([table::account::insert(ORG, &account), table::factor::insert(ORG, &factor, vec![1])]),
    )
    .await;
    load(store, &account).await
}

async fn load(store: &Store, account: &Account) -> Factor {
    let holder = table::factor::holder(store, ORG, Realm::User, account.id).await.unwrap().unwrap();
    holder.factor.unwrap().factor
}

on_both!(a_step_is_used_up_once_by_eight_nodes, async |database: &TestDatabase| {
    let store = database.open().await;
    let before = given_a_factor(&store).await;
    let mut racers = Vec::new();
    for _ in 0..8 {
        let (store, mut after) = (database.open().await, before.clone());
        after.last_step = Step(11);
        racers.push(tokio::spawn(async move {
            store.commit(Batch::of([table::factor::save(ORG, &after)])).await.unwrap()
        }));
    }
    let mut won = 0;
    for racer in racers {
        won += i32::from(racer.await.unwrap() == Commit::Committed);
    }
    assert_eq!(won, 1);
    assert_eq!(load(&store, &user("alice")).await.last_step, Step(11));
});

on_both!(a_step_is_never_moved_back, async |database: &TestDatabase| {
    let store = database.open().await;
    let mut after = given_a_factor(&store).await;
    after.last_step = Step(9);
    assert_eq!(store.commit(Batch::of([table::factor::save(ORG, &after)])).await.unwrap(), Commit::Conflict);
});

on_both!(a_factor_comes_back_as_it_was_saved, async |database: &TestDatabase| {
    use claviger_domain::lockout::Lock;
    let store = database.open().await;
    let mut after = given_a_factor(&store).await;
    for lock in [Lock::Until(NOW), Lock::Closed, Lock::Open] {
        after.failures = Failures { in_row: 12, recent: vec![NOW, Timestamp(NOW.0 + 1)], locks: 2, lock };
        after.drift = Drift { resynced: -10, learned: -700 };
        committed(
            &store,
            Batch::of([table::factor::unchanged(ORG, &after), table::factor::save(ORG, &after)]),
        )
        .await;
        after.revision += 1;
        assert_eq!(load(&store, &user("alice")).await, after);
    }
});
