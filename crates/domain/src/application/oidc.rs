//! An application that speaks OpenID Connect (S10.1).

pub mod claims;
pub mod grant;
pub mod key;
pub mod request;

use super::{address::Address, saml::Attribute};
use crate::{device::words, field::FieldError};
use serde::{Deserialize, Serialize};

/// The most addresses of a kind.
pub const MOST_ADDRESSES: usize = 20;

/// What is known of an application that speaks OpenID Connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Whether it keeps a secret.
    pub client: Client,
    /// Where people come back to with a code, each byte for byte.
    pub redirects: Vec<Address>,
    /// Where people may land after they signed out.
    pub after_log_out: Vec<Address>,
    /// What it may be told.
    pub scopes: Vec<Scope>,
    /// Whether it may go on without the person.
    pub refresh: Refresh,
    /// What it is told beside the scopes.
    pub claims: Vec<Attribute>,
    /// What signs its ID tokens.
    pub signed: Algorithm,
    /// Where its tile leads; without it there is no tile.
    pub start: Option<Address>,
}

/// What an ID token is signed with: the key of that kind that signs now. There is no `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Algorithm {
    /// RSA PKCS #1 v1.5 with SHA-256; every application takes it.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
}
words!(Algorithm { Rs256 => "RS256", Es256 => "ES256" });

/// Whether an application keeps a secret. PKCE is asked of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Client {
    /// On a server: it shows its secret for every token.
    Confidential,
    /// In a browser or on a phone, where nothing stays secret.
    Public,
}
words!(Client { Confidential => "confidential", Public => "public" });

/// What an application may be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Who it is: without it nothing is OpenID Connect.
    Openid,
    /// Names.
    Profile,
    /// The e-mail address.
    Email,
    /// The user's groups that have the application.
    Groups,
    /// Going on without the person.
    OfflineAccess,
}
words!(Scope {
    Openid => "openid",
    Profile => "profile",
    Email => "email",
    Groups => "groups",
    OfflineAccess => "offline_access",
});

/// Whether an application may go on without the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refresh {
    /// It may not: when its token ends it sends the person here again.
    None,
    /// With tokens that are good for one turn each, as long as the person's account and assignment are.
    Rotating,
}
words!(Refresh { None => "none", Rotating => "rotating" });

impl Settings {
    /// Whether people may be sent back there.
    pub fn allows(&self, redirect: &str) -> bool {
        self.redirects.iter().any(|known| known.as_str() == redirect)
    }

    /// Whether people may land there after they signed out.
    pub fn lands(&self, address: &str) -> bool {
        self.after_log_out.iter().any(|known| known.as_str() == address)
    }

    /// The scopes that are given of those that were asked for; nothing without `openid`.
    pub fn given(&self, asked: &str) -> Option<Vec<Scope>> {
        let asked: Vec<_> = asked.split(' ').filter_map(Scope::from_key).collect();
        let given: Vec<_> = self.scopes.iter().copied().filter(|scope| asked.contains(scope)).collect();
        given.contains(&Scope::Openid).then_some(given)
    }
}

/// Addresses as entered, one a line.
pub fn addresses(field: &'static str, text: &str) -> Result<Vec<Address>, FieldError> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut all = lines.map(|line| Address::parse(field, line)).collect::<Result<Vec<_>, _>>()?;
    all.sort();
    all.dedup();
    if all.len() > MOST_ADDRESSES {
        return Err(FieldError::new(field, format!("Enter at most {MOST_ADDRESSES} addresses.")));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_sent_back_to_a_known_address_byte_for_byte() {
        let settings = Settings {
            client: Client::Public,
            redirects: addresses("redirects", "https://app.example.com/cb\n\n http://localhost:3000/cb ")
                .unwrap(),
            after_log_out: Vec::new(),
            scopes: vec![Scope::Openid, Scope::Email],
            refresh: Refresh::None,
            claims: Vec::new(),
            signed: Algorithm::Rs256,
            start: None,
        };
        assert!(settings.allows("https://app.example.com/cb") && settings.allows("http://localhost:3000/cb"));
        for other in [
            "https://app.example.com/cb/",
            "https://app.example.com/cb?x=1",
            "https://app.example.com/CB",
            "https://app.example.com/cb#x",
            "https://app.example.com/cb/../cb",
            "https://app.example.com:443/cb",
            "https://app.example.com.evil.example/cb",
            "http://localhost:3001/cb",
            "",
        ] {
            assert!(!settings.allows(other), "{other}");
        }
        assert_eq!(settings.given("email groups openid openid"), Some(vec![Scope::Openid, Scope::Email]));
        assert_eq!(settings.given("email"), None);
        assert_eq!(settings.given(""), None);
    }

    #[test]
    fn addresses_are_a_line_each_and_told_once() {
        let all =
            addresses("redirects", "https://b.example\r\nhttps://a.example\nhttps://b.example").unwrap();
        assert_eq!(
            all.iter().map(Address::as_str).collect::<Vec<_>>(),
            ["https://a.example", "https://b.example"]
        );
        let many: Vec<_> = (0..=MOST_ADDRESSES).map(|n| format!("https://a{n}.example")).collect();
        assert!(addresses("redirects", &many.join("\n")).is_err());
        assert!(addresses("redirects", "https://a.example\nhttp://b.example").is_err());
    }
}
