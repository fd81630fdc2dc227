//! The site through its router, on both databases: what every answer has, and who may call what.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod activity;
mod administrators;
mod agent;
mod api;
mod ask_once;
mod bounds;
mod bulk;
mod conditions;
mod contract;
mod design;
mod devices;
mod fresh;
mod identity;
mod keys;
mod living;
mod logo;
mod macs;
mod oidc;
mod oidc_admin;
mod oidc_attacks;
mod oidc_client;
mod oidc_named;
mod oidc_scene;
mod orders;
mod pages;
mod permissions;
mod repeated;
mod resets;
mod rollout;
mod saml;
mod saml_attacks;
mod settings;
mod site;
mod streams;
mod tokens;

pub(crate) use site::*;
