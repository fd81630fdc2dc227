//! For those who operate the server: is it alive, is it ready, what has it done (S14.4).

use crate::{
    Web, agent,
    routing::{Routes, get},
};
use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use claviger_app::saml::Entrance;
use claviger_wire::server::HOLD_SECONDS;
use prometheus_client::{
    encoding::text::encode,
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};
use std::time::Duration;
use tokio::time::Instant;

/// How a request at the door of an application came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AtDoor(&'static str);

impl AtDoor {
    /// A message wasn't taken.
    pub(crate) const WRONG: Self = Self("wrong_message");

    pub(crate) const fn of(entrance: &Entrance) -> Self {
        Self(match entrance {
            Entrance::Post(_) | Entrance::Go(_) => "answered",
            Entrance::SignIn | Entrance::Show { .. } => "asked",
            Entrance::Refused { why, .. } => why.key(),
            Entrance::Stale => "stale",
            Entrance::Repeated => "repeated",
            Entrance::Unknown => "unknown",
        })
    }
}

type Labels = [(&'static str, String); 3];

/// What is counted. Routes are told by their pattern, never by the path, which can hold a token.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Labels, Counter>,
    seconds: Histogram,
    doors: Family<[(&'static str, &'static str); 1], Counter>,
}

impl Metrics {
    /// Counts a request at the door of an application.
    pub(crate) fn at_door(&self, door: &AtDoor) {
        self.doors.get_or_create(&[("outcome", door.0)]).inc();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let requests = Family::<Labels, Counter>::default();
        let seconds = Histogram::new(exponential_buckets(0.0005, 2.0, 14));
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register("http_request_seconds", "Time to answer", seconds.clone());
        let doors = Family::<[(&'static str, &'static str); 1], Counter>::default();
        registry.register("application_requests", "Requests at applications' doors", doors.clone());
        Self { registry, requests, seconds, doors }
    }
}

pub(crate) fn routes() -> Router<Web> {
    Router::new()
        .at("/healthz", get(|| async { "ok\n" }))
        .at("/readyz", get(ready))
        .at("/metrics", get(metrics))
}

/// Ready means that the database answers.
async fn ready(State(web): State<Web>) -> Response {
    match web.app().installation().await {
        Ok(_) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

async fn metrics(State(web): State<Web>) -> Response {
    let mut text = String::new();
    if encode(&mut text, &web.metrics().registry).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let text = text.replace("# EOF\n", "");
    let stats = web.app().store().stats();
    let store = format!(
        "# HELP store_batches Batches of writes answered.\n# TYPE store_batches counter\nstore_batches_total {}\n\
         # HELP store_syncs Commits that waited for the disk.\n# TYPE store_syncs counter\nstore_syncs_total {}\n\
         # HELP devices_waiting Devices that wait for news here.\n# TYPE devices_waiting gauge\ndevices_waiting {}\n# EOF\n",
        stats.batches(),
        stats.syncs(),
        web.app().waiting_devices()
    );
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text + &store).into_response()
}

/// A request that has not come whole and been answered by then is given up.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

/// A device's call is held for as long as nothing changes, and then has the same time.
const HELD: Duration = Duration::from_secs(HOLD_SECONDS);

/// Only methods that exist, so that nobody can make up labels without end.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// What is counted of a request.
pub(crate) struct Asked {
    route: Option<MatchedPath>,
    method: &'static str,
    begun: Instant,
}

impl Asked {
    pub(crate) fn of(request: &Request) -> Self {
        let route = request.extensions().get::<MatchedPath>().cloned();
        Self { route, method: method_label(request.method()), begun: Instant::now() }
    }

    fn route(&self) -> &str {
        self.route.as_ref().map_or("none", MatchedPath::as_str)
    }

    fn is_held(&self) -> bool {
        self.route() == agent::STATE
    }

    /// The answer, or that there is none in time.
    pub(crate) async fn in_time(&self, answer: impl Future<Output = Response>) -> Response {
        let within = if self.is_held() { HELD + ANSWERED_WITHIN } else { ANSWERED_WITHIN };
        let late = || (StatusCode::REQUEST_TIMEOUT, "The request took too long.\n").into_response();
        tokio::time::timeout(within, answer).await.unwrap_or_else(|_| late())
    }

    /// Counts and logs the request.
    pub(crate) fn count(self, web: &Web, response: &Response) {
        let (route, method, status) = (self.route().to_owned(), self.method, response.status());
        let took = self.begun.elapsed();
        let metrics = web.metrics();
        if !self.is_held() {
            metrics.seconds.observe(took.as_secs_f64());
        }
        let labels = [
            ("method", method.to_owned()),
            ("route", route.clone()),
            ("status", status.as_u16().to_string()),
        ];
        metrics.requests.get_or_create(&labels).inc();
        if status.is_server_error() {
            tracing::warn!(method, route, status = status.as_u16(), micros = took.as_micros(), "answered");
        } else {
            tracing::debug!(method, route, status = status.as_u16(), micros = took.as_micros(), "answered");
        }
    }
}
