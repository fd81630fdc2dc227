//! Log entries on their way out: syslog over TLS, TCP or UDP, and webhooks over HTTPS.

mod webhook;

#[cfg(test)]
mod tests;

use claviger_app::ports::{Courier, ShipError, Shipment, Shipping};
use claviger_domain::stream::{Reach, Transport};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{IpAddr as PkiAddress, ServerName},
};
use std::{
    future::Future,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UdpSocket, lookup_host},
};
use tokio_rustls::{TlsConnector, client::TlsStream};

const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const TAKE_WITHIN: Duration = Duration::from_secs(15);
/// RFC 5426 §3.2: what every collector takes in one datagram is 2,048 octets; IPv4 takes no more than 65,507.
const DATAGRAM_MAX: usize = 60_000;

/// Takes log entries to their collectors.
pub(crate) struct Collectors {
    tls: TlsConnector,
    reach: Reach,
}

impl Collectors {
    /// Trusts what the system trusts.
    pub(crate) fn new(reach: Reach) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Self::trusting(roots, reach)
    }

    fn trusting(roots: RootCertStore, reach: Reach) -> anyhow::Result<Self> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: TlsConnector::from(Arc::new(config)), reach })
    }

    async fn deliver(&self, shipment: &Shipment) -> Result<(), ShipError> {
        match shipment {
            Shipment::Syslog { transport: Transport::Udp, host, port, messages } => {
                datagrams(host, *port, messages).await
            }
            Shipment::Syslog { transport: Transport::Tcp, host, port, messages } => {
                let stream = connect(&lookup(host, *port, Reach::Anywhere).await?).await?;
                counted(stream, messages).await
            }
            Shipment::Syslog { transport: Transport::Tls, host, port, messages } => {
                let addresses = lookup(host, *port, Reach::Anywhere).await?;
                let stream = self.secure(host, connect(&addresses).await?).await?;
                counted(stream, messages).await
            }
            Shipment::Webhook { url, signature, body } => {
                let addresses = lookup(url.name(), url.port(), self.reach).await?;
                let stream = self.secure(url.name(), connect(&addresses).await?).await?;
                webhook::post(stream, url, signature, body).await
            }
        }
    }

    async fn secure(&self, host: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, ShipError> {
        let name = server_name(host)?;
        let shaken = within(CONNECT_WITHIN, self.tls.connect(name, stream)).await?;
        shaken.map_err(|error| ShipError(format!("no TLS connection with {host}: {error}")))
    }
}

impl Courier for Collectors {
    fn reach(&self) -> Reach {
        self.reach
    }

    fn ship<'a>(&'a self, shipment: &'a Shipment) -> Shipping<'a> {
        Box::pin(self.deliver(shipment))
    }
}

fn server_name(host: &str) -> Result<ServerName<'static>, ShipError> {
    let bare = host.trim_matches(['[', ']']);
    match bare.parse::<std::net::IpAddr>() {
        Ok(address) => Ok(ServerName::IpAddress(PkiAddress::from(address))),
        Err(_) => ServerName::try_from(bare.to_owned())
            .map_err(|_| ShipError(format!("{host} is no name that a certificate can have"))),
    }
}

/// The host's addresses that may be called. Who connects takes one of these and asks nobody again, so that a name
/// can't lead elsewhere between the check and the connection.
async fn lookup(host: &str, port: u16, reach: Reach) -> Result<Vec<SocketAddr>, ShipError> {
    let bare = host.trim_matches(['[', ']']).to_owned();
    let found = within(CONNECT_WITHIN, lookup_host((bare, port))).await?;
    let all: Vec<_> = found.map_err(|error| ShipError(format!("{host} can't be found: {error}")))?.collect();
    let allowed: Vec<_> = all.iter().copied().filter(|address| reach.allows(address.ip())).collect();
    if allowed.is_empty() && !all.is_empty() {
        return Err(ShipError(format!(
            "{host} leads into the server's own network: allow that in the server's configuration (allow_private_webhooks)"
        )));
    }
    Ok(allowed)
}

async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, ShipError> {
    let connected = within(CONNECT_WITHIN, TcpStream::connect(addresses)).await?;
    connected.map_err(|error| {
        let places: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        ShipError(format!("no connection with {}: {error}", places.join(", ")))
    })
}

async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, ShipError> {
    let late = |_| ShipError(format!("no answer within {} seconds", limit.as_secs()));
    tokio::time::timeout(limit, work).await.map_err(late)
}

/// RFC 6587 §3.4.1 and RFC 5425: each message with its number of octets before it.
async fn counted(mut stream: impl AsyncWrite + Unpin, messages: &[String]) -> Result<(), ShipError> {
    let mut framed = String::new();
    for message in messages {
        framed.push_str(&format!("{} {message}", message.len()));
    }
    let sent = within(TAKE_WITHIN, async {
        stream.write_all(framed.as_bytes()).await?;
        stream.flush().await?;
        stream.shutdown().await
    });
    sent.await?.map_err(|error| ShipError(format!("the collector closed the connection: {error}")))
}

/// RFC 5426: one datagram each.
async fn datagrams(host: &str, port: u16, messages: &[String]) -> Result<(), ShipError> {
    let addresses = lookup(host, port, Reach::Anywhere).await?;
    let to = addresses.first().ok_or_else(|| ShipError(format!("{host} has no address")))?;
    let from: SocketAddr = match to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let sending = async {
        let socket = UdpSocket::bind(from).await?;
        socket.connect(to).await?;
        for message in messages {
            let octets = message.as_bytes();
            socket.send(octets.get(..DATAGRAM_MAX).unwrap_or(octets)).await?;
        }
        std::io::Result::Ok(())
    };
    within(TAKE_WITHIN, sending).await?.map_err(|error| ShipError(format!("{to} took no datagram: {error}")))
}
