//! The ports to the real world, and the application put together.

use crate::{
    config::Config,
    courier::Collectors,
    master_key::{self, Database},
    smtp::Smtp,
};
use anyhow::{Context, Result};
use claviger_app::{
    App, Parts, PasswordCost,
    ports::{Clock, Entropy},
};
use claviger_domain::{
    permission::{Actor, Who},
    time::Timestamp,
};
use claviger_store::{Store, StoreOptions, table};
use std::{
    os::unix::fs::DirBuilderExt,
    path::Path,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

/// The system's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the port itself")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// The system's random source. Without it nothing here is safe, so the process ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "the port itself")]
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            crate::logs::complain(&format!("the system gives no random bytes: {error}"));
            std::process::abort();
        }
    }
}

/// Opens the database and puts the application together.
pub(crate) async fn open(config: &Config) -> Result<App> {
    make_private_folder(&config.data_dir)?;
    let store = Store::open(&config.database).await.context("the database can't be opened")?;
    let made_before = table::organization::load(&store).await?.is_some();
    let parts = Parts {
        sealer: master_key::load(config, if made_before { Database::Used } else { Database::Empty })?,
        store,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        mailer: Arc::new(Smtp::new(SystemClock)),
        courier: Arc::new(Collectors::new(config.webhooks)?),
        public_url: config.public_url.clone(),
        password_cost: PasswordCost::default(),
        plain_smtp: config.plain_smtp,
    };
    App::open(parts).await.context("the installation can't be used")
}

/// Random bytes for a new master key, before there is an application.
pub(crate) fn random_key() -> [u8; 32] {
    let mut key = [0; 32];
    SystemEntropy.fill(&mut key);
    key
}

fn make_private_folder(path: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(path).with_context(|| format!("the folder {} can't be made", path.display()))
}

/// Whether there is an embedded database at all; a server elsewhere is only known by asking it.
pub(crate) fn is_untouched(config: &Config) -> bool {
    matches!(&config.database, StoreOptions::Sqlite(path) if !path.exists())
}

/// The command line on the server's own host, as the log knows it.
pub(crate) fn host() -> Actor {
    Actor { who: Who::Host, name: "command line".into(), address: String::new() }
}
