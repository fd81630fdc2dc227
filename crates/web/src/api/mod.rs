//! The REST API under `/api/v1` (section 13).

mod administrators;
mod administrators_mfa;
mod api_keys;
mod application_oidc;
mod application_parts;
mod application_shapes;
mod applications;
mod body;
mod command_runs;
mod commands;
mod condition;
mod connect_keys;
mod described;
mod device_groups;
mod device_listing;
mod device_mfa;
mod devices;
mod email;
mod events;
mod gate;
mod groups;
mod jobs;
mod key;
mod limit;
mod listing;
mod log_streams;
mod logo;
mod mail_texts;
mod mfa;
mod mfa_resets;
pub mod openapi;
mod organization;
mod path;
mod policies;
mod policy_bindings;
mod posix;
mod problem;
mod remembered;
mod repeat;
mod reports;
mod schema;
mod sessions;
mod tokens;
mod usage;
mod users;

use crate::{
    Web,
    routing::{Routes, delete, get, post, put},
};
use axum::{Router, extract::DefaultBodyLimit, middleware};
use claviger_app::{applications::LARGEST_METADATA, token_file::FILE_LIMIT};

pub(crate) use body::{Body, Query};
pub(crate) use key::bearer;
pub use limit::ApiLimits;
pub(crate) use limit::Limiter;
pub(crate) use problem::ApiError;

/// Metadata as text of JSON, in which quotes and line breaks are two signs.
const METADATA_LIMIT: usize = 2 * LARGEST_METADATA;

pub(crate) fn routes(web: &Web) -> Router<Web> {
    let counted = Router::new()
        .at("/organization", get(organization::show).patch(organization::change))
        .at("/organization/mfa/totp", put(organization::switch_totp))
        .at("/users", get(users::list).post(users::create))
        .at("/users/bulk", post(jobs::start))
        .at("/jobs/{id}", get(jobs::show))
        .at("/jobs/{id}/cancel", post(jobs::cancel))
        .at("/groups", get(groups::list).post(groups::create))
        .at("/groups/{id}", get(groups::show).put(groups::change).delete(groups::delete))
        .at("/groups/{id}/rule", put(groups::set_rule))
        .at("/groups/{id}/users/{user}", put(groups::add_member).delete(groups::remove_member))
        .at("/users/{id}", get(users::show).patch(users::change).delete(users::delete))
        .at("/users/{id}/activate", post(users::activate))
        .at("/users/{id}/suspend", post(users::suspend))
        .at("/users/{id}/unlock", post(users::unlock))
        .at("/users/{id}/password", put(users::set_password))
        .at("/users/{id}/activation-email", post(users::resend))
        .at("/users/{id}/mfa", get(mfa::show))
        .at("/users/{id}/mfa/requirement", put(mfa::require).delete(mfa::remove))
        .at("/users/{id}/mfa/reset", post(mfa::reset))
        .at("/users/{id}/mfa/extend", post(mfa::extend))
        .at("/users/{id}/mfa/token", put(tokens::assign).delete(tokens::take_back))
        .at("/tokens", get(tokens::list))
        .at("/api-keys", get(api_keys::list).post(api_keys::create))
        .at("/api-keys/{id}", delete(api_keys::revoke))
        .at("/users/{id}/sessions", get(sessions::of_user).delete(sessions::end_all_of_user))
        .at("/users/{id}/sessions/{session}", delete(sessions::end_of_user))
        .merge(about_administrators())
        .at("/log-streams/syslog", get(log_streams::syslog).put(log_streams::set_syslog))
        .at("/log-streams/syslog/test", post(log_streams::test_syslog))
        .at("/log-streams/webhook", get(log_streams::webhook).put(log_streams::set_webhook))
        .at("/log-streams/webhook/secret", post(log_streams::renew_secret))
        .at("/log-streams/webhook/test", post(log_streams::test_webhook))
        .at("/usage", get(usage::show))
        .at("/events", get(events::list))
        .at("/events/{id}", get(events::show))
        .at("/tokens/import", post(tokens::import).layer(DefaultBodyLimit::max(FILE_LIMIT)))
        .at("/tokens/{id}", get(tokens::show).delete(tokens::delete))
        .at("/users/{id}/mfa/forget-drift", post(mfa::forget_drift))
        .at("/reports/evidence", get(reports::evidence_csv))
        .at("/reports/drift", get(reports::drift))
        .at("/organization/logo", get(logo::show).put(logo::put).delete(logo::remove).layer(logo::limit()))
        .at("/organization/smtp", get(email::smtp).put(email::set_smtp))
        .at("/mails", get(email::list))
        .at("/mails/{id}/retry", post(email::retry))
        .at("/mail-texts", get(mail_texts::list))
        .at(
            "/mail-texts/{kind}",
            get(mail_texts::show)
                .put(mail_texts::change)
                .delete(mail_texts::restore)
                .layer(mail_texts::limit()),
        )
        .merge(device_routes())
        .merge(order_routes())
        .merge(application_routes())
        .route_layer(middleware::from_fn_with_state(web.clone(), gate::counted));
    let uncounted = Router::new()
        .at("/users/{id}/mfa/verify", post(mfa::verify))
        .route_layer(middleware::from_fn_with_state(web.clone(), gate::uncounted));
    Router::new()
        .at("/openapi.json", get(openapi::document))
        .merge(counted)
        .merge(uncounted)
        .fallback(problem::no_such_operation)
        .method_not_allowed_fallback(problem::no_such_method)
}

