//! The credential provider of Windows, and the filter that hides the others (S8.15): it carries a conversation between
//! LogonUI and the agent, and decides nothing. It holds no secret, starts no thread, and lets nobody in when in doubt.
//!
//! - `tile`: what there is to see and to type; `blob`: what Windows is handed at the end.
//! - `logon`: the conversation; `name`: whom a typed name stands for.
//! - `com`: LogonUI's side, the only place with `unsafe`.

// Both are plain data, and tested on any system.
#[cfg_attr(not(any(windows, test)), expect(dead_code, reason = "only Windows has a LogonUI"))]
mod blob;
#[cfg_attr(not(windows), expect(dead_code, reason = "only Windows has a LogonUI"))]
mod tile;

#[cfg(windows)]
#[expect(unsafe_code, reason = "LogonUI calls, and is called")]
mod com;
#[cfg(windows)]
mod logon;
#[cfg(windows)]
mod name;
#[cfg(windows)]
mod words;
