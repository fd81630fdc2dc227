//! A new device: a connect key and the device's public key become an identity (S8.1).

use super::{actor, split_key};
use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target},
    session::Origin,
    token, until_decided,
};
use aws_lc_rs::signature::{ED25519, ParsedPublicKey};
use claviger_domain::{
    connect_key::{ConnectKey, Standing},
    device::{Device, NAME, Proof, Rules, told},
    field::FieldError,
    id::DeviceId,
};
use claviger_store::{
    Commit,
    table::{
        self,
        device_contact::{Contact, Told},
    },
};
use claviger_wire::server::{Enroll, Enrolled, Machine};
use data_encoding::BASE64URL_NOPAD;
use serde_json::json;
use std::sync::Arc;

const SYSTEM: usize = 200;
const VERSION: usize = 64;
/// What a device is called that has no name on the network.
const NAMELESS: &str = "device";

/// Why a connect key enrolls nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotEnrolled {
    /// There is no such key.
    Unknown,
    /// It was made at another server, or this one's own key was lost.
    OtherServer,
    /// It ran out, is used up, or was revoked.
    Dead(Standing),
}

/// What came of an attempt to enroll.
#[derive(Clone, Debug)]
pub enum EnrollOutcome {
    /// The device is known.
    Enrolled(Enrolled),
    /// It isn't.
    Refused(NotEnrolled),
}

/// What a machine says of itself, cut to what is kept.
pub(super) fn of_machine(machine: &Machine, before: Told) -> Told {
    Told {
        hostname: told(&machine.hostname, NAME),
        system: told(&machine.system, SYSTEM),
        agent_version: told(&machine.agent_version, VERSION),
        ..before
    }
}

fn parse_public_key(text: &str) -> Result<[u8; 32], FieldError> {
    let refused = || FieldError::new("public_key", "Send an Ed25519 public key: 32 bytes in Base64URL.");
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| refused())?;
    ParsedPublicKey::new(&ED25519, &bytes).map_err(|_| refused())?;
    bytes.try_into().map_err(|_| refused())
}

impl App {
    /// S8.1: enrolls a device. An agent whose answer was lost enrolls with the same keys again and is told the same.
    pub async fn enroll_device(&self, asked: &Enroll, origin: &Origin) -> Result<EnrollOutcome, Refusal> {
        let public_key = parse_public_key(&asked.public_key)?;
        let organization = self.organization().await?;
        let Some((text, fingerprint)) = split_key(&asked.connect_key) else {
            return Ok(EnrollOutcome::Refused(NotEnrolled::Unknown));
        };
        let token_hash = token::hash(text);
        let ours = self.device_key_fingerprint().await?;
        let done: Result<EnrollOutcome, Problem> = until_decided!({
            let now = self.now();
            let key = table::connect_key::by_token(&self.0.store, organization.id, token_hash).await?;
            let standing = key.as_ref().map(|key| key.standing(now));
            match (key, standing) {
                _ if fingerprint != ours => Some(EnrollOutcome::Refused(NotEnrolled::OtherServer)),
                (Some(key), Some(standing)) => {
                    match (self.enrolled_before(&key, public_key).await?, standing) {
                        (Some(device), _) => Some(EnrollOutcome::Enrolled(self.identity(device).await?)),
                        (None, Standing::Works) => {
                            let device = new_device(self, asked, &key, public_key);
                            self.take_in(device, &key, (asked, token_hash), origin).await?
                        }
                        (None, dead) => Some(self.refused(&key, dead, origin).await?),
                    }
                }
                (_, _) => Some(EnrollOutcome::Refused(NotEnrolled::Unknown)),
            }
        });
        Ok(done?)
    }

    /// The device that this very key enrolled with this public key.
    async fn enrolled_before(
        &self,
        key: &ConnectKey,
        public_key: [u8; 32],
    ) -> Result<Option<DeviceId>, Problem> {
        let organization = self.organization().await?;
        let same = table::device::by_public_key(&self.0.store, organization.id, public_key).await?;
        Ok(same.into_iter().find(|device| device.connect_key == key.id).map(|device| device.id))
    }

    /// Nothing if the key was used up or revoked in the same moment.
    async fn take_in(
        &self,
        device: Device,
        key: &ConnectKey,
        (asked, token_hash): (&Enroll, [u8; 32]),
        origin: &Origin,
    ) -> Result<Option<EnrollOutcome>, Problem> {
        let actor = actor(&device, &origin.address);
        let mut draft = Draft::new(self, &actor).await?;
        let (organization, now) = (Arc::clone(&draft.organization), draft.now);
        let contact = Contact {
            state_revision: 0,
            state_hash: Vec::new(),
            told: of_machine(&asked.machine, Told::default()),
            last_contact_at: now,
            last_address: origin.address.clone(),
            event_sequence: 0,
        };
        draft.write(table::connect_key::take(organization.id, token_hash, now));
        draft.write(table::device::insert(organization.id, &device)?);
        draft.write(table::device_contact::insert(organization.id, device.id, &contact));
        if let Some(group) = key.device_group {
            draft.write(table::device::join(organization.id, group, device.id, now));
        }
        let details = json!({
            "connect_key": key.name,
            "platform": device.platform.key(),
            "system": contact.told.system,
            "agent_version": contact.told.agent_version,
        });
        draft.log("device.enroll", &Target::from(&device), "success", details);
        match draft.commit().await? {
            Commit::Committed => Ok(Some(EnrollOutcome::Enrolled(self.identity(device.id).await?))),
            Commit::Conflict => Ok(None),
        }
    }

    async fn identity(&self, device: DeviceId) -> Result<Enrolled, Problem> {
        let organization = self.organization().await?.settings.name.clone();
        Ok(Enrolled { device, organization, server_key: self.device_key().await? })
    }

    /// A key that somebody still has and that no longer works is worth a line; one that nobody knows is a guess.
    async fn refused(
        &self,
        key: &ConnectKey,
        standing: Standing,
        origin: &Origin,
    ) -> Result<EnrollOutcome, Problem> {
        let actor = origin.visitor();
        let mut draft = Draft::new(self, &actor).await?;
        let target = Target { id: key.id.to_string(), name: key.name.clone() };
        let details = json!({ "connect_key": standing.key() });
        draft.log("device.enroll", &target, "refused", details);
        draft.settle().await?;
        Ok(EnrollOutcome::Refused(NotEnrolled::Dead(standing)))
    }
}

fn new_device(app: &App, asked: &Enroll, key: &ConnectKey, public_key: [u8; 32]) -> Device {
    let (now, hostname) = (app.now(), told(&asked.machine.hostname, NAME));
    Device {
        id: DeviceId::new(now, app.random()),
        revision: 1,
        name: if hostname.is_empty() { NAMELESS.to_owned() } else { hostname },
        public_key,
        platform: asked.machine.platform,
        rules: Rules::found_on(asked.machine.platform),
        proof: Proof::default(),
        enrolled_at: now,
        connect_key: key.id,
    }
}
