//! A site to send requests to.

use axum::{
    Router,
    body::Body,
    http::{Method, Request, StatusCode, header},
    response::Response,
};
use claviger_app::{
    App, Parts, PasswordCost,
    mail::Message,
    ports::{
        Clock, Courier, Entropy, MailError, Mailer, Sending, ShipError, Shipment, Shipping, SmtpServer,
        new_rsa_key,
    },
    session::Origin,
    set_up::SetUpForm,
};
use claviger_domain::{
    bucket::Rate,
    permission::{Actor, Granted, ManageOrganization, Who},
    secret::Secret,
    sign_in::TotpSwitch,
    stream::Reach,
    time::Timestamp,
};
use claviger_store::{Batch, Commit, Statement, p, seal::Sealer};
use claviger_testing::{Chance, TestDatabase};
use claviger_web::{ApiLimits, Options, Web, router};
use http_body_util::BodyExt;
use serde_json::Value;
use std::sync::Arc;
use tower::ServiceExt;

pub(crate) struct Site {
    pub(crate) app: App,
    router: Router,
    pub(crate) key: String,
}

struct Frozen;

impl Clock for Frozen {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000)
    }
}

#[derive(Default)]
struct Counted(Chance);

impl Entropy for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn rsa_key(&self) -> Option<Secret<Vec<u8>>> {
        self.0.key(|| new_rsa_key().map(|key| key.expose().clone())).map(Secret::new)
    }
}

struct NoMail;

impl Mailer for NoMail {
    fn send<'a>(&'a self, _: &'a SmtpServer, _: &'a Message) -> Sending<'a> {
        Box::pin(async { Err(MailError::Failed("not here".into())) })
    }
}

/// Takes log entries to one host alone.
struct NoCourier;

impl Courier for NoCourier {
    fn reach(&self) -> Reach {
        Reach::Public
    }

    fn ship<'a>(&'a self, shipment: &'a Shipment) -> Shipping<'a> {
        let host = match shipment {
            Shipment::Syslog { host, .. } => host.as_str(),
            Shipment::Webhook { url, .. } => url.name(),
        };
        let taken = host == "taken.acme.test";
        Box::pin(async move { if taken { Ok(()) } else { Err(ShipError("nothing is sent here".into())) } })
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) head: axum::http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Self { status: parts.status, head: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.head.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Site {
    pub(crate) async fn fresh(database: &TestDatabase) -> Self {
        let parts = Parts {
            store: database.open().await,
            sealer: Sealer::parse(&Secret::new(data_encoding::BASE64.encode(&[7; 32]))).unwrap(),
            clock: Arc::new(Frozen),
            entropy: Arc::new(Counted::default()),
            mailer: Arc::new(NoMail),
            courier: Arc::new(NoCourier),
            public_url: "https://sso.acme.test".into(),
            password_cost: PasswordCost::cheapest(),
            plain_smtp: claviger_app::email::PlainSmtp::Refused,
        };
        let app = App::open(parts).await.unwrap();
        let router = router(Web::new(app.clone(), Options::default()));
        Self { app, router, key: String::new() }
    }

    /// Set up, TOTP enabled, with a key of its first administrator.
    pub(crate) async fn new(database: &TestDatabase) -> Self {
        let mut site = Self::fresh(database).await;
        let link = site.app.setup_link().await.unwrap().unwrap();
        let form = SetUpForm {
            organization: "Acme".into(),
            email: "ada@acme.test".into(),
            password: "wandering seal 41 plum".into(),
            ..SetUpForm::default()
        };
        site.app.set_up(link.rsplit('/').next().unwrap(), &form, &Origin::default()).await.unwrap();
        let host = Actor { who: Who::Host, name: "test".into(), address: String::new() };
        let granted: Granted<ManageOrganization> = host.granted().unwrap();
        site.app.switch_totp(&granted, TotpSwitch::Enabled).await.unwrap();
        site.key = site.app.create_api_key(&host, "ada@acme.test", "test").await.unwrap().expose().to_owned();
        site
    }

    /// The same site with other limits of its API.
    pub(crate) fn limited(&self, calls: u32, wrong_keys: u32) -> Self {
        let api_limits =
            ApiLimits { calls: Rate::per_minute(calls), wrong_keys: Rate::per_minute(wrong_keys) };
        let options = Options { api_limits, ..Options::default() };
        let router = router(Web::new(self.app.clone(), options));
        Self { app: self.app.clone(), router, key: self.key.clone() }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        Answer::of(self.router.clone().oneshot(request).await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key))
            .header(header::CONTENT_TYPE, "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.body(body).unwrap()).await
    }
}

/// The cookie of an administrator who needs no code.
pub(crate) async fn administrator(site: &Site) -> String {
    const FREE: &str = "UPDATE account SET requirement = 'not_required' WHERE realm = 'administrator'";
    let freed = site.app.store().commit(Batch::of([Statement::new(FREE, p![])])).await.unwrap();
    assert_eq!(freed, Commit::Committed);
    let body = "identifier=ada%40acme.test&password=wandering+seal+41+plum";
    let answer = site.send(form("/admin/sign-in", "", body)).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/admin"));
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

pub(crate) fn form(path: &str, cookie: &str, body: &str) -> Request<Body> {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    request.header(header::COOKIE, cookie).body(Body::from(body.to_owned())).unwrap()
}

pub(crate) async fn page(site: &Site, cookie: &str, path: &str) -> Answer {
    site.send(Request::get(path).header(header::COOKIE, cookie).body(Body::empty()).unwrap()).await
}
