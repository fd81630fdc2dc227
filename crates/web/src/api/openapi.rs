//! The API's description (OpenAPI 3.1), made from the operations themselves.

use axum::Json;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Claviger", description = "TOTP multi-factor authentication for an organization.", license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT")),
    paths(
        super::organization::show,
        super::organization::change,
        super::organization::switch_totp,
        super::users::list,
        super::users::create,
        super::users::show,
        super::users::change,
        super::users::delete,
        super::users::activate,
        super::users::suspend,
        super::users::unlock,
        super::users::set_password,
        super::users::resend,
        super::jobs::start,
        super::jobs::show,
        super::jobs::cancel,
        super::groups::list,
        super::groups::create,
        super::groups::show,
        super::groups::change,
        super::groups::delete,
        super::groups::set_rule,
        super::groups::add_member,
        super::groups::remove_member,
        super::mfa::show,
        super::mfa::require,
        super::mfa::remove,
        super::mfa::reset,
        super::mfa::extend,
        super::mfa::verify,
        super::mfa::forget_drift,
        super::administrators::list,
        super::administrators::create,
        super::administrators::without_mfa,
        super::administrators::require_chosen,
        super::administrators::show,
        super::administrators::change,
        super::administrators::delete,
        super::administrators::activate,
        super::administrators::suspend,
        super::administrators::invite,
        super::administrators_mfa::show,
        super::administrators_mfa::require,
        super::administrators_mfa::release,
        super::administrators_mfa::reset,
        super::administrators_mfa::demand,
        super::administrators_mfa::unlock,
        super::mfa_resets::list,
        super::mfa_resets::show,
        super::mfa_resets::approve,
        super::mfa_resets::cancel,
        super::log_streams::syslog,
        super::log_streams::set_syslog,
        super::log_streams::test_syslog,
        super::log_streams::webhook,
        super::log_streams::set_webhook,
        super::log_streams::renew_secret,
        super::log_streams::test_webhook,
        super::api_keys::list,
        super::api_keys::create,
        super::api_keys::revoke,
        super::sessions::of_user,
        super::sessions::end_all_of_user,
        super::sessions::end_of_user,
        super::sessions::of_administrator,
        super::sessions::end_all_of_administrator,
        super::sessions::end_of_administrator,
        super::usage::show,
        super::events::list,
        super::events::show,
        super::tokens::list,
        super::tokens::import,
        super::tokens::assign,
        super::tokens::take_back,
        super::tokens::delete,
        super::tokens::show,
        super::posix::devices,
        super::posix::show,
        super::posix::set,
        super::posix::keys,
        super::posix::add_key,
        super::posix::remove_key,
        super::devices::list,
        super::devices::show,
        super::devices::change,
        super::devices::delete,
        super::devices::users,
        super::devices::bind,
        super::devices::unbind,
        super::devices::take_over,
        super::device_mfa::set,
        super::device_mfa::confirm,
        super::device_mfa::preview,
        super::device_mfa::bulk,
        super::device_mfa::break_glass,
        super::device_groups::list,
        super::device_groups::create,
        super::device_groups::show,
        super::device_groups::change,
        super::device_groups::delete,
        super::device_groups::add_device,
        super::device_groups::remove_device,
        super::device_groups::bindings,
        super::device_groups::bind,
        super::device_groups::unbind,
        super::remembered::ask_once,
        super::remembered::in_group,
        super::remembered::revoke_in_group,
        super::remembered::of_user,
        super::remembered::revoke_of_user,
        super::connect_keys::list,
        super::connect_keys::create,
        super::connect_keys::show,
        super::connect_keys::rotate,
        super::connect_keys::revoke,
        super::reports::evidence_csv,
        super::reports::drift,
        super::logo::show,
        super::logo::put,
        super::logo::remove,
        super::email::smtp,
        super::email::set_smtp,
        super::email::list,
        super::email::retry,
        super::mail_texts::list,
        super::mail_texts::show,
        super::mail_texts::change,
        super::mail_texts::restore,
    ),
    components(schemas(super::problem::Problem, super::problem::WrongField)),
    modifiers(&Bearer),
    security(("bearer" = []))
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The document, for tests and for the page that serves it.
pub fn describe() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    super::described::complete(&mut document);
    document
}

pub(crate) async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(describe())
}
