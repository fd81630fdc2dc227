use super::*;
use claviger_domain::{account::Realm, mfa::Requirement, time::Span};
use claviger_store::{Statement, StoreError, p};
use claviger_testing::{TestDatabase, on_both};

const INSERT: &str = "INSERT INTO schedule (organization, name, next_run, lease_until) VALUES ($1, $2, 0, 0)";
const RAISE: &str =
    "UPDATE schedule SET next_run = next_run + 1 WHERE organization = $1 AND name = $2 AND next_run = $3";
const READ: &str = "SELECT next_run FROM schedule WHERE organization = $1 AND name = $2";

async fn value(store: &Store, name: &str) -> Option<i64> {
    store.first(READ, p![ORG, name]).await.unwrap()
}

on_both!(a_batch_is_written_whole_or_not_at_all, async |database: &TestDatabase| {
    let store = database.open().await;
    let unmet = Statement::new(RAISE, p![ORG, "a", 5_i64]).expect_rows(1);
    let batch = Batch::of([Statement::new(INSERT, p![ORG, "a"]), unmet]);
    assert_eq!(store.commit(batch).await.unwrap(), Commit::Conflict);
    assert_eq!(value(&store, "a").await, None);
    let met = Statement::new(RAISE, p![ORG, "a", 0_i64]).expect_rows(1);
    committed(&store, Batch::of([Statement::new(INSERT, p![ORG, "a"]), met])).await;
    assert_eq!(value(&store, "a").await, Some(1));
});

on_both!(a_row_that_exists_is_a_conflict_and_leaves_the_store_usable, async |database: &TestDatabase| {
    let store = database.open().await;
    committed(&store, Batch::of([Statement::new(INSERT, p![ORG, "a"])])).await;
    for batch in [
        Batch::of([Statement::new(INSERT, p![ORG, "a"])]),
        Batch::of([Statement::new(INSERT, p![ORG, "b"]), Statement::new(INSERT, p![ORG, "a"])]),
    ] {
        assert_eq!(store.commit(batch).await.unwrap(), Commit::Conflict);
    }
    assert_eq!(value(&store, "b").await, None);
    committed(&store, Batch::of([Statement::new(INSERT, p![ORG, "b"])])).await;
});

on_both!(a_broken_statement_undoes_its_own_batch_only, async |database: &TestDatabase| {
    let store = database.open().await;
    let bad = || {
        Batch::of([Statement::new(INSERT, p![ORG, "bad"]), Statement::new("UPDATE nothing SET x = 1", p![])])
    };
    let good = |n: i64| Batch::of([Statement::new(INSERT, p![ORG, format!("good{n}")])]);
    let writes = (0..40).map(|n| {
        let (store, batch) = (store.clone(), if n % 4 == 0 { bad() } else { good(n) });
        tokio::spawn(async move { store.commit(batch).await })
    });
    let mut failed = 0;
    for write in writes.collect::<Vec<_>>() {
        match write.await.unwrap() {
            Ok(commit) => assert_eq!(commit, Commit::Committed),
            Err(error) => {
                assert!(matches!(error, StoreError::Unavailable(_) | StoreError::Corrupt(_)), "{error}");
                failed += 1;
            }
        }
    }
    assert_eq!(failed, 10);
    assert_eq!(value(&store, "bad").await, None);
    assert_eq!(value(&store, "good39").await, Some(0));
});

on_both!(eight_nodes_raising_one_number_lose_nothing, async |database: &TestDatabase| {
    let store = database.open().await;
    committed(&store, Batch::of([Statement::new(INSERT, p![ORG, "n"])])).await;
    let mut nodes = Vec::new();
    for _ in 0..8 {
        let store = database.open().await;
        nodes.push(tokio::spawn(async move {
            let mut won = 0;
            while won < 25 {
                let at = value(&store, "n").await.unwrap();
                let raise = Batch::of([Statement::new(RAISE, p![ORG, "n", at]).expect_rows(1), touch()]);
                won += i32::from(store.commit(raise).await.unwrap() == Commit::Committed);
            }
        }));
    }
    for node in nodes {
        node.await.unwrap();
    }
    assert_eq!(value(&store, "n").await, Some(200));
});

fn touch() -> Statement {
    Statement::new("UPDATE schedule SET lease_until = 1 WHERE organization = $1 AND name = $2", p![ORG, "n"])
}

on_both!(a_statement_without_its_values_is_refused, async |database: &TestDatabase| {
    let store = database.open().await;
    assert!(store.query::<i64>(READ, p![ORG]).await.is_err());
    assert!(store.commit(Batch::of([Statement::new(INSERT, p![ORG])])).await.is_err());
});

on_both!(changes_of_many_rows_are_met_all_or_none_is_made, async |database: &TestDatabase| {
    let store = database.open().await;
    let mut people: Vec<_> = (0..150).map(|n| user(&format!("p{n}"))).collect();
    let all = people.iter().map(|person| table::account::insert(ORG, person));
    committed(&store, Batch::of(all)).await;
    for (n, person) in people.iter_mut().enumerate() {
        person.name.first = format!("First {n}");
        person.mfa.requirement = Requirement::By(Timestamp(n as i64));
    }
    let save = |people: &[Account]| Batch::of(people.iter().map(|person| table::account::save(ORG, person)));
    let read = async |person: &Account| {
        table::account::by_id(&store, ORG, Realm::User, person.id).await.unwrap().unwrap()
    };
    let mut stale = people.clone();
    stale[77].revision = 9;
    assert_eq!(store.commit(save(&stale)).await.unwrap(), Commit::Conflict);
    for person in &people {
        assert_eq!(read(person).await.mfa.requirement, Requirement::NotRequired);
    }
    committed(&store, save(&people)).await;
    for person in &mut people {
        person.revision += 1;
        assert_eq!(read(person).await, *person);
    }
    // MFA alone, and a name beside it.
    for (n, person) in people.iter_mut().enumerate() {
        let before = person.clone();
        person.mfa.requirement = Requirement::Paused(Span::seconds(n as i64));
        if n % 2 == 0 {
            person.name.last = "Else".into();
        }
        committed(&store, Batch::of([table::account::change(ORG, &before, person)])).await;
        assert_eq!(
            store.commit(Batch::of([table::account::change(ORG, &before, person)])).await.unwrap(),
            Commit::Conflict
        );
        person.revision += 1;
        assert_eq!(read(person).await, *person);
    }
    // Twice the same row, one after the other, as they stand.
    let mut twice = people[..9].to_vec();
    twice.insert(4, Account { revision: people[3].revision + 1, ..people[3].clone() });
    committed(&store, save(&twice)).await;
    assert_eq!(read(&people[3]).await.revision, people[3].revision + 2);
});
