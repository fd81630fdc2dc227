//! The authorization plug-in of the login window of macOS (S8.18). It carries a conversation between the login window and
//! the agent, and decides nothing. It holds no secret, and lets nobody in when in doubt who is asked for a code.
//!
//! Its mechanisms, around the one with which macOS looks at the password:
//!
//! ```text
//! Claviger:password,privileged   the directory's password, judged by the server (S8.12)
//! builtin:authenticate,privileged
//! Claviger:code                  the code
//! Claviger:entered,privileged    who is in without one is noted, and who is locked is not in
//! ```
//!
//! It runs on Linux, too, where tests play the login window.

#![cfg(mac)]

#[expect(unsafe_code, reason = "macOS calls, and is called")]
mod abi;
mod agent;
mod code;
mod engine;
#[cfg(any(target_os = "macos", test))]
mod layout;
mod mechanism;
mod view;
mod words;

#[cfg(test)]
#[expect(unsafe_code, reason = "the tests play macOS")]
mod tests;
