//! The use cases of Claviger, one function each, for pages, API, jobs and command line.
//!
//! A use case loads facts, lets the domain decide, and commits one batch with the state, the log entry and the
//! mails. Nothing below is held open while a person, a hash or another server is waited for.

pub mod account;
pub mod activity;
pub mod administrators;
pub mod api_key;
pub mod api_keys;
pub mod applications;
pub mod audit;
mod beside;
mod bindings;
pub mod bulk;
pub mod commands;
pub mod counts;
pub mod csv_text;
pub mod demand;
mod denied;
pub mod device_admin;
pub mod devices;
mod door;
mod draft;
pub mod email;
pub mod enrollment;
mod error;
pub mod evidence;
pub mod export;
mod first_code;
pub mod groups;
mod hashing;
pub mod home;
pub mod home_widgets;
pub mod idempotency;
pub mod import;
pub mod jobs;
pub mod logo;
pub mod mail;
pub mod mfa;
pub mod mfa_reset;
#[cfg(test)]
mod mutated;
pub mod not_me;
pub mod oidc;
pub mod organization;
pub mod own_factor;
pub mod password;
pub mod policies;
pub mod ports;
pub mod recovery;
mod remind;
pub mod report;
pub mod reset_approval;
pub mod resync;
pub mod saml;
pub mod schedule;
pub mod session;
pub mod sessions;
pub mod set_up;
pub mod sign_in;
mod signing;
pub mod step_up;
mod throttle;
mod token;
pub mod token_file;
pub mod tokens;
pub mod usage;
pub mod users;
pub mod verify;
pub mod words;

pub use error::{Problem, Refusal};
pub use hashing::PasswordCost;
pub use token::Token;

/// Rows as the store has them, for whoever shows them.
pub mod stored {
    pub use claviger_store::table::{
        account_mail::Bounced,
        administrator::{Listing as AdministratorListing, cursor as administrator_cursor},
        api_key::{ApiKey, OwnedKey},
        application::Assigned,
        audit_list::Listed,
        command::{Counted as CountedCommand, Holder as CommandHolder},
        command_run::{CommandResult, CommandRun, CountedRun, RunOnDevice},
        device_binding::{self, BoundDevice, BoundUser},
        device_contact::{Contact, Known},
        device_group::{CountedDevices, DeviceGroup, GroupBinding, Member as DeviceMember},
        device_list,
        factor::Holder,
        group::Counted,
        job::{Job, Line, Part, State as JobState, Which},
        link::Purpose,
        log_stream::{Flow, LogStream},
        mail::{Listing as MailListing, Page as MailPage, State as MailState},
        mail_text::Switch as MailSwitch,
        policy::Counted as CountedPolicy,
        policy_bound::{BoundDevice as PolicyDevice, OnDevice as DevicePolicy},
        posix::OwnedSshKey,
        remembered_login::Listed as RememberedLogin,
        report::Drifting,
        session::Session,
        smtp::{Delivery, Encryption, Smtp},
        token::{Held, ListedToken, TokenFilter, cursor as token_cursor},
        user_list,
    };
}

use claviger_domain::{organization::Organization, revision::Seen, time::Timestamp};
use claviger_store::{Store, seal::Sealer};
use email::PlainSmtp;
use hashing::Hasher;
use ports::{Clock, Courier, Entropy, Mailer};
use std::sync::{Arc, OnceLock, RwLock};
use tokio::sync::{Notify, OnceCell, Semaphore};

/// How many times a use case that lost a race decides again.
const ROUNDS: u32 = 64;

/// Runs the body until it gives a value; `None` means that another write came first.
macro_rules! until_decided {
    ($body:block) => {{
        let mut round = 0;
        loop {
            let decided: Option<_> = $body;
            match decided {
                Some(value) => break Ok(value),
                None if round == $crate::ROUNDS => break Err($crate::Problem::Busy.into()),
                None => round += 1,
            }
        }
    }};
}
pub(crate) use until_decided;

/// What the application is made of.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// What opens and seals secrets.
    pub sealer: Sealer,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// What hands mails over.
    pub mailer: Arc<dyn Mailer>,
    /// What takes log entries elsewhere.
    pub courier: Arc<dyn Courier>,
    /// What links begin with, without a slash at the end.
    pub public_url: String,
    /// How dear a password hash is.
    pub password_cost: PasswordCost,
    /// Whether an administrator may send mail without encryption.
    pub plain_smtp: PlainSmtp,
}

/// The application, and on what condition it is to change something; clones share it.
#[derive(Clone)]
pub struct App(Arc<Inner>, Option<Seen>);

struct Inner {
    store: Store,
    sealer: Sealer,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    mailer: Arc<dyn Mailer>,
    courier: Arc<dyn Courier>,
    public_url: String,
    hasher: Hasher,
    dummy_hash: OnceLock<claviger_domain::account::PasswordHash>,
    organization: RwLock<Option<(Timestamp, Arc<Organization>)>>,
    logo: logo::Cache,
    api_keys: api_key::Cache,
    refusals: denied::Refusals,
    queued: Notify,
    jobs: Notify,
    counts: counts::Counts,
    plain_smtp: PlainSmtp,
    watch: devices::Watch,
    device_signer: OnceCell<signing::Signer>,
    verifying: Semaphore,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "App({:?})", self.0.store)
    }
}

impl App {
    /// Puts the application together and sees to it that the organization's row exists and the key fits.
    pub async fn open(parts: Parts) -> Result<Self, Problem> {
        let Parts { store, sealer, clock, entropy, mailer, courier, public_url, password_cost, plain_smtp } =
            parts;
        let app = Self(
            Arc::new(Inner {
                store,
                sealer,
                clock,
                entropy,
                mailer,
                courier,
                public_url,
                hasher: Hasher::new(password_cost)?,
                dummy_hash: OnceLock::new(),
                organization: RwLock::new(None),
                logo: logo::Cache::default(),
                api_keys: api_key::Cache::default(),
                refusals: denied::Refusals::default(),
                queued: Notify::new(),
                jobs: Notify::new(),
                counts: counts::Counts::default(),
                plain_smtp,
                watch: devices::Watch::default(),
                device_signer: OnceCell::new(),
                verifying: Semaphore::new(devices::VERIFYING),
            }),
            None,
        );
        app.ensure_organization().await?;
        Ok(app)
    }

    /// S13.1: the same, but a change of what was seen is a [`Problem::Outdated`] if somebody changed it since.
    pub fn if_unchanged(&self, seen: Seen) -> Self {
        Self(Arc::clone(&self.0), Some(seen))
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// What links begin with.
    pub fn public_url(&self) -> &str {
        &self.0.public_url
    }

    /// The database, for what only reads.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.entropy.fill(&mut bytes);
        bytes
    }
}
