//! Databases of PostgreSQL: the tables are made once in each process of tests, and copied with their database.

use claviger_store::{Store, StoreOptions};
use std::{
    sync::{OnceLock, mpsc},
    thread,
};
use tokio::sync::OnceCell;
use tokio_postgres::{Client, Error, NoTls};

/// The database that the others are copies of.
static MADE: OnceCell<String> = OnceCell::const_new();

/// A database of that name with tables and nothing in them. Gives its URL.
pub(crate) async fn make(name: &str) -> Result<String, String> {
    let server = server_url()?;
    let template = MADE.get_or_try_init(|| make_template(&server)).await?;
    ask(vec![
        format!("DROP DATABASE IF EXISTS {name}"),
        // Its files are copied as they are: through the log of what is written it takes twice as long.
        format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"),
    ])?;
    url_of(&server, name)
}

/// Takes it away, whoever is still there.
pub(crate) fn remove(name: &str) -> Result<(), String> {
    ask(vec![format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")])
}

async fn make_template(server: &str) -> Result<String, String> {
    let name = format!("claviger_template_{}", std::process::id());
    ask(vec![format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"), format!("CREATE DATABASE {name}")])?;
    let url = url_of(server, &name)?;
    let store = Store::open(&StoreOptions::Postgres(url)).await.map_err(|error| error.to_string())?;
    drop(store);
    // A database is copied while nobody is there.
    let alone =
        format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'");
    ask(vec![alone])?;
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

/// Statements that run one after another outside of transactions, as databases are made; and where the answer goes.
type Asked = (Vec<String>, mpsc::Sender<Result<(), String>>);

/// Has the server do it. Waits for it without a runtime: databases are dropped where there is none.
fn ask(statements: Vec<String>) -> Result<(), String> {
    static ASKED: OnceLock<mpsc::Sender<Asked>> = OnceLock::new();
    let asked = ASKED.get_or_init(|| {
        let (asked, asking) = mpsc::channel();
        thread::spawn(move || answer_all(&asking));
        asked
    });
    let (answer, answered) = mpsc::channel();
    asked.send((statements, answer)).map_err(|_| GONE)?;
    answered.recv().map_err(|_| GONE)?
}

const GONE: &str = "what talks with it is gone";

/// All of a process's tests share one connection: each costs the server a process.
fn answer_all(asking: &mpsc::Receiver<Asked>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return };
    let mut open = None;
    for (statements, answer) in asking {
        let done = runtime.block_on(answer_one(&mut open, &statements));
        let _ = answer.send(done);
    }
}

async fn answer_one(open: &mut Option<Client>, statements: &[String]) -> Result<(), String> {
    let client = match open.take().filter(|client| !client.is_closed()) {
        Some(client) => client,
        None => connect().await?,
    };
    let client = open.insert(client);
    for statement in statements {
        client.batch_execute(statement).await.map_err(|error| describe(&error))?;
    }
    Ok(())
}

async fn connect() -> Result<Client, String> {
    let (client, connection) =
        tokio_postgres::connect(&server_url()?, NoTls).await.map_err(|error| describe(&error))?;
    tokio::spawn(connection);
    Ok(client)
}

fn describe(error: &Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |told| told.message().to_owned())
}
