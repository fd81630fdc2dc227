//! OpenID Connect behind the code: an application asks for one, the person is asked for what they owe, and the
//! application gets tokens or not (S10.1, S10.2).
//!
//! A request is checked when it comes ([`App::receive_authorization`]) and kept sealed with the browser until the person
//! has shown who they are; then [`App::enter_oidc_application`] decides by the account as it is at that moment. What the
//! application holds from then on is asked again by the same rules each time it is used.

mod authorize;
mod client;
mod enter;
mod issue;
mod jws;
mod keys;
mod log_out;
mod provider;
mod token;
mod userinfo;

pub use authorize::Authorized;
pub use client::{Client, Credentials, NotClient};
pub use keys::{ShownKey, Turn};
pub use log_out::LoggedOut;
pub use provider::Endpoints;
pub use token::{Presented, TokenAnswer, TokenError, Tokens};
pub use userinfo::Userinfo;

pub(crate) use issue::usual_class;

use crate::{App, Problem};
use claviger_domain::{
    application::{Application, Protocol, oidc::Settings},
    id::ApplicationId,
};
use claviger_store::table;

/// An application with what is known of how it speaks.
#[derive(Clone, Debug)]
struct Party {
    application: Application,
    settings: Settings,
}

impl Party {
    const fn id(&self) -> ApplicationId {
        self.application.id
    }

    fn name(&self) -> String {
        self.application.name.as_str().to_owned()
    }
}

impl App {
    /// The application, if it is there and speaks OpenID Connect.
    async fn oidc_party(&self, id: ApplicationId) -> Result<Option<Party>, Problem> {
        let organization = self.organization().await?.id;
        let found = table::application::load(&self.0.store, organization, id).await?;
        Ok(found.and_then(|application| match application.protocol.clone() {
            Protocol::Oidc(settings) => Some(Party { application, settings }),
            Protocol::Saml(_) => None,
        }))
    }

    /// Where its tile leads, if the application speaks OpenID Connect and says so (OpenID Connect Core §4).
    pub async fn oidc_start(&self, id: ApplicationId) -> Result<Option<String>, Problem> {
        let party = self.oidc_party(id).await?;
        let start = party.and_then(|party| party.settings.start);
        Ok(start.map(|start| extended(start.as_str(), &[("iss", &self.0.public_url)])))
    }
}

/// The address with these parameters behind what it has.
fn extended(address: &str, parameters: &[(&str, &str)]) -> String {
    let mut text = address.to_owned();
    for (name, value) in parameters {
        text.push(if text.contains('?') { '&' } else { '?' });
        text.push_str(name);
        text.push('=');
        text.push_str(&escaped(value));
    }
    text
}

/// RFC 3986 §2.3: all but unreserved characters written as their bytes.
fn escaped(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let written =
        |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(written).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_stand_behind_what_an_address_has() {
        assert_eq!(
            extended("https://a.example/cb", &[("code", "x"), ("state", "a b&c=ä")]),
            "https://a.example/cb?code=x&state=a%20b%26c%3D%C3%A4"
        );
        assert_eq!(
            extended("https://a.example/cb?t=1", &[("error", "x")]),
            "https://a.example/cb?t=1&error=x"
        );
    }
}
