//! Databases of PostgreSQL: the tables are made once in each process of tests, and copied with their database.

use claviger_store::{Store, StoreOptions};
use tokio::sync::OnceCell;
use tokio_postgres::{Client, Error, NoTls};

/// The database that the others are copies of.
static MADE: OnceCell<String> = OnceCell::const_new();

/// A database of that name with tables and nothing in them. Gives its URL.
pub(crate) async fn make(name: &str) -> Result<String, String> {
    let server = server_url()?;
    let template = MADE.get_or_try_init(|| make_template(&server)).await?;
    let copy =
        [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name} TEMPLATE {template}")];
    ask(&server, &copy).await?;
    url_of(&server, name)
}

/// Takes it away, whoever is still there.
pub(crate) async fn remove(name: &str) -> Result<(), String> {
    ask(&server_url()?, &[format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")]).await
}

async fn make_template(server: &str) -> Result<String, String> {
    let name = format!("claviger_template_{}", std::process::id());
    let again = [format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"), format!("CREATE DATABASE {name}")];
    ask(server, &again).await?;
    let url = url_of(server, &name)?;
    let store = Store::open(&StoreOptions::Postgres(url)).await.map_err(|error| error.to_string())?;
    drop(store);
    // A database is copied while nobody is there.
    let alone =
        format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'");
    ask(server, &[alone]).await?;
    Ok(name)
}

#[expect(clippy::disallowed_methods, reason = "tests are told their server by the environment")]
fn server_url() -> Result<String, String> {
    let told = std::env::var("CLAVIGER_TEST_POSTGRES");
    told.map_err(|_| "it is not set: run the tests with `cargo xtask test`".to_owned())
}

/// The same server with another database.
fn url_of(server: &str, name: &str) -> Result<String, String> {
    let (place, more) = server.split_once('?').map_or((server, None), |(place, more)| (place, Some(more)));
    let (host, _) = place.rsplit_once('/').ok_or("it names no database")?;
    Ok(more.map_or_else(|| format!("{host}/{name}"), |more| format!("{host}/{name}?{more}")))
}

async fn ask(server: &str, statements: &[String]) -> Result<(), String> {
    let told = async {
        let (client, connection) = tokio_postgres::connect(server, NoTls).await?;
        let running = tokio::spawn(connection);
        let answer = each(&client, statements).await;
        drop(client);
        let _ = running.await;
        answer
    };
    told.await.map_err(|error: Error| {
        error.as_db_error().map_or_else(|| error.to_string(), |told| told.message().to_owned())
    })
}

/// One after another: a database is made outside of transactions.
async fn each(client: &Client, statements: &[String]) -> Result<(), Error> {
    for statement in statements {
        client.batch_execute(statement).await?;
    }
    Ok(())
}
