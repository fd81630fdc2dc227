//! The doors of applications: where a request that waits for a person is gone on with.

use crate::id::ApplicationId;

const LONGEST: usize = 3_500;

/// The door of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// It speaks SAML.
    Saml(ApplicationId),
    /// It speaks OpenID Connect.
    Oidc(ApplicationId),
}

impl Door {
    /// Where a request that waits is gone on with.
    pub fn address(self, kept: &str) -> String {
        match self {
            Self::Saml(id) => format!("/saml/{id}/continue?request={kept}"),
            Self::Oidc(id) => format!("/oidc/{id}/continue?request={kept}"),
        }
    }

    /// The door that a path of this site leads to with what was kept, if it is one.
    pub fn of(path: &str) -> Option<Self> {
        let (protocol, rest) = path.strip_prefix('/')?.split_once('/')?;
        let (id, kept) = rest.split_once("/continue?request=")?;
        let id = id.parse().ok()?;
        let door = match protocol {
            "saml" => Self::Saml(id),
            "oidc" => Self::Oidc(id),
            _ => return None,
        };
        let is_kept = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_door = path.len() <= LONGEST
            && !kept.is_empty()
            && kept.bytes().all(is_kept)
            && door.address(kept) == path;
        is_door.then_some(door)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_on_is_an_application_of_this_site() {
        let id = "0190a000-0000-7000-8000-000000000000";
        let good = format!("/saml/{id}/continue?request=aZ09-_");
        assert_eq!(Door::of(&good), Some(Door::Saml(id.parse().unwrap())));
        let other = good.replace("saml", "oidc");
        assert_eq!(Door::of(&other), Some(Door::Oidc(id.parse().unwrap())));
        for bad in [
            "",
            "/",
            "/admin",
            "//evil.test/saml/x/continue?request=a",
            "https://evil.test/saml/0190a000-0000-7000-8000-000000000000/continue?request=a",
            "/saml/x/continue?request=a",
            "/ldap/0190a000-0000-7000-8000-000000000000/continue?request=a",
            "/saml/0190a000-0000-7000-8000-000000000000/continue?request=",
            "/saml/0190a000-0000-7000-8000-000000000000/continue?request=a&b=c",
            "/saml/0190a000-0000-7000-8000-000000000000/continue?request=a\r\nSet-Cookie: x",
            "/saml/0190a000-0000-7000-8000-000000000000/../continue?request=a",
            "/saml/0190A000-0000-7000-8000-000000000000/continue?request=a",
        ] {
            assert_eq!(Door::of(bad), None, "{bad:?}");
        }
        assert_eq!(Door::of(&format!("{good}{}", "a".repeat(LONGEST))), None);
    }
}
