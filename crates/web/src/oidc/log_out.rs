//! Log-outs that an application begins.

use super::parameters::{InForm, in_query};
use crate::{
    Web,
    chrome::Chrome,
    error::PageError,
    flash, origin,
    theme::Theme,
    view::{filters, page},
    visit,
};
use askama::Template;
use axum::{
    extract::{Request, State},
    response::{IntoResponse, Redirect, Response},
};
use claviger_app::oidc::LoggedOut;
use claviger_domain::{account::Realm, application::oidc::request::Parameters};

/// What is passed on of a form.
const PASSED_ON: [&str; 4] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"];

#[derive(Template)]
#[template(path = "signin/log_out.html")]
struct Ask {
    chrome: Chrome,
}

/// A log-out in the query of the address.
pub(super) async fn by_query(
    State(web): State<Web>,
    theme: Theme,
    request: Request,
) -> Result<Response, PageError> {
    let (parts, _) = request.into_parts();
    let parameters = in_query(parts.uri.query())?;
    let visit = visit::visit(&web, Realm::User, &parts).await?;
    let origin = origin::of(&parts, &web);
    let response = match web.app().oidc_log_out(&parameters, visit, &origin).await? {
        LoggedOut::Ask => return Ok(page(&Ask { chrome: Chrome::new(&web, theme).await? })),
        LoggedOut::Over(Some(address)) => Redirect::to(&address).into_response(),
        LoggedOut::Over(None) => flash::redirect("/sign-in", "signed_out"),
        LoggedOut::Through(token) => {
            Redirect::to(&format!("/sign-out/applications/{}", token.expose())).into_response()
        }
    };
    Ok(visit::forget(&web, Realm::User, response))
}

/// A log-out in a form of another site: our cookie comes along with the address that it leads on to.
pub(super) async fn by_form(InForm(parameters): InForm) -> Response {
    Redirect::to(&format!("/oidc/log-out?{}", passed_on(&parameters))).into_response()
}

fn passed_on(parameters: &Parameters) -> String {
    let pairs = PASSED_ON.iter().filter_map(|name| parameters.once(name).map(|value| (*name, value)));
    serde_urlencoded::to_string(pairs.collect::<Vec<_>>()).unwrap_or_default()
}
