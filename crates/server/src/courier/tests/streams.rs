//! The application's streams and their tests against real listeners.

use super::*;
use crate::world::{SystemClock, SystemEntropy, host, random_key};
use claviger_app::{
    App, Parts, PasswordCost,
    activity::{StreamForm, Tested, WebhookForm},
    email::PlainSmtp,
    stored::Flow,
};
use claviger_domain::{
    permission::{Granted, ManageOrganization},
    secret::Secret,
    stream::{Health, Kind},
};
use claviger_store::{Store, StoreOptions, seal::Sealer};

/// An application with a database of its own.
struct Organization {
    app: App,
    folder: PathBuf,
}

impl Organization {
    async fn new(name: &str, collectors: Collectors) -> Self {
        let folder = std::env::temp_dir().join(format!("claviger-streams-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let key = data_encoding::BASE64.encode(&random_key());
        let parts = Parts {
            store: Store::open(&StoreOptions::Sqlite(folder.join("test.db"))).await.unwrap(),
            sealer: Sealer::parse(&Secret::new(key)).unwrap(),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            mailer: Arc::new(crate::smtp::Smtp::new(SystemClock)),
            courier: Arc::new(collectors),
            public_url: "https://sso.acme.test".into(),
            password_cost: PasswordCost::cheapest(),
            plain_smtp: PlainSmtp::Refused,
        };
        Self { app: App::open(parts).await.unwrap(), folder }
    }

    async fn to_syslog(&self, port: u16) {
        let form = StreamForm {
            flow: Flow::On,
            transport: "tcp".into(),
            host: "localhost".into(),
            port: port.to_string(),
        };
        self.app.save_syslog(&granted(), &form).await.unwrap();
    }

    async fn health(&self) -> Health {
        self.app.log_streams(&granted()).await.unwrap().syslog.unwrap().health
    }
}

impl Drop for Organization {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn granted() -> Granted<ManageOrganization> {
    host().granted().unwrap()
}

/// What a collector takes on one connection.
fn taken(listener: TcpListener) -> JoinHandle<(String, TcpListener)> {
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut taken = String::new();
        stream.read_to_string(&mut taken).await.unwrap();
        (taken, listener)
    })
}

#[tokio::test]
async fn a_test_reaches_the_collector_and_tells_when_there_is_none() {
    let acme = Organization::new("syslog", trusting_nobody()).await;
    let (listener, port) = listener().await;
    acme.to_syslog(port).await;
    let reading = taken(listener);
    assert_eq!(acme.app.test_stream(&granted(), Kind::Syslog).await.unwrap(), Tested::Taken);
    let (message, listener) = reading.await.unwrap();
    assert!(
        message.contains(" sso.acme.test claviger - activity.stream.test [claviger@32473 id="),
        "{message}"
    );
    drop(listener);
    match acme.app.test_stream(&granted(), Kind::Syslog).await.unwrap() {
        Tested::NotTaken(why) => {
            assert!(why.starts_with("no connection with ") && why.contains(&port.to_string()), "{why}")
        }
        other => panic!("{other:?}"),
    }
    acme.app.work_once().await.unwrap();
    acme.app.work_once().await.unwrap();
    let Health::Failing { attempts: 1, error, .. } = acme.health().await else { panic!() };
    assert!(error.starts_with("no connection with "), "{error}");
    let reading = taken(TcpListener::bind(("localhost", port)).await.unwrap());
    assert_eq!(acme.app.test_stream(&granted(), Kind::Syslog).await.unwrap(), Tested::Taken);
    let (_, listener) = reading.await.unwrap();
    let reading = taken(listener);
    acme.app.work_once().await.unwrap();
    let (entries, _) = reading.await.unwrap();
    assert!(entries.contains(" sequence=\"") && entries.contains("activity.stream "), "{entries}");
    assert_eq!(acme.health().await, Health::Well, "a test that was taken ends the pause");
}

#[tokio::test]
async fn a_test_reaches_the_webhook_and_tells_what_it_answered() {
    let certificate = Certificate::new("tested");
    let acme = Organization::new("webhook", certificate.collectors(Reach::Anywhere)).await;
    for (answer, expected) in [
        ("HTTP/1.1 204 No Content\r\n\r\n", Tested::Taken),
        (
            "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n",
            Tested::NotTaken("the webhook answered 403 Forbidden".into()),
        ),
    ] {
        let (asked, url) = webhook(&certificate, answer).await;
        let form = WebhookForm { flow: Flow::Off, url: url.to_string() };
        acme.app.save_webhook(&granted(), &form).await.unwrap();
        assert_eq!(acme.app.test_stream(&granted(), Kind::Webhook).await.unwrap(), expected);
        let asked = asked.await.unwrap();
        assert!(
            asked.contains("\"action\":\"activity.stream.test\"") && asked.contains("\"sequence\":null"),
            "{asked}"
        );
        assert!(asked.contains("claviger-signature: t="), "{asked}");
    }
}
