//! A set-up organization with many enrolled users whose secrets are known here.

use crate::Place;
use anyhow::{Context, Result, ensure};
use claviger_app::{
    App, Parts, PasswordCost,
    mail::Message,
    ports::{Clock, Entropy, MailError, Mailer, Sending, SmtpServer},
    session::Origin,
    set_up::SetUpForm,
};
use claviger_domain::{
    account::{Account, Email, Kind, Password, PersonName, Realm, State, Username},
    factor::Factor,
    id::{AccountId, FactorId},
    lockout::Failures,
    mfa::{Enrollment, Mfa, Requirement},
    permission::{Actor, Granted, ManageOrganization, Who},
    secret::Secret,
    sign_in::TotpSwitch,
    time::Timestamp,
    totp::{Drift, SECRET_BYTES, Step, TotpSecret},
};
use claviger_store::{Batch, Commit, Store, StoreOptions, seal::Sealer, table};
use data_encoding::BASE64;
use std::{
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

pub(crate) const PASSWORD: &str = "wandering seal 41 plum";
const AT_ONCE: usize = 500;

pub(crate) struct Seeded {
    pub(crate) folder: PathBuf,
    pub(crate) database_url: String,
    pub(crate) api_key: String,
    pub(crate) users: Vec<User>,
}

pub(crate) struct User {
    pub(crate) id: AccountId,
    pub(crate) name: String,
    pub(crate) secret: TotpSecret,
}

struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> Timestamp {
        now()
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark lives in real time")]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or_default())
}

struct RealEntropy;

impl Entropy for RealEntropy {
    #[expect(clippy::disallowed_methods, reason = "the port itself")]
    fn fill(&self, bytes: &mut [u8]) {
        let _ = getrandom::fill(bytes);
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    RealEntropy.fill(&mut bytes);
    bytes
}

struct NoMail;

impl Mailer for NoMail {
    fn send<'a>(&'a self, _: &'a SmtpServer, _: &'a Message) -> Sending<'a> {
        Box::pin(async { Err(MailError("no mail is sent here".into())) })
    }
}

pub(crate) async fn seed(place: &Place, count: usize) -> Result<Seeded> {
    let key = Secret::new(BASE64.encode(&random::<32>()));
    write_private(&place.folder.join("master.key"), key.expose())?;
    let database_url = match &place.postgres {
        Some(url) => url.clone(),
        None => format!("sqlite:{}", place.folder.join("claviger.db").display()),
    };
    let options = StoreOptions::parse(&database_url).map_err(anyhow::Error::msg)?;
    let store = Store::open(&options).await?;
    let parts = Parts {
        store: store.clone(),
        sealer: Sealer::parse(&key)?,
        clock: Arc::new(RealClock),
        entropy: Arc::new(RealEntropy),
        mailer: Arc::new(NoMail),
        public_url: "http://localhost".into(),
        password_cost: PasswordCost::default(),
        plain_smtp: claviger_app::email::PlainSmtp::Refused,
    };
    let app = App::open(parts).await?;
    let api_key = set_up(&app).await?;
    let users = users(&app, &store, &Sealer::parse(&key)?, count).await?;
    Ok(Seeded { folder: place.folder.clone(), database_url, api_key, users })
}

fn write_private(path: &std::path::Path, text: &str) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
    Ok(std::io::Write::write_all(&mut file, text.as_bytes())?)
}

async fn set_up(app: &App) -> Result<String> {
    let link = app.setup_link().await?.context("the database is not fresh")?;
    let form = SetUpForm {
        organization: "Acme".into(),
        email: "ada@acme.test".into(),
        password: PASSWORD.into(),
        ..SetUpForm::default()
    };
    app.set_up(link.rsplit('/').next().unwrap_or_default(), &form, &Origin::default()).await?;
    let host = Actor { who: Who::Host, name: "bench".into(), address: String::new() };
    let granted: Granted<ManageOrganization> = host.granted()?;
    app.switch_totp(&granted, TotpSwitch::Enabled).await?;
    Ok(app.create_api_key(&host, "ada@acme.test", "bench").await?.expose().to_owned())
}

async fn users(app: &App, store: &Store, sealer: &Sealer, count: usize) -> Result<Vec<User>> {
    let organization = app.organization().await?.id;
    let ada = app.find_account(Realm::Administrator, "ada@acme.test").await?.context("no administrator")?;
    let mut users = Vec::with_capacity(count);
    let mut batch = Batch::new();
    for n in 0..count {
        let name = format!("user{n}");
        let secret = TotpSecret::new(random::<SECRET_BYTES>().to_vec());
        let (account, factor) = account(&name, ada.password.clone())?;
        let sealed = sealer.seal(table::factor::secret_place(factor.id), random(), secret.expose())?;
        users.push(User { id: account.id, name, secret });
        batch.push(table::account::insert(organization, &account));
        batch.push(table::factor::insert(organization, &factor, sealed));
        if n % AT_ONCE == AT_ONCE - 1 || n + 1 == count {
            ensure!(
                store.commit(std::mem::take(&mut batch)).await? == Commit::Committed,
                "seeding conflicted"
            );
        }
    }
    Ok(users)
}

fn account(name: &str, password: Password) -> Result<(Account, Factor)> {
    let now = now();
    let factor = FactorId::new(now, random());
    let account = Account {
        id: AccountId::new(now, random()),
        revision: 1,
        kind: Kind::User { username: Username::parse("username", name)? },
        email: Email::parse("email", &format!("{name}@acme.test"))?,
        name: PersonName::default(),
        state: State::Activated,
        password,
        mfa: Mfa { requirement: Requirement::AtOnce, enrollment: Enrollment::Enrolled(factor) },
        created_at: now,
        last_sign_in_at: None,
    };
    let factor = Factor {
        id: factor,
        account: account.id,
        revision: 1,
        last_step: Step::NONE,
        drift: Drift::default(),
        failures: Failures::default(),
        confirmed_at: now,
        last_used_at: now,
    };
    Ok((account, factor))
}
