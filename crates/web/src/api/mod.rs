//! The REST API under `/api/v1` (section 13).

mod body;
mod key;
mod mfa;
pub mod openapi;
mod organization;
mod problem;
mod users;

use crate::Web;
use axum::{
    Router,
    routing::{get, post, put},
};

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/openapi.json", get(openapi::document))
        .route("/organization", get(organization::show).patch(organization::change))
        .route("/organization/mfa/totp", put(organization::switch_totp))
        .route("/users", get(users::list).post(users::create))
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
        .fallback(problem::no_such_operation)
        .method_not_allowed_fallback(problem::no_such_method)
}
