//! An application from what it says of itself (S10.1).

use super::{
    certificates::instant,
    form::{ApplicationForm, AttributeForm, ConsumerForm},
};
use crate::{App, Refusal};
use claviger_domain::{
    application::{
        address::Address,
        saml::{Binding, NameId, Requests},
    },
    field::FieldError,
    permission::{Granted, ManageUsers},
};
use claviger_saml::{
    metadata::{Logout, ServiceProvider, read_service_providers},
    names::{Binding as Travels, NameIdFormat},
};

/// The largest metadata that is read.
pub const LARGEST: usize = 256 * 1024;

impl App {
    /// The form that an application's metadata fills in: everything but what only the organization can know.
    pub fn read_metadata(
        &self,
        _: &Granted<ManageUsers>,
        metadata: &[u8],
    ) -> Result<ApplicationForm, Refusal> {
        let refused = |message: String| Refusal::from(FieldError::new("metadata", message));
        if metadata.trim_ascii().is_empty() {
            return Err(refused("Choose the application's metadata, or paste it.".into()));
        }
        if metadata.len() > LARGEST {
            return Err(refused("Metadata can have at most 256 KiB.".into()));
        }
        let now = instant(self.now());
        let found = read_service_providers(metadata, now)
            .map_err(|error| refused(format!("The metadata can't be used: {error}.")))?;
        match found.as_slice() {
            [one] => Ok(filled(one)),
            many => Err(refused(format!("There are {} applications in it. Take the one.", many.len()))),
        }
    }
}

fn filled(provider: &ServiceProvider) -> ApplicationForm {
    let mut consumers = provider.consumers.clone();
    // The usual one stands first; the others keep their order.
    let usual = claviger_saml::default_consumer(&consumers).map(|usual| usual.index);
    consumers.sort_by_key(|consumer| Some(consumer.index) != usual);
    let log_out = provider.logout.iter().find(|service| is_taken(service));
    let binding = log_out.map(|service| match service.binding {
        Travels::Redirect => Binding::Redirect,
        Travels::Post => Binding::Post,
    });
    let requests = match (provider.signs_requests, provider.certificates.is_empty()) {
        (true, false) => Requests::MustBeSigned,
        (true, true) | (false, _) => Requests::MayBeUnsigned,
    };
    ApplicationForm {
        name: host(&provider.entity_id).unwrap_or_default().to_owned(),
        entity_id: provider.entity_id.clone(),
        consumers: consumers
            .iter()
            .map(|one| ConsumerForm { address: one.location.clone(), index: one.index.to_string() })
            .collect(),
        log_out: log_out.map(|service| service.location.clone()).unwrap_or_default(),
        log_out_binding: binding.unwrap_or(Binding::Redirect).key().to_owned(),
        requests: requests.key().to_owned(),
        certificates: provider.certificates.iter().map(claviger_saml::Certificate::pem).collect(),
        name_id: name_id(&provider.name_ids).key().to_owned(),
        attributes: usual_attributes(),
        ..ApplicationForm::default()
    }
}

/// The attributes that most applications understand.
pub(super) fn usual_attributes() -> Vec<AttributeForm> {
    let of = |name: &str, source: &str| AttributeForm {
        name: name.to_owned(),
        source: source.to_owned(),
        constant: String::new(),
    };
    vec![
        of("email", "email"),
        of("firstName", "first_name"),
        of("lastName", "last_name"),
        of("displayName", "display_name"),
    ]
}

/// A place that it can be told of a sign-out at, and answers from, too.
fn is_taken(service: &Logout) -> bool {
    let same = service.response_location.as_ref().is_none_or(|other| *other == service.location);
    same && Address::parse("log_out", &service.location).is_ok()
}

fn name_id(wanted: &[NameIdFormat]) -> NameId {
    match wanted.first() {
        Some(NameIdFormat::Persistent) => NameId::Persistent,
        Some(NameIdFormat::Transient) => NameId::Transient,
        Some(NameIdFormat::Email | NameIdFormat::Unspecified) | None => NameId::Email,
    }
}

fn host(entity_id: &str) -> Option<&str> {
    let (_, rest) = entity_id.split_once("://")?;
    rest.split(['/', ':', '?']).next()
}
