//! What the tables hold: one file each, every statement a constant beside the function that uses it.

pub mod account;
pub mod api_key;
pub mod audit;
pub mod factor;
pub mod schedule;
pub mod link;
pub mod mail;
pub mod organization;
pub mod session;
pub mod smtp;
pub mod throttle;
pub mod user_list;

use crate::StoreError;
use claviger_domain::field::FieldError;

/// A value in the database that the domain refuses.
fn refused(error: FieldError) -> StoreError {
    StoreError::corrupt(error.to_string())
}

fn unknown(what: &str, word: &str) -> StoreError {
    StoreError::corrupt(format!("{what} {word:?}"))
}
