//! S14.1a.

use super::fake::folder;
use claviger_agent::{
    config::{Enrollment, ServerUrl},
    identity::{DeviceKey, ServerKey},
    server::{Failure, Server},
    trust,
};
use claviger_domain::id::DeviceId;
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{
    io::{BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    thread,
};

/// A certificate that signed itself, as people make them.
fn certificate(place: &Path, name: &str) -> (PathBuf, PathBuf) {
    let (certificate, key) = (place.join(format!("{name}.pem")), place.join(format!("{name}.key")));
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]);
    openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
    let made = openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate).output().expect("openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (certificate, key)
}

/// A server with TLS; what it says is signed by nobody, which is enough to see that it was heard.
fn serve(certificate: &Path, key: &Path) -> String {
    let chain = vec![CertificateDer::from_pem_file(certificate).unwrap()];
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = BufReader::new(StreamOwned::new(connection, stream.unwrap()));
            if super::fake::Asked::read(&mut stream).is_some() {
                let _ = stream.get_mut().write_all(&super::fake::reply(503, None, b"heard"));
            }
        }
    });
    format!("https://localhost:{port}")
}

fn heard(address: &str, pinned: Option<&Path>) -> String {
    let enrollment = Enrollment {
        server: ServerUrl::parse(address).unwrap(),
        device: DeviceId::new(super::fake::NOW, [1; 10]),
        server_key: ServerKey::parse(&DeviceKey::generate().unwrap().0.public()).unwrap(),
        organization: String::new(),
        certificate: pinned.map(Path::to_owned),
    };
    let key = Arc::new(DeviceKey::generate().unwrap().0);
    let server = Server::new(&enrollment, key, trust::config(pinned).unwrap());
    match server.reach() {
        Err(Failure::Silent(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_certificate_is_trusted_if_it_is_pinned_or_the_systems() {
    let place = folder();
    let (own, own_key) = certificate(&place, "own");
    let (other, _) = certificate(&place, "other");
    let address = serve(&own, &own_key);
    assert!(heard(&address, Some(&own)).contains("answered 503"));
    // Neither another pinned one nor the system's authorities make it good.
    assert!(!heard(&address, Some(&other)).contains("answered 503"));
    assert!(!heard(&address, None).contains("answered 503"));
    // A file without a certificate is no pin at all.
    std::fs::write(&other, "nothing").unwrap();
    assert!(trust::config(Some(&other)).unwrap_err().to_string().contains("no certificate"));
    assert!(trust::config(Some(&place.join("missing"))).is_err());
}
