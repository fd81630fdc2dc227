//! Keys for the REST API: what one may do, until when and from where (S6.10).

use crate::{
    field::{FieldError, Fields},
    permission::{Permission, Role},
    time::{Span, Timestamp},
};
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// A key that is made lives at most so many days, unless it lives for ever.
pub const LONGEST_DAYS: i64 = 3_650;
/// Entries of an allow-list.
pub const NETWORKS: usize = 20;
/// Keys of one administrator.
pub const KEYS_EACH: i64 = 100;

impl Role {
    /// Whether it allows everything that `other` allows.
    pub fn includes(self, other: Role) -> bool {
        Permission::ALL.into_iter().all(|permission| self.allows(permission) || !other.allows(permission))
    }

    /// The roles that a key of an administrator with this one can have, the mightiest first.
    pub fn lendable(self) -> impl Iterator<Item = Role> {
        Self::ALL.into_iter().filter(move |role| self.includes(*role))
    }

    /// S6.10: what a key with this role may do whose administrator has the role `owner` by now: what both allow.
    /// Nothing where no role is in both; at most Home is, which no operation of the API asks for.
    pub fn within(self, owner: Role) -> Option<Role> {
        let allowed = |role: &Role| Permission::ALL.into_iter().filter(|one| role.allows(*one)).count();
        self.lendable().filter(|role| owner.includes(*role)).max_by_key(allowed)
    }
}

/// A range of addresses, such as `203.0.113.0/24` or `2001:db8::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// The bits of an address, from the left, and how many there are.
fn bits(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

/// The first `prefix` bits, the others zero.
fn cut(address: IpAddr, prefix: u8) -> IpAddr {
    let (bits, width) = bits(address);
    let gone = u32::from(width.saturating_sub(prefix));
    let kept = bits.checked_shr(gone).and_then(|bits| bits.checked_shl(gone)).unwrap_or(0);
    match address {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(kept).unwrap_or(0))),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(kept)),
    }
}

impl Network {
    /// Whether the address is one of them.
    pub fn contains(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.address.is_ipv4() == address.is_ipv4() && cut(address, self.prefix) == self.address
    }

    /// Whether every address of `other` is one of them.
    pub fn covers(self, other: Network) -> bool {
        other.prefix >= self.prefix && self.contains(other.address)
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || format!("“{text}” is no address or network, like 203.0.113.7 or 2001:db8::/32.");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| unknown())?;
        let (_, width) = bits(address);
        let prefix = match prefix {
            None => width,
            Some(digits) if digits.chars().all(|c| c.is_ascii_digit()) => {
                digits.parse().map_err(|_| unknown())?
            }
            Some(_) => return Err(unknown()),
        };
        if prefix > width {
            return Err(format!("“{text}”: the number after the slash can be at most {width}."));
        }
        if cut(address, prefix) != address {
            let meant = Network { address: cut(address, prefix), prefix };
            return Err(format!("“{text}” is no network: do you mean {meant}?"));
        }
        // An IPv4 client is known by its IPv4 address, however it connects.
        match (address.to_canonical(), address) {
            (IpAddr::V4(inner), IpAddr::V6(_)) if prefix >= 96 => {
                Ok(Self { address: IpAddr::V4(inner), prefix: prefix - 96 })
            }
            _ => Ok(Self { address, prefix }),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, width) = bits(self.address);
        match self.prefix {
            prefix if prefix == width => write!(f, "{}", self.address),
            prefix => write!(f, "{}/{prefix}", self.address),
        }
    }
}

/// Where a key may be used from: everywhere if it is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList(Vec<Network>);

impl AllowList {
    /// Reads networks with spaces, commas or line breaks between them.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        let entries = text.split(|c: char| c.is_whitespace() || c == ',').filter(|entry| !entry.is_empty());
        let mut networks: Vec<Network> = Vec::new();
        for entry in entries {
            let network = entry.parse().map_err(|message: String| FieldError::new(field, message))?;
            if !networks.contains(&network) {
                networks.push(network);
            }
            if networks.len() > NETWORKS {
                return Err(FieldError::new(field, format!("At most {NETWORKS} addresses and networks.")));
            }
        }
        Ok(Self(networks))
    }

    /// The networks.
    pub fn networks(&self) -> &[Network] {
        &self.0
    }

    /// Whether a client with this address may use the key; what is no address may not, unless everybody may.
    pub fn allows(&self, address: &str) -> bool {
        self.0.is_empty()
            || address
                .parse()
                .is_ok_and(|address: IpAddr| self.0.iter().any(|network| network.contains(address)))
    }

    /// Whether everyone whom `other` lets in is let in.
    fn covers(&self, other: &AllowList) -> bool {
        let covered = |inner: &Network| self.0.iter().any(|network| network.covers(*inner));
        self.0.is_empty() || (!other.0.is_empty() && other.0.iter().all(covered))
    }
}

