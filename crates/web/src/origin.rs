//! Where a request comes from: the peer, or what a trusted proxy says of it.

use crate::Web;
use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use claviger_app::session::Origin;
use claviger_domain::network;
use std::{convert::Infallible, net::SocketAddr};

/// The other end of the connection; the server adds it to every request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

const LONGEST_AGENT: usize = 200;

/// The origin of the request at hand.
#[derive(Clone, Debug)]
pub(crate) struct From(pub(crate) Origin);

pub(crate) fn of(parts: &Parts, web: &Web) -> Origin {
    let sent = parts.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let address = match parts.extensions.get::<Peer>() {
        Some(Peer(peer)) => network::client(peer.ip(), sent, &web.options().trusted_proxies).to_string(),
        None => String::new(),
    };
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
