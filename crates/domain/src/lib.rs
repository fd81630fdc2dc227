//! The rules of Claviger: pure functions of facts and `now`.
//!
//! Nothing here reads a clock, draws a random number, or does input or output. What reached a type
//! of this crate is in range: strings are parsed once, at the edge.

#![warn(clippy::wildcard_enum_match_arm)]

pub mod account;
pub mod attempt;
pub mod audit;
pub mod factor;
pub mod field;
pub mod id;
pub mod lockout;
pub mod mail;
pub mod mfa;
pub mod organization;
pub mod password;
pub mod permission;
pub mod secret;
pub mod sign_in;
pub mod status;
pub mod throttle;
pub mod time;
pub mod totp;
