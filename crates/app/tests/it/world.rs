//! An organization to test in.

use claviger_app::{
    App, Parts, PasswordCost, Refusal,
    administrators::AdministratorForm,
    demand::Demand,
    enrollment::Enroller,
    mail::Message,
    ports::{
        Clock, Courier, Entropy, MailError, Mailer, Sending, ShipError, Shipment, Shipping, SmtpServer,
        new_rsa_key,
    },
    session::{HalfSignedIn, NewSession, Origin, SignedIn, Visit},
    set_up::SetUpForm,
    sign_in::PasswordOutcome,
    users::{Activation, Person},
};
use claviger_domain::{
    account::{Account, Realm},
    id::AccountId,
    mfa::{EnrollmentDays, Period},
    permission::{Actor, Granted, Needs, Role, Who},
    secret::Secret,
    sign_in::TotpSwitch,
    stream::Reach,
    time::{Span, Timestamp},
    totp::{Code, Step, TotpSecret},
};
use claviger_store::{Store, seal::Sealer};
use claviger_testing::{Chance, TestDatabase};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, Ordering},
};

pub(crate) const PASSWORD: &str = "wandering seal 41 plum";
pub(crate) const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

#[derive(Debug)]
pub(crate) struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[derive(Debug, Default)]
struct Counted(Chance);

impl Entropy for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn rsa_key(&self) -> Option<Secret<Vec<u8>>> {
        self.0.key(|| new_rsa_key().map(|key| key.expose().clone())).map(Secret::new)
    }
}

/// Keeps what is sent, or refuses it while told to.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    pub(crate) sent: Mutex<Vec<Message>>,
    pub(crate) refusing: Mutex<Option<String>>,
    /// Addresses that are refused for good.
    pub(crate) unknown: Mutex<Vec<String>>,
    /// Log entries that were taken elsewhere.
    pub(crate) shipped: Mutex<Vec<Shipment>>,
    /// Why collectors take nothing, while they do not.
    pub(crate) unreachable: Mutex<Option<String>>,
}

impl Courier for Mailbox {
    fn reach(&self) -> Reach {
        Reach::Public
    }

    fn ship<'a>(&'a self, shipment: &'a Shipment) -> Shipping<'a> {
        Box::pin(async move {
            if let Some(reason) = self.unreachable.lock().unwrap().clone() {
                return Err(ShipError(reason));
            }
            self.shipped.lock().unwrap().push(shipment.clone());
            Ok(())
        })
    }
}

impl Mailer for Mailbox {
    fn send<'a>(&'a self, _: &'a SmtpServer, message: &'a Message) -> Sending<'a> {
        Box::pin(async move {
            if let Some(reason) = self.refusing.lock().unwrap().clone() {
                return Err(MailError::Failed(reason));
            }
            if self.unknown.lock().unwrap().contains(&message.to) {
                return Err(MailError::AddressRefused("550 no such mailbox".into()));
            }
            self.sent.lock().unwrap().push(message.clone());
            Ok(())
        })
    }
}

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) mailbox: Arc<Mailbox>,
    entropy: Arc<Counted>,
}

fn sealer() -> Sealer {
    Sealer::parse(&Secret::new(data_encoding::BASE64.encode(&[7; 32]))).unwrap()
}

impl World {
    /// A fresh installation, not set up.
    pub(crate) async fn fresh(database: &TestDatabase) -> Self {
        let clock = Arc::new(SetClock(AtomicI64::new(START.0)));
        let (mailbox, entropy) = (Arc::new(Mailbox::default()), Arc::new(Counted::default()));
        let app = Self::node(database.open().await, &clock, &mailbox, &entropy).await;
        Self { app, clock, mailbox, entropy }
    }

    async fn node(
        store: Store,
        clock: &Arc<SetClock>,
        mailbox: &Arc<Mailbox>,
        entropy: &Arc<Counted>,
    ) -> App {
        let parts = Parts {
            store,
            sealer: sealer(),
            clock: Arc::clone(clock) as Arc<dyn Clock>,
            entropy: Arc::clone(entropy) as Arc<dyn Entropy>,
            mailer: Arc::clone(mailbox) as Arc<dyn Mailer>,
            courier: Arc::clone(mailbox) as Arc<dyn Courier>,
            public_url: "https://sso.acme.test".into(),
            password_cost: PasswordCost::cheapest(),
            plain_smtp: claviger_app::email::PlainSmtp::Refused,
        };
        App::open(parts).await.unwrap()
    }

    /// Another server on the same database.
    pub(crate) async fn another_node(&self, database: &TestDatabase) -> App {
        Self::node(database.open().await, &self.clock, &self.mailbox, &self.entropy).await
    }

    /// Set up, TOTP enabled.
    pub(crate) async fn new(database: &TestDatabase) -> Self {
        let world = Self::fresh(database).await;
        world.set_up().await;
        world.app.switch_totp(&granted(), TotpSwitch::Enabled).await.unwrap();
        world
    }

    pub(crate) async fn set_up(&self) -> NewSession {
        let link = self.app.setup_link().await.unwrap().unwrap();
        self.app.set_up(token_of(&link), &set_up_form(), &origin()).await.unwrap()
    }

    pub(crate) fn later(&self, span: Span) {
        self.clock.0.fetch_add(span.micros(), Ordering::SeqCst);
    }

    pub(crate) fn earlier(&self, span: Span) {
        self.clock.0.fetch_sub(span.micros(), Ordering::SeqCst);
    }

