//! What is signed with for an application, from one certificate to the next without a gap (S10.1): a new one is made
//! and told beside the one that signs, then signs itself, and the old one goes.

use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target},
};
use claviger_domain::{
    application::{
        Application,
        certificate::{End, LASTS, Stage, end},
    },
    id::{ApplicationId, ApplicationKeyId},
    permission::{Granted, ManageUsers, ViewUsers},
    time::{Span, Timestamp},
};
use claviger_saml::{Certificate, Instant, SelfSigned, SigningKey, signature::Signer};
use claviger_store::{
    Commit,
    table::application_key::{self, ApplicationKey, secret_place},
};
use serde_json::json;
use std::{sync::Arc, time::Duration};

/// Clocks differ: a certificate holds from a day before it was made.
const HELD_BEFORE: Span = Span::days(1);

/// A certificate as it is shown.
#[derive(Clone, Debug)]
pub struct ShownCertificate {
    /// Its key's id.
    pub id: ApplicationKeyId,
    /// Whether it signs.
    pub stage: Stage,
    /// SHA-256, in hexadecimal digits.
    pub fingerprint: String,
    /// To be downloaded.
    pub pem: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// How near that is.
    pub end: End,
}

impl App {
    /// A new key with its certificate. Making one takes a while, so that other work goes on beside it.
    pub(super) async fn new_application_key(
        &self,
        application: ApplicationId,
        stage: Stage,
    ) -> Result<ApplicationKey, Problem> {
        let entropy = Arc::clone(&self.0.entropy);
        let unmade = || Problem::Internal("a key to sign with could not be made".into());
        let made = tokio::task::spawn_blocking(move || entropy.rsa_key()).await;
        let pkcs8 = made.ok().flatten().ok_or_else(unmade)?;
        let now = self.now();
        let (id, expires_at) = (ApplicationKeyId::new(now, self.random()), now.plus(LASTS));
        let lasts = expires_at.since(now.minus(HELD_BEFORE));
        let about = SelfSigned {
            common_name: &format!("Claviger {application}"),
            serial: self.random(),
            not_before: instant(now.minus(HELD_BEFORE)),
            lasts: Duration::from_secs(u64::try_from(lasts.seconds_rounded_up()).unwrap_or_default()),
        };
        let key = SigningKey::from_pkcs8(pkcs8.expose()).map_err(|_| unmade())?;
        let certificate = about.make(&key).map_err(|error| Problem::Internal(error.to_string()))?;
        let secret = self.0.sealer.seal(secret_place(id), self.random(), pkcs8.expose())?;
        Ok(ApplicationKey {
            id,
            stage,
            certificate: certificate.der().to_vec(),
            secret,
            created_at: now,
            expires_at,
        })
    }

    pub(crate) async fn application_keys(&self, id: ApplicationId) -> Result<Vec<ApplicationKey>, Problem> {
        let organization = self.organization().await?.id;
        Ok(application_key::of(&self.0.store, organization, id).await?)
    }

    /// What signs of these keys.
    pub(crate) fn application_signer(&self, keys: &[ApplicationKey]) -> Result<Signer, Problem> {
        let broken = |what: String| Problem::Internal(format!("an application's key: {what}"));
        let key = keys.iter().find(|key| key.stage == Stage::Current);
        let key = key.ok_or_else(|| broken("none signs".into()))?;
        let pkcs8 = self.0.sealer.open(secret_place(key.id), &key.secret)?;
        let certificate =
            Certificate::from_der(&key.certificate).map_err(|error| broken(error.to_string()))?;
        let key = SigningKey::from_pkcs8(pkcs8.expose()).map_err(|error| broken(error.to_string()))?;
        Signer::new(key, certificate).map_err(|error| broken(error.to_string()))
    }

    /// The certificates of an application, the one that signs first.
    pub async fn application_certificates(
        &self,
        _: &Granted<ViewUsers>,
        id: ApplicationId,
    ) -> Result<Vec<ShownCertificate>, Refusal> {
        self.load_application(id).await?;
        let now = self.now();
        let keys = self.application_keys(id).await?;
        Ok(keys.into_iter().filter_map(|key| shown(&key, now)).collect())
    }

