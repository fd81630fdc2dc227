//! The rules of Claviger: pure functions of facts and `now`.
//!
//! Nothing here reads a clock, draws a random number, or does input or output. What reached a type
//! of this crate is in range: strings are parsed once, at the edge.

#![warn(clippy::wildcard_enum_match_arm)]

pub mod account;
pub mod activity;
pub mod administrator;
pub mod api_key;
pub mod application;
pub mod attempt;
pub mod audit;
pub mod break_glass;
pub mod bucket;
pub mod command;
pub mod connect_key;
pub mod device;
pub mod diagnosis;
pub mod exempt;
pub mod factor;
pub mod field;
pub mod first_code;
pub mod group;
pub mod home;
pub mod id;
pub mod idempotency;
pub mod import;
pub mod lockout;
pub mod logo;
mod mac;
pub mod mail;
pub mod mail_text;
pub mod mfa;
pub mod mfa_reset;
pub mod network;
pub mod organization;
pub mod password;
pub mod permission;
pub mod policy;
pub mod posix;
pub mod recovery;
pub mod reminder;
pub mod removal;
pub mod resync;
pub mod revision;
pub mod secret;
pub mod sign_in;
pub mod site;
pub mod status;
pub mod step_up;
pub mod stream;
pub mod throttle;
pub mod time;
pub mod token;
pub mod totp;
pub mod usage;
pub mod verifier;
