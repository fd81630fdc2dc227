//! Structured logs on standard error; answers of commands on standard output.

use crate::config::{Config, LogFormat};
use std::io::Write;
use tracing_subscriber::{Layer, filter::LevelFilter, layer::SubscriberExt, util::SubscriberInitExt};

pub(crate) fn start(config: &Config) {
    let level = LevelFilter::from_level(config.log_level);
    let layer = match config.log_format {
        LogFormat::Text => {
            tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).boxed()
        }
        LogFormat::Json => tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_writer(std::io::stderr)
            .with_target(false)
            .boxed(),
    };
    tracing_subscriber::registry().with(layer.with_filter(level)).init();
}

/// A line for the person at the terminal. A closed terminal is no reason to stop.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A line for the person at the terminal about what went wrong.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "claviger: {line}");
}
