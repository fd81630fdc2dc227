//! What every handler can reach.

use crate::ops::Metrics;
use claviger_app::{App, Problem, set_up::Installation};
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
}

/// The application with what the web adds to it; clones share it.
#[derive(Clone)]
pub struct Web(Arc<Inner>);

struct Inner {
    app: App,
    options: Options,
    metrics: Metrics,
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
        Self(Arc::new(Inner { app, options, metrics: Metrics::default(), set_up: AtomicBool::new(false) }))
    }

    /// The application.
    pub fn app(&self) -> &App {
        &self.0.app
    }

    pub(crate) fn options(&self) -> &Options {
        &self.0.options
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Whether links are https, so that cookies can be kept from anything else.
    pub(crate) fn is_https(&self) -> bool {
        self.0.app.public_url().starts_with("https:")
    }

    /// Whether the wizard has been through; once it has, this is not asked again.
    pub(crate) async fn installation(&self) -> Result<Installation, Problem> {
        if self.0.set_up.load(Ordering::Relaxed) {
            return Ok(Installation::SetUp);
        }
        let installation = self.0.app.installation().await?;
        self.0.set_up.store(installation == Installation::SetUp, Ordering::Relaxed);
        Ok(installation)
    }
}