fn device_routes() -> Router<Web> {
    Router::new()
        .at("/users/{id}/devices", get(posix::devices))
        .at("/users/{id}/remembered", get(remembered::of_user).delete(remembered::revoke_of_user))
        .at("/users/{id}/posix", get(posix::show).put(posix::set))
        .at("/users/{id}/ssh-keys", get(posix::keys).post(posix::add_key))
        .at("/users/{id}/ssh-keys/{key}", delete(posix::remove_key))
        .at("/devices", get(devices::list))
        .at("/devices/bulk", post(device_mfa::bulk))
        .at("/devices/mfa/preview", post(device_mfa::preview))
        .at("/devices/{id}", get(devices::show).patch(devices::change).delete(devices::delete))
        .at("/devices/{id}/mfa", put(device_mfa::set))
        .at("/devices/{id}/mfa/confirm", post(device_mfa::confirm))
        .at("/devices/{id}/users", get(devices::users))
        .at("/devices/{id}/users/{user}", put(devices::bind).delete(devices::unbind))
        .at("/devices/{id}/users/{user}/take-over", post(devices::take_over))
        .at("/devices/{id}/users/{user}/break-glass", post(device_mfa::break_glass))
        .at("/device-groups", get(device_groups::list).post(device_groups::create))
        .at(
            "/device-groups/{id}",
            get(device_groups::show).put(device_groups::change).delete(device_groups::delete),
        )
        .at(
            "/device-groups/{id}/devices/{device}",
            put(device_groups::add_device).delete(device_groups::remove_device),
        )
        .at("/device-groups/{id}/ask-once", put(remembered::ask_once))
        .at("/device-groups/{id}/remembered", get(remembered::in_group).delete(remembered::revoke_in_group))
        .at("/device-groups/{id}/groups", get(device_groups::bindings))
        .at("/device-groups/{id}/groups/{group}", put(device_groups::bind).delete(device_groups::unbind))
        .at("/connect-keys", get(connect_keys::list).post(connect_keys::create))
        .at("/connect-keys/{id}", get(connect_keys::show))
        .at("/connect-keys/{id}/rotate", post(connect_keys::rotate))
        .at("/connect-keys/{id}/revoke", post(connect_keys::revoke))
}

