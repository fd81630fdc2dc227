//! Where a request comes from: the peer, or what a trusted proxy says of it.

use crate::Web;
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use claviger_app::session::Origin;
use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
};

/// The other end of the connection; the server adds it to every request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

const LONGEST_AGENT: usize = 200;

/// The client's address: the last one in `X-Forwarded-For` that no trusted proxy wrote for another.
pub(crate) fn client(peer: Option<&Peer>, headers: &HeaderMap, trusted: &[IpAddr]) -> String {
    let Some(Peer(peer)) = peer else { return String::new() };
    let mut client = peer.ip().to_canonical();
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let mut hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    while trusted.contains(&client) {
        match hops.pop().map(str::parse::<IpAddr>) {
            Some(Ok(hop)) => client = hop.to_canonical(),
            _ => break,
        }
    }
    client.to_string()
}

/// The origin of the request at hand.
#[derive(Clone, Debug)]
pub(crate) struct From(pub(crate) Origin);

pub(crate) fn of(parts: &Parts, web: &Web) -> Origin {
    let address = client(parts.extensions.get::<Peer>(), &parts.headers, &web.options().trusted_proxies);
    let agent =
        parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Origin { address, user_agent: agent.chars().take(LONGEST_AGENT).collect() }
}

impl FromRequestParts<Web> for From {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        Ok(Self(of(parts, web)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&'static str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", axum::http::HeaderValue::from_static(value));
        }
        let trusted: Vec<IpAddr> = trusted.iter().map(|address| address.parse().unwrap()).collect();
        client(Some(&Peer(SocketAddr::new(peer.parse().unwrap(), 1))), &headers, &trusted)
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(seen("192.0.2.1", &["203.0.113.9"], &[]), "192.0.2.1");
        assert_eq!(seen("10.0.0.1", &["203.0.113.9"], &["10.0.0.1"]), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["1.1.1.1, 203.0.113.9"], &["10.0.0.1"]), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["203.0.113.9", "10.0.0.2"], &["10.0.0.1", "10.0.0.2"]), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", &["nonsense"], &["10.0.0.1"]), "10.0.0.1");
        assert_eq!(seen("::ffff:192.0.2.1", &[], &[]), "192.0.2.1");
    }
}
