//! Devices: what their agents say, and what they are told (S8).
//!
//! An agent signs every request with its own key, and every answer is signed for it, so that what carries them in
//! between is trusted with nothing. What a device must do is put together anew whenever something may have changed; it
//! is handed over when it differs from what was handed over last.

mod compose;
mod enroll;
mod events;
mod invite;
mod login;
mod orders;
mod recall;
mod report;
mod state;
mod verifiers;
mod watch;

pub use enroll::{EnrollOutcome, NotEnrolled};
pub use state::News;
pub(crate) use watch::Watch;

use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target},
    signing::Signer,
};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use claviger_domain::{
    device::{Device, Switch, told},
    id::DeviceId,
    permission::{Actor, Who},
    sign_in::TotpSwitch,
};
use claviger_store::{
    Commit,
    table::{self, signing_key::Purpose},
};
use claviger_wire::{
    server::{CONNECT_KEY_PREFIX, Place},
    signed,
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Verifiers are computed for so many users at once; the others wait.
pub(crate) const VERIFYING: usize = 2;
/// Bytes of the server's fingerprint in a connect key.
const FINGERPRINT: usize = 16;
/// The most characters that are kept of a login program's service, and of an address.
const PLACE: usize = 64;

/// A device that calls.
#[derive(Clone, Debug)]
pub struct Calling {
    /// The device as loaded.
    pub device: Device,
    actor: Actor,
}

impl Calling {
    fn new(device: Device, address: &str) -> Self {
        let actor = actor(&device, address);
        Self { device, actor }
    }

    /// Whether the device's own key made this signature, in Base64URL, over `message`.
    pub fn signed(&self, message: &[u8], signature: &str) -> bool {
        let Ok(signature) = BASE64URL_NOPAD.decode(signature.as_bytes()) else { return false };
        UnparsedPublicKey::new(&ED25519, &self.device.public_key).verify(message, &signature).is_ok()
    }

    /// Whether the device asks for codes at present (S8.3).
    const fn asks(&self, totp: TotpSwitch) -> bool {
        matches!((self.device.rules.mfa, totp), (Switch::On, TotpSwitch::Enabled))
    }
}

fn actor(device: &Device, address: &str) -> Actor {
    Actor { who: Who::Device(device.id), name: device.name.clone(), address: address.to_owned() }
}

/// The token and the fingerprint in a connect key, if it is shaped like one. The token's hash is that of all before
/// the dot.
fn split_key(text: &str) -> Option<(&str, &str)> {
    let (token, fingerprint) = text.trim().split_once('.')?;
    token.starts_with(CONNECT_KEY_PREFIX).then_some((token, fingerprint))
}

/// Where somebody signs in, as the log tells it.
fn circumstances(place: &Place) -> Map<String, Value> {
    let details = json!({ "service": told(&place.service, PLACE), "from": told(&place.from, PLACE) });
    details.as_object().cloned().unwrap_or_default()
}

impl App {
    /// The device of that id, calling from that address.
    pub async fn calling(&self, id: DeviceId, address: &str) -> Result<Option<Calling>, Problem> {
        let organization = self.organization().await?;
        let device = table::device::load(&self.0.store, organization.id, id).await?;
        Ok(device.map(|device| Calling::new(device, address)))
    }

    async fn device_signer(&self) -> Result<&Signer, Problem> {
        self.0.device_signer.get_or_try_init(|| self.signer(Purpose::Devices)).await
    }

    /// The public key that devices know this server by, in Base64URL.
    pub async fn device_key(&self) -> Result<String, Problem> {
        Ok(BASE64URL_NOPAD.encode(self.device_signer().await?.public_bytes()))
    }

    /// What a connect key ends in: the beginning of the SHA-256 of that key.
    pub async fn device_key_fingerprint(&self) -> Result<String, Problem> {
        let hash = Sha256::digest(self.device_signer().await?.public_bytes());
        Ok(BASE64URL_NOPAD.encode(hash.get(..FINGERPRINT).unwrap_or_default()))
    }

    /// The signature of an answer to the request with that nonce.
    pub async fn sign_reply(&self, nonce: &str, status: u16, body: &[u8]) -> Result<String, Problem> {
        let message = signed::reply(nonce, status, &Sha256::digest(body).into());
        Ok(BASE64URL_NOPAD.encode(&self.device_signer().await?.sign(&message)?))
    }

    /// The agent was uninstalled: the device is forgotten, and its log entries stay.
    pub async fn uninstall_device(&self, calling: &Calling) -> Result<(), Refusal> {
        let mut draft = Draft::new(self, &calling.actor).await?;
        draft.write_all(table::device::delete(draft.organization.id, &calling.device));
        draft.log("device.uninstall", &Target::from(&calling.device), "success", json!({}));
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connect_key_has_a_token_and_a_fingerprint() {
        assert_eq!(split_key(" clvk_abc.def\n"), Some(("clvk_abc", "def")));
        for other in ["", "clvk_abc", "clv_abc.def", ".def"] {
            assert_eq!(split_key(other), None, "{other}");
        }
    }
}
