//! Every component with every state, on one page, in debug builds only.

use crate::{
    Web,
    chrome::Chrome,
    form::{Check, Field},
    theme::Theme,
    view::{Flash, Padlock, filters, page},
};
use askama::Template;
use axum::{Router, response::Response, routing::get};
use claviger_domain::status::Status;

pub(crate) fn routes() -> Router<Web> {
    Router::new().route("/_design", get(show))
}

#[derive(Template)]
#[template(path = "design.html")]
struct Design {
    chrome: Chrome,
    padlocks: Vec<Padlock>,
    flashes: Vec<Flash>,
    plain: Field,
    wrong: Field,
    on: Check,
    off: Check,
}

async fn show(theme: Theme) -> Response {
    let padlocks = Status::KEYS.into_iter().map(|key| Padlock {
        id: format!("mfa-{key}"),
        key,
        words: Status::words(key),
        detail: Some("3 days left".into()),
        at: Some("Until Tue 4 Dec, 14:05".into()),
    });
    let flashes = ["success", "warning", "danger", ""]
        .map(|kind| Flash { kind, text: "Your changes were saved.".into() });
    page(&Design {
        chrome: Chrome { organization: "Design".into(), theme: theme.key(), logo: None },
        padlocks: padlocks.collect(),
        flashes: flashes.into(),
        plain: Field::of("Alice"),
        wrong: Field { value: "366".into(), error: Some("Days must be between 1 and 365.".into()) },
        on: Check { on: true, error: None },
        off: Check { on: false, error: None },
    })
}
