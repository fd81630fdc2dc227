//! The use cases on both databases, under a clock that is set and randomness that is counted.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod enrollment;
mod journeys;
mod log;
mod mails;
mod races;
mod requirement;
mod sign_in;
mod world;

pub(crate) use world::*;
