use claviger_store::{Batch, Statement, Store, StoreError, p};
use claviger_testing::{Engine, TestDatabase};

const SQLITE: &str = "SELECT m.name || '.' || c.name || ' ' || c.type, c.\"notnull\" FROM sqlite_master m \
    JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name <> 'schema_migration' \
    AND m.name NOT LIKE 'sqlite%' ORDER BY 1";
const POSTGRES: &str = "SELECT table_name || '.' || column_name || ' ' || data_type, \
    CASE is_nullable WHEN 'NO' THEN 1::BIGINT ELSE 0::BIGINT END FROM information_schema.columns \
    WHERE table_schema = current_schema() AND table_name <> 'schema_migration' ORDER BY 1";

/// Table and column, with the type of either engine as one word.
async fn columns(store: &Store, sql: &'static str) -> Vec<(String, i64)> {
    let rows: Vec<(String, i64)> = store.query(sql, p![]).await.unwrap();
    let mut rows: Vec<_> = rows
        .into_iter()
        .map(|(name, notnull)| {
            let (name, ty) = name.split_once(' ').unwrap();
            let ty = match ty {
                "INTEGER" | "bigint" => "number",
                "TEXT" | "text" => "text",
                "BLOB" | "bytea" | "uuid" => "bytes",
                other => other,
            };
            (format!("{name} {ty}"), notnull)
        })
        .collect();
    rows.sort();
    rows
}

#[tokio::test]
async fn both_databases_have_the_same_schema() {
    let sqlite = TestDatabase::new(Engine::Sqlite).await;
    let postgres = TestDatabase::new(Engine::Postgres).await;
    let sqlite = columns(&sqlite.open().await, SQLITE).await;
    let postgres = columns(&postgres.open().await, POSTGRES).await;
    assert!(sqlite.len() > 100);
    assert_eq!(sqlite, postgres);
}

#[tokio::test]
async fn opening_again_changes_nothing_and_a_newer_schema_is_refused() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let database = TestDatabase::new(engine).await;
        let store = database.open().await;
        database.open().await;
        let newer = "INSERT INTO schema_migration (number, checksum) VALUES ($1, 'x')";
        let _ = store.commit(Batch::of([Statement::new(newer, p![999_i64])])).await.unwrap();
        let refused = Store::open(&database.options).await.unwrap_err();
        assert!(matches!(refused, StoreError::NewerSchema { found: 999, .. }), "{refused}");
    }
}

#[tokio::test]
async fn the_database_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let database = TestDatabase::new(Engine::Sqlite).await;
    let _store = database.open().await;
    let claviger_store::StoreOptions::Sqlite(path) = &database.options else { panic!() };
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_database_that_does_not_wait_for_its_disk_is_told() {
    use claviger_store::{StoreOptions, durability::Weakness::CommitsNotWaitedFor};
    let sqlite = TestDatabase::new(Engine::Sqlite).await;
    assert_eq!(sqlite.open().await.weaknesses().await.unwrap(), []);
    let postgres = TestDatabase::new(Engine::Postgres).await;
    let kept = postgres.open().await.weaknesses().await.unwrap();
    assert!(!kept.contains(&CommitsNotWaitedFor), "{kept:?}");
    let StoreOptions::Postgres(url) = &postgres.options else { panic!() };
    let separator = if url.contains('?') { '&' } else { '?' };
    let hasty = StoreOptions::Postgres(format!("{url}{separator}options=-csynchronous_commit%3Doff"));
    let told = Store::open(&hasty).await.unwrap().weaknesses().await.unwrap();
    assert!(told.contains(&CommitsNotWaitedFor), "{told:?}");
}
