//! Errors as RFC 9457 problem details: one place from what went wrong to a document and a status.

use crate::denied;
use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use claviger_app::{Problem as AppProblem, Refusal};
use claviger_domain::{
    field::FieldError,
    permission::{Denied, Permission},
};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// RFC 9457 problem details.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// A URI that names the kind of problem: `urn:claviger:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// The status in words.
    title: &'static str,
    /// The status code.
    status: u16,
    /// What is wrong this time, for people.
    detail: String,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<WrongField>,
    /// With 403: the permission that the key's role does not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    permission: Option<&'static str>,
    #[serde(skip)]
    headers: HeaderMap,
}

/// One wrong field.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WrongField {
    /// The field's name.
    field: String,
    /// What is wrong with it, for people.
    message: String,
}

macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $status:literal => $variant:ident),* $(,)? })*) => { $(
        $(#[$doc])*
        #[derive(IntoResponses)]
        #[expect(dead_code, reason = "only described, never made")]
        pub(crate) enum $name { $(
            $(#[$about])*
            #[response(status = $status, content_type = "application/problem+json")]
            $variant(Problem),
        )* }
    )* };
}

answers! {
    /// What every operation may answer.
    Refused {
        /// The key is missing or not valid.
        401 => Unauthorized,
        /// The key's role does not allow it.
        403 => Forbidden,
        /// The key has made too many calls within a minute, or too many wrong keys came from the address.
        429 => TooMany,
        /// Something went wrong; it is in the server's log.
        500 => Internal,
        /// Too much is going on.
        503 => Busy,
    }
    /// What operations on one thing may answer.
    Absent {
        /// There is no such thing.
        404 => NotFound,
    }
    /// What changes may answer.
    Conflicting {
        /// The present state does not allow it, or somebody else changed it meanwhile.
        409 => Conflict,
    }
    /// What operations with a body may answer.
    BadBody {
        /// The body is not JSON.
        400 => Malformed,
        /// The body is larger than 64 KiB.
        413 => TooLarge,
        /// The body is not sent as JSON.
        415 => MediaType,
        /// The body is not as described, or fields are wrong.
        422 => Unprocessable,
    }
    /// What operations with a file may answer.
    BadFile {
        /// The file did not arrive whole.
        400 => Malformed,
        /// The file is larger than 5 MiB.
        413 => TooLarge,
        /// The file is sent as something else.
        415 => MediaType,
        /// The file, its key or its rows are wrong.
        422 => Unprocessable,
    }
    /// What operations with a picture may answer.
    BadPicture {
        /// The picture did not arrive whole.
        400 => Malformed,
        /// The picture is larger than 256 KiB.
        413 => TooLarge,
        /// The picture is sent as something else.
        415 => MediaType,
        /// It is no picture that is taken.
        422 => Unprocessable,
    }
    /// What operations with a query may answer.
    BadQuery {
        /// The query is not as described.
        422 => Unprocessable,
    }
}

#[derive(Debug)]
pub(crate) struct ApiError(StatusCode, Box<Problem>);

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        let kind = format!("urn:claviger:problem:{code}");
        Self(
            status,
            Box::new(Problem {
                kind,
                title,
                status: status.as_u16(),
                detail: detail.into(),
                errors: Vec::new(),
                permission: None,
                headers: HeaderMap::new(),
            }),
        )
    }

    /// S13.1: what was to be changed is not as it was seen. The `ETag` that it has now goes with it.
    pub(crate) fn outdated(detail: &str, revision: Option<i64>) -> Self {
        let mut error = Self::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", detail);
        let tag = revision.and_then(|revision| HeaderValue::try_from(format!("\"{revision}\"")).ok());
        if let Some(tag) = tag {
            error.headers().insert(header::ETAG, tag);
        }
        error
    }

    /// What goes with it in the answer's head.
    pub(crate) fn headers(&mut self) -> &mut HeaderMap {
        &mut self.1.headers
    }

    /// The same with a field called as this operation calls it.
    pub(crate) fn renamed(mut self, from: &str, to: &str) -> Self {
        for error in self.1.errors.iter_mut().filter(|error| error.field == from) {
            error.field = to.to_owned();
        }
        self
    }

    /// Rows of a file are wrong; each is named with what is wrong with it.
    pub(crate) fn rows(detail: &str, rows: impl Iterator<Item = (String, String)>) -> Self {
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "rows", detail);
        error.1.errors = rows.map(|(field, message)| WrongField { field, message }).collect();
        error
    }

    fn fields(errors: Vec<FieldError>) -> Self {
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "fields", "Some fields are wrong.");
        error.1.errors = errors
            .into_iter()
            .map(|error| WrongField { field: error.field.to_owned(), message: error.message })
            .collect();
        error
    }
}

impl From<Vec<FieldError>> for ApiError {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::fields(errors)
    }
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        Self::fields(vec![error])
    }
}

impl From<Denied> for ApiError {
    fn from(denied: Denied) -> Self {
        let detail = format!("The key's role may not {}.", denied.0.words());
        let mut error = Self::new(StatusCode::FORBIDDEN, "denied", detail);
        error.1.permission = Some(denied.0.key());
        error
    }
}

impl From<AppProblem> for ApiError {
    fn from(problem: AppProblem) -> Self {
        match problem {
            AppProblem::Busy => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "The server is busy. Try again in a few seconds.",
            ),
            AppProblem::Outdated(revision) => {
                Self::outdated("It was changed since you saw it. Load it and decide again.", revision)
            }
            AppProblem::Store(_) | AppProblem::Internal(_) => {
                tracing::error!(error = %problem, "an API call failed");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    "Something went wrong. It was logged.",
                )
            }
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Fields(errors) => Self::fields(errors),
            Refusal::Denied(denied) => denied.into(),
            Refusal::NotFound(what) => {
                Self::new(StatusCode::NOT_FOUND, "not_found", format!("There is no such {what}."))
            }
            Refusal::State { code, message } => Self::new(StatusCode::CONFLICT, code, message),
            Refusal::NotFresh(_) => Self::new(
                StatusCode::FORBIDDEN,
                "not_fresh",
                "This asks for a fresh code, which a program can't give.",
            ),
            Refusal::Changed => Self::new(
                StatusCode::CONFLICT,
                "changed",
                "Somebody else changed it meanwhile. Load it and try again.",
            ),
            Refusal::Problem(problem) => problem.into(),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self(status, mut problem) = self;
        let own = std::mem::take(&mut problem.headers);
        let lacked = problem.permission;
        let mut response = (status, Json(&*problem)).into_response();
        let headers = response.headers_mut();
        headers.extend(own);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        let lacked = lacked.and_then(|key| Permission::ALL.into_iter().find(|one| one.key() == key));
        response.extensions_mut().extend(denied::mark(lacked));
        response
    }
}

pub(super) async fn no_such_operation() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "not_found", "There is no such operation. See /api/v1/openapi.json.")
}

pub(super) async fn no_such_method() -> ApiError {
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method",
        "This resource doesn't take this method. See /api/v1/openapi.json.",
    )
}