impl fmt::Display for AllowList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, network) in self.0.iter().enumerate() {
            write!(f, "{}{network}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

/// What a key may do, until when and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What it may do, as long as its administrator may.
    pub role: Role,
    /// From when it is dead.
    pub expires_at: Option<Timestamp>,
    /// Where it may be used from.
    pub addresses: AllowList,
}

impl Terms {
    /// What an administrator can lend to a key.
    pub fn of(role: Role) -> Self {
        Self { role, expires_at: None, addresses: AllowList::default() }
    }

    /// Nobody lends more than they have: a key that makes a key gives it no more, no longer and no further.
    pub fn lend(&self, asked: Terms) -> Result<Terms, Vec<FieldError>> {
        let mut fields = Fields::new();
        if !self.role.includes(asked.role) {
            let message = format!("A key can't do more than its maker: {} does.", asked.role.words());
            fields.refuse(FieldError::new("role", message));
        }
        match (self.expires_at, asked.expires_at) {
            (Some(own), Some(new)) if new <= own => {}
            (Some(_), _) => {
                let message = "A key that makes a key can't let it live longer than itself.";
                fields.refuse(FieldError::new("expires", message));
            }
            (None, _) => {}
        }
        if !self.addresses.covers(&asked.addresses) {
            let message = "A key that makes a key can't let it in from where it is not let in itself.";
            fields.refuse(FieldError::new("addresses", message));
        }
        fields.finish(Some(asked))
    }
}

/// When a key that is made now dies, from days or nothing.
pub fn expiry(
    field: &'static str,
    days: Option<i64>,
    now: Timestamp,
) -> Result<Option<Timestamp>, FieldError> {
    match days {
        None => Ok(None),
        Some(days @ 1..=LONGEST_DAYS) => Ok(Some(now.plus(Span::days(days)))),
        Some(_) => Err(FieldError::new(field, format!("Days must be between 1 and {LONGEST_DAYS}."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_may_do_what_both_it_and_its_administrator_may() {
        for key in Role::ALL {
            for owner in Role::ALL {
                let both = |permission: &Permission| key.allows(*permission) && owner.allows(*permission);
                let common: Vec<_> = Permission::ALL.into_iter().filter(both).collect();
                let lowered = key.within(owner);
                let allowed: Vec<_> = Permission::ALL
                    .into_iter()
                    .filter(|permission| lowered.is_some_and(|role| role.allows(*permission)))
                    .collect();
                let only_home = common == [Permission::SeeHome] && lowered.is_none();
                assert!(allowed == common || only_home, "{key:?} of {owner:?}: {lowered:?}");
            }
        }
        assert_eq!(Role::Administrator.within(Role::HelpDesk), Some(Role::HelpDesk));
        assert_eq!(Role::ReadOnly.within(Role::Administrator), Some(Role::ReadOnly));
        assert_eq!(Role::CommandRunnerWithBilling.within(Role::Manager), Some(Role::CommandRunner));
        assert_eq!(Role::BillingOnly.within(Role::Administrator), None);
    }

    #[test]
    fn roles_are_lent_by_those_who_have_all_they_allow() {
        let lent = |role: Role| role.lendable().collect::<Vec<_>>();
        assert_eq!(lent(Role::AdministratorWithBilling), Role::ALL);
        assert_eq!(lent(Role::HelpDesk), [Role::HelpDesk, Role::ReadOnly]);
        assert_eq!(lent(Role::BillingOnly), [Role::BillingOnly]);
        assert!(!lent(Role::Administrator).contains(&Role::BillingOnly));
    }

    #[test]
    fn networks_are_read_and_those_that_are_none_told() {
        for (text, shown) in [
            ("203.0.113.7", "203.0.113.7"),
            ("203.0.113.0/24", "203.0.113.0/24"),
            ("203.0.113.7/32", "203.0.113.7"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::/0", "::/0"),
            ("2001:DB8::/32", "2001:db8::/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ] {
            assert_eq!(text.parse::<Network>().map(|network| network.to_string()), Ok(shown.to_owned()));
        }
        for text in [
            "",
            "x",
            "203.0.113",
            "203.0.113.7/33",
            "10.0.0.1/8",
            "::1/129",
            "::1/0",
            "1.2.3.4/",
            "1.2.3.4/+8",
            "1.2.3.4/999",
        ] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
        let told = "10.0.0.1/8".parse::<Network>().unwrap_err();
        assert!(told.contains("do you mean 10.0.0.0/8?"), "{told}");
    }

    #[test]
    fn only_listed_addresses_are_let_in() {
        let list = AllowList::parse("addresses", " 10.0.0.0/8,\n2001:db8::1 10.0.0.0/8 ").unwrap();
        assert_eq!(list.to_string(), "10.0.0.0/8 2001:db8::1");
        for (address, allowed) in [
            ("10.255.0.1", true),
            ("::ffff:10.1.2.3", true),
            ("11.0.0.1", false),
            ("2001:db8::1", true),
            ("2001:db8::2", false),
            ("", false),
            ("nonsense", false),
        ] {
            assert_eq!(list.allows(address), allowed, "{address}");
        }
        assert!(AllowList::default().allows("") && AllowList::default().allows("11.0.0.1"));
        let many: Vec<_> = (0..21).map(|n| format!("10.0.0.{n}")).collect();
        assert!(AllowList::parse("addresses", &many.join(" ")).is_err());
        assert!(AllowList::parse("addresses", &many[..20].join(" ")).is_ok());
    }

    #[test]
    fn nobody_lends_more_than_they_have() {
        let terms = |role, expires_at: Option<i64>, addresses: &str| Terms {
            role,
            expires_at: expires_at.map(Timestamp),
            addresses: AllowList::parse("addresses", addresses).unwrap(),
        };
        let fields = |maker: &Terms, asked| -> Vec<&str> {
            maker.lend(asked).err().unwrap_or_default().into_iter().map(|error| error.field).collect()
        };
        let person = Terms::of(Role::Manager);
        assert!(fields(&person, terms(Role::HelpDesk, None, "")).is_empty());
        assert_eq!(fields(&person, terms(Role::Administrator, Some(9), "10.0.0.1")), ["role"]);
        let key = terms(Role::HelpDesk, Some(100), "10.0.0.0/8");
        assert!(fields(&key, terms(Role::ReadOnly, Some(100), "10.1.0.0/16 10.0.0.1")).is_empty());
        assert_eq!(fields(&key, terms(Role::Manager, None, "")), ["role", "expires", "addresses"]);
        assert_eq!(
            fields(&key, terms(Role::HelpDesk, Some(101), "10.0.0.1 11.0.0.1")),
            ["expires", "addresses"]
        );
    }

    #[test]
    fn days_are_in_range() {
        let now = Timestamp::from_seconds(1_000);
        assert_eq!(expiry("expires", Some(30), now), Ok(Some(now.plus(Span::days(30)))));
        assert_eq!(expiry("expires", None, now), Ok(None));
        for days in [0, -1, LONGEST_DAYS + 1, i64::MAX] {
            assert!(expiry("expires", Some(days), now).is_err(), "{days}");
        }
    }

    proptest! {
        #[test]
        fn a_network_has_what_begins_as_it_does(address: u32, other: u32, prefix in 0_u8..=32) {
            let base = cut(IpAddr::V4(Ipv4Addr::from_bits(address)), prefix);
            let network: Network = format!("{base}/{prefix}").parse().unwrap();
            let same = prefix == 0 || address >> (32 - prefix) == other >> (32 - prefix);
            prop_assert_eq!(network.contains(IpAddr::V4(Ipv4Addr::from_bits(other))), same);
            prop_assert!(network.contains(IpAddr::V4(Ipv4Addr::from_bits(address))));
        }

        #[test]
        fn no_text_breaks_the_list(text in "\\PC{0,60}") {
            let _ = AllowList::parse("addresses", &text);
        }
    }
}
