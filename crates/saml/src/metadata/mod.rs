//! What provider and applications tell each other before the first sign-in.

mod idp;
mod sp;

pub use idp::IdentityProvider;
pub use sp::{Logout, Problem, ServiceProvider, WrongMetadata, is_address, read_service_providers};
