//! An application with all that its messages are checked and signed with.

use super::Addresses;
use crate::{App, Problem, applications::instant};
use claviger_domain::{
    application::{
        Application, Protocol,
        saml::{NameId, Requests, Settings},
    },
    id::ApplicationId,
};
use claviger_saml::{
    Certificate, Consumer, Sender, Sha1,
    binding::Demand,
    metadata::IdentityProvider,
    names::NameIdFormat,
    signature::{Signer, Trust},
};
use claviger_store::table::{self, application_key::ApplicationKey};

pub(super) struct Party {
    pub(super) application: Application,
    pub(super) settings: Settings,
    pub(super) addresses: Addresses,
    certificates: Vec<Certificate>,
    keys: Vec<ApplicationKey>,
}

impl Party {
    pub(super) const fn id(&self) -> ApplicationId {
        self.application.id
    }

    /// What its messages are checked against.
    pub(super) fn sender(&self, demand: Demand) -> Sender<'_> {
        let trust = Trust { certificates: &self.certificates, sha1: Sha1::Refused };
        Sender { entity_id: self.settings.entity_id.as_str(), trust, demand }
    }

    /// Whether its requests to sign in must be signed.
    pub(super) const fn requests(&self) -> Demand {
        match self.settings.requests {
            Requests::MustBeSigned => Demand::Signed,
            Requests::MayBeUnsigned => Demand::Either,
        }
    }

    /// Whether its messages about log-outs must be signed: wherever they can be.
    pub(super) const fn log_outs(&self) -> Demand {
        if self.certificates.is_empty() { Demand::Either } else { Demand::Signed }
    }

    pub(super) fn consumers(&self) -> Vec<Consumer> {
        let one = |consumer: &claviger_domain::application::saml::Consumer| Consumer {
            location: consumer.address.as_str().to_owned(),
            index: consumer.index,
            is_default: None,
        };
        self.settings.consumers.iter().map(one).collect()
    }

    pub(super) fn signer(&self, app: &App) -> Result<Signer, Problem> {
        app.application_signer(&self.keys)
    }
}

/// What kind of name that is in messages.
pub(super) const fn format(kind: NameId) -> NameIdFormat {
    match kind {
        NameId::Email => NameIdFormat::Email,
        NameId::Username => NameIdFormat::Unspecified,
        NameId::Persistent => NameIdFormat::Persistent,
        NameId::Transient => NameIdFormat::Transient,
    }
}

impl App {
    /// The application, if it is there and speaks SAML.
    pub(super) async fn saml_party(&self, id: ApplicationId) -> Result<Option<Party>, Problem> {
        let organization = self.organization().await?.id;
        let Some(application) = table::application::load(&self.0.store, organization, id).await? else {
            return Ok(None);
        };
        let Protocol::Saml(settings) = application.protocol.clone() else { return Ok(None) };
        let read = |der: &Vec<u8>| {
            Certificate::from_der(der).map_err(|error| Problem::Internal(format!("an application's {error}")))
        };
        let certificates = settings.certificates.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let keys = self.application_keys(id).await?;
        let addresses = self.saml_addresses(id);
        Ok(Some(Party { application, settings, addresses, certificates, keys }))
    }

    /// Where an application finds us.
    pub fn saml_addresses(&self, id: ApplicationId) -> Addresses {
        Addresses::of(&self.0.public_url, id)
    }

    /// What an application is told of us, for whoever asks; nothing if there is no such application.
    pub async fn saml_metadata(&self, id: ApplicationId) -> Result<Option<String>, Problem> {
        let Some(party) = self.saml_party(id).await? else { return Ok(None) };
        let unreadable = |error: claviger_saml::WrongCertificate| Problem::Internal(error.to_string());
        let read = |key: &ApplicationKey| Certificate::from_der(&key.certificate).map_err(unreadable);
        let certificates = party.keys.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let mut name_ids = vec![format(party.settings.name_id)];
        for other in [NameIdFormat::Persistent, NameIdFormat::Transient] {
            if !name_ids.contains(&other) {
                name_ids.push(other);
            }
        }
        let provider = IdentityProvider {
            entity_id: &party.addresses.entity_id,
            sign_on: &party.addresses.sign_on,
            logout: &party.addresses.log_out,
            certificates: &certificates,
            name_ids: &name_ids,
            requests: party.requests(),
            valid_until: None,
        };
        let written = provider.write();
        written.map(Some).map_err(|error| Problem::Internal(error.to_string()))
    }

    pub(super) fn saml_now(&self) -> claviger_saml::Instant {
        instant(self.now())
    }
}
