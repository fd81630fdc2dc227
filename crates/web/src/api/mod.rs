//! The REST API under `/api/v1` (section 13).

mod administrators;
mod administrators_mfa;
mod api_keys;
mod application_oidc;
mod application_parts;
mod application_shapes;
mod applications;
mod body;
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

use crate::Web;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{delete, get, post, put},
};
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
        .route("/users/{id}/mfa/token", put(tokens::assign).delete(tokens::take_back))
        .route("/tokens", get(tokens::list))
        .route("/api-keys", get(api_keys::list).post(api_keys::create))
        .route("/api-keys/{id}", delete(api_keys::revoke))
        .route("/users/{id}/sessions", get(sessions::of_user).delete(sessions::end_all_of_user))
        .route("/users/{id}/sessions/{session}", delete(sessions::end_of_user))
        .merge(about_administrators())
        .route("/log-streams/syslog", get(log_streams::syslog).put(log_streams::set_syslog))
        .route("/log-streams/syslog/test", post(log_streams::test_syslog))
        .route("/log-streams/webhook", get(log_streams::webhook).put(log_streams::set_webhook))
        .route("/log-streams/webhook/secret", post(log_streams::renew_secret))
        .route("/log-streams/webhook/test", post(log_streams::test_webhook))
        .route("/usage", get(usage::show))
        .route("/events", get(events::list))
        .route("/events/{id}", get(events::show))
        .route("/tokens/import", post(tokens::import).layer(DefaultBodyLimit::max(FILE_LIMIT)))
        .route("/tokens/{id}", get(tokens::show).delete(tokens::delete))
        .route("/users/{id}/mfa/forget-drift", post(mfa::forget_drift))
        .route("/reports/evidence", get(reports::evidence_csv))
        .route("/reports/drift", get(reports::drift))
        .route("/organization/logo", get(logo::show).put(logo::put).delete(logo::remove).layer(logo::limit()))
        .route("/organization/smtp", get(email::smtp).put(email::set_smtp))
        .route("/mails", get(email::list))
        .route("/mails/{id}/retry", post(email::retry))
        .route("/mail-texts", get(mail_texts::list))
        .route(
            "/mail-texts/{kind}",
            get(mail_texts::show)
                .put(mail_texts::change)
                .delete(mail_texts::restore)
                .layer(mail_texts::limit()),
        )
        .merge(device_routes())
        .merge(application_routes())
        .route_layer(middleware::from_fn_with_state(web.clone(), gate::counted));
    let uncounted = Router::new()
        .route("/users/{id}/mfa/verify", post(mfa::verify))
        .route_layer(middleware::from_fn_with_state(web.clone(), gate::uncounted));
    Router::new()
        .route("/openapi.json", get(openapi::document))
        .merge(counted)
        .merge(uncounted)
        .fallback(problem::no_such_operation)
        .method_not_allowed_fallback(problem::no_such_method)
}

fn device_routes() -> Router<Web> {
    Router::new()
        .route("/users/{id}/devices", get(posix::devices))
        .route("/users/{id}/remembered", get(remembered::of_user).delete(remembered::revoke_of_user))
        .route("/users/{id}/posix", get(posix::show).put(posix::set))
        .route("/users/{id}/ssh-keys", get(posix::keys).post(posix::add_key))
        .route("/users/{id}/ssh-keys/{key}", delete(posix::remove_key))
        .route("/devices", get(devices::list))
        .route("/devices/bulk", post(device_mfa::bulk))
        .route("/devices/mfa/preview", post(device_mfa::preview))
        .route("/devices/{id}", get(devices::show).patch(devices::change).delete(devices::delete))
        .route("/devices/{id}/mfa", put(device_mfa::set))
        .route("/devices/{id}/mfa/confirm", post(device_mfa::confirm))
        .route("/devices/{id}/users", get(devices::users))
        .route("/devices/{id}/users/{user}", put(devices::bind).delete(devices::unbind))
        .route("/devices/{id}/users/{user}/take-over", post(devices::take_over))
        .route("/devices/{id}/users/{user}/break-glass", post(device_mfa::break_glass))
        .route("/device-groups", get(device_groups::list).post(device_groups::create))
        .route(
            "/device-groups/{id}",
            get(device_groups::show).put(device_groups::change).delete(device_groups::delete),
        )
        .route(
            "/device-groups/{id}/devices/{device}",
            put(device_groups::add_device).delete(device_groups::remove_device),
        )
        .route("/device-groups/{id}/ask-once", put(remembered::ask_once))
        .route(
            "/device-groups/{id}/remembered",
            get(remembered::in_group).delete(remembered::revoke_in_group),
        )
        .route("/device-groups/{id}/groups", get(device_groups::bindings))
        .route("/device-groups/{id}/groups/{group}", put(device_groups::bind).delete(device_groups::unbind))
        .route("/connect-keys", get(connect_keys::list).post(connect_keys::create))
        .route("/connect-keys/{id}", get(connect_keys::show))
        .route("/connect-keys/{id}/rotate", post(connect_keys::rotate))
        .route("/connect-keys/{id}/revoke", post(connect_keys::revoke))
}

