//! The Admin Portal (section 7).

mod account;
mod activity;
mod activity_entry;
mod activity_row;
mod activity_settings;
mod address;
mod administrator;
mod administrator_actions;
mod administrators;
mod api_keys;
mod application;
mod application_form;
mod application_oidc;
mod application_page;
mod applications;
mod bulk;
mod change;
mod charts;
mod columns;
mod confirm;
mod connect_keys;
#[cfg(debug_assertions)]
pub(crate) mod design;
mod device;
mod device_activity;
mod device_break_glass;
mod device_bulk;
mod device_groups;
mod device_mfa;
mod device_parts;
mod device_users;
mod devices;
mod drift;
mod email;
mod export;
mod facts;
mod groups;
mod home;
mod import;
mod jobs;
mod logo;
mod mail_queue;
mod mail_texts;
mod mfa;
mod organization;
mod remembered;
mod report;
mod resets;
mod roles;
mod security;
mod security_reset;
mod selection;
mod sessions;
mod stream_notice;
mod token_assign;
mod token_import;
mod tokens;
mod usage;
mod user;
mod user_actions;
mod user_activity;
mod user_applications;
mod user_devices;
mod user_new;
mod users;
mod verb;
mod widgets;
mod without_mfa;

use crate::Web;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .route("/admin", get(home::show))
        .merge(administrators::routes())
        .route("/admin/users", get(users::show))
        .route("/admin/users.csv", get(export::users))
        .route("/admin/users/columns", post(users::choose_columns))
        .route("/admin/users/bulk/ask", post(bulk::ask))
        .route("/admin/users/bulk", post(bulk::start))
        .route("/admin/users/import", get(import::show).merge(upload()))
        .route("/admin/jobs", get(jobs::list))
        .route("/admin/jobs/{id}", get(jobs::show))
        .route("/admin/jobs/{id}/start", post(jobs::start))
        .route("/admin/jobs/{id}/cancel", post(jobs::cancel))
        .route("/admin/jobs/{id}/report.csv", get(jobs::report))
        .route("/admin/groups", get(groups::list).post(groups::create))
        .route("/admin/groups/{id}", get(groups::show).post(groups::save))
        .route("/admin/groups/{id}/delete", post(groups::delete))
        .route("/admin/groups/{id}/rule", post(groups::set_rule))
        .route("/admin/groups/{id}/rule/toggle", post(groups::toggle_rule))
        .route("/admin/groups/{id}/members", post(groups::add_member))
        .route("/admin/users/new", get(user_new::show).post(user_new::create))
        .route("/admin/users/{id}", get(user::show).post(user::save))
        .route("/admin/users/{id}/activity", get(user_activity::show))
        .route("/admin/users/{id}/{action}", get(user_actions::ask).post(user_actions::act))
        .route("/admin/users/{id}/mfa/token", get(token_assign::show).post(token_assign::assign))
        .route("/admin/users/{id}/mfa/{action}", get(user_actions::ask_mfa).post(user_actions::act_mfa))
        .route("/admin/report/drift", get(drift::show))
        .merge(report::routes())
        .merge(resets::routes())
        .merge(security_reset::routes())
        .merge(activity::routes())
        .merge(api_keys::routes())
        .merge(sessions::routes())
        .merge(devices::routes())
        .merge(device::routes())
        .merge(device_activity::routes())
        .merge(device_bulk::routes())
        .merge(device_groups::routes())
        .merge(remembered::routes())
        .merge(device_mfa::routes())
        .merge(device_users::routes())
        .merge(connect_keys::routes())
        .merge(user_devices::routes())
        .merge(applications::routes())
        .merge(application::routes())
        .merge(application_oidc::routes())
        .merge(user_applications::routes())
        .merge(usage::routes())
        .route("/admin/tokens", get(tokens::show))
        .route("/admin/tokens/import", get(token_import::show).merge(token_upload()))
        .route("/admin/tokens/{id}/{action}", get(tokens::ask).post(tokens::act))
        .route("/admin/mfa", get(mfa::show))
        .route("/admin/mfa/totp/enable", post(mfa::enable))
        .route("/admin/mfa/totp/disable", get(mfa::ask_disable).post(mfa::disable))
        .route("/admin/settings/organization", get(organization::show).post(organization::save))
        .route("/admin/settings/organization/logo", logo::route())
        .route("/admin/settings/organization/logo/remove", post(logo::remove))
        .route("/admin/settings/email", get(email::show).post(email::save))
        .route("/admin/settings/email/test", post(email::test))
        .route("/admin/settings/email/queue", get(mail_queue::show))
        .route("/admin/settings/email/queue/{id}/retry", post(mail_queue::retry))
        .merge(mail_texts())
        .route("/admin/account", get(account::show))
        .route("/admin/account/password", post(account::change_password))
}

/// A maker's file of hardware tokens, and what is typed beside it.
fn token_upload() -> axum::routing::MethodRouter<Web> {
    const FORM: usize = 64 * 1024;
    post(token_import::upload).layer(DefaultBodyLimit::max(claviger_app::token_file::FILE_LIMIT + FORM))
}

/// A file of users, and what is ticked beside it.
fn upload() -> axum::routing::MethodRouter<Web> {
    const FORM: usize = 64 * 1024;
    post(import::upload).layer(DefaultBodyLimit::max(claviger_app::import::LARGEST + FORM))
}

/// Texts of mails, whose form can be larger than others.
fn mail_texts() -> Router<Web> {
    Router::new()
        .route("/admin/settings/email/texts", get(mail_texts::list))
        .route("/admin/settings/email/texts/{kind}", get(mail_texts::show).post(mail_texts::save))
        .route("/admin/settings/email/texts/{kind}/preview", get(mail_texts::show).post(mail_texts::preview))
        .route(
            "/admin/settings/email/texts/{kind}/original",
            get(mail_texts::ask_restore).post(mail_texts::restore),
        )
        .layer(DefaultBodyLimit::max(mail_texts::FORM_MAX))
}
