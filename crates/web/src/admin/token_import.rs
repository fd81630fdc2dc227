//! Importing hardware tokens: a maker's file goes in, a report comes out.

use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    form::{Check, Errors, Field},
    view::{filters, page, render, unprocessable},
    visit::Admin,
};
use askama::Template;
use axum::{
    extract::{Multipart, State, multipart::MultipartError},
    http::StatusCode,
    response::Response,
};
use claviger_app::{
    Refusal,
    session::SignedIn,
    token_file::{BadRows, FILE_LIMIT, ImportReport, RowError, Upload},
    words,
};
use claviger_domain::{field::FieldError, permission::ManageUsers, secret::Secret};

/// Rows that a page tells of; the rest is counted.
const SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "admin/token_import.html")]
struct TokenImport {
    chrome: AdminChrome,
    file: Field,
    key: Field,
    skip_bad_rows: Check,
    report: Option<Report>,
}

struct Report {
    kind: &'static str,
    text: String,
    errors: Rows,
    remarks: Rows,
}

struct Rows {
    shown: Vec<String>,
    more: Option<String>,
}

impl Rows {
    fn of(rows: &[RowError]) -> Self {
        let more = rows.len().saturating_sub(SHOWN);
        Self {
            shown: rows.iter().take(SHOWN).map(ToString::to_string).collect(),
            more: (more > 0).then(|| format!("And {} more.", counted(more, "row"))),
        }
    }
}

fn counted(count: usize, noun: &str) -> String {
    words::counted(i64::try_from(count).unwrap_or(i64::MAX), noun)
}

impl Report {
    fn of(report: &ImportReport) -> Self {
        let ImportReport { good, imported, assigned, errors, remarks } = report;
        let bad = counted(errors.len(), "bad row");
        let (kind, text) = match (*imported, *good) {
            (0, 0) => ("danger", format!("Nothing was imported: the file has {bad} and no good one.")),
            (0, good) => {
                let good = counted(good, "good row");
                ("danger", format!("Nothing was imported: the file has {bad} beside {good}."))
            }
            (imported, _) => {
                let mut text = format!("Imported: {}.", counted(imported, "token"));
                if *assigned > 0 {
                    text.push_str(&format!(" Assigned to users who are to enter a first code: {assigned}."));
                }
                if !errors.is_empty() {
                    text.push_str(&format!(" Left out: {bad}."));
                }
                (if errors.is_empty() { "success" } else { "warning" }, text)
            }
        };
        Self { kind, text, errors: Rows::of(errors), remarks: Rows::of(remarks) }
    }
}

async fn blank(web: &Web, me: &SignedIn, frame: Frame) -> Result<TokenImport, PageError> {
    Ok(TokenImport {
        chrome: AdminChrome::new(web, me, frame, "tokens").await?,
        file: Field::default(),
        key: Field::default(),
        skip_bad_rows: Check::default(),
        report: None,
    })
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
) -> Result<Response, PageError> {
    me.actor.granted::<ManageUsers>()?;
    web.app().require_fresh_code(&me.actor)?;
    Ok(page(&blank(&web, &me, frame).await?))
}

/// The file and what was typed and ticked beside it.
async fn read(mut parts: Multipart) -> Result<(Upload, BadRows), PageError> {
    let (mut file, mut key, mut bad) = (Vec::new(), None, BadRows::RefuseFile);
    while let Some(mut part) = parts.next_field().await.map_err(broken)? {
        match part.name() {
            Some("file") => {
                // One byte too many is enough to be refused with the rule.
                while file.len() <= FILE_LIMIT
                    && let Some(chunk) = part.chunk().await.map_err(broken)?
                {
                    file.extend_from_slice(&chunk);
                }
                if file.len() > FILE_LIMIT {
                    break;
                }
            }
            Some("key") => key = Some(Secret::new(part.text().await.map_err(broken)?)),
            Some("skip_bad_rows") => bad = BadRows::LeaveOut,
            _ => {}
        }
    }
    let key = key.filter(|key| !key.expose().is_empty());
    Ok((Upload { file: Secret::new(file), key }, bad))
}

fn broken(error: MultipartError) -> PageError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => PageError::TooLarge,
        _ => PageError::Malformed("The file did not arrive whole. Go back and send it again."),
    }
}

pub(super) async fn upload(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    parts: Multipart,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageUsers>()?;
    let (upload, bad) = read(parts).await?;
    let done = match upload.file.expose().is_empty() {
        true => Err(FieldError::new("file", "Choose a CSV or PSKC file.").into()),
        false => web.app().import_tokens(&granted, upload, bad).await,
    };
    let mut again = blank(&web, &me, frame).await?;
    again.skip_bad_rows.on = bad == BadRows::LeaveOut;
    match done {
        Ok(report) => {
            let status = match report.imported {
                0 => StatusCode::UNPROCESSABLE_ENTITY,
                _ => StatusCode::OK,
            };
            again.report = Some(Report::of(&report));
            Ok(render(status, &again))
        }
        Err(Refusal::Fields(errors)) => {
            let errors = Errors::from(errors);
            again.file = Field::secret("file", &errors);
            again.key = Field::secret("key", &errors);
            Ok(unprocessable(&again))
        }
        Err(refusal) => Err(refusal.into()),
    }
}
