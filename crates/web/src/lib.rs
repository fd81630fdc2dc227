//! Routes: two portals and the REST API. A handler has words for people and decides nothing.

mod admin;
mod agent;
mod api;
mod assets;
mod chrome;
mod cookies;
mod denied;
mod error;
mod evidence;
mod flash;
mod form;
mod guard;
mod logo;
mod oidc;
mod ops;
mod origin;
mod own;
mod passage;
mod portal;
mod routing;
mod saml;
mod setup;
mod signin;
mod state;
mod step_up;
mod theme;
mod view;
mod visit;

pub use api::{ApiLimits, openapi};
pub use oidc::{Unshown, read_parameters, shown_credentials};
pub use origin::Peer;
pub use state::{Options, Web};

use axum::{Router, middleware};

/// The largest body of a form or an API call, in bytes.
pub const BODY_LIMIT: usize = 64 * 1024;

/// The whole site.
pub fn router(web: Web) -> Router {
    let pages = Router::new()
        .merge(setup::routes())
        .merge(signin::routes(signin::Portal::USER))
        .merge(signin::routes(signin::Portal::ADMIN))
        .merge(own::routes(signin::Portal::USER))
        .merge(own::routes(signin::Portal::ADMIN))
        .merge(portal::routes())
        .merge(saml::pages())
        .merge(step_up::routes())
        .merge(admin::routes().layer(middleware::from_fn(step_up::lead)))
        .merge(theme::routes());
    #[cfg(debug_assertions)]
    let pages = pages.merge(admin::design::routes());
    let pages =
        pages.fallback(error::no_such_page).layer(middleware::from_fn_with_state(web.clone(), passage::page));
    Router::new()
        .merge(pages)
        .nest("/api/v1", api::routes(&web))
        .merge(agent::routes(&web))
        .merge(saml::routes(&web))
        .merge(oidc::routes(&web))
        .merge(ops::routes())
        .merge(assets::routes())
        .merge(logo::routes())
        .layer(middleware::from_fn_with_state(web.clone(), passage::every))
        .with_state(web)
}
