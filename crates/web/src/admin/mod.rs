//! The Admin Portal (section 7).

mod account;
mod charts;
mod confirm;
mod email;
mod home;
mod mfa;
mod organization;
mod user;
mod user_actions;
mod user_activity;
mod user_new;
mod users;

use crate::Web;
use axum::{
    Router,
    routing::{get, post},
};

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/admin", get(home::show))
        .route("/admin/users", get(users::show))
        .route("/admin/users/new", get(user_new::show).post(user_new::create))
        .route("/admin/users/{id}", get(user::show).post(user::save))
        .route("/admin/users/{id}/activity", get(user_activity::show))
        .route("/admin/users/{id}/{action}", get(user_actions::ask).post(user_actions::act))
        .route("/admin/users/{id}/mfa/{action}", get(user_actions::ask_mfa).post(user_actions::act_mfa))
        .route("/admin/mfa", get(mfa::show))
        .route("/admin/mfa/totp/enable", post(mfa::enable))
        .route("/admin/mfa/totp/disable", get(mfa::ask_disable).post(mfa::disable))
        .route("/admin/settings/organization", get(organization::show).post(organization::save))
        .route("/admin/settings/email", get(email::show).post(email::save))
        .route("/admin/settings/email/test", post(email::test))
        .route("/admin/settings/email/queue", get(email::queue))
        .route("/admin/settings/email/queue/{id}/retry", post(email::retry))
        .route("/admin/account", get(account::show))
        .route("/admin/account/password", post(account::change_password))
        .route("/admin/account/sessions/{id}/end", post(account::end_session))
}

/// The id in an address; anything else is no such user.
fn user_id(text: &str) -> Result<claviger_domain::id::AccountId, crate::error::PageError> {
    text.parse().map_err(|_| crate::error::PageError::NotFound("user"))
}
