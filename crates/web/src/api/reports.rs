//! Reports (section 7).

use super::{
    key::Caller,
    problem::{ApiError, Refused},
};
use crate::{Web, evidence};
use axum::{extract::State, response::Response};
use claviger_app::evidence::Format;
use claviger_domain::permission::ViewUsers;

#[utoipa::path(get, path = "/api/v1/reports/evidence", tag = "reports", operation_id = "makeEvidence",
    responses((status = 200, body = String, content_type = "text/csv", description = "Every user's MFA as of now; the last line is the signature"), Refused))]
pub(crate) async fn evidence_csv(
    State(web): State<Web>,
    Caller(caller): Caller,
) -> Result<Response, ApiError> {
    let made = web.app().evidence(&caller.granted::<ViewUsers>()?, Format::Csv).await?;
    Ok(evidence::file(made, Format::Csv))
}
