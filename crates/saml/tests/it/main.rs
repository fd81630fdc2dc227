//! The protocol from outside: what is taken, what is refused and why, and what other programs make of what we write.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_types,
    reason = "tests"
)]

mod attacks;
mod canonical;
mod certificates;
mod foreign;
mod metadata;
mod reader;
mod recorded;
mod requests;
mod support;
mod written;
