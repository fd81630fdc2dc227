//! The use cases on both databases, under a clock that is set and randomness that is counted.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod activity;
mod activity_kept;
mod administrators;
mod agent;
mod applications;
mod ask_once;
mod commands;
mod device_admin;
mod devices;
mod devices_login;
mod devices_watch;
mod enrollment;
mod helping;
mod idempotency;
mod identity;
mod journeys;
mod keys;
mod living;
mod log;
mod mail_texts;
mod mails;
mod oidc;
mod oidc_admin;
mod policies;
mod races;
mod requirement;
mod rollout;
mod saml;
mod saml_log_out;
mod saml_refused;
mod sign_in;
mod step_up;
mod streams;
mod tokens;
mod unlocking;
mod uploads;
mod usage;
mod world;

pub(crate) use world::*;
