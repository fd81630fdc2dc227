//! A set-up organization with many enrolled users whose secrets are known here.

use crate::Place;
use anyhow::{Context, Result, ensure};
use claviger_app::{
    App, Parts, PasswordCost,
    mail::Message,
    ports::{Clock, Courier, Entropy, MailError, Mailer, Sending, ShipError, Shipment, Shipping, SmtpServer},
    session::Origin,
    set_up::SetUpForm,
};
use claviger_domain::{
    account::{Account, Email, Kind, Password, PersonName, Realm, State, Username},
    factor::Factor,
    id::{AccountId, FactorId},
    mfa::{Enrollment, Mfa, Requirement},
    permission::{Actor, Granted, ManageOrganization, Who},
    secret::Secret,
    sign_in::TotpSwitch,
    stream::Reach,
    time::{Span, Timestamp},
    totp::{SECRET_BYTES, Step, TotpSecret},
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
    pub(crate) administrator: TotpSecret,
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

pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    RealEntropy.fill(&mut bytes);
    bytes
}

struct NoMail;

impl Mailer for NoMail {
    fn send<'a>(&'a self, _: &'a SmtpServer, _: &'a Message) -> Sending<'a> {
        Box::pin(async { Err(MailError::Failed("no mail is sent here".into())) })
    }
}

/// Takes log entries nowhere.
struct NoCourier;

impl Courier for NoCourier {
    fn reach(&self) -> Reach {
        Reach::Public
    }

    fn ship<'a>(&'a self, _: &'a Shipment) -> Shipping<'a> {
        Box::pin(async { Err(ShipError("nothing is sent here".into())) })
    }
}

/// What the users of a database are like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum People {
    /// All required and enrolled.
    Enrolled,
    /// Every status of S4.14, names of all kinds.
    Mixed,
    /// Nobody is required, nobody enrolled.
    Untouched,
}

pub(crate) async fn seed(place: &Place, count: usize, people: People) -> Result<Seeded> {
    let key = Secret::new(BASE64.encode(&random::<32>()));
    write_private(&place.folder.join("master.key"), key.expose())?;
    let database_url = match &place.postgres {
        Some(url) => fresh_schema(url).await?,
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
        courier: Arc::new(NoCourier),
        public_url: "http://localhost".into(),
        password_cost: PasswordCost::default(),
        plain_smtp: claviger_app::email::PlainSmtp::Refused,
    };
    let app = App::open(parts).await?;
    let api_key = set_up(&app).await?;
    let sealer = Sealer::parse(&key)?;
    let administrator = enroll_administrator(&app, &store, &sealer).await?;
    let users = users(&app, &store, &sealer, (count, people)).await?;
    if place.postgres.is_some() {
        tidy(&database_url).await?;
    }
    Ok(Seeded { folder: place.folder.clone(), database_url, api_key, administrator, users })
}

/// A schema of its own on the server, so that every database begins empty. The last run's is dropped.
async fn fresh_schema(url: &str) -> Result<String> {
    const DROP_OLD: &str = r"DO $$ DECLARE old name; BEGIN
        FOR old IN SELECT nspname FROM pg_namespace WHERE nspname LIKE 'bench\_%' LOOP
            EXECUTE format('DROP SCHEMA %I CASCADE', old);
        END LOOP;
    END $$";
    let name = format!("bench_{}", now().0);
    run(url, &[DROP_OLD, &format!("CREATE SCHEMA {name}")]).await?;
    let separator = if url.contains('?') { '&' } else { '?' };
    Ok(format!("{url}{separator}options=-csearch_path%3D{name},public"))
}

/// What autovacuum does within minutes of users coming in: a bench begins earlier.
async fn tidy(url: &str) -> Result<()> {
    run(url, &["VACUUM ANALYZE"]).await
}

async fn run(url: &str, statements: &[&str]) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    let running = tokio::spawn(connection);
    for statement in statements {
        client.batch_execute(statement).await?;
    }
    drop(client);
    Ok(running.await??)
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

