//! Load generator and benchmark suite: starts the server on seeded databases and measures it from outside.
//!
//! `cargo build --release && cargo run --release -p claviger-bench` prints the figures of the README. With
//! `CLAVIGER_TEST_POSTGRES` set it measures PostgreSQL, too. The first argument picks the databases whose name
//! contains it, the second the part: `verify`, `sign-in`, `lists`, `require`, `import`, `log`, `fleet`, `login`,
//! `assertions`. `login` needs root, libpam-google-authenticator and libpam-oath; a third argument is the seed of its order.

mod api;
mod assertions;
mod fleet;
mod http;
mod import;
mod load;
mod log;
mod login;
mod paired;
mod password;
mod report;
mod rollout;
mod seed;
mod server;

use anyhow::{Context, Result, bail};
use report::say;
use seed::People;
use server::Server;
use std::path::{Path, PathBuf};

/// Whom an administrator rolls MFA out to.
const ROLLED_OUT: usize = 100_000;
/// Enough users that no code is asked for twice while a phase lasts.
const USERS: usize = 60_000;

#[tokio::main]
async fn main() -> Result<()> {
    let binary = std::env::current_exe()?.with_file_name("claviger");
    anyhow::ensure!(binary.exists(), "{} is missing: cargo build --release", binary.display());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    say(&format!("{cores} cores, load generator included; {USERS} users\n"));
    let only = std::env::args().nth(1).unwrap_or_default();
    let part = Part(std::env::args().nth(2).unwrap_or_default());
    for (name, place) in places()?.into_iter().filter(|(name, _)| name.contains(&only)) {
        measure(&binary, &name, &place, &part).await.with_context(|| format!("{name} failed"))?;
    }
    Ok(())
}

/// What was asked to be measured; everything if it is empty.
struct Part(String);

impl Part {
    fn has(&self, name: &str) -> bool {
        self.0.is_empty() || self.is(name)
    }

    fn is(&self, name: &str) -> bool {
        self.0 == name
    }
}

/// Where a database is measured: its folder, and its URL if it is not in there.
struct Place {
    folder: PathBuf,
    postgres: Option<String>,
}

