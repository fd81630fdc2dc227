//! Counting of attempts at passwords and links, so that guessing and flooding slow down (S4.19).

use crate::{App, Problem};
use claviger_domain::{account::Realm, throttle::Scope, time::Span};
use claviger_store::table::{self, throttle::Subjects};
use sha2::{Digest, Sha256};

impl App {
    /// How long whoever is behind these subjects has to wait.
    pub(crate) async fn wait_for(&self, subjects: &Subjects) -> Result<Span, Problem> {
        let organization = self.organization().await?;
        let counts = table::throttle::load(&self.0.store, organization.id, subjects).await?;
        let now = self.now();
        Ok(counts.iter().map(|(scope, count)| Scope::wait(*scope, *count, now)).max().unwrap_or(Span::ZERO))
    }
}

/// What attempts at `what` are counted by: hashes, so that what people type into the wrong field is not kept.
pub(crate) fn subjects(what: &str, realm: Realm, identifier: &str, address: &str) -> Subjects {
    let hash = |parts: &[&str]| -> [u8; 32] {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.finalize().into()
    };
    let identifier = identifier.to_lowercase();
    let address = network(address);
    Subjects {
        account_at_address: hash(&[what, "both", realm.key(), &identifier, &address]),
        address: hash(&[what, "address", &address]),
        account: hash(&[what, "account", realm.key(), &identifier]),
    }
}

/// One household has one IPv4 address or one IPv6 network of 64 bits.
pub(crate) fn network(address: &str) -> String {
    match address.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V6(v6)) => {
            v6.segments().iter().take(4).map(|part| format!("{part:x}:")).collect()
        }
        _ => address.to_owned(),
    }
}
