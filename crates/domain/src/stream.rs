//! Where entries of the activity log are forwarded to: a syslog collector, a webhook (section 12).

mod health;

pub use health::Health;

use crate::{
    field::FieldError,
    mac::{keyed, sha256},
    secret::Secret,
    time::Timestamp,
};
use data_encoding::HEXLOWER;
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// Which stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// To a syslog collector.
    Syslog,
    /// To a webhook.
    Webhook,
}

impl Kind {
    /// Both.
    pub const ALL: [Kind; 2] = [Self::Syslog, Self::Webhook];

    /// The word in the database, in the log and in addresses.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Syslog => "syslog",
            Self::Webhook => "webhook",
        }
    }

    /// The stream of that word.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// How messages get to a syslog collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// RFC 5425: TLS, octet counting.
    Tls,
    /// RFC 6587: TCP, octet counting.
    Tcp,
    /// RFC 5426: one datagram each; what is lost on the way is lost.
    Udp,
}

impl Transport {
    /// Every way.
    pub const ALL: [Transport; 3] = [Self::Tls, Self::Tcp, Self::Udp];

    /// The word in forms and in the database.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }

    /// The way of that word.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|transport| transport.key() == key)
    }
}

/// Which addresses a webhook may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Those of the Internet alone.
    Public,
    /// The server's own network, too: the configuration asks for it in so many words.
    Anywhere,
}

impl Reach {
    /// Whether a webhook at that address may be called.
    pub fn allows(self, address: IpAddr) -> bool {
        self == Self::Anywhere || is_public(address)
    }
}

/// Whether the address is one of the Internet: not of this machine, its network, or for special use.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match carried_v4(v6) {
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(v6),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        // This network, shared address space, protocol assignments, 6to4 relays, benchmarks, multicast and beyond.
        (0, _, _) | (100, 64..=127, _) | (192, 0, 0) | (192, 88, 99) | (198, 18 | 19, _) | (224..=255, _, _)
    );
    !(special
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation())
}

/// Only 2000::/3 is given out; of that, addresses for documentation and for benchmarks lead nowhere.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    (first & 0xe000) == 0x2000
        && !matches!((first, second), (0x2001, 0x0db8 | 0x0000 | 0x0002) | (0x3fff, 0x0000..=0x0fff))
}

/// The IPv4 address that an IPv6 address stands for: mapped, translated (NAT64), or 6to4.
fn carried_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

/// The address of a webhook: `https`, a host, nothing secret in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookUrl {
    host: String,
    port: u16,
    path: String,
}

