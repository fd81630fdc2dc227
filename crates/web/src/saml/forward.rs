//! Pages that send the browser on to an application: by a form that posts itself, or by an address. Without scripts
//! there is a button.

use crate::{
    Web,
    chrome::Chrome,
    error::PageError,
    guard::FormTarget,
    theme::Theme,
    view::{filters, page},
};
use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use claviger_app::saml::PostForm;
use claviger_domain::application::door::Door;

/// What the person is told while the browser goes on.
pub(super) struct Told {
    pub(super) heading: String,
    pub(super) text: &'static str,
}

impl Told {
    pub(super) fn signing_in() -> Self {
        Self {
            heading: "Signing you in".into(),
            text: "You are on your way to the application. If nothing happens, press Continue.",
        }
    }

    pub(super) fn signing_out(application: &str) -> Self {
        Self {
            heading: format!("Signing you out of {application}"),
            text: "You are signed out here. The application is being told. If nothing happens, press Continue.",
        }
    }
}

struct Hidden {
    name: &'static str,
    value: String,
}

#[derive(Template)]
#[template(path = "signin/forward.html")]
struct Forward {
    chrome: Chrome,
    told: Told,
    /// Where the form goes, or the link leads.
    target: String,
    fields: Vec<Hidden>,
}

/// A page whose form posts itself to the application, and to nowhere else.
pub(super) async fn post(web: &Web, theme: Theme, told: Told, form: PostForm) -> Result<Response, PageError> {
    let target = FormTarget(form.action.clone());
    let mut fields = vec![Hidden { name: form.field.name(), value: form.value }];
    fields.extend(form.relay_state.map(|value| Hidden { name: "RelayState", value }));
    let chrome = Chrome::new(web, theme).await?;
    let mut response = page(&Forward { chrome, told, target: form.action, fields });
    response.extensions_mut().insert(target);
    Ok(response)
}

/// On to a door of this site, behind a form of this site. Chrome holds what such a form leads to to the form's page, by
/// way of all redirects; an application that is gone to by address is one too many, so that a page stands between.
pub(super) async fn on(web: &Web, theme: Theme, path: &str) -> Result<Response, PageError> {
    match Door::of(path) {
        Some(Door::Oidc(_)) => go(web, theme, Told::signing_in(), path.to_owned()).await,
        Some(Door::Saml(_)) | None => Ok(Redirect::to(path).into_response()),
    }
}

/// A page that leads to an address of the application.
pub(super) async fn go(web: &Web, theme: Theme, told: Told, address: String) -> Result<Response, PageError> {
    let chrome = Chrome::new(web, theme).await?;
    Ok(page(&Forward { chrome, told, target: address, fields: Vec::new() }))
}
