//! One HTTPS POST. An answer of 2xx is a receipt; a redirect is not followed.

use super::{TAKE_WITHIN, within};
use claviger_app::ports::ShipError;
use claviger_domain::stream::WebhookUrl;
use hyper::{
    Request, StatusCode,
    client::conn::http1,
    header::{CONNECTION, CONTENT_TYPE, HOST, USER_AGENT},
};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

pub(super) async fn post<S>(stream: S, url: &WebhookUrl, signature: &str, body: &str) -> Result<(), ShipError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let request = Request::post(url.path())
        .header(HOST, url.authority())
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, concat!("Claviger/", env!("CARGO_PKG_VERSION")))
        .header(CONNECTION, "close")
        .header("claviger-signature", signature)
        .body(body.to_owned())
        .map_err(|error| ShipError(error.to_string()))?;
    let failed = |error: hyper::Error| ShipError(format!("the webhook did not answer: {error}"));
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let running = tokio::spawn(connection);
    let answered = within(TAKE_WITHIN, sender.send_request(request)).await;
    // What the answer says besides its status is of no interest.
    running.abort();
    let status = answered?.map_err(failed)?.status();
    if status.is_success() { Ok(()) } else { Err(refused(status)) }
}

fn refused(status: StatusCode) -> ShipError {
    let what = if status.is_redirection() { ": redirects are not followed" } else { "" };
    ShipError(format!("the webhook answered {status}{what}"))
}
