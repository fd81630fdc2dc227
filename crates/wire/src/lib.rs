//! What crosses a process.
//!
//! - [`server`]: JSON between an agent and the server, over HTTPS; [`signed`]: what is signed of it.
//! - [`login`]: what a login program asks the agent, over a local socket; [`service`]: which login programs do.

pub mod login;
pub mod server;
pub mod service;
pub mod signed;
