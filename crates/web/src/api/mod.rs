//! The REST API under `/api/v1` (section 13).

mod body;
mod groups;
mod jobs;
mod key;
mod listing;
mod mfa;
pub mod openapi;
mod organization;
mod problem;
mod reports;
mod tokens;
mod users;

use crate::Web;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{delete, get, post, put},
};
use claviger_app::token_file::FILE_LIMIT;

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/openapi.json", get(openapi::document))
        .route("/organization", get(organization::show).patch(organization::change))
        .route("/organization/mfa/totp", put(organization::switch_totp))
        .route("/users", get(users::list).post(users::create))
        .route("/users/bulk", post(jobs::start))
        .route("/jobs/{id}", get(jobs::show))
        .route("/jobs/{id}/cancel", post(jobs::cancel))
        .route("/groups", get(groups::list).post(groups::create))
        .route("/groups/{id}", get(groups::show).put(groups::change).delete(groups::delete))
        .route("/groups/{id}/rule", put(groups::set_rule))
        .route("/groups/{id}/users/{user}", put(groups::add_member).delete(groups::remove_member))
        .route("/users/{id}", get(users::show).patch(users::change).delete(users::delete))
        .route("/users/{id}/activate", post(users::activate))
        .route("/users/{id}/suspend", post(users::suspend))
        .route("/users/{id}/unlock", post(users::unlock))
        .route("/users/{id}/password", put(users::set_password))
        .route("/users/{id}/activation-email", post(users::resend))
        .route("/users/{id}/mfa", get(mfa::show))
        .route("/users/{id}/mfa/requirement", put(mfa::require).delete(mfa::remove))
        .route("/users/{id}/mfa/reset", post(mfa::reset))
        .route("/users/{id}/mfa/extend", post(mfa::extend))
        .route("/users/{id}/mfa/verify", post(mfa::verify))
        .route("/users/{id}/mfa/token", put(tokens::assign).delete(tokens::take_back))
        .route("/tokens", get(tokens::list))
        .route("/tokens/import", post(tokens::import).layer(DefaultBodyLimit::max(FILE_LIMIT)))
        .route("/tokens/{id}", delete(tokens::delete))
        .route("/users/{id}/mfa/forget-drift", post(mfa::forget_drift))
        .route("/reports/evidence", get(reports::evidence_csv))
        .fallback(problem::no_such_operation)
        .method_not_allowed_fallback(problem::no_such_method)
}
