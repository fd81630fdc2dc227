//! The site through its router, on both databases: what every answer has, and who may call what.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod activity;
mod administrators;
mod agent;
mod api;
mod bulk;
mod contract;
mod devices;
mod identity;
mod keys;
mod living;
mod pages;
mod permissions;
mod repeated;
mod rollout;
mod settings;
mod site;
mod tokens;

pub(crate) use site::*;
