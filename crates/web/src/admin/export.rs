//! The list of users as CSV (S3.6), read and sent in chunks.

use super::users::Listing;
use crate::{Web, error::PageError, visit::Admin};
use axum::{
    body::Body,
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use claviger_app::{Problem, export::Export};
use claviger_domain::permission::ViewUsers;
use std::collections::BTreeMap;

pub(super) async fn users(
    State(web): State<Web>,
    Admin(me): Admin,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let export = web.app().export_users(&granted, Listing::new(query).filter()).await?;
    let chunks = futures_util::stream::unfold(export, |mut export: Export| async move {
        match export.next().await {
            Ok(Some(text)) => Some((Ok::<_, Problem>(text), export)),
            Ok(None) => None,
            Err(problem) => Some((Err(problem), export)),
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"users.csv\""),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}
