//! TLS from the organization's own certificate files, read again when they change (S14.1a).

use crate::config::TlsFiles;
use anyhow::{Context, Result};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{
    path::Path,
    sync::{Arc, RwLock},
    time::{Duration, SystemTime},
};
use tokio_rustls::TlsAcceptor;

const LOOKED_AT_EVERY: Duration = Duration::from_secs(15);

/// The present certificate.
pub(crate) struct Tls {
    files: TlsFiles,
    current: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    pub(crate) fn load(files: TlsFiles) -> Result<Arc<Self>> {
        let current = RwLock::new(read(&files)?);
        Ok(Arc::new(Self { files, current }))
    }

    pub(crate) fn acceptor(&self) -> Option<TlsAcceptor> {
        self.current.read().ok().map(|config| TlsAcceptor::from(Arc::clone(&config)))
    }

    /// Reads the files again whenever one of them changes; a broken pair leaves the old one in use.
    pub(crate) async fn watch(self: Arc<Self>) {
        let mut seen = changed_at(&self.files);
        loop {
            tokio::time::sleep(LOOKED_AT_EVERY).await;
            let now = changed_at(&self.files);
            if now == seen {
                continue;
            }
            seen = now;
            match (read(&self.files), self.current.write()) {
                (Ok(config), Ok(mut current)) => {
                    *current = config;
                    tracing::info!("the TLS certificate was read again");
                }
                (Err(error), _) => {
                    tracing::error!(error = %format!("{error:#}"), "the new TLS certificate can't be used; the old one stays")
                }
                (Ok(_), Err(_)) => {}
            }
        }
    }
}

fn changed_at(files: &TlsFiles) -> [Option<SystemTime>; 2] {
    let of = |path: &Path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    [of(&files.certificate), of(&files.key)]
}

fn read(files: &TlsFiles) -> Result<Arc<ServerConfig>> {
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("the certificate {} can't be read", files.certificate.display()))?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .with_context(|| format!("the key {} can't be read", files.key.display()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("the certificate and the key don't go together")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