/// The administrator's authenticator.
async fn enroll_administrator(app: &App, store: &Store, sealer: &Sealer) -> Result<TotpSecret> {
    let organization = app.organization().await?.id;
    let ada = app.find_account(Realm::Administrator, "ada@acme.test").await?.context("no administrator")?;
    let secret = TotpSecret::new(random::<SECRET_BYTES>().to_vec());
    let factor = Factor::confirmed(FactorId::new(now(), random()), ada.id, Step::NONE, now());
    let sealed = sealer.seal(table::factor::secret_place(factor.id), random(), secret.expose())?;
    let enrolled = Account { mfa: Mfa { enrollment: Enrollment::Enrolled(factor.id), ..ada.mfa }, ..ada };
    let batch = Batch::of([
        table::account::save(organization, &enrolled),
        table::factor::insert(organization, &factor, sealed),
    ]);
    ensure!(store.commit(batch).await? == Commit::Committed, "the administrator conflicted");
    Ok(secret)
}

async fn users(
    app: &App,
    store: &Store,
    sealer: &Sealer,
    (count, people): (usize, People),
) -> Result<Vec<User>> {
    let organization = app.organization().await?.id;
    let ada = app.find_account(Realm::Administrator, "ada@acme.test").await?.context("no administrator")?;
    let mut users = Vec::with_capacity(count);
    let mut batch = Batch::new();
    for n in 0..count {
        let name = format!("user{n}");
        let secret = TotpSecret::new(random::<SECRET_BYTES>().to_vec());
        let account = account(&name, ada.password.clone(), (n, people))?;
        batch.push(table::account::insert(organization, &account));
        if let Enrollment::Enrolled(factor) = account.mfa.enrollment {
            let sealed = sealer.seal(table::factor::secret_place(factor), random(), secret.expose())?;
            batch.push(table::factor::insert(
                organization,
                &Factor::confirmed(factor, account.id, Step::NONE, now()),
                sealed,
            ));
        }
        users.push(User { id: account.id, name, secret });
        if n % AT_ONCE == AT_ONCE - 1 || n + 1 == count {
            ensure!(
                store.commit(std::mem::take(&mut batch)).await? == Commit::Committed,
                "seeding conflicted"
            );
        }
    }
    Ok(users)
}

fn account(name: &str, password: Password, (n, people): (usize, People)) -> Result<Account> {
    let now = now();
    let enrolled = || Enrollment::Enrolled(FactorId::new(now, random()));
    let days = |days: i64| Requirement::By(now.plus(Span::hours(24 * days - 1)));
    let (requirement, enrollment) = match (people, n % 20) {
        (People::Enrolled, _) => (Requirement::AtOnce, enrolled()),
        (People::Untouched, _) | (People::Mixed, 0..=3) => {
            (Requirement::NotRequired, Enrollment::NotEnrolled)
        }
        (People::Mixed, 4..=9) => (days(7), enrolled()),
        (People::Mixed, 10..=15) => (days(1 + i64::try_from(n % 30)?), Enrollment::NotEnrolled),
        (People::Mixed, 16) => (Requirement::By(now.minus(Span::days(2))), Enrollment::NotEnrolled),
        (People::Mixed, 17 | 18) => (Requirement::NotRequired, enrolled()),
        (People::Mixed, _) => (Requirement::AtOnce, Enrollment::NotEnrolled),
    };
    let name_of_person = match people {
        People::Mixed => PersonName {
            first: spoken(n.wrapping_mul(7_919)),
            last: spoken(n.wrapping_mul(104_729) + 13),
            display: String::new(),
        },
        People::Enrolled | People::Untouched => PersonName::default(),
    };
    Ok(Account {
        id: AccountId::new(now, random()),
        revision: 1,
        kind: Kind::User { username: Username::parse("username", name)? },
        email: Email::parse("email", &format!("{name}@acme.test"))?,
        name: name_of_person,
        state: State::Activated,
        password,
        mfa: Mfa { requirement, enrollment },
        created_at: now,
        last_sign_in_at: None,
    })
}

/// A name of two to four syllables, the same for the same number.
fn spoken(number: usize) -> String {
    const SYLLABLES: [&str; 16] =
        ["an", "be", "ca", "do", "el", "fi", "go", "ha", "in", "jo", "ka", "li", "mo", "ne", "or", "pa"];
    let mut rest = number;
    let mut name = String::new();
    for _ in 0..2 + number % 3 {
        name.push_str(SYLLABLES.get(rest % SYLLABLES.len()).copied().unwrap_or_default());
        rest /= SYLLABLES.len();
    }
    name
}
