//! Where a server is. A look-up takes a thread of its own, and may wait for a name server that is out of reach. Whoever
//! waits at a login needs neither: the held poll looks the name up each time it connects, and they go where it went.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Arc, PoisonError, RwLock},
};
use ureq::{
    Error,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver},
        transport::NextTimeout,
    },
};

/// Where a name was found last; nowhere before it was looked up.
pub(crate) type Found = Arc<RwLock<Vec<SocketAddr>>>;

/// Finds one server.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    names: DefaultResolver,
    found: Found,
    way: Way,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Way {
    /// The name is looked up, and where it was found is noted for others.
    #[default]
    LookedUp,
    /// What others noted is good enough.
    AsNoted,
}

impl Addresses {
    /// Looks up, and notes.
    pub(crate) fn noting(found: &Found) -> Self {
        Self { found: Arc::clone(found), ..Self::default() }
    }

    /// Goes by what was noted; looks up while nothing was.
    pub(crate) fn noted(found: &Found) -> Self {
        Self { found: Arc::clone(found), way: Way::AsNoted, ..Self::default() }
    }

    fn known(&self, uri: &Uri) -> Vec<SocketAddr> {
        match (numeric(uri), self.way) {
            (Some(address), _) => vec![address],
            (None, Way::LookedUp) => Vec::new(),
            (None, Way::AsNoted) => self.found.read().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

impl Resolver for Addresses {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let known = self.known(uri);
        if known.is_empty() {
            let found = self.names.resolve(uri, config, timeout)?;
            if self.way == Way::LookedUp {
                *self.found.write().unwrap_or_else(PoisonError::into_inner) = found.to_vec();
            }
            return Ok(found);
        }
        let mut addresses = self.empty();
        known.into_iter().for_each(|address| addresses.push(address));
        Ok(addresses)
    }
}

fn numeric(uri: &Uri) -> Option<SocketAddr> {
    let host: IpAddr = uri.host()?.trim_matches(['[', ']']).parse().ok()?;
    let port = uri.port_u16().or_else(|| match uri.scheme_str()? {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    });
    Some(SocketAddr::new(host, port?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    fn resolve(addresses: &Addresses, uri: &Uri) -> Option<Vec<SocketAddr>> {
        Some(addresses.resolve(uri, &Config::default(), NextTimeout::default()).ok()?.to_vec())
    }

    /// A login goes where the poll went, and follows it; the poll looks up whatever was noted.
    #[test]
    fn what_one_looked_up_another_goes_by() {
        let found = Found::default();
        let (poll, login) = (Addresses::noting(&found), Addresses::noted(&found));
        let here = uri("http://localhost:8080/");
        let looked_up = resolve(&login, &here).unwrap();
        assert!(looked_up.iter().all(|address| address.ip().is_loopback()), "{looked_up:?}");
        assert!(found.read().unwrap().is_empty(), "only the poll notes");
        let elsewhere: SocketAddr = "192.0.2.7:8080".parse().unwrap();
        *found.write().unwrap() = vec![elsewhere];
        assert_eq!(resolve(&login, &here), Some(vec![elsewhere]));
        assert_eq!(resolve(&poll, &here), Some(looked_up.clone()));
        assert_eq!(resolve(&login, &here), Some(looked_up.clone()));
        assert_eq!(resolve(&poll, &uri(&format!("http://{}.invalid/", "x".repeat(64)))), None);
        assert_eq!(resolve(&login, &here), Some(looked_up), "a look-up that failed takes nothing away");
    }

    #[test]
    fn numbers_are_taken_as_they_are_and_names_are_looked_up() {
        for (text, address) in [
            ("https://192.0.2.7/agent/v1/code", Some("192.0.2.7:443")),
            ("https://192.0.2.7:8443/", Some("192.0.2.7:8443")),
            ("http://127.0.0.1/", Some("127.0.0.1:80")),
            ("https://[2001:db8::1]:8443/x", Some("[2001:db8::1]:8443")),
            ("https://claviger.example.com/", None),
            ("https://127.0.0.1.example.com/", None),
            ("https://1/", None),
        ] {
            let expected = address.map(|address| address.parse().unwrap());
            assert_eq!(numeric(&uri(text)), expected, "{text}");
        }
    }
}
