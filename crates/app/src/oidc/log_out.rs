//! Log-outs that an application begins (OpenID Connect RP-Initiated Logout).

use super::{authorize::Hint, extended};
use crate::{
    App, Problem, Token,
    draft::Target,
    session::{Origin, Visit},
};
use claviger_domain::{application::oidc::request::Parameters, id::ApplicationId};
use claviger_store::table::{application_visit, saml::Asker};
use serde_json::json;

/// What comes of it.
#[derive(Clone, Debug)]
pub enum LoggedOut {
    /// The session is over; the browser goes to this address of the application, or to the sign-in.
    Over(Option<String>),
    /// The session is over; this token leads past the other applications that were told of it.
    Through(Token),
    /// It isn't certain that the person wants it: they are asked.
    Ask,
}

impl App {
    /// S10.1: ends the session that an application's ID token is of, if it is the one of this browser; and sends the
    /// browser to an address that is known for it, and to no other.
    pub async fn oidc_log_out(
        &self,
        parameters: &Parameters,
        visit: Visit,
        origin: &Origin,
    ) -> Result<LoggedOut, Problem> {
        let hint = match parameters.once("id_token_hint") {
            Some(token) => self.hint(token).await?,
            None => None,
        };
        let called = parameters.once("client_id");
        let hint = hint.filter(|(id, _)| called.is_none_or(|called| called == id.to_string()));
        let signed_in = matches!(visit, Visit::Full(_));
        let Some((id, hint)) = hint else {
            return Ok(if signed_in { LoggedOut::Ask } else { LoggedOut::Over(None) });
        };
        let back = match self.after_log_out(id, parameters, origin).await? {
            Ok(back) => back,
            Err(Unknown) => return Ok(if signed_in { LoggedOut::Ask } else { LoggedOut::Over(None) }),
        };
        if !signed_in {
            return Ok(LoggedOut::Over(back));
        }
        if !self.is_of(id, &hint, &visit).await? {
            return Ok(LoggedOut::Ask);
        }
        // No request is to be answered at the end: the browser goes to the address alone.
        let asker = Asker { application: id, request: String::new(), relay_state: back.clone() };
        Ok(match self.sign_out_for(visit, Some(asker)).await? {
            Some(token) => LoggedOut::Through(token),
            None => LoggedOut::Over(back),
        })
    }

    /// Whether the token was of this browser's session.
    async fn is_of(&self, id: ApplicationId, hint: &Hint, visit: &Visit) -> Result<bool, Problem> {
        let Visit::Full(me) = visit else { return Ok(false) };
        let organization = self.organization().await?.id;
        let name = (hint.subject.as_str(), std::slice::from_ref(&hint.session));
        let visits = application_visit::by_name(&self.0.store, organization, id, name).await?;
        Ok(visits.iter().any(|visit| visit.session == me.session_id()))
    }

    /// Where the browser goes, if the application says so and may.
    async fn after_log_out(
        &self,
        id: ApplicationId,
        parameters: &Parameters,
        origin: &Origin,
    ) -> Result<Result<Option<String>, Unknown>, Problem> {
        let Some(party) = self.oidc_party(id).await? else { return Ok(Err(Unknown)) };
        let asked = match parameters.one("post_logout_redirect_uri") {
            Ok(None) => return Ok(Ok(None)),
            Ok(asked) => asked.filter(|asked| party.settings.lands(asked)),
            Err(_) => None,
        };
        if let Some(asked) = asked {
            let state: Vec<_> = parameters.once("state").map(|state| ("state", state)).into_iter().collect();
            return Ok(Ok(Some(extended(asked, &state))));
        }
        let details = json!({ "message": "post_logout_redirect_uri is not one of the application's" });
        let target = Target::from(&party.application);
        self.log_stranger(("sign_out.application", &target, "wrong_message"), details, origin).await?;
        Ok(Err(Unknown))
    }

    /// What the application is called that the browser goes back to.
    pub(crate) async fn name_after_log_out(&self, id: ApplicationId) -> Result<Option<String>, Problem> {
        Ok(self.oidc_party(id).await?.map(|party| party.name()))
    }
}

/// The address is not one of the application's.
struct Unknown;
