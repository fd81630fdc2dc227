//! What the agent needs of Windows. Everything that takes or gives a pointer stays in here.
//!
//! - `pipe`: named pipes of messages, with a limit to every wait; `process`: who is at the other end.
//! - `registry`, `seal`, `folder`, `event_log`: where things are kept and told.
//! - `account`, `logon`, `session`: local accounts, their passwords, and who is signed in.
//! - `service`, `system`: the service, and the machine it runs on; `job`: programs that it runs.

#![cfg(windows)]

pub mod account;
pub mod event_log;
pub mod folder;
pub mod job;
pub mod logon;
pub mod pipe;
pub mod process;
pub mod registry;
pub mod seal;
pub mod service;
pub mod session;
pub mod system;
mod text;
