mod streams;

use super::*;
use claviger_domain::stream::WebhookUrl;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{path::PathBuf, process::Command};
use tokio::{io::AsyncReadExt, net::TcpListener, task::JoinHandle};
use tokio_rustls::TlsAcceptor;

/// A certificate for `localhost` and its key, made anew.
struct Certificate {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    folder: PathBuf,
}

impl Certificate {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("claviger-courier-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (certificate, key) = (folder.join("c.pem"), folder.join("k.pem"));
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
            .args(["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Self {
            chain: CertificateDer::pem_file_iter(&certificate).unwrap().map(Result::unwrap).collect(),
            key: PrivateKeyDer::from_pem_file(&key).unwrap(),
            folder,
        }
    }

    fn acceptor(&self) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), self.key.clone_key())
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    fn collectors(&self, reach: Reach) -> Collectors {
        let mut roots = RootCertStore::empty();
        for certificate in &self.chain {
            roots.add(certificate.clone()).unwrap();
        }
        Collectors::trusting(roots, reach).unwrap()
    }
}

impl Drop for Certificate {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn trusting_nobody() -> Collectors {
    Collectors::trusting(RootCertStore::empty(), Reach::Anywhere).unwrap()
}

fn syslog(transport: Transport, port: u16) -> Shipment {
    let messages =
        vec!["<110>1 - - claviger - a - one".to_owned(), "<110>1 - - claviger - b - zwei é".to_owned()];
    Shipment::Syslog { transport, host: "localhost".into(), port, messages }
}

/// What the two messages look like where octets are counted.
const COUNTED: &str = "29 <110>1 - - claviger - a - one33 <110>1 - - claviger - b - zwei é";

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("localhost:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// A server that answers one request with `answer` and tells what it was asked.
async fn webhook(certificate: &Certificate, answer: &'static str) -> (JoinHandle<String>, WebhookUrl) {
    let (listener, port) = listener().await;
    let acceptor = certificate.acceptor();
    let asked = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(stream).await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"}") {
            assert!(stream.read_buf(&mut asked).await.unwrap() > 0);
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        String::from_utf8(asked).unwrap()
    });
    let url = WebhookUrl::parse("url", &format!("https://localhost:{port}/in?x=1"), Reach::Anywhere).unwrap();
    (asked, url)
}

fn post(url: WebhookUrl) -> Shipment {
    Shipment::Webhook { url, signature: "t=1,v1=ab".into(), body: "{\"events\":[]}".into() }
}

#[tokio::test]
async fn octets_are_counted_over_tcp() {
    let (listener, port) = listener().await;
    let shipment = syslog(Transport::Tcp, port);
    let shipping = tokio::spawn(async move { trusting_nobody().ship(&shipment).await });
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut taken = String::new();
    stream.read_to_string(&mut taken).await.unwrap();
    assert_eq!(taken, COUNTED);
    assert_eq!(shipping.await.unwrap(), Ok(()));
}

#[tokio::test]
async fn a_datagram_each_over_udp() {
    let socket = UdpSocket::bind("localhost:0").await.unwrap();
    let port = socket.local_addr().unwrap().port();
    trusting_nobody().ship(&syslog(Transport::Udp, port)).await.unwrap();
    let mut buffer = [0; 200];
    let length = socket.recv(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..length], b"<110>1 - - claviger - a - one");
    let length = socket.recv(&mut buffer).await.unwrap();
    assert!(buffer[..length].ends_with("zwei é".as_bytes()));
}

#[tokio::test]
async fn a_collector_over_tls_must_prove_its_name() {
    let certificate = Certificate::new("syslog");
    let (listener, port) = listener().await;
    let acceptor = certificate.acceptor();
    let taken = tokio::spawn(async move {
        let mut all = Vec::new();
        for _ in 0..2 {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let mut text = String::new();
                let _ = stream.read_to_string(&mut text).await;
                all.push(text);
            }
        }
        all
    });
    let shipment = syslog(Transport::Tls, port);
    let refused = trusting_nobody().ship(&shipment).await.unwrap_err();
    assert!(refused.0.contains("no TLS connection with localhost"), "{refused}");
    certificate.collectors(Reach::Public).ship(&shipment).await.unwrap();
    assert_eq!(taken.await.unwrap(), [COUNTED]);
}

#[tokio::test]
async fn a_batch_is_posted_with_its_signature() {
    let certificate = Certificate::new("posted");
    let (asked, url) = webhook(&certificate, "HTTP/1.1 204 No Content\r\n\r\n").await;
    let port = url.port();
    certificate.collectors(Reach::Anywhere).ship(&post(url)).await.unwrap();
    let asked = asked.await.unwrap();
    assert!(asked.starts_with("POST /in?x=1 HTTP/1.1\r\n"), "{asked}");
    for line in [
        format!("host: localhost:{port}\r\n").as_str(),
        "content-type: application/json\r\n",
        "claviger-signature: t=1,v1=ab\r\n",
        "content-length: 13\r\n",
    ] {
        assert!(asked.contains(line), "{line}{asked}");
    }
}

#[tokio::test]
async fn only_a_receipt_is_one() {
    let certificate = Certificate::new("refused");
    for (answer, words) in [
        ("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n", "500 Internal Server Error"),
        (
            "HTTP/1.1 302 Found\r\nlocation: https://localhost:1/\r\ncontent-length: 0\r\n\r\n",
            "redirects are not followed",
        ),
        ("", "the webhook did not answer"),
    ] {
        let (asked, url) = webhook(&certificate, answer).await;
        let refused = certificate.collectors(Reach::Anywhere).ship(&post(url)).await.unwrap_err();
        assert!(refused.0.contains(words), "{refused}");
        asked.await.unwrap();
    }
}

#[tokio::test]
async fn a_webhook_in_the_servers_own_network_is_not_called() {
    let certificate = Certificate::new("private");
    let (listener, port) = listener().await;
    // The name is as good as any other; it is where it leads to that counts.
    let url = WebhookUrl::parse("url", &format!("https://localhost:{port}/"), Reach::Anywhere).unwrap();
    let refused = certificate.collectors(Reach::Public).ship(&post(url)).await.unwrap_err();
    assert!(refused.0.contains("own network"), "{refused}");
    let nobody = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(nobody.is_err(), "no connection was made");
}