impl WebhookUrl {
    /// Parses `https://host[:port][/path][?query]`. A host that is an address must be within `reach`; a name is
    /// resolved and judged when the connection is made.
    pub fn parse(field: &'static str, text: &str, reach: Reach) -> Result<Self, FieldError> {
        let text = text.trim();
        let refused = |message: &str| Err(FieldError::new(field, message));
        if text.len() > 500 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return refused("The URL can have at most 500 characters, without spaces or accents.");
        }
        let Some(rest) = text.strip_prefix("https://") else {
            return refused("Enter a URL that begins with https://.");
        };
        let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(at);
        if authority.contains('@') || path.contains('#') {
            return refused("The URL can't have a user, a password or a fragment in it.");
        }
        let Some((host, port)) = host_and_port(authority) else {
            return refused("Enter a URL such as https://siem.example.com/claviger.");
        };
        let outside = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) => !reach.allows(address),
            Err(_) => reach == Reach::Public && is_local_name(&host),
        };
        if outside {
            return refused(
                "This address is in the server's own network. Allow it in the server's configuration first (allow_private_webhooks).",
            );
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { host, port, path })
    }

    /// The host as in the URL, an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The host without brackets, as resolvers and certificates have it.
    pub fn name(&self) -> &str {
        self.host.trim_matches(['[', ']'])
    }

    /// The port, 443 unless the URL says otherwise.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// What comes after host and port, query included.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What the `Host` header says.
    pub fn authority(&self) -> String {
        if self.port == 443 { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}{}", self.authority(), self.path)
    }
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`, the host in lower case.
fn host_and_port(authority: &str) -> Option<(String, u16)> {
    let (host, port) = match authority.rfind(']') {
        Some(end) => {
            let (host, rest) = authority.split_at(end + 1);
            (host, rest.strip_prefix(':').or(rest.is_empty().then_some("443"))?)
        }
        None => authority.split_once(':').unwrap_or((authority, "443")),
    };
    let port = port.parse().ok().filter(|port| *port > 0)?;
    is_host(host).then(|| (host.to_ascii_lowercase(), port))
}

/// Whether the text is a host's name or address: RFC 1123 names, IPv4, IPv6 in brackets.
pub fn is_host(text: &str) -> bool {
    if let Some(inner) = text.strip_prefix('[') {
        return inner.strip_suffix(']').is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok());
    }
    if text.parse::<Ipv4Addr>().is_ok() {
        return true;
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    // A last label of digits alone would be read as an address by some resolvers.
    text.len() <= 253 && text.split('.').all(label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_local_name(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.ends_with(".local")
        || host.ends_with(".internal")
}

/// The value of `Claviger-Signature`: `t=SECONDS,v1=HEX`, where HEX is HMAC-SHA-256(secret, `SECONDS.BODY`).
pub fn signature(secret: &Secret<String>, now: Timestamp, body: &str) -> String {
    let time = now.seconds().to_string();
    let signed = sha256(keyed(secret.expose().as_bytes()), &[time.as_bytes(), b".", body.as_bytes()]);
    format!("t={time},v1={}", HEXLOWER.encode(&signed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        for address in
            ["8.8.8.8", "193.99.144.80", "100.63.255.255", "172.32.0.1", "2606:4700::1", "2a00:1450::1"]
        {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "2001:db8::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
        ] {
            let address = address.parse().unwrap();
            assert!(!is_public(address), "{address}");
            assert!(Reach::Anywhere.allows(address) && !Reach::Public.allows(address));
        }
    }

    #[test]
    fn a_webhook_is_https_and_outside() {
        let parse = |text| WebhookUrl::parse("url", text, Reach::Public);
        let url = parse(" https://SIEM.example.com/in?x=1 ").unwrap();
        assert_eq!((url.name(), url.port(), url.path()), ("siem.example.com", 443, "/in?x=1"));
        assert_eq!(url.to_string(), "https://siem.example.com/in?x=1");
        assert_eq!(parse("https://a.example:8443").unwrap().to_string(), "https://a.example:8443/");
        let v6 = parse("https://[2606:4700::1]:8443/x").unwrap();
        assert_eq!((v6.name(), v6.authority().as_str()), ("2606:4700::1", "[2606:4700::1]:8443"));
        assert_eq!(parse("https://a.example?x").unwrap().path(), "/?x");
        for bad in [
            "",
            "http://siem.example.com/",
            "https://",
            "https://user:pw@siem.example.com/",
            "https://siem.example.com/#x",
            "https://siem.example.com:0/",
            "https://siem.example.com:99999/",
            "https://siem example.com/",
            "https://-x.example/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://localhost:9/",
            "https://printer.local/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://127.1/",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        let own = WebhookUrl::parse("url", "https://localhost:8443/", Reach::Anywhere).unwrap();
        assert_eq!(own.authority(), "localhost:8443");
    }

    #[test]
    fn a_signature_is_that_of_rfc_4231_over_time_and_body() {
        let key = [0x0b; 20];
        let known = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
        assert_eq!(HEXLOWER.encode(&sha256(keyed(&key), &[b"Hi There"])), known);
        let secret = Secret::from("s");
        let signed = signature(&secret, Timestamp::from_seconds(17), "{}");
        assert_eq!(signed, format!("t=17,v1={}", HEXLOWER.encode(&sha256(keyed(b"s"), &[b"17.{}"]))));
        assert_ne!(signed, signature(&secret, Timestamp::from_seconds(17), "{ }"));
        assert_ne!(signed, signature(&secret, Timestamp::from_seconds(18), "{}"));
    }

    #[test]
    fn transports_and_streams_are_known_by_their_words() {
        for transport in Transport::ALL {
            assert_eq!(Transport::from_key(transport.key()), Some(transport));
        }
        assert_eq!(Transport::from_key("quic"), None);
        assert_eq!(Kind::ALL.map(|kind| Kind::from_key(kind.key())), Kind::ALL.map(Some));
        assert_eq!(Kind::from_key("pigeon"), None);
    }
}
