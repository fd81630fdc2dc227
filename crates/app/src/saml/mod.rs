//! SAML 2.0 behind the code: a request comes in, the person is asked for what they owe, and the application is told or
//! not (S10.1, S10.2).
//!
//! A request is checked when it comes (`App::receive_sign_on`) and kept sealed with the browser until the person has
//! shown who they are; then `App::enter_application` decides by the account as it is at that moment.

mod assertion;
mod log_out;
mod message;
mod party;
mod pending;
mod receive;
mod sign_on;

pub use crate::door::{Entrance, Refused};
pub use claviger_saml::{Kind as WrongMessage, binding::PostForm};
pub use log_out::{LogOutStep, ReceivedLogOut};
pub use message::Posted;
pub use receive::{Received, Wrong};

pub(crate) use assertion::{fulfilled, usual_class};
pub(crate) use pending::{open_kept, seal_kept};

use claviger_domain::{id::ApplicationId, time::Span};
use claviger_saml::Reception;
use std::time::Duration;

/// How old a message may be.
const MAX_AGE: Duration = Duration::from_secs(300);
/// How far clocks may be apart.
const SKEW: Duration = Duration::from_secs(60);
/// How long an assertion is taken.
const TAKEN_FOR: Duration = Duration::from_secs(300);
/// How long a person has to sign in until a request is given up; as long as a set-up on the way in may take.
pub(crate) const PENDING: Span = Span::minutes(30);
/// How long an answered message is remembered: longer than it, or what was sealed of it, could come again.
pub(crate) const REMEMBERED: Span = Span::hours(1);

/// Where an application finds us.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Our name as an entity, where our metadata is, too.
    pub entity_id: String,
    /// Where requests to sign in go.
    pub sign_on: String,
    /// Where messages about log-outs go.
    pub log_out: String,
}

impl Addresses {
    fn of(public_url: &str, id: ApplicationId) -> Self {
        let at = |end: &str| format!("{public_url}/saml/{id}/{end}");
        Self { entity_id: at("metadata"), sign_on: at("sso"), log_out: at("slo") }
    }
}

fn reception(endpoint: &str, now: claviger_saml::Instant) -> Reception<'_> {
    Reception { endpoint, now, max_age: MAX_AGE, skew: SKEW }
}
