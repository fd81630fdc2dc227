//! How a device becomes known (S8.1): a connect key, the device's own key, and the server's that it is pinned to.

use crate::{
    config::{self, Enrollment, ServerUrl},
    entropy, files,
    identity::DeviceKey,
    platform::system::machine,
    server::{self, Failure},
};
use anyhow::{Context, Result, bail};
use claviger_wire::server::{CONNECT_KEY_PREFIX, Enroll};
use std::path::PathBuf;

/// Characters of a connect key's token and of its fingerprint.
const TOKEN: usize = 43;
const FINGERPRINT: usize = 22;

/// What is asked for.
pub struct Wish {
    /// The server's address.
    pub server: String,
    /// The connect key.
    pub key: String,
    /// A certificate to trust, and no other.
    pub certificate: Option<PathBuf>,
    /// Where the agent's files go.
    pub folder: PathBuf,
}

/// Enrolls this device.
pub fn enroll(wish: &Wish) -> Result<Enrollment> {
    let file = wish.folder.join(config::FILE);
    if file.exists() {
        bail!("this device is enrolled already ({}). Run `claviger-agent uninstall` first.", file.display());
    }
    let url = ServerUrl::parse(&wish.server)?;
    let fingerprint = fingerprint(&wish.key).context(
        "the connect key is not whole: copy it from the Devices page, it begins with clvk_ and has 71 characters",
    )?;
    let (key, text) = DeviceKey::generate()?;
    let request = Enroll {
        connect_key: wish.key.trim().to_owned(),
        public_key: key.public(),
        nonce: entropy::nonce(),
        machine: machine::describe(),
    };
    let answered = server::enroll(&url, wish.certificate.as_deref(), &request, fingerprint);
    let (enrolled, server_key) = answered.map_err(explained)?;
    let certificate = pin(wish)?;
    let enrollment = Enrollment {
        server: url,
        device: enrolled.device,
        server_key,
        organization: enrolled.organization,
        certificate,
    };
    files::make_folder(&wish.folder, 0o755)?;
    // The file that says that the device is enrolled comes last.
    files::replace_private(&wish.folder.join(config::KEY), &text)?;
    files::replace(&file, &enrollment.text()?, 0o644)?;
    Ok(enrollment)
}

fn explained(failure: Failure) -> anyhow::Error {
    match failure {
        Failure::Refused { title, .. } => anyhow::anyhow!("{title}"),
        Failure::Forged(_) => anyhow::anyhow!(
            "the server that answered is not the one that made this connect key. Check the address, and that nothing \
             stands between."
        ),
        failure => failure.into(),
    }
}

/// The certificate is kept beside the other files: the one that was given may go away.
fn pin(wish: &Wish) -> Result<Option<PathBuf>> {
    let Some(given) = &wish.certificate else { return Ok(None) };
    let text =
        std::fs::read_to_string(given).with_context(|| format!("{} can't be read", given.display()))?;
    files::make_folder(&wish.folder, 0o755)?;
    let kept = wish.folder.join(config::CERTIFICATE);
    files::replace(&kept, &text, 0o644)?;
    Ok(Some(kept))
}

/// What a connect key holds of the server's key.
fn fingerprint(key: &str) -> Option<&str> {
    let (token, fingerprint) = key.trim().strip_prefix(CONNECT_KEY_PREFIX)?.split_once('.')?;
    let is_plain = |text: &str| text.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'));
    let is_whole = token.len() == TOKEN && fingerprint.len() == FINGERPRINT;
    (is_whole && is_plain(token) && is_plain(fingerprint)).then_some(fingerprint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_connect_key_is_taken() {
        let (token, print) = ("a".repeat(TOKEN), "B".repeat(FINGERPRINT));
        let key = format!("clvk_{token}.{print}");
        assert_eq!(key.len(), 71);
        assert_eq!(fingerprint(&format!(" {key}\n")), Some(print.as_str()));
        for bad in
            [&key[..70], &key[1..], &key.replace('.', "x"), &format!("{key}x"), &key.replace('B', "/"), ""]
        {
            assert_eq!(fingerprint(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_device_is_enrolled_once() {
        let folder = std::env::temp_dir().join(format!("claviger-enroll-{}", std::process::id()));
        files::make_folder(&folder, 0o700).unwrap();
        std::fs::write(folder.join(config::FILE), "x").unwrap();
        let wish = Wish {
            server: "https://x".into(),
            key: String::new(),
            certificate: None,
            folder: folder.clone(),
        };
        assert!(enroll(&wish).unwrap_err().to_string().contains("enrolled already"));
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(enroll(&wish).unwrap_err().to_string().contains("not whole"));
    }
}
