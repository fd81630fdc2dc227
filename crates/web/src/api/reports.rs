//! Reports (section 7).

use super::{
    body::Query,
    condition::On,
    key::May,
    listing::{encode, page_after, page_size},
    problem::{ApiError, BadQuery, Refused},
};
use crate::{Web, evidence};
use axum::{Json, extract::State, response::Response};
use claviger_app::{
    evidence::Format,
    stored::{Drifting, user_list::Page},
    words,
};
use claviger_domain::{
    field::{FieldError, Fields},
    permission::ViewUsers,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

#[utoipa::path(get, path = "/api/v1/reports/evidence", tag = "reports", operation_id = "makeEvidence",
    extensions(("x-permission" = json!("ViewUsers"))),
    responses((status = 200, body = String, content_type = "text/csv", description = "Every user's MFA as of now; the last line is the signature"), Refused))]
pub(crate) async fn evidence_csv(
    State(web): State<Web>,
    May(granted): May<ViewUsers>,
) -> Result<Response, ApiError> {
    let made = web.app().evidence(&granted, Format::Csv).await?;
    Ok(evidence::file(made, Format::Csv))
}

/// Which page of a report.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

impl Paging {
    fn parse(&self) -> Result<(Page, i64), Vec<FieldError>> {
        let mut fields = Fields::new();
        let limit = fields.take(page_size(self.limit));
        let page = fields.take(page_after(self.cursor.as_deref()));
        fields.finish(page.zip(limit))
    }
}

/// A user whose factor's clock is off.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DriftView {
    /// UUID of the user.
    user_id: String,
    /// E-mail of the user.
    user_email: String,
    /// In thousandths of a step of 30 seconds; negative: slow.
    clock_drift: i64,
    /// RFC 3339, UTC.
    last_used_at: String,
}

impl From<&Drifting> for DriftView {
    fn from(row: &Drifting) -> Self {
        Self {
            user_id: row.account.id.to_string(),
            user_email: row.account.email.to_string(),
            clock_drift: row.drift.thousandths(),
            last_used_at: words::iso(row.last_used_at),
        }
    }
}

/// A page of users whose clocks are off.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DriftPage {
    /// The users, the farthest off first.
    items: Vec<DriftView>,
    /// What to pass as `cursor` for the next page; null on the last.
    next_cursor: Option<String>,
}

#[utoipa::path(get, path = "/api/v1/reports/drift", tag = "reports", operation_id = "listClockDrift",
    extensions(("x-permission" = json!("ViewUsers"))), params(Paging),
    responses((status = 200, body = DriftPage), Refused, BadQuery))]
pub(crate) async fn drift(
    On(web): On,
    May(granted): May<ViewUsers>,
    Query(paging): Query<Paging>,
) -> Result<Json<DriftPage>, ApiError> {
    let (page, limit) = paging.parse()?;
    let found = web.app().drifting(&granted, &page, limit).await?;
    let last = found.factors.last().filter(|_| found.has_older);
    Ok(Json(DriftPage {
        items: found.factors.iter().map(DriftView::from).collect(),
        next_cursor: last.map(|last| encode(&last.cursor())),
    }))
}
