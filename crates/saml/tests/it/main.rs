//! The protocol from outside: what is taken, what is refused and why, and what other programs make of what we write.

mod canonical;
mod certificates;
mod foreign;
mod metadata;
mod reader;
mod requests;
mod support;
mod written;
