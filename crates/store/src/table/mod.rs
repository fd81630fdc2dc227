//! What the tables hold: one file each, every statement a constant beside the function that uses it.

pub mod account;
pub mod account_mail;
pub mod api_key;
pub mod audit;
pub mod factor;
pub mod group;
pub mod job;
pub mod link;
pub mod logo;
pub mod mail;
pub mod mail_text;
pub mod organization;
pub mod recovery;
pub mod report;
pub mod schedule;
pub mod session;
pub mod signing_key;
pub mod smtp;
pub mod throttle;
pub mod token;
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
