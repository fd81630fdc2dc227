//! Errors as pages: one place from what went wrong to words and a status.

use crate::{
    Web,
    chrome::Chrome,
    denied,
    theme::Theme,
    view::{Link, filters, render},
};
use askama::Template;
use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use claviger_app::{Problem, Refusal};
use claviger_domain::permission::{Denied, Permission};
use std::any::Any;

/// What a page can't be shown for.
#[derive(Debug)]
pub(crate) enum PageError {
    /// The role does not allow it.
    Denied(Permission),
    /// There is no such thing.
    NotFound(&'static str),
    /// The present state does not allow it.
    State(String),
    /// Somebody else changed it meanwhile.
    Changed,
    /// The request can't be read.
    Malformed(&'static str),
    /// The request is too large.
    TooLarge,
    /// It came from another site.
    Foreign,
    /// Too much is going on.
    Busy,
    /// Nobody's fault at the screen.
    Internal(String),
    /// Something else is to be shown instead.
    Instead(Box<Response>),
}

impl From<Problem> for PageError {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Busy => Self::Busy,
            Problem::Outdated(_) => Self::Changed,
            Problem::Store(_) | Problem::Internal(_) => Self::Internal(problem.to_string()),
        }
    }
}

impl From<Denied> for PageError {
    fn from(Denied(permission): Denied) -> Self {
        Self::Denied(permission)
    }
}

impl From<Refusal> for PageError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Denied(denied) => denied.into(),
            Refusal::NotFound(what) => Self::NotFound(what),
            Refusal::State { message, .. } => Self::State(message),
            Refusal::Changed => Self::Changed,
            Refusal::NotFresh(_) => crate::step_up::needed(),
            Refusal::Fields(errors) => {
                let messages: Vec<_> = errors.into_iter().map(|error| error.message).collect();
                Self::State(messages.join(" "))
            }
            Refusal::Problem(problem) => problem.into(),
        }
    }
}

#[derive(Template)]
#[template(path = "admin/error.html")]
struct ErrorPage {
    chrome: Chrome,
    kind: &'static str,
    heading: String,
    text: String,
    action: Option<Link>,
    request_id: Option<String>,
}

impl PageError {
    fn parts(self) -> Result<(StatusCode, &'static str, &'static str, String), Box<Response>> {
        let again = "Go back, reload the page, and make your change again.";
        Ok(match self {
            Self::Denied(permission) => (
                StatusCode::FORBIDDEN,
                "warning",
                "Your role doesn't allow this",
                format!("It may not {}. Ask an administrator whose role may.", permission.words()),
            ),
            Self::NotFound(what) => {
                (StatusCode::NOT_FOUND, "", "Not found", format!("There is no such {what}, or not any more."))
            }
            Self::State(text) => (StatusCode::CONFLICT, "warning", "This can't be done now", text),
            Self::Changed => {
                (StatusCode::CONFLICT, "warning", "Somebody else changed this meanwhile", again.into())
            }
            Self::Malformed(text) => (StatusCode::BAD_REQUEST, "warning", "That didn't work", text.into()),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "warning",
                "That is too much",
                "What was sent is larger than this page takes. Most forms can have 64 KiB.".into(),
            ),
            Self::Foreign => (
                StatusCode::FORBIDDEN,
                "warning",
                "This request came from another site",
                "Nothing was changed. Open the page here and try again.".into(),
            ),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "warning",
                "The server is busy",
                "Nothing was changed. Try again in a few seconds.".into(),
            ),
            Self::Internal(error) => {
                tracing::error!(error, "a page failed");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "danger",
                    "Something went wrong",
                    "It was logged. Try again in a moment.".into(),
                )
            }
            Self::Instead(response) => return Err(response),
        })
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let lacked = match self {
            Self::Denied(permission) => Some(permission),
            _ => None,
        };
        match self.parts() {
            Err(response) => *response,
            Ok((status, kind, heading, text)) => {
                let chrome = Chrome { organization: String::new(), theme: Theme::System.key(), logo: None };
                let action = None;
                let mut response = render(
                    status,
                    &ErrorPage { chrome, kind, heading: heading.into(), text, action, request_id: None },
                );
                response.extensions_mut().extend(denied::mark(lacked));
                response
            }
        }
    }
}

pub(crate) async fn no_such_page(
    State(web): State<Web>,
    theme: Theme,
    uri: Uri,
) -> Result<Response, PageError> {
    let chrome = Chrome::new(&web, theme).await?;
    let home = if uri.path().starts_with("/admin") { "/admin" } else { "/" };
    let page = ErrorPage {
        chrome,
        kind: "",
        heading: "Page not found".into(),
        text: "There is nothing at this address.".into(),
        action: Some(Link { href: home.into(), label: "Go to Home".into() }),
        request_id: None,
    };
    Ok(render(StatusCode::NOT_FOUND, &page))
}

pub(crate) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    PageError::Internal(format!("a handler panicked: {}", text.unwrap_or_default())).into_response()
}
