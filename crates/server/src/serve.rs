//! The server: accept, answer, and stop without cutting anyone off (S14.4).

use crate::{config::Config, logs, tls::Tls, world};
use anyhow::{Context, Result};
use axum::Router;
use claviger_app::{App, set_up::Installation};
use claviger_web::{Options, Peer, Web};
use hyper::{Request, body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{SignalKind, signal},
    sync::{Semaphore, watch},
};
use tower::ServiceExt;

/// Each device keeps one open while it waits for news.
const CONNECTIONS: usize = 40_000;
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
const DRAIN: Duration = Duration::from_secs(25);

pub(crate) async fn run(config: Config) -> Result<()> {
    logs::start(&config);
    let app = world::open(&config).await?;
    let tls = config.tls.clone().map(Tls::load).transpose()?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("{} can't be listened on", config.listen))?;
    let address = listener.local_addr()?;
    if app.installation().await? == Installation::Fresh
        && let Some(link) = app.setup_link().await?
    {
        logs::say(&format!("Setup link: {link}"));
        logs::say("It works once and for 24 hours. `claviger admin setup-link` makes a new one.");
    }
    logs::say(&format!("Claviger listens on {address}, at {}", app.public_url()));
    for weakness in app.store().weaknesses().await? {
        tracing::warn!("{}", weakness.words());
    }
    tracing::info!(%address, database = app.store().name(), "listening");
    let options = Options { trusted_proxies: config.trusted_proxies.clone(), api_limits: config.api_limits };
    let (stop, stopping) = watch::channel(false);
    let jobs = tokio::spawn({
        let app = app.clone();
        async move { Box::pin(app.run_schedule(stopping)).await }
    });
    if let Some(tls) = &tls {
        tokio::spawn(Arc::clone(tls).watch());
    }
    accept_until_stopped(listener, app, options, tls).await?;
    let _ = stop.send(true);
    jobs.await?;
    tracing::info!("stopped");
    Ok(())
}

async fn accept_until_stopped(
    listener: TcpListener,
    app: App,
    options: Options,
    tls: Option<Arc<Tls>>,
) -> Result<()> {
    let router = claviger_web::router(Web::new(app.clone(), options));
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    loop {
        let next = async { (Arc::clone(&permits).acquire_owned().await, listener.accept().await) };
        let (permit, accepted) = tokio::select! {
            next = next => next,
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
        };
        let (permit, (stream, peer)) =
            match permit.map_err(anyhow::Error::from).and_then(|permit| Ok((permit, accepted?))) {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: the next connection that ends mends it.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
        let (router, tls, graceful) = (router.clone(), tls.clone(), graceful.watcher());
        tokio::spawn(async move {
            serve_connection(stream, peer, router, tls, graceful).await;
            drop(permit);
        });
    }
    drop(listener);
    app.let_devices_go();
    tracing::info!("stopping: waiting for requests that are under way");
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
    Ok(())
}

async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    tls: Option<Arc<Tls>>,
    graceful: Watcher,
) {
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return serve_http(stream, peer, router, graceful).await };
    let Some(acceptor) = tls.acceptor() else { return };
    match tokio::time::timeout(HANDSHAKE_WITHIN, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => serve_http(stream, peer, router, graceful).await,
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

async fn serve_http<S>(stream: S, peer: SocketAddr, router: Router, graceful: Watcher)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = graceful.watch(connection).await {
        tracing::debug!(error = %error, "a connection ended early");
    }
}
