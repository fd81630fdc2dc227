//! Applications that people sign in to: who may have them, what they are told, and what is signed with for them (S10).

mod administer;
mod certificates;
mod form;
mod lines;
mod metadata;
mod oidc;
mod preview;
pub mod templates;

pub use administer::ListedApplication;
pub use certificates::ShownCertificate;
pub(crate) use certificates::instant;
pub use form::{ApplicationForm, AttributeForm, ConsumerForm};
pub use lines::{
    attribute_lines, attributes_from, certificate_lines, certificates_from, consumer_lines, consumers_from,
};
pub use metadata::LARGEST as LARGEST_METADATA;
pub use oidc::{OidcForm, ShownSecret, USUAL_SCOPES};
pub use preview::{Preview, Told, ToldByOidc, ToldBySaml};

use crate::draft::Target;
use claviger_domain::application::Application;

impl From<&Application> for Target {
    fn from(application: &Application) -> Self {
        Self { id: application.id.to_string(), name: application.name.as_str().to_owned() }
    }
}