/// Policies and commands.
fn order_routes() -> Router<Web> {
    Router::new()
        .at("/policies", get(policies::list).post(policies::create))
        .at("/policies/{id}", get(policies::show).put(policies::change).delete(policies::delete))
        .at("/policies/{id}/devices", get(policy_bindings::devices))
        .at(
            "/policies/{id}/devices/{device}",
            put(policy_bindings::bind_device).delete(policy_bindings::unbind_device),
        )
        .at("/policies/{id}/device-groups", get(policy_bindings::groups))
        .at(
            "/policies/{id}/device-groups/{group}",
            put(policy_bindings::bind_group).delete(policy_bindings::unbind_group),
        )
        .at("/devices/{id}/policies", get(policy_bindings::of_device))
        .at("/command-templates", get(commands::ready))
        .at("/commands", get(commands::list).post(commands::create))
        .at("/commands/{id}", get(commands::show).put(commands::change).delete(commands::delete))
        .at("/commands/{id}/devices", get(commands::devices))
        .at("/commands/{id}/devices/{device}", put(commands::bind_device).delete(commands::unbind_device))
        .at("/commands/{id}/device-groups", get(commands::groups))
        .at("/commands/{id}/device-groups/{group}", put(commands::bind_group).delete(commands::unbind_group))
        .at("/commands/{id}/run", post(command_runs::run))
        .at("/commands/{id}/runs", get(command_runs::list))
        .at("/command-runs/{id}", get(command_runs::show))
        .at("/command-runs/{id}/devices/{device}", get(command_runs::output))
        .at("/command-runs/{id}/cancel", post(command_runs::cancel))
        .at("/command-runs/{id}/again", post(command_runs::again))
        .at("/devices/{id}/commands", get(command_runs::of_device))
        .layer(DefaultBodyLimit::max(policies::LIMIT))
}

fn application_routes() -> Router<Web> {
    Router::new()
        .at("/applications", get(applications::list).post(applications::create))
        .at(
            "/applications/metadata",
            post(applications::read_metadata).layer(DefaultBodyLimit::max(METADATA_LIMIT)),
        )
        .at("/applications/templates", get(applications::list_templates).post(applications::fill_template))
        .at(
            "/applications/{id}",
            get(applications::show).put(applications::change).delete(applications::delete),
        )
        .at("/applications/oidc", post(application_oidc::create))
        .at("/applications/signing-keys", get(application_oidc::keys).post(application_oidc::turn_keys))
        .at("/applications/{id}/oidc", put(application_oidc::change))
        .at("/applications/{id}/secret", post(application_oidc::replace_secret))
        .at("/applications/{id}/preview", get(application_parts::preview))
        .at("/applications/{id}/groups", get(application_parts::groups))
        .at(
            "/applications/{id}/groups/{group}",
            put(application_parts::assign).delete(application_parts::unassign),
        )
        .at(
            "/applications/{id}/certificates",
            get(application_parts::certificates).post(application_parts::make_certificate),
        )
        .at("/applications/{id}/certificates/{certificate}", delete(application_parts::remove_certificate))
        .at(
            "/applications/{id}/certificates/{certificate}/switch",
            post(application_parts::switch_certificate),
        )
}

/// Administrators, where they are signed in, their MFA and the resets of it that wait.
fn about_administrators() -> Router<Web> {
    Router::new()
        .at(
            "/administrators/{id}/sessions",
            get(sessions::of_administrator).delete(sessions::end_all_of_administrator),
        )
        .at("/administrators/{id}/sessions/{session}", delete(sessions::end_of_administrator))
        .at("/administrators", get(administrators::list).post(administrators::create))
        .at("/administrators/without-mfa", get(administrators::without_mfa))
        .at("/administrators/without-mfa/require", post(administrators::require_chosen))
        .at(
            "/administrators/{id}",
            get(administrators::show).patch(administrators::change).delete(administrators::delete),
        )
        .at("/administrators/{id}/activate", post(administrators::activate))
        .at("/administrators/{id}/suspend", post(administrators::suspend))
        .at("/administrators/{id}/activation-email", post(administrators::invite))
        .at("/administrators/{id}/unlock", post(administrators_mfa::unlock))
        .at("/administrators/{id}/mfa", get(administrators_mfa::show))
        .at(
            "/administrators/{id}/mfa/requirement",
            put(administrators_mfa::require).delete(administrators_mfa::release),
        )
        .at("/administrators/{id}/mfa/reset", post(administrators_mfa::reset))
        .at("/organization/mfa/administrators", put(administrators_mfa::demand))
        .at("/mfa-resets", get(mfa_resets::list))
        .at("/mfa-resets/{id}", get(mfa_resets::show))
        .at("/mfa-resets/{id}/approve", post(mfa_resets::approve))
        .at("/mfa-resets/{id}/cancel", post(mfa_resets::cancel))
}
