//! The words of SAML 2.0 and XML Signature that both sides must spell alike.

use crate::xml::Space;

/// SAML assertions.
pub const SAML: Space = Space { prefix: "saml", uri: "urn:oasis:names:tc:SAML:2.0:assertion" };
/// The SAML protocol.
pub const SAMLP: Space = Space { prefix: "samlp", uri: "urn:oasis:names:tc:SAML:2.0:protocol" };
/// SAML metadata.
pub const MD: Space = Space { prefix: "md", uri: "urn:oasis:names:tc:SAML:2.0:metadata" };
/// XML Signature.
pub const DS: Space = Space { prefix: "ds", uri: "http://www.w3.org/2000/09/xmldsig#" };
/// Exclusive canonicalization; its identifier as an algorithm is the same address.
pub const EC: Space = Space { prefix: "ec", uri: "http://www.w3.org/2001/10/xml-exc-c14n#" };

/// The transform that leaves the signature itself out.
pub(crate) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
/// How a bearer shows that the assertion is for them.
pub(crate) const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
/// An entity's name as a NameID.
pub(crate) const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";

/// How a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// In a form that the browser posts.
    Post,
    /// In the query of an address that the browser is sent to.
    Redirect,
}

impl Binding {
    /// Its identifier.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Post => "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
            Self::Redirect => "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
        }
    }

    /// The binding of an identifier, if it is one of ours.
    pub fn from_uri(uri: &str) -> Option<Self> {
        [Self::Post, Self::Redirect].into_iter().find(|binding| binding.uri() == uri)
    }
}

/// What kind of name a NameID is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NameIdFormat {
    /// An e-mail address.
    Email,
    /// An opaque name, the same at each sign-in, of its own for each application.
    Persistent,
    /// An opaque name of one session.
    Transient,
    /// What application and provider agreed on.
    Unspecified,
}

impl NameIdFormat {
    /// All of them, as they stand in metadata.
    pub const ALL: [Self; 4] = [Self::Email, Self::Persistent, Self::Transient, Self::Unspecified];

    /// Its identifier.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Email => "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
            Self::Persistent => "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
            Self::Transient => "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
            Self::Unspecified => "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
        }
    }

    /// The format of an identifier, if it is one of ours.
    pub fn from_uri(uri: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.uri() == uri)
    }
}

/// How a person signed in, as `AuthnContextClassRef` says it.
pub mod context {
    /// A password over a protected connection.
    pub const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
    /// A code of an authenticator that knows the time.
    pub const TIME_SYNC_TOKEN: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken";
    /// Several factors, as research federations call it.
    pub const REFEDS_MFA: &str = "https://refeds.org/profile/mfa";
    /// Nothing in particular.
    pub const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified";
}

/// How a request came out (SAML core 3.2.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It was done.
    Success,
    /// The person could not be signed in.
    AuthnFailed,
    /// It would have needed the person, who was not to be asked.
    NoPassive,
    /// It was understood, and refused.
    RequestDenied,
    /// No way of signing in fits what was asked for.
    NoAuthnContext,
    /// The name or its format can't be given.
    InvalidNameIdPolicy,
    /// The person is unknown.
    UnknownPrincipal,
    /// The request is wrong.
    Requester,
    /// The provider failed.
    Responder,
    /// Signed out here, and not everywhere else.
    PartialLogout,
}

impl Status {
    /// The first code, and the second if there is one.
    pub const fn codes(self) -> (&'static str, Option<&'static str>) {
        const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
        const REQUESTER: &str = "urn:oasis:names:tc:SAML:2.0:status:Requester";
        const RESPONDER: &str = "urn:oasis:names:tc:SAML:2.0:status:Responder";
        match self {
            Self::Success => (SUCCESS, None),
            Self::AuthnFailed => (RESPONDER, Some("urn:oasis:names:tc:SAML:2.0:status:AuthnFailed")),
            Self::NoPassive => (RESPONDER, Some("urn:oasis:names:tc:SAML:2.0:status:NoPassive")),
            Self::RequestDenied => (RESPONDER, Some("urn:oasis:names:tc:SAML:2.0:status:RequestDenied")),
            Self::NoAuthnContext => (RESPONDER, Some("urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext")),
            Self::InvalidNameIdPolicy => {
                (REQUESTER, Some("urn:oasis:names:tc:SAML:2.0:status:InvalidNameIDPolicy"))
            }
            Self::UnknownPrincipal => {
                (RESPONDER, Some("urn:oasis:names:tc:SAML:2.0:status:UnknownPrincipal"))
            }
            Self::Requester => (REQUESTER, None),
            Self::Responder => (RESPONDER, None),
            Self::PartialLogout => (SUCCESS, Some("urn:oasis:names:tc:SAML:2.0:status:PartialLogout")),
        }
    }

    /// The status of two codes; of unknown ones, what the first says alone.
    pub fn from_codes(first: &str, second: Option<&str>) -> Option<Self> {
        const ALL: [Status; 10] = [
            Status::Success,
            Status::Requester,
            Status::Responder,
            Status::AuthnFailed,
            Status::NoPassive,
            Status::RequestDenied,
            Status::NoAuthnContext,
            Status::InvalidNameIdPolicy,
            Status::UnknownPrincipal,
            Status::PartialLogout,
        ];
        let same_second = |status: &Status| second.is_some() && status.codes().1 == second;
        ALL.into_iter().find(same_second).or_else(|| ALL.into_iter().find(|status| status.codes().0 == first))
    }
}
