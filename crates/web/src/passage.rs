//! What every request passes, in as few layers as can be: for each request a layer copies all that are inside it.

use crate::{BODY_LIMIT, Web, denied::Kept, error, flash::Shown, guard, ops::Asked};
use axum::{
    extract::{DefaultBodyLimit, Request, State},
    middleware::Next,
    response::Response,
};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;

/// Every request is answered, within its time and with the headers of every answer; it is counted, and a refusal logged.
pub(crate) async fn every(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    DefaultBodyLimit::max(BODY_LIMIT).apply(&mut request);
    let (asked, kept) = (Asked::of(&request), Kept::of(&request));
    let answer = async {
        let response = next.run(request).await;
        if let Some(denied) = response.extensions().get().copied() {
            kept.log(&web, denied).boxed().await;
        }
        response
    };
    let mut response = answered(&asked, answer).await;
    guard::add_headers(&mut response);
    asked.count(&web, &response);
    response
}

/// In time, and whatever becomes of it.
async fn answered(asked: &Asked, answer: impl Future<Output = Response>) -> Response {
    AssertUnwindSafe(asked.in_time(answer)).catch_unwind().await.unwrap_or_else(error::panicked)
}

/// A page is asked for by this site alone, and once it is set up; what it said is not said again.
pub(crate) async fn page(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let shown = Shown::by(&parts.headers);
    let mut response = match guard::stops(&web, &parts.method, &parts.uri, &parts.headers).await {
        Some(stopped) => stopped,
        None => next.run(Request::from_parts(parts, body)).await,
    };
    shown.forget(&mut response);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;

    #[tokio::test]
    async fn a_handler_that_panics_is_answered_for() {
        let asked = Asked::of(&Request::default());
        let response = answered(&asked, async { panic!("a handler") }).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
