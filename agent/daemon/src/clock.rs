//! The clocks of the machine.

pub use crate::platform::system::clock::SystemClocks;

use claviger_domain::time::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// What the clock shows that people can set.
#[expect(clippy::disallowed_methods, reason = "the port itself")]
pub(crate) fn wall() -> Timestamp {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(wall.as_micros()).unwrap_or(i64::MAX))
}
