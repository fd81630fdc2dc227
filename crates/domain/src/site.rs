//! What belongs to this site: the ways that a browser is sent back, and the changes that it sends.

const LONGEST: usize = 2_000;
const ADMIN: &str = "/admin";

/// A path on this site, and nothing that a browser could take for another.
pub fn path(text: &str) -> Option<&str> {
    let is_ours = text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains(|c: char| c == '\\' || c.is_control());
    is_ours.then_some(text)
}

/// A page of the Admin Portal, with its query.
pub fn admin_page(text: &str) -> Option<&str> {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let is_ours = path == ADMIN || path.starts_with("/admin/");
    let is_plain = text.len() <= LONGEST
        && text.chars().all(|c| c.is_ascii_graphic() && c != '\\')
        && !path.contains("//")
        && !path.contains("..");
    (is_ours && is_plain).then_some(text)
}

/// The path and query of an address, whatever its host: it is only ever followed on this one.
pub fn path_of(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    rest.find('/').and_then(|at| rest.get(at..))
}

/// What a browser says of the page that sent a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sender<'a> {
    /// `Sec-Fetch-Site`.
    pub site: Option<&'a str>,
    /// `Origin`.
    pub origin: Option<&'a str>,
    /// `Host`: where it was sent to.
    pub host: Option<&'a str>,
}

impl Sender<'_> {
    /// Whether it was a page of this site, or no page of any. Browsers say where a request comes from; what says
    /// nothing is no browser and has no cookies of ours.
    pub fn is_ours(&self, public_url: &str) -> bool {
        match (self.site, self.origin) {
            (Some(site), _) => matches!(site, "same-origin" | "none"),
            (None, None) => true,
            (None, Some(origin)) => {
                let authority = origin.split_once("://").map(|(_, authority)| authority);
                origin == public_url || (authority.is_some() && authority == self.host)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_return_address_stays_on_this_site() {
        assert_eq!(path("/admin/users?search=a"), Some("/admin/users?search=a"));
        for elsewhere in [
            "",
            "https://evil.test",
            "//evil.test",
            "/\\evil.test",
            "/a\r\nSet-Cookie: x",
            "/\t/evil.test",
            "javascript:alert(1)",
        ] {
            assert_eq!(path(elsewhere), None, "{elsewhere:?}");
        }
    }

    #[test]
    fn the_way_back_to_the_admin_portal_stays_in_it() {
        for ours in
            ["/admin", "/admin/users?search=a%2Fb&sort=name", "/admin?x=1", "/admin/settings/email#test"]
        {
            assert_eq!(admin_page(ours), Some(ours));
        }
        for other in [
            "",
            "/",
            "/security",
            "/administrator",
            "//evil.test/admin",
            "https://evil.test/admin",
            "/admin//evil.test",
            "/admin/../logo",
            "/admin/\\evil.test",
            "/admin/\r\nSet-Cookie: a=b",
            "/admin/ä",
            "javascript:alert(1)",
            "admin/users",
        ] {
            assert_eq!(admin_page(other), None, "{other:?}");
        }
        assert_eq!(admin_page(&format!("/admin/{}", "a".repeat(LONGEST))), None);
    }

    #[test]
    fn of_an_address_the_path_is_followed_alone() {
        let table = [
            ("https://sso.acme.test/admin/users/1?tab=mfa", Some("/admin/users/1?tab=mfa")),
            ("https://evil.test//admin", Some("//admin")),
            ("https://sso.acme.test", None),
            ("/admin", None),
        ];
        for (address, expected) in table {
            assert_eq!(path_of(address), expected, "{address}");
        }
    }

    #[test]
    fn only_this_site_changes_anything_through_a_browser() {
        let ours = |site, origin, host| Sender { site, origin, host }.is_ours("https://sso.acme.test");
        assert!(ours(Some("same-origin"), None, None));
        assert!(ours(Some("none"), None, None));
        assert!(!ours(Some("same-site"), None, None));
        assert!(!ours(Some("cross-site"), Some("https://sso.acme.test"), None));
        assert!(ours(None, Some("https://sso.acme.test"), None));
        assert!(ours(None, Some("http://localhost:8080"), Some("localhost:8080")));
        assert!(!ours(None, Some("https://evil.test"), Some("sso.acme.test")));
        assert!(!ours(None, Some("null"), Some("sso.acme.test")));
        assert!(!ours(None, Some("null"), None));
        assert!(ours(None, None, Some("sso.acme.test")));
    }
}
