//! Addresses of applications: where people are sent with what proves who they are.

use crate::{field::FieldError, stream::is_host};
use serde::{Deserialize, Serialize};

/// The most that an address can have.
const MOST: usize = 500;

/// An absolute address that a browser is sent to: `https`, or `http` on this very machine; no user, no fragment.
///
/// It is kept and compared as it was entered: what an application asks for must be the same text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(String);

impl TryFrom<String> for Address {
    type Error = FieldError;

    fn try_from(text: String) -> Result<Self, FieldError> {
        Self::parse("address", &text)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.0
    }
}

impl Address {
    /// The address as entered.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        let text = text.trim();
        let refused = |message: &str| Err(FieldError::new(field, message));
        if text.len() > MOST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return refused("An address can have at most 500 characters, without spaces or accents.");
        }
        if text.contains(['#', '\\', '<', '>', '"', '`']) {
            return refused("An address can't have a fragment (#), quotes, backslashes or angle brackets.");
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return refused("Enter a whole address such as https://app.example.com/saml/acs.");
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, _) = rest.split_at(end);
        if authority.contains('@') {
            return refused("An address can't have a user or a password in it.");
        }
        let Some(host) = host(authority) else {
            return refused("Enter a whole address such as https://app.example.com/saml/acs.");
        };
        match scheme {
            "https" => Ok(Self(text.to_owned())),
            "http" if is_this_machine(host) => Ok(Self(text.to_owned())),
            _ => refused("Enter an address that begins with https://. Plain http:// is for localhost alone."),
        }
    }

    /// As it was entered.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The host of `host`, `host:port` or `[v6]:port`.
fn host(authority: &str) -> Option<&str> {
    let (host, port) = match authority.rfind(']') {
        Some(end) => {
            let (host, rest) = authority.split_at(end + 1);
            (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':')?) })
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port_is_one = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    (port_is_one && is_host(host)).then_some(host)
}

fn is_this_machine(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_or_of_this_machine_and_kept_as_entered() {
        for good in [
            "https://app.example.com/saml/acs",
            "https://APP.example.com:8443/a?b=c&d=%20",
            "https://app.example.com",
            "https://[2606:4700::1]:8443/x",
            "http://localhost:3000/cb",
            "http://127.0.0.1/cb",
            "http://[::1]:9/cb",
        ] {
            assert_eq!(Address::parse("acs", &format!(" {good} ")).unwrap().as_str(), good);
        }
        let long = format!("https://app.example.com/{}", "x".repeat(500));
        for bad in [
            "",
            "app.example.com/acs",
            "/acs",
            "//app.example.com/acs",
            "http://app.example.com/acs",
            "http://localhost.example.com/acs",
            "http://127.0.0.1.example.com/acs",
            "javascript://app.example.com/%0aalert(1)",
            "data:text/html,x",
            "https://",
            "https:///acs",
            "https://user@app.example.com/",
            "https://localhost@evil.example/",
            "https://app.example.com/#x",
            "https://app.example.com\\@evil.example/",
            "https://app.example.com:0/",
            "https://app.example.com:99999/",
            "https://app.example.com:/",
            "https://*.example.com/acs",
            "https://app.example.com/a b",
            "https://app.example.com/\"><script>",
            "https://äpp.example.com/",
            &long,
        ] {
            assert!(Address::parse("acs", bad).is_err(), "{bad}");
        }
    }
}
