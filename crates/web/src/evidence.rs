//! Evidence as a file that is saved, for the portal and the API.

use axum::{
    body::Body,
    http::header,
    response::{IntoResponse, Response},
};
use claviger_app::evidence::{Evidence, Format};

/// The document, sent while it is made.
pub(crate) fn file(evidence: Evidence, format: Format) -> Response {
    let media_type = match format {
        Format::Csv => "text/csv; charset=utf-8",
        Format::Html => "text/html; charset=utf-8",
    };
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", evidence.file_name())),
    ];
    (headers, Body::from_stream(evidence.pieces())).into_response()
}