impl Place {
    /// Whether logins are measured beside this database: once, and with everything on a disk.
    fn is_for_logins(&self) -> bool {
        self.postgres.is_none() && !self.folder.starts_with("/dev/shm")
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark is told its database by the environment")]
fn places() -> Result<Vec<(String, Place)>> {
    let name = format!("claviger-bench-{}", std::process::id());
    let mut places = Vec::new();
    if Path::new("/dev/shm").is_dir() {
        let folder = Path::new("/dev/shm").join(&name);
        places.push(("SQLite on tmpfs".to_owned(), Place { folder, postgres: None }));
    }
    let folder = std::env::current_dir()?.join("target").join(&name);
    places.push(("SQLite on disk".to_owned(), Place { folder: folder.clone(), postgres: None }));
    if let Ok(url) = std::env::var("CLAVIGER_TEST_POSTGRES") {
        places.push(("PostgreSQL".to_owned(), Place { folder, postgres: Some(url) }));
    }
    Ok(places)
}

async fn measure(binary: &Path, name: &str, place: &Place, part: &Part) -> Result<()> {
    if part.has("verify") || part.has("sign-in") {
        let measured = codes(binary, name, place, part).await;
        std::fs::remove_dir_all(&place.folder)?;
        measured?;
    }
    for (what, people) in [("lists", People::Mixed), ("require", People::Untouched)] {
        if !part.has(what) {
            continue;
        }
        say(&format!("{name}: {ROLLED_OUT} users"));
        std::fs::create_dir_all(&place.folder)?;
        let measured = roll_out(binary, place, people).await;
        std::fs::remove_dir_all(&place.folder)?;
        measured?;
    }
    if part.has("log") {
        say(&format!("{name}: a log of a million entries"));
        std::fs::create_dir_all(&place.folder)?;
        let measured = log::measure(binary, place).await;
        std::fs::remove_dir_all(&place.folder)?;
        measured?;
    }
    if part.has("fleet") {
        say(&format!("{name}: agents of ten thousand devices"));
        std::fs::create_dir_all(&place.folder)?;
        let measured = fleet(binary, place).await;
        std::fs::remove_dir_all(&place.folder)?;
        measured?;
    }
    if part.has("assertions") {
        say(&format!("{name}: people with a session open applications"));
        std::fs::create_dir_all(&place.folder)?;
        let measured = assertions(binary, place).await;
        std::fs::remove_dir_all(&place.folder)?;
        measured?;
    }
    if part.has("login") && place.is_for_logins() {
        logins(binary, place, part).await?;
    }
    if part.has("import") {
        say(&format!("{name}: a file of {ROLLED_OUT} users"));
        std::fs::create_dir_all(&place.folder)?;
        let measured = import_users(binary, place).await;
        std::fs::remove_dir_all(&place.folder)?;
        measured?;
    }
    Ok(())
}

async fn logins(binary: &Path, place: &Place, part: &Part) -> Result<()> {
    let programs = match login::Programs::find(binary) {
        Ok(programs) => programs,
        Err(missing) if part.is("login") => bail!("logins can't be measured: {missing}"),
        Err(missing) => {
            say(&format!("Logins are left out: {missing}"));
            return Ok(());
        }
    };
    say("A code at a login");
    let seed = std::env::args().nth(3).map_or(Ok(1), |seed| seed.parse()).context("the seed is a number")?;
    std::fs::create_dir_all(&place.folder)?;
    let measured = login::measure(binary, &programs, place, seed).await;
    std::fs::remove_dir_all(&place.folder)?;
    measured
}

async fn fleet(binary: &Path, place: &Place) -> Result<()> {
    let seeded = seed::seed(place, 100, People::Enrolled).await?;
    let server = Server::start(binary, &seeded).await?;
    fleet::measure(&server, &seeded).await?;
    server.stop().await
}

async fn assertions(binary: &Path, place: &Place) -> Result<()> {
    let seeded = std::sync::Arc::new(seed::seed(place, 100, People::Enrolled).await?);
    let server = Server::start(binary, &seeded).await?;
    assertions::measure(&server, &seeded).await?;
    server.stop().await
}

async fn import_users(binary: &Path, place: &Place) -> Result<()> {
    let seeded = seed::seed(place, 1, People::Untouched).await?;
    let server = Server::start(binary, &seeded).await?;
    import::users(&server, &seeded, ROLLED_OUT).await?;
    server.stop().await
}

async fn roll_out(binary: &Path, place: &Place, people: People) -> Result<()> {
    let seeded = seed::seed(place, ROLLED_OUT, people).await?;
    let server = Server::start(binary, &seeded).await?;
    server.rest().await;
    match people {
        People::Untouched => rollout::require_everybody(&server, &seeded).await?,
        People::Mixed | People::Enrolled => rollout::pages(&server, &seeded).await?,
    }
    server.stop().await
}

async fn codes(binary: &Path, name: &str, place: &Place, part: &Part) -> Result<()> {
    std::fs::create_dir_all(&place.folder)?;
    let seeded = std::sync::Arc::new(seed::seed(place, USERS, People::Enrolled).await?);
    let server = Server::start(binary, &seeded).await?;
    say(&format!(
        "{name}: ready {} ms after the start on an existing database",
        server.ready_after.as_millis()
    ));
    server.rest().await;
    say(&format!("  idle: {} MiB resident", server.memory()?.resident));
    if part.has("verify") {
        load::verify_phases(&server, &seeded).await?;
    }
    if part.has("sign-in") {
        load::sign_in_storm(&server, &seeded).await?;
    }
    server.stop().await
}
