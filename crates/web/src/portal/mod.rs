//! The User Portal (section 5).

mod home;
mod profile;
mod security;

use crate::{
    Web,
    routing::{Routes, get, post},
};
use axum::Router;

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .at("/", get(home::show))
        .at("/security", get(security::show))
        .at("/profile", get(profile::show).post(profile::save))
        .at("/profile/password", post(profile::change_password))
}
