//! A request that was checked and waits for the person: sealed, and kept by the browser, so that requests of anybody
//! fill no table.

use super::{
    PENDING,
    assertion::{fulfilled, usual_class},
};
use crate::{App, Problem};
use claviger_domain::{
    application::release::{By, Freshness, Interaction, Request},
    id::ApplicationId,
    time::Timestamp,
};
use claviger_saml::{
    AuthnRequest, Comparison, Interaction as Wanted, RequestedContext,
    names::{NameIdFormat, context},
};
use claviger_store::seal::Place;
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

/// The most characters of the sealed text: addresses and cookies have to carry it.
pub(super) const LONGEST: usize = 3_000;

/// Classes of authentication that we know, weakest first.
pub(super) const CLASSES: [&str; 4] =
    [context::UNSPECIFIED, context::PASSWORD, context::TIME_SYNC_TOKEN, context::REFEDS_MFA];

/// Where a sign-in to an application began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Begun {
    /// At the application, with a request.
    There,
    /// At the User Portal.
    Here,
}

/// What is kept of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) begun: Begun,
    /// The request's ID, or a random one.
    pub(super) id: String,
    /// Where the answer goes.
    pub(super) consumer: String,
    pub(super) relay_state: Option<String>,
    /// The URI of the kind of name that is wanted.
    pub(super) name: Option<String>,
    /// Whom it is about.
    pub(super) subject: Option<String>,
    /// How the person should sign in: places of the classes among [`CLASSES`].
    pub(super) classes: Option<(Compared, Vec<usize>)>,
    pub(super) anew: bool,
    pub(super) passive: bool,
    /// When it came.
    pub(super) at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Compared {
    Exact,
    Minimum,
    Better,
    Maximum,
}

impl Pending {
    pub(super) fn of(request: &AuthnRequest, at: Timestamp) -> Self {
        let known = |context: &RequestedContext| {
            let places = CLASSES.iter().enumerate();
            let named = places.filter(|(_, class)| context.classes.iter().any(|wanted| wanted == *class));
            named.map(|(place, _)| place).collect()
        };
        let compared = |comparison| match comparison {
            Comparison::Exact => Compared::Exact,
            Comparison::Minimum => Compared::Minimum,
            Comparison::Better => Compared::Better,
            Comparison::Maximum => Compared::Maximum,
        };
        Self {
            begun: Begun::There,
            id: request.id.as_str().to_owned(),
            consumer: request.consumer.location.clone(),
            relay_state: request.relay_state.clone(),
            name: request.name_id.map(|format| format.uri().to_owned()),
            subject: request.subject.as_ref().map(|subject| subject.value.clone()),
            classes: request.context.as_ref().map(|one| (compared(one.comparison), known(one))),
            anew: matches!(request.interaction, Wanted::Fresh | Wanted::Contradictory),
            passive: matches!(request.interaction, Wanted::None | Wanted::Contradictory),
            at,
        }
    }

    /// What is asked, as the rules have it.
    pub(super) const fn request(&self) -> Request {
        Request {
            at: self.at,
            freshness: if self.anew { Freshness::Anew } else { Freshness::Any },
            interaction: if self.passive { Interaction::Forbidden } else { Interaction::Allowed },
        }
    }

    pub(super) fn name(&self) -> Option<NameIdFormat> {
        self.name.as_deref().and_then(NameIdFormat::from_uri)
    }

    /// The class to answer with, of those that the sign-in fulfills; nothing if none that is wanted is.
    pub(super) fn class(&self, by: By) -> Option<&'static str> {
        let Some((compared, places)) = &self.classes else { return Some(usual_class(by)) };
        let comparison = match compared {
            Compared::Exact => Comparison::Exact,
            Compared::Minimum => Comparison::Minimum,
            Compared::Better => Comparison::Better,
            Compared::Maximum => Comparison::Maximum,
        };
        let classes = places.iter().filter_map(|place| CLASSES.get(*place)).map(|class| (*class).to_owned());
        RequestedContext { comparison, classes: classes.collect() }.satisfied_by(fulfilled(by))
    }

    /// What it is remembered by once it was answered.
    pub(super) fn digest(&self) -> [u8; 32] {
        let begun: &[u8] = match self.begun {
            Begun::There => b"request\0",
            Begun::Here => b"start\0",
        };
        Sha256::new().chain_update(begun).chain_update(&self.id).finalize().into()
    }
}

const fn place(id: ApplicationId) -> Place {
    Place { table: "saml_request", column: "pending", row: id.0 }
}

/// The text that the browser keeps of `value`; nothing if it would be too long.
pub(crate) fn seal_kept<T: Serialize>(app: &App, place: Place, value: &T) -> Result<Option<String>, Problem> {
    let plain = serde_json::to_vec(value).map_err(|error| Problem::Internal(error.to_string()))?;
    let text = BASE64URL_NOPAD.encode(&app.0.sealer.seal(place, app.random(), &plain)?);
    Ok((text.len() <= LONGEST).then_some(text))
}

/// What was sealed for that place.
pub(crate) fn open_kept<T: DeserializeOwned>(app: &App, place: Place, text: &str) -> Option<T> {
    if text.len() > LONGEST {
        return None;
    }
    let sealed = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
    let plain = app.0.sealer.open(place, &sealed).ok()?;
    serde_json::from_slice(plain.expose()).ok()
}

impl App {
    /// The text that the browser keeps; nothing if it would be too long.
    pub(super) fn seal_pending(
        &self,
        id: ApplicationId,
        pending: &Pending,
    ) -> Result<Option<String>, Problem> {
        seal_kept(self, place(id), pending)
    }

    /// What was sealed for that application, unless it is too old.
    pub(super) fn open_pending(&self, id: ApplicationId, text: &str) -> Option<Pending> {
        let pending: Pending = open_kept(self, place(id), text)?;
        (self.now().since(pending.at) <= PENDING).then_some(pending)
    }
}
