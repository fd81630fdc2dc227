//! What every request passes: the headers of every answer, the check for foreign origins, and the first run.

use crate::{Web, chrome::Chrome, error::PageError, signin::Message, theme::Theme, view::render};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use claviger_app::set_up::Installation;
use claviger_domain::site::Sender;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Where the form of a page goes: to this address of an application, and on from there to wherever it leads.
#[derive(Clone, Debug)]
pub(crate) struct FormTarget(pub(crate) String);

impl FormTarget {
    /// The policy with other sites beside this one: browsers hold what an application answers with, such as a way to
    /// another host of its own, to the policy of the page, too.
    fn policy(&self) -> Option<HeaderValue> {
        let sites = if self.0.starts_with("https:") { "https:" } else { "http: https:" };
        HeaderValue::try_from(POLICY.replace("form-action 'self'", &format!("form-action 'self' {sites}")))
            .ok()
    }
}

/// The headers of every answer.
pub(crate) fn add_headers(response: &mut Response) {
    let target = response.extensions_mut().remove::<FormTarget>();
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Some(policy) = target.and_then(|target| target.policy()) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        // An application that asks where a form comes from learns our origin, and nothing behind it.
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// What a page's request is answered with instead: a change that another site sent through this browser is refused.
pub(crate) async fn stops(web: &Web, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || sender(headers).is_ours(web.app().public_url()) {
        not_set_up(web, uri, headers).await
    } else {
        Some(PageError::Foreign.into_response())
    }
}

fn sender(headers: &HeaderMap) -> Sender<'_> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    Sender {
        site: text(HeaderName::from_static("sec-fetch-site")),
        origin: text(header::ORIGIN),
        host: text(header::HOST),
    }
}

/// S2.1: until the wizard has been through, nothing else can be reached.
pub(crate) async fn set_up_first(State(web): State<Web>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match not_set_up(&web, &parts.uri, &parts.headers).await {
        Some(stopped) => stopped,
        None => next.run(Request::from_parts(parts, body)).await,
    }
}

async fn not_set_up(web: &Web, uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    match web.installation().await {
        Ok(Installation::SetUp) => return None,
        Ok(_) => {}
        Err(problem) => return Some(PageError::from(problem).into_response()),
    }
    let path = uri.path();
    if path.starts_with("/setup/") || path.starts_with("/_design") {
        return None;
    }
    let theme = Theme::of(headers);
    let chrome = Chrome { organization: String::new(), theme: theme.key(), logo: None };
    let page = Message {
        chrome,
        kind: "",
        heading: "Claviger is not set up yet".into(),
        text: "Open the setup link that the server printed when it started. If it is lost or older than 24 hours, run \
               `claviger admin setup-link` on the server."
            .into(),
        action: None,
    };
    Some(render(StatusCode::SERVICE_UNAVAILABLE, &page))
}
