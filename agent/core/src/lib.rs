//! What a device decides.
//!
//! - [`login`]: who is asked for what, and how it ends; [`words`]: what is said meanwhile.
//! - [`clock`]: what time it is.
//! - [`plan`]: what must change on the device so that it is as laid down.
//! - [`policy`]: what policies lay down, put in place, looked after and taken back.
//! - [`port`]: what a login needs of the device it happens on.

pub mod clock;
pub mod login;
pub mod plan;
pub mod policy;
pub mod port;
pub mod words;
