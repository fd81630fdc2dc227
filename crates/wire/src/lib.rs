//! What crosses a process.
//!
//! - [`server`]: JSON between an agent and the server, over HTTPS; [`signed`]: what is signed of it.
//! - [`orders`]: policies and commands, in the state and in reports.
//! - [`login`]: what a login program asks the agent, over a local socket; [`service`]: which login programs do.

pub mod login;
pub mod orders;
pub mod server;
pub mod service;
pub mod signed;
