//! Static files, built into the program, under names that change with their content.

use crate::{
    Web,
    routing::{Routes, get},
};
use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::{collections::HashMap, sync::LazyLock};

struct Asset {
    content: &'static [u8],
    media_type: &'static str,
    etag: String,
}

macro_rules! assets {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_bytes!(concat!("../static/", $name)).as_slice())),*]
    };
}

static ASSETS: LazyLock<HashMap<&'static str, Asset>> = LazyLock::new(|| {
    assets![
        "css/tokens.css",
        "css/base.css",
        "css/components.css",
        "css/portal.css",
        "css/admin.css",
        "js/main.js",
        "js/bulk.js",
        "js/busy.js",
        "js/code-field.js",
        "js/copy.js",
        "js/days.js",
        "js/dialog.js",
        "js/forward.js",
        "js/menu.js",
        "js/password.js",
        "js/poll.js",
        "js/recovery-codes.js",
        "js/search.js",
        "js/tabs.js",
        "js/tail.js",
        "img/mark.svg",
    ]
    .into_iter()
    .map(|(name, content)| (name, Asset { content, media_type: media_type(name), etag: etag(content) }))
    .collect()
});

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        _ => "image/svg+xml",
    }
}

fn etag(content: &[u8]) -> String {
    HEXLOWER.encode(Sha256::digest(content).as_slice()).chars().take(16).collect()
}

/// Filters of the templates.
#[expect(unreachable_pub, reason = "the filter's macro writes a public function")]
pub(crate) mod filters {
    /// The address of a static file, with its content's hash.
    #[askama::filter_fn]
    pub(crate) fn asset(name: &str, _: &dyn askama::Values) -> askama::Result<String> {
        match super::ASSETS.get(name) {
            Some(asset) => Ok(format!("/static/{name}?v={}", asset.etag)),
            None => Err(askama::Error::custom(format!("no static file {name}"))),
        }
    }
}

pub(crate) fn routes() -> Router<Web> {
    Router::new().at("/static/{*name}", get(serve))
}

/// With the hash in the address a file never changes; without it the browser asks each time.
async fn serve(Path(name): Path<String>, query: axum::extract::RawQuery, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.get(name.as_str()) else { return StatusCode::NOT_FOUND.into_response() };
    let hashed = query.0.is_some_and(|query| query == format!("v={}", asset.etag));
    let caching = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    let etag = format!("\"{}\"", asset.etag);
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let head = [
        (header::CONTENT_TYPE, asset.media_type.to_owned()),
        (header::CACHE_CONTROL, caching.to_owned()),
        (header::ETAG, etag),
    ];
    if known {
        (StatusCode::NOT_MODIFIED, head).into_response()
    } else {
        (head, asset.content).into_response()
    }
}
