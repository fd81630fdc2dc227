//! Which of the two portals a page belongs to, and where things are in it.

use crate::{Web, error::PageError};
use axum::{extract::FromRequestParts, http::request::Parts};
use claviger_domain::{account::Realm, sign_in::Next};

/// Which portal a sign-in page belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portal {
    pub(crate) realm: Realm,
    base: &'static str,
}

impl Portal {
    pub(crate) const USER: Portal = Portal { realm: Realm::User, base: "" };
    pub(crate) const ADMIN: Portal = Portal { realm: Realm::Administrator, base: "/admin" };

    pub(crate) const fn of(realm: Realm) -> Self {
        match realm {
            Realm::User => Self::USER,
            Realm::Administrator => Self::ADMIN,
        }
    }

    /// A path of this portal; its Home for an empty one.
    pub(crate) fn path(self, rest: &str) -> String {
        match (self.base, rest) {
            ("", "") => "/".into(),
            (base, rest) => format!("{base}{rest}"),
        }
    }

    /// The page where people see to their own MFA and sessions, or a path under it.
    pub(crate) fn own(self, rest: &str) -> String {
        let page = match self.realm {
            Realm::User => "/security",
            Realm::Administrator => "/admin/account",
        };
        format!("{page}{rest}")
    }

    pub(crate) fn next_page(self, next: Next) -> String {
        self.path(match next {
            Next::Enter => "",
            Next::Code(_) => "/sign-in/code",
            Next::ChangePassword => "/sign-in/password",
            Next::MustEnroll | Next::MayEnroll { .. } | Next::SetUpAnew => "/enroll",
            Next::Barred | Next::LockedOut { .. } => "/sign-in",
        })
    }

    pub(super) const fn is_admin(self) -> bool {
        matches!(self.realm, Realm::Administrator)
    }
}

impl FromRequestParts<Web> for Portal {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, PageError> {
        let portal = parts.extensions.get::<Portal>().copied();
        portal.ok_or_else(|| PageError::Internal("a sign-in route without its portal".into()))
    }
}
