//! A message as the browser brings it.

use claviger_saml::{
    Refusal,
    binding::{Field, Inbound, post, redirect},
};
use std::fmt;

/// A message as the browser brings it. It can hold what identifies a person.
#[derive(Clone, Copy)]
pub enum Posted<'a> {
    /// In the query of the address, as it was sent, without its `?`.
    Query(&'a str),
    /// In the fields of a form.
    Form {
        /// `SAMLRequest`, if it came.
        request: Option<&'a str>,
        /// `SAMLResponse`, if it came.
        response: Option<&'a str>,
        /// `RelayState`, if it came.
        relay_state: Option<&'a str>,
    },
}

impl fmt::Debug for Posted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Query(_) => "Query(…)",
            Self::Form { .. } => "Form(…)",
        })
    }
}

impl Posted<'_> {
    pub(super) fn read(&self) -> Result<Inbound, Refusal> {
        match *self {
            Self::Query(query) => redirect::receive(query),
            Self::Form { request: Some(_), response: Some(_), .. } => Err(Refusal::BothFields),
            Self::Form { request: Some(value), response: None, relay_state } => {
                post::receive(Field::Request, value, relay_state)
            }
            Self::Form { request: None, response: Some(value), relay_state } => {
                post::receive(Field::Response, value, relay_state)
            }
            Self::Form { request: None, response: None, .. } => {
                Err(Refusal::NoParameter("SAMLRequest or SAMLResponse"))
            }
        }
    }
}
