//! Posted forms: each field once, and what goes back into the page when one is wrong.

use crate::{Web, error::PageError, step_up};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{StatusCode, header},
};
use claviger_app::Refusal;
use claviger_domain::field::FieldError;
use futures_util::FutureExt;
use std::collections::HashMap;

/// A form as it was posted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Posted(HashMap<String, String>);

impl Posted {
    /// The field's text; empty if it is missing.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The names of all fields that came.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The fields of a form that came in parts.
    pub(crate) fn from_pairs(pairs: Vec<(String, String)>) -> Result<Self, PageError> {
        let mut fields = HashMap::with_capacity(pairs.len());
        for (name, value) in pairs {
            // What is no UTF-8 was replaced by this sign on the way here.
            if value.contains(char::REPLACEMENT_CHARACTER) {
                return Err(PageError::Malformed(
                    "A field has bytes that are no text. Go back and type it again.",
                ));
            }
            if fields.insert(name, value).is_some() {
                return Err(PageError::Malformed("A field was sent twice. Go back and send the form again."));
            }
        }
        Ok(Self(fields))
    }

    pub(crate) fn owned(&self, name: &str) -> String {
        self.text(name).to_owned()
    }

    /// Whether the field came at all: a checkbox only does when it is ticked.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The field with what was typed and what is wrong with it.
    pub(crate) fn field(&self, name: &str, errors: &Errors) -> Field {
        Field { value: self.owned(name), error: errors.of(name) }
    }

    /// Puts what was typed back into the fields that came; those of the page's other forms stay as they are.
    pub(crate) fn put_back<const N: usize>(&self, errors: &Errors, fields: [(&str, &mut Field); N]) {
        for (name, field) in fields {
            if self.has(name) {
                *field = self.field(name, errors);
            }
        }
    }

    pub(crate) fn check(&self, name: &str, errors: &Errors) -> Check {
        Check { on: self.has(name), error: errors.of(name) }
    }
}

impl FromRequest<Web> for Posted {
    type Rejection = PageError;

    async fn from_request(request: Request, web: &Web) -> Result<Self, PageError> {
        let is_form = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| {
                value.split(';').next().is_some_and(|kind| kind.trim() == "application/x-www-form-urlencoded")
            });
        let body = Bytes::from_request(request, web).boxed().await.map_err(|rejection| {
            match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => PageError::TooLarge,
                _ => PageError::Malformed("The form did not arrive whole. Go back and send it again."),
            }
        })?;
        if body.is_empty() {
            return Ok(Self::default());
        }
        if !is_form {
            return Err(PageError::Malformed("This page takes forms only."));
        }
        let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(&body)
            .map_err(|_| PageError::Malformed("The form can't be read. Go back and send it again."))?;
        Self::from_pairs(pairs)
    }
}

/// An input with its text and its error.
#[derive(Clone, Debug, Default)]
pub(crate) struct Field {
    pub(crate) value: String,
    pub(crate) error: Option<String>,
}

impl Field {
    pub(crate) fn of(value: impl Into<String>) -> Self {
        Self { value: value.into(), error: None }
    }

    /// For passwords and codes, which never go back into a page.
    pub(crate) fn secret(name: &str, errors: &Errors) -> Self {
        Self { value: String::new(), error: errors.of(name) }
    }
}

/// An option of a field that is chosen from a list.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) label: String,
}

impl Choice {
    pub(crate) fn new(value: impl ToString, label: &str) -> Self {
        Self { value: value.to_string(), label: label.to_owned() }
    }
}

/// A checkbox with its state and its error.
#[derive(Clone, Debug, Default)]
pub(crate) struct Check {
    pub(crate) on: bool,
    pub(crate) error: Option<String>,
}

/// The errors of a form's fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct Errors(Vec<FieldError>);

impl Errors {
    pub(crate) fn of(&self, name: &str) -> Option<String> {
        self.0.iter().find(|error| error.field == name).map(|error| error.message.clone())
    }

    /// What a refusal says of the fields, for a page that shows nothing else of one. Any other is a page of its own.
    pub(crate) fn after(refusal: Refusal) -> Result<Self, PageError> {
        match refusal {
            Refusal::Fields(errors) => Ok(errors.into()),
            other => Err(other.into()),
        }
    }
}

impl From<Vec<FieldError>> for Errors {
    fn from(errors: Vec<FieldError>) -> Self {
        Self(errors)
    }
}

/// How the page of a form is shown again after something that was not taken, so that nothing typed is lost.
pub(crate) struct Again {
    pub(crate) status: StatusCode,
    pub(crate) errors: Errors,
    /// What is wrong with no field of its own.
    pub(crate) problem: Option<String>,
}

impl Again {
    /// What the form's page tells of a refusal. What it can't tell is a page of its own.
    pub(crate) fn after(refusal: Refusal) -> Result<Self, PageError> {
        let (status, problem) = match refusal {
            Refusal::Fields(errors) => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                return Ok(Self { status, errors: errors.into(), problem: None });
            }
            Refusal::State { message, .. } => (StatusCode::CONFLICT, message),
            Refusal::Changed => {
                let text = "Somebody else changed this meanwhile. Reload the page to see their change.";
                (StatusCode::CONFLICT, text.to_owned())
            }
            Refusal::NotFresh(_) => (StatusCode::FORBIDDEN, step_up::FIRST.to_owned()),
            Refusal::Denied(_) | Refusal::NotFound(_) | Refusal::Problem(_) => return Err(refusal.into()),
        };
        Ok(Self { status, errors: Errors::default(), problem: Some(problem) })
    }
}
