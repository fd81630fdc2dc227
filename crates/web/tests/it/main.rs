//! The site through its router, on both databases: what every answer has, and who may call what.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod api;
mod living;
mod pages;
mod rollout;
mod settings;
mod site;
mod tokens;

pub(crate) use site::*;
