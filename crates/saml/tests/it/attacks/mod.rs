//! Attacks on SAML software that were published, as far as a provider meets them: in what it receives, and in what it writes. Each is
//! named after its number or paper, made anew, and refused for the reason that is written there.
//!
//! XSW: Somorovsky and others, "On Breaking SAML: Be Whoever You Want to Be", USENIX Security 2012.

mod listed;
mod parsing;
mod redirect;
mod rules;
mod signatures;
mod uploads;
mod wrapping;
mod writing;
