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
mod bound;
mod bulk;
mod change;
mod charts;
mod columns;
mod command;
mod command_runs;
mod commands;
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
mod device_orders;
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
mod notices;
mod organization;
mod policies;
mod policy;
mod policy_form;
mod remembered;
mod report;
mod resets;
mod roles;
mod security;
mod security_reset;
mod selection;
mod sessions;
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

use crate::{
    Web,
    routing::{Methods, Routes, get, post},
};
use axum::{Router, extract::DefaultBodyLimit};

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin", get(home::show))
        .merge(administrators::routes())
        .at("/admin/users", get(users::show))
        .at("/admin/users.csv", get(export::users))
        .at("/admin/users/columns", post(users::choose_columns))
        .at("/admin/users/bulk/ask", post(bulk::ask))
        .at("/admin/users/bulk", post(bulk::start))
        .at("/admin/users/import", get(import::show).merge(upload()))
        .at("/admin/jobs", get(jobs::list))
        .at("/admin/jobs/{id}", get(jobs::show))
        .at("/admin/jobs/{id}/start", post(jobs::start))
        .at("/admin/jobs/{id}/cancel", post(jobs::cancel))
        .at("/admin/jobs/{id}/report.csv", get(jobs::report))
        .at("/admin/groups", get(groups::list).post(groups::create))
        .at("/admin/groups/{id}", get(groups::show).post(groups::save))
        .at("/admin/groups/{id}/delete", post(groups::delete))
        .at("/admin/groups/{id}/rule", post(groups::set_rule))
        .at("/admin/groups/{id}/rule/toggle", post(groups::toggle_rule))
        .at("/admin/groups/{id}/members", post(groups::add_member))
        .at("/admin/users/new", get(user_new::show).post(user_new::create))
        .at("/admin/users/{id}", get(user::show).post(user::save))
        .at("/admin/users/{id}/activity", get(user_activity::show))
        .at("/admin/users/{id}/{action}", get(user_actions::ask).post(user_actions::act))
        .at("/admin/users/{id}/mfa/token", get(token_assign::show).post(token_assign::assign))
        .at("/admin/users/{id}/mfa/{action}", get(user_actions::ask_mfa).post(user_actions::act_mfa))
        .at("/admin/report/drift", get(drift::show))
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
        .merge(device_orders::routes())
        .merge(policies::routes())
        .merge(policy::routes())
        .merge(commands::routes())
        .merge(command::routes())
        .merge(command_runs::routes())
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
        .at("/admin/tokens", get(tokens::show))
        .at("/admin/tokens/import", get(token_import::show).merge(token_upload()))
        .at("/admin/tokens/{id}/{action}", get(tokens::ask).post(tokens::act))
        .at("/admin/mfa", get(mfa::show))
        .at("/admin/mfa/totp/enable", post(mfa::enable))
        .at("/admin/mfa/totp/disable", get(mfa::ask_disable).post(mfa::disable))
        .at("/admin/settings/organization", get(organization::show).post(organization::save))
        .at("/admin/settings/organization/logo", logo::route())
        .at("/admin/settings/organization/logo/remove", post(logo::remove))
        .at("/admin/settings/email", get(email::show).post(email::save))
        .at("/admin/settings/email/test", post(email::test))
        .at("/admin/settings/email/queue", get(mail_queue::show))
        .at("/admin/settings/email/queue/{id}/retry", post(mail_queue::retry))
        .merge(mail_texts())
        .at("/admin/account", get(account::show))
        .at("/admin/account/password", post(account::change_password))
}

/// A maker's file of hardware tokens, and what is typed beside it.
fn token_upload() -> Methods {
    const FORM: usize = 64 * 1024;
    post(token_import::upload).layer(DefaultBodyLimit::max(claviger_app::token_file::FILE_LIMIT + FORM))
}

/// A file of users, and what is ticked beside it.
fn upload() -> Methods {
    const FORM: usize = 64 * 1024;
    post(import::upload).layer(DefaultBodyLimit::max(claviger_app::import::LARGEST + FORM))
}

/// Texts of mails, whose form can be larger than others.
fn mail_texts() -> Router<Web> {
    Router::new()
        .at("/admin/settings/email/texts", get(mail_texts::list))
        .at("/admin/settings/email/texts/{kind}", get(mail_texts::show).post(mail_texts::save))
        .at("/admin/settings/email/texts/{kind}/preview", get(mail_texts::show).post(mail_texts::preview))
        .at(
            "/admin/settings/email/texts/{kind}/original",
            get(mail_texts::ask_restore).post(mail_texts::restore),
        )
        .layer(DefaultBodyLimit::max(mail_texts::FORM_MAX))
}
