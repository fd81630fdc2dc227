//! Everything that reads what applications send, and changed inputs for it: the same ones for the same numbers.
//!
//! A target takes any bytes. What it reads must be so that it could be read, and of what was signed nothing may be
//! changed. libFuzzer calls the same targets (`libfuzzer`).

mod changes;
mod numbers;
pub mod oidc;
pub mod saml;
mod watch;

pub use watch::{Found, Tally, run};

/// What became of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was refused.
    Refused,
    /// It was read, and all of it is as it must be.
    Read,
}

/// What should never be: a sentence about what was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken(pub String);

impl Broken {
    fn unless(is_right: bool, sentence: &str) -> Result<(), Self> {
        if is_right { Ok(()) } else { Err(Self(sentence.to_owned())) }
    }
}

/// What reads, and what it is given.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// The input of that number.
    pub input: fn(u64) -> Vec<u8>,
    /// Reads it.
    pub read: fn(&[u8]) -> Result<Outcome, Broken>,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "post", input: saml::a_post, read: saml::post },
    Target { name: "redirect", input: saml::a_redirect, read: saml::redirect },
    Target { name: "metadata", input: saml::a_metadata, read: saml::metadata },
    Target { name: "authorization", input: oidc::an_authorization, read: oidc::authorization },
    Target { name: "token", input: oidc::a_token, read: oidc::token },
];
