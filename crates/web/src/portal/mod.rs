//! The User Portal (section 5).

mod home;
mod profile;
mod security;

use crate::Web;
use axum::{
    Router,
    routing::{get, post},
};

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/", get(home::show))
        .route("/security", get(security::show))
        .route("/profile", get(profile::show).post(profile::save))
        .route("/profile/password", post(profile::change_password))
}
