//! Somebody on the way in whose code is asked for, by whatever of the pages that take one or what stands in for it.

use super::{Portal, other_step};
use crate::{
    Web,
    error::PageError,
    flash,
    theme::Theme,
    visit::{self, Half},
};
use axum::{extract::FromRequestParts, http::request::Parts, response::Response};
use claviger_app::{session::HalfSignedIn, sign_in::CodeOutcome, verify::Told};
use claviger_domain::{id::FactorId, sign_in::Next};

/// Whoever is at another step is led there.
pub(super) struct AtCode {
    pub(super) web: Web,
    pub(super) portal: Portal,
    pub(super) theme: Theme,
    pub(super) half: HalfSignedIn,
    /// The factor that the code is asked of.
    pub(super) factor: FactorId,
}

impl FromRequestParts<Web> for AtCode {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, PageError> {
        let portal = Portal::from_request_parts(parts, web).await?;
        let Ok(theme) = Theme::from_request_parts(parts, web).await;
        let Half(half) = Half::from_request_parts(parts, web).await?;
        match half.next {
            Next::Code(factor) => Ok(Self { web: web.clone(), portal, theme, half, factor }),
            next => Err(PageError::Instead(Box::new(other_step(portal, next)))),
        }
    }
}

impl AtCode {
    /// Where a code led, or why it was not taken.
    pub(super) fn after(&self, outcome: CodeOutcome) -> Result<Response, Told> {
        match outcome {
            CodeOutcome::Session(session) => Ok(visit::enter(&self.web, &session)),
            CodeOutcome::StartAgain => {
                let again = flash::redirect(&self.portal.path("/sign-in"), "start_again");
                Ok(visit::forget(&self.web, self.portal.realm, again))
            }
            CodeOutcome::Refused(told) => Err(told),
        }
    }
}