    /// Makes the certificate that is to sign next. The metadata has it from now on.
    pub async fn make_next_certificate(
        &self,
        granted: &Granted<ManageUsers>,
        id: ApplicationId,
    ) -> Result<(), Refusal> {
        self.require_fresh_code(granted.actor())?;
        let application = self.load_application(id).await?;
        if self.application_keys(id).await?.iter().any(|key| key.stage == Stage::Next) {
            let message = "There is a next certificate already. Switch to it or remove it first.";
            return Err(Refusal::state("next_certificate_exists", message));
        }
        let key = self.new_application_key(id, Stage::Next).await?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        let organization = draft.organization.id;
        draft.write(claviger_store::table::application::exists(organization, id));
        draft.write(application_key::insert(organization, id, &key));
        log(&mut draft, &application, "application.certificate.make", &key);
        decided(draft).await
    }

    /// Lets another certificate sign. The one that signed stays in the metadata until it is removed, and can be
    /// switched back to.
    pub async fn switch_certificate(
        &self,
        granted: &Granted<ManageUsers>,
        (id, key): (ApplicationId, ApplicationKeyId),
    ) -> Result<(), Refusal> {
        self.require_fresh_code(granted.actor())?;
        let application = self.load_application(id).await?;
        let keys = self.application_keys(id).await?;
        let chosen = keys.iter().find(|known| known.id == key).ok_or(Refusal::NotFound("certificate"))?;
        let Some(displaced) = chosen.stage.displaces_to() else { return Ok(()) };
        let in_the_way = keys.iter().find(|known| known.stage == displaced);
        let mut draft = Draft::new(self, granted.actor()).await?;
        let organization = draft.organization.id;
        match (displaced, in_the_way) {
            (Stage::Next, Some(_)) => {
                let message = "Remove the next certificate before you switch back to the old one.";
                return Err(Refusal::state("next_certificate_exists", message));
            }
            (_, Some(old)) => draft.write(application_key::remove(organization, old.id, old.stage)),
            (_, None) => {}
        }
        if let Some(signed) = keys.iter().find(|known| known.stage == Stage::Current) {
            draft.write(application_key::advance(organization, signed.id, (Stage::Current, displaced)));
        }
        draft.write(application_key::advance(organization, key, (chosen.stage, Stage::Current)));
        log(&mut draft, &application, "application.certificate.switch", chosen);
        decided(draft).await
    }

    /// Removes a certificate that doesn't sign, and its key.
    pub async fn remove_certificate(
        &self,
        granted: &Granted<ManageUsers>,
        (id, key): (ApplicationId, ApplicationKeyId),
    ) -> Result<(), Refusal> {
        let application = self.load_application(id).await?;
        let keys = self.application_keys(id).await?;
        let chosen = keys.iter().find(|known| known.id == key).ok_or(Refusal::NotFound("certificate"))?;
        if chosen.stage == Stage::Current {
            let message = "This certificate signs. Switch to another one first.";
            return Err(Refusal::state("certificate_signs", message));
        }
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write(application_key::remove(draft.organization.id, key, chosen.stage));
        log(&mut draft, &application, "application.certificate.remove", chosen);
        decided(draft).await
    }
}

fn log(draft: &mut Draft<'_>, application: &Application, action: &str, key: &ApplicationKey) {
    let fingerprint = Certificate::from_der(&key.certificate).ok().map(|read| read.fingerprint());
    let details = json!({ "stage": key.stage.key(), "sha256": fingerprint });
    draft.log(action, &Target::from(application), "success", details);
}

async fn decided(draft: Draft<'_>) -> Result<(), Refusal> {
    match draft.commit().await? {
        Commit::Committed => Ok(()),
        Commit::Conflict => Err(Refusal::Changed),
    }
}

fn shown(key: &ApplicationKey, now: Timestamp) -> Option<ShownCertificate> {
    let certificate = Certificate::from_der(&key.certificate).ok()?;
    Some(ShownCertificate {
        id: key.id,
        stage: key.stage,
        fingerprint: certificate.fingerprint(),
        pem: certificate.pem(),
        created_at: key.created_at,
        expires_at: key.expires_at,
        end: end(key.expires_at, now),
    })
}

/// A time as messages and certificates have it.
pub(crate) fn instant(at: Timestamp) -> Instant {
    Instant::from_unix(u64::try_from(at.seconds()).unwrap_or_default())
}
