//! The use cases on both databases, under a clock that is set and randomness that is counted.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod administrators;
mod activity;
mod enrollment;
mod helping;
mod identity;
mod idempotency;
mod journeys;
mod keys;
mod living;
mod log;
mod mail_texts;
mod mails;
mod races;
mod requirement;
mod rollout;
mod sign_in;
mod step_up;
mod tokens;
mod uploads;
mod usage;
mod world;

pub(crate) use world::*;