fn application_routes() -> Router<Web> {
    Router::new()
        .route("/applications", get(applications::list).post(applications::create))
        .route(
            "/applications/metadata",
            post(applications::read_metadata).layer(DefaultBodyLimit::max(METADATA_LIMIT)),
        )
        .route("/applications/templates", get(applications::list_templates).post(applications::fill_template))
        .route(
            "/applications/{id}",
            get(applications::show).put(applications::change).delete(applications::delete),
        )
        .route("/applications/oidc", post(application_oidc::create))
        .route("/applications/signing-keys", get(application_oidc::keys).post(application_oidc::turn_keys))
        .route("/applications/{id}/oidc", put(application_oidc::change))
        .route("/applications/{id}/secret", post(application_oidc::replace_secret))
        .route("/applications/{id}/preview", get(application_parts::preview))
        .route("/applications/{id}/groups", get(application_parts::groups))
        .route(
            "/applications/{id}/groups/{group}",
            put(application_parts::assign).delete(application_parts::unassign),
        )
        .route(
            "/applications/{id}/certificates",
            get(application_parts::certificates).post(application_parts::make_certificate),
        )
        .route("/applications/{id}/certificates/{certificate}", delete(application_parts::remove_certificate))
        .route(
            "/applications/{id}/certificates/{certificate}/switch",
            post(application_parts::switch_certificate),
        )
}

/// Administrators, where they are signed in, their MFA and the resets of it that wait.
fn about_administrators() -> Router<Web> {
    Router::new()
        .route(
            "/administrators/{id}/sessions",
            get(sessions::of_administrator).delete(sessions::end_all_of_administrator),
        )
        .route("/administrators/{id}/sessions/{session}", delete(sessions::end_of_administrator))
        .route("/administrators", get(administrators::list).post(administrators::create))
        .route("/administrators/without-mfa", get(administrators::without_mfa))
        .route("/administrators/without-mfa/require", post(administrators::require_chosen))
        .route(
            "/administrators/{id}",
            get(administrators::show).patch(administrators::change).delete(administrators::delete),
        )
        .route("/administrators/{id}/activate", post(administrators::activate))
        .route("/administrators/{id}/suspend", post(administrators::suspend))
        .route("/administrators/{id}/activation-email", post(administrators::invite))
        .route("/administrators/{id}/unlock", post(administrators_mfa::unlock))
        .route("/administrators/{id}/mfa", get(administrators_mfa::show))
        .route(
            "/administrators/{id}/mfa/requirement",
            put(administrators_mfa::require).delete(administrators_mfa::release),
        )
        .route("/administrators/{id}/mfa/reset", post(administrators_mfa::reset))
        .route("/organization/mfa/administrators", put(administrators_mfa::demand))
        .route("/mfa-resets", get(mfa_resets::list))
        .route("/mfa-resets/{id}", get(mfa_resets::show))
        .route("/mfa-resets/{id}/approve", post(mfa_resets::approve))
        .route("/mfa-resets/{id}/cancel", post(mfa_resets::cancel))
}
