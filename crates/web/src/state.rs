//! What every handler can reach.

use crate::{
    api::{ApiLimits, Limiter},
    ops::Metrics,
};
use claviger_app::{App, Problem, set_up::Installation};
use claviger_domain::revision::Seen;
use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// How the site is reached, from the configuration.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// How often the API may be called.
    pub api_limits: ApiLimits,
}

/// The application with what the web adds to it; clones share it.
#[derive(Clone)]
pub struct Web(Arc<Inner>, App);

struct Inner {
    options: Options,
    metrics: Metrics,
    limiter: Limiter,
    set_up: AtomicBool,
}

impl std::fmt::Debug for Web {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Web")
    }
}

impl Web {
    /// A site over `app`.
    pub fn new(app: App, options: Options) -> Self {
        let limiter = Limiter::new(options.api_limits);
        let set_up = AtomicBool::new(false);
        Self(Arc::new(Inner { options, metrics: Metrics::default(), limiter, set_up }), app)
    }

    /// The application.
    pub fn app(&self) -> &App {
        &self.1
    }

    /// S13.1: the same site, which changes what was seen only if nobody did since.
    pub(crate) fn if_unchanged(&self, seen: Seen) -> Self {
        Self(Arc::clone(&self.0), self.1.if_unchanged(seen))
    }

    pub(crate) fn limiter(&self) -> &Limiter {
        &self.0.limiter
    }

    pub(crate) fn options(&self) -> &Options {
        &self.0.options
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Whether links are https, so that cookies can be kept from anything else.
    pub(crate) fn is_https(&self) -> bool {
        self.1.public_url().starts_with("https:")
    }

    /// Whether the wizard has been through; once it has, this is not asked again.
    pub(crate) async fn installation(&self) -> Result<Installation, Problem> {
        if self.0.set_up.load(Ordering::Relaxed) {
            return Ok(Installation::SetUp);
        }
        let installation = self.1.installation().await?;
        self.0.set_up.store(installation == Installation::SetUp, Ordering::Relaxed);
        Ok(installation)
    }
}
