//! The key pairs that evidence and devices' orders are signed with: made once for an organization, their private
//! parts sealed.

use crate::{App, Problem};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use claviger_domain::{id::OrganizationId, secret::Secret};
use claviger_store::{
    Batch,
    table::{
        self,
        signing_key::{Purpose, SigningKey, secret_place},
    },
};
use data_encoding::BASE64;

const SEED: usize = 32;
/// RFC 8410: what comes before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo.
const INFO: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The opened key pair.
pub(crate) struct Signer {
    pair: Ed25519KeyPair,
    public: [u8; SEED],
}

impl Signer {
    /// Nothing but a key that belongs to its private part is taken: the public one lies open in the database.
    fn new(seed: &[u8], public: [u8; SEED]) -> Result<Self, Problem> {
        let pair = Ed25519KeyPair::from_seed_and_public_key(seed, &public)
            .map_err(|_| Problem::Internal("a key that signs was changed".into()))?;
        Ok(Self { pair, public })
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Problem> {
        let signature = self.pair.try_sign(message);
        let signature = signature.map_err(|_| Problem::Internal("it could not be signed".into()))?;
        Ok(signature.as_ref().to_vec())
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.public).verify(message, signature).is_ok()
    }

    /// The public key.
    pub(crate) const fn public_bytes(&self) -> &[u8; SEED] {
        &self.public
    }

    /// The public key in Base64.
    pub(crate) fn public(&self) -> String {
        BASE64.encode(&self.public)
    }

    /// RFC 7468: the public key as openssl takes it.
    pub(crate) fn pem(&self) -> String {
        let info = [&INFO[..], &self.public[..]].concat();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64.encode(&info))
    }
}

impl App {
    /// The organization's key for that, if there is one yet.
    pub(crate) async fn known_signer(&self, purpose: Purpose) -> Result<Option<Signer>, Problem> {
        let organization = self.organization().await?;
        let found = table::signing_key::find(&self.0.store, organization.id, purpose).await?;
        let Some(found) = found else { return Ok(None) };
        let seed = self.0.sealer.open(secret_place(organization.id, purpose), &found.secret)?;
        Signer::new(seed.expose(), found.public).map(Some)
    }

    /// The organization's key for that, made at the first need.
    pub(crate) async fn signer(&self, purpose: Purpose) -> Result<Signer, Problem> {
        if let Some(signer) = self.known_signer(purpose).await? {
            return Ok(signer);
        }
        let organization = self.organization().await?;
        let key = self.new_key(organization.id, purpose)?;
        let insert = table::signing_key::insert(organization.id, purpose, &key, self.now());
        // Another node may have made one at the same moment: the one that is stored counts.
        let _ = self.0.store.commit(Batch::of([insert])).await?;
        self.known_signer(purpose).await?.ok_or(Problem::Busy)
    }

    fn new_key(&self, organization: OrganizationId, purpose: Purpose) -> Result<SigningKey, Problem> {
        let unusable = || Problem::Internal("a key to sign with could not be made".into());
        let seed = Secret::new(self.random::<SEED>());
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose()).map_err(|_| unusable())?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| unusable())?;
        let secret = self.0.sealer.seal(secret_place(organization, purpose), self.random(), seed.expose())?;
        Ok(SigningKey { public, secret })
    }
}
