//! What enrollment left behind: the file that says which server, and what the server is known by.

use crate::{
    files,
    identity::{DeviceKey, ServerKey},
};
use anyhow::{Context, Result, bail};
use claviger_domain::id::DeviceId;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use ureq::http::Uri;

/// The file of [`Enrollment`].
pub const FILE: &str = "agent.toml";
/// The file of the device's key.
pub const KEY: &str = "key";
/// The file of a pinned certificate.
pub const CERTIFICATE: &str = "server.pem";

/// What the device knows of its server.
#[derive(Clone, Debug)]
pub struct Enrollment {
    /// Where it is.
    pub server: ServerUrl,
    /// What it calls this device.
    pub device: DeviceId,
    /// What it signs with.
    pub server_key: ServerKey,
    /// Whose it is.
    pub organization: String,
    /// The certificate it was pinned to; without one the system's authorities count (S14.1a).
    pub certificate: Option<PathBuf>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    server: String,
    device: String,
    server_key: String,
    #[serde(default)]
    organization: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificate: Option<PathBuf>,
}

impl Enrollment {
    /// Reads the file.
    pub fn load(path: &Path) -> Result<Self> {
        let text = files::read(path)?;
        let text = text.with_context(|| {
            format!("{} is not there: enroll this device with `claviger-agent enroll`", path.display())
        })?;
        Self::parse(&text).with_context(|| format!("{} can't be used", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let file: File = toml::from_str(text)?;
        Ok(Self {
            server: ServerUrl::parse(&file.server)?,
            device: file.device.parse().context("device is not an identifier")?,
            server_key: ServerKey::parse(&file.server_key).context("server_key is not a key")?,
            organization: file.organization,
            certificate: file.certificate,
        })
    }

    /// The text of the file.
    pub fn text(&self) -> Result<String> {
        let file = File {
            server: self.server.0.clone(),
            device: self.device.to_string(),
            server_key: self.server_key.text(),
            organization: self.organization.clone(),
            certificate: self.certificate.clone(),
        };
        let lines = toml::to_string(&file)?;
        Ok(format!(
            "# Written by `claviger-agent enroll`. The device's key is in a file of its own.\n{lines}"
        ))
    }
}

/// Reads the device's key.
pub fn load_key(path: &Path) -> Result<DeviceKey> {
    let text = files::read_private(path)?.with_context(|| format!("{} is not there", path.display()))?;
    Ok(DeviceKey::parse(&text)?)
}

/// Where a server is: HTTPS, or HTTP on this machine (S14.1a).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrl(String);

impl ServerUrl {
    /// The address, if it may be one.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim().trim_end_matches('/');
        let uri: Uri = text.parse().with_context(|| format!("{text} is not an address"))?;
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
        if host.is_empty()
            || authority.contains('@')
            || !matches!(uri.path(), "" | "/")
            || uri.query().is_some()
        {
            bail!("{text} must be the server's address alone, such as https://claviger.example.com");
        }
        let is_here =
            host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
        match uri.scheme_str() {
            Some("https") => Ok(Self(text.to_owned())),
            Some("http") if is_here => Ok(Self(text.to_owned())),
            _ => bail!("{text} must begin with https://"),
        }
    }

    /// The address of something on it.
    pub fn at(&self, target: &str) -> String {
        format!("{}{target}", self.0)
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::tests::{device, server};

    /// S14.1a: nothing goes over a network in the clear.
    #[test]
    fn only_https_goes_over_a_network() {
        for right in [
            "https://claviger.example.com",
            "https://10.0.0.1:8443/",
            "http://localhost:8080",
            "http://127.0.0.1:1",
            "http://[::1]:1",
        ] {
            assert!(ServerUrl::parse(right).is_ok(), "{right}");
        }
        for wrong in [
            "http://claviger.example.com",
            "http://localhost.example.com",
            "ftp://x",
            "claviger.example.com",
            "https://a@b",
            "https://x/y",
            "https://x?y",
            "",
            "http://127.0.0.1.example.com",
        ] {
            assert!(ServerUrl::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(ServerUrl::parse("https://x/").unwrap().at("/agent/v1/state"), "https://x/agent/v1/state");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let enrollment = Enrollment {
            server: ServerUrl::parse("https://x").unwrap(),
            device: device(1),
            server_key: server(1).1,
            organization: "Acme \"& Sons\"".into(),
            certificate: Some("/etc/claviger-agent/server.pem".into()),
        };
        let read = Enrollment::parse(&enrollment.text().unwrap()).unwrap();
        assert_eq!(format!("{read:?}"), format!("{enrollment:?}"));
        let error = Enrollment::parse("server = 1").unwrap_err();
        assert!(format!("{error:#}").contains("server"), "{error:#}");
    }
}
