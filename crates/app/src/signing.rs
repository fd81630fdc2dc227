//! The key pair that evidence is signed with: made once for an organization, its private part sealed.

use crate::{App, Problem};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use claviger_domain::{id::OrganizationId, secret::Secret};
use claviger_store::{
    Batch,
    table::{
        self,
        signing_key::{SigningKey, secret_place},
    },
};
use data_encoding::BASE64;

const PURPOSE: &str = "evidence";
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
            .map_err(|_| Problem::Internal("the key that signs evidence was changed".into()))?;
        Ok(Self { pair, public })
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Problem> {
        let signature = self.pair.try_sign(message);
        let signature = signature.map_err(|_| Problem::Internal("evidence could not be signed".into()))?;
        Ok(signature.as_ref().to_vec())
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.public).verify(message, signature).is_ok()
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
    /// The organization's key, if there is one yet.
    pub(crate) async fn known_signer(&self) -> Result<Option<Signer>, Problem> {
        let organization = self.organization().await?;
        let found = table::signing_key::find(&self.0.store, organization.id, PURPOSE).await?;
        let Some(found) = found else { return Ok(None) };
        let seed = self.0.sealer.open(secret_place(organization.id), &found.secret)?;
        Signer::new(seed.expose(), found.public).map(Some)
    }

    /// The organization's key, made at the first need.
    pub(crate) async fn signer(&self) -> Result<Signer, Problem> {
        if let Some(signer) = self.known_signer().await? {
            return Ok(signer);
        }
        let organization = self.organization().await?;
        let key = self.new_key(organization.id)?;
        let insert = table::signing_key::insert(organization.id, PURPOSE, &key, self.now());
        // Another node may have made one at the same moment: the one that is stored counts.
        let _ = self.0.store.commit(Batch::of([insert])).await?;
        self.known_signer().await?.ok_or(Problem::Busy)
    }

    fn new_key(&self, organization: OrganizationId) -> Result<SigningKey, Problem> {
        let unusable = || Problem::Internal("a key to sign evidence with could not be made".into());
        let seed = Secret::new(self.random::<SEED>());
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose()).map_err(|_| unusable())?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| unusable())?;
        let secret = self.0.sealer.seal(secret_place(organization), self.random(), seed.expose())?;
        Ok(SigningKey { public, secret })
    }
}
