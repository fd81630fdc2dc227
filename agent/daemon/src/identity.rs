//! Who the device is, and how it knows its server: Ed25519 both ways.

use crate::entropy;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use claviger_domain::id::DeviceId;
use claviger_wire::{
    server::{SignedState, State},
    signed,
};
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

const SEED: usize = 32;

/// The device's own key.
pub struct DeviceKey(Ed25519KeyPair);

/// A key file that holds no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the device's key can't be read: enroll the device again")]
pub struct NoKey;

impl DeviceKey {
    /// A new key and the text to keep it in.
    pub fn generate() -> Result<(Self, Zeroizing<String>), NoKey> {
        let mut seed = Zeroizing::new([0; SEED]);
        entropy::fill(seed.as_mut());
        let text = Zeroizing::new(BASE64URL_NOPAD.encode(seed.as_ref()));
        Ok((Self::parse(&text)?, text))
    }

    /// The key that such a text keeps.
    pub fn parse(text: &str) -> Result<Self, NoKey> {
        let seed = Zeroizing::new(BASE64URL_NOPAD.decode(text.trim().as_bytes()).map_err(|_| NoKey)?);
        Ed25519KeyPair::from_seed_unchecked(&seed).map(Self).map_err(|_| NoKey)
    }

    /// The public half, as the server is told it.
    pub fn public(&self) -> String {
        BASE64URL_NOPAD.encode(self.0.public_key().as_ref())
    }

    /// The signature of `message`, as it stands in a header.
    pub fn sign(&self, message: &[u8]) -> String {
        BASE64URL_NOPAD.encode(self.0.sign(message).as_ref())
    }
}

/// The server's key for devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerKey([u8; 32]);

/// Why something isn't what the server wants of this device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// The signature isn't the server's.
    #[error("its signature is not that of the server this device was enrolled with")]
    Signature,
    /// It is no state at all.
    #[error("it can't be read")]
    Malformed,
    /// It is another device's.
    #[error("it is another device's")]
    OtherDevice,
}

impl ServerKey {
    /// The key that such a text holds.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.trim().as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// The text that holds it.
    pub fn text(&self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }

    /// What a connect key holds of it.
    pub fn fingerprint(&self) -> String {
        let hash = Sha256::digest(self.0);
        BASE64URL_NOPAD.encode(hash.get(..16).unwrap_or_default())
    }

    /// Whether `signature` is the server's over `message`.
    pub fn verify(&self, message: &[u8], signature: &str) -> Result<(), Forged> {
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).map_err(|_| Forged::Signature)?;
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, &signature).map_err(|_| Forged::Signature)
    }

    /// The state in `signed`, if the server made it for this device.
    pub fn open(&self, signed: &SignedState, device: DeviceId) -> Result<State, Forged> {
        let state: State = serde_json::from_str(&signed.state).map_err(|_| Forged::Malformed)?;
        let message = signed::state(state.device, state.revision, &hash(signed.state.as_bytes()));
        self.verify(&message, &signed.signature)?;
        if state.device == device { Ok(state) } else { Err(Forged::OtherDevice) }
    }
}

/// SHA-256.
pub fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use claviger_domain::time::Timestamp;

    pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    pub(crate) fn device(number: u8) -> DeviceId {
        DeviceId::new(NOW, [number; 10])
    }

    /// A server of the tests, and its key.
    pub(crate) fn server(number: u8) -> (DeviceKey, ServerKey) {
        let key = DeviceKey::parse(&BASE64URL_NOPAD.encode(&[number; SEED])).unwrap();
        let public = ServerKey::parse(&key.public()).unwrap();
        (key, public)
    }

    pub(crate) fn state(revision: i64) -> State {
        State { revision, organization: "Acme".into(), ..State::empty(device(1)) }
    }

    pub(crate) fn signed(key: &DeviceKey, state: &State) -> SignedState {
        let text = serde_json::to_string(state).unwrap();
        let message = signed::state(state.device, state.revision, &hash(text.as_bytes()));
        SignedState { signature: key.sign(&message), state: text, now: NOW.0 }
    }

    #[test]
    fn a_state_is_opened_only_if_the_server_made_it_for_this_device() {
        let (key, public) = server(1);
        let mut right = signed(&key, &state(3));
        assert_eq!(public.open(&right, device(1)), Ok(state(3)));
        assert_eq!(public.open(&right, device(2)), Err(Forged::OtherDevice));
        assert_eq!(server(2).1.open(&right, device(1)), Err(Forged::Signature));
        right.state = right.state.replace("\"revision\":3", "\"revision\":4");
        assert_eq!(public.open(&right, device(1)), Err(Forged::Signature));
        right.state.pop();
        assert_eq!(public.open(&right, device(1)), Err(Forged::Malformed));
    }

    #[test]
    fn a_key_is_kept_as_text() {
        let (key, text) = DeviceKey::generate().unwrap();
        let again = DeviceKey::parse(&format!("{}\n", *text)).unwrap();
        assert_eq!(key.public(), again.public());
        assert!(ServerKey::parse(&key.public()).unwrap().verify(b"x", &again.sign(b"x")).is_ok());
        for bad in ["", "x", "AAAA"] {
            assert!(DeviceKey::parse(bad).is_err(), "{bad}");
        }
    }
}
