//! The parameters of a request, in an address or in a form.

use crate::{Web, error::PageError};
use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{StatusCode, header},
};
use claviger_domain::application::oidc::request::Parameters;

/// The longest query that is read, in bytes.
const LONGEST: usize = 8 * 1024;

/// What stands in the query of an address.
pub(super) fn in_query(query: Option<&str>) -> Result<Parameters, PageError> {
    let query = query.unwrap_or_default();
    if query.len() > LONGEST {
        return Err(PageError::TooLarge);
    }
    read_parameters(query.as_bytes()).ok_or(PageError::Malformed("The address can't be read."))
}

/// The parameters of a query or of a form's body; nothing if it can't be read.
pub fn read_parameters(text: &[u8]) -> Option<Parameters> {
    serde_urlencoded::from_bytes::<Vec<(String, String)>>(text).ok().map(Parameters::of)
}

/// What stands in a form.
pub(super) struct InForm(pub(super) Parameters);

/// Why a form can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    TooLarge,
    NoForm,
}

impl From<Unreadable> for PageError {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::TooLarge => Self::TooLarge,
            Unreadable::NoForm => Self::Malformed("This address takes forms only."),
        }
    }
}

impl axum::response::IntoResponse for Unreadable {
    fn into_response(self) -> axum::response::Response {
        PageError::from(self).into_response()
    }
}

impl FromRequest<Web> for InForm {
    type Rejection = Unreadable;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Unreadable> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        let is_form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let body = Bytes::from_request(request, web).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Unreadable::TooLarge,
            _ => Unreadable::NoForm,
        })?;
        if !is_form {
            return Err(Unreadable::NoForm);
        }
        read_parameters(&body).map(Self).ok_or(Unreadable::NoForm)
    }
}
