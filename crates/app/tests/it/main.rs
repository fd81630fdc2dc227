//! The use cases on both databases, under a clock that is set and randomness that is counted.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod enrollment;
mod helping;
mod journeys;
mod living;
mod log;
mod mail_texts;
mod mails;
mod races;
mod requirement;
mod rollout;
mod sign_in;
mod tokens;
mod world;

pub(crate) use world::*;
