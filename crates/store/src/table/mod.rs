//! What the tables hold: one file each, every statement a constant beside the function that uses it.

pub mod account;
pub mod account_mail;
pub mod administrator;
pub mod api_key;
pub mod application;
pub mod application_key;
pub mod application_secret;
pub mod application_visit;
pub mod audit;
pub mod audit_anchor;
pub mod audit_list;
pub mod break_glass;
pub mod command;
pub mod command_run;
pub mod connect_key;
pub mod device;
pub mod device_binding;
pub mod device_bound;
pub mod device_contact;
pub mod device_group;
pub mod device_list;
pub mod factor;
pub mod group;
pub mod home_widget;
pub mod idempotency;
pub mod job;
pub mod link;
pub mod log_stream;
pub mod logo;
pub mod mail;
pub mod mail_text;
pub mod mfa_reset;
pub mod oidc;
pub mod oidc_key;
pub mod organization;
pub mod policy;
pub mod policy_bound;
pub mod posix;
pub mod recovery;
pub mod remembered_login;
pub mod report;
pub mod revision;
pub mod saml;
pub mod schedule;
pub mod session;
pub mod signing_key;
pub mod smtp;
pub mod throttle;
pub mod token;
pub mod usage;
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