    /// An activated user with a password; required with that many days, if any.
    pub(crate) async fn user(&self, name: &str, days: Option<i64>) -> Account {
        let demand = days.map_or(Demand::NotRequired, |days| Demand::Required(Ok(period(days))));
        let account =
            self.app.create_user(&granted(), &person(name), &demand, Activation::Now).await.unwrap();
        let link = self.link_mailed_to(&account.email.to_string(), "/register/").await;
        let found = self
            .app
            .password_link(Realm::User, claviger_app::stored::Purpose::Registration, token_of(&link))
            .await
            .unwrap();
        self.app.set_password(&found, PASSWORD, &origin()).await.unwrap();
        self.account(account.id).await
    }

    /// A user who has set MFA up, and the secret in their authenticator.
    pub(crate) async fn enrolled(&self, name: &str) -> (Account, TotpSecret) {
        let account = self.user(name, Some(7)).await;
        let half = self.half(name).await;
        let (_, secret) = self.enroll(&Enroller::on_the_way(&half).unwrap()).await;
        self.later(Span::seconds(60));
        (self.account(account.id).await, secret)
    }

    pub(crate) async fn enroll(&self, who: &Enroller) -> (NewSession, TotpSecret) {
        self.app.start_enrollment(who).await.unwrap();
        let secret = self.shown(who).await;
        let session = self.app.confirm_enrollment(who, &self.code_now(&secret), "").await.unwrap().session;
        (session, secret)
    }

    pub(crate) async fn shown(&self, who: &Enroller) -> TotpSecret {
        let shown = self.app.show_enrollment(who).await.unwrap();
        TotpSecret::new(data_encoding::BASE32_NOPAD.decode(shown.key.expose().as_bytes()).unwrap())
    }

    pub(crate) fn code_now(&self, secret: &TotpSecret) -> String {
        format!("{:06}", secret.code(Step::at(self.app.now())))
    }

    pub(crate) fn code(&self, secret: &TotpSecret) -> Code {
        Code::parse("code", &self.code_now(secret)).unwrap()
    }

    pub(crate) async fn account(&self, id: AccountId) -> Account {
        self.app.user(&granted(), id).await.unwrap()
    }

    pub(crate) async fn password(&self, name: &str, password: &str) -> PasswordOutcome {
        self.app.submit_password(Realm::User, name, &Secret::from(password), &origin()).await.unwrap()
    }

    pub(crate) async fn session(&self, name: &str) -> NewSession {
        match self.password(name, PASSWORD).await {
            PasswordOutcome::Session(session) => session,
            other => panic!("{name} could not sign in: {other:?}"),
        }
    }

    pub(crate) async fn visit(&self, session: &NewSession) -> Visit {
        self.app.visit(session.realm, session.token.expose(), origin()).await.unwrap()
    }

    pub(crate) async fn half(&self, name: &str) -> HalfSignedIn {
        match self.visit(&self.session(name).await).await {
            Visit::Half(half) => *half,
            other => panic!("{name} is not on the way in: {other:?}"),
        }
    }

    pub(crate) async fn signed_in(&self, session: &NewSession) -> SignedIn {
        match self.visit(session).await {
            Visit::Full(me) => *me,
            other => panic!("not signed in: {other:?}"),
        }
    }

    /// The subjects of the mails queued for `to`, the oldest first.
    pub(crate) async fn subjects(&self, to: &str) -> Vec<String> {
        let mails = self.app.mail_queue(&granted(), 1000).await.unwrap();
        let mut kinds: Vec<_> = mails
            .into_iter()
            .filter(|queued| queued.mail.recipient == to)
            .map(|queued| queued.mail.kind.key().to_owned())
            .collect();
        kinds.reverse();
        kinds
    }

    pub(crate) async fn link_mailed_to(&self, to: &str, part: &str) -> String {
        let mails = self.app.mail_queue(&granted(), 1000).await.unwrap();
        let links =
            mails.into_iter().filter(|queued| queued.mail.recipient == to).filter_map(|queued| queued.link);
        links.into_iter().find(|link| link.contains(part)).unwrap()
    }
}

pub(crate) fn granted<P: Needs>() -> Granted<P> {
    Actor { who: Who::System, name: "test".into(), address: String::new() }.granted().unwrap()
}

pub(crate) fn origin() -> Origin {
    Origin { address: "192.0.2.7".into(), user_agent: "test".into() }
}

pub(crate) fn person(name: &str) -> Person {
    Person { username: name.into(), email: format!("{name}@acme.test"), ..Person::default() }
}

pub(crate) fn days(n: i64) -> EnrollmentDays {
    EnrollmentDays::new("days", n).unwrap()
}

pub(crate) fn period(n: i64) -> Period {
    Period::Days(days(n))
}

pub(crate) fn set_up_form() -> SetUpForm {
    SetUpForm {
        organization: "Acme".into(),
        first_name: "Ada".into(),
        last_name: "Admin".into(),
        email: "ada@acme.test".into(),
        password: PASSWORD.into(),
    }
}

pub(crate) fn token_of(link: &str) -> &str {
    link.rsplit('/').next().unwrap()
}

pub(crate) fn refused_fields(refusal: Refusal) -> Vec<&'static str> {
    match refusal {
        Refusal::Fields(errors) => errors.into_iter().map(|error| error.field).collect(),
        other => panic!("{other}"),
    }
}

pub(crate) fn administrator_form(email: &str, role: Role) -> AdministratorForm {
    AdministratorForm { email: email.into(), role: role.key().into(), ..AdministratorForm::default() }
}
