//! How messages travel: in the query of an address, or in a form that is posted.

mod inbound;
pub mod post;
pub mod redirect;

pub(crate) use inbound::issuer_of;
pub use inbound::{Demand, Inbound, Message, MessageKind, Signed};
pub use post::PostForm;

/// The most bytes of RelayState. SAML says 80; applications put addresses there.
pub const LONGEST_RELAY_STATE: usize = 1_024;
/// The most bytes of a message as it is encoded.
pub const LONGEST_ENCODED: usize = 256 * 1024;

/// Whether a message asks or answers; each has its name in queries and forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// A request.
    Request,
    /// A response.
    Response,
}

impl Field {
    /// Its name in queries and forms.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}
