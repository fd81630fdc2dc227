//! Structured logs on standard error; answers of commands on standard output.

use crate::config::{Config, LogFormat};
use std::io::{IsTerminal, Write};
use tracing_subscriber::{
    Layer, Registry,
    filter::LevelFilter,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

pub(crate) fn start(config: &Config) {
    let level = LevelFilter::from_level(config.log_level);
    let reader = if std::io::stderr().is_terminal() { Reader::Person } else { Reader::Program };
    let layer = layer(config.log_format, reader, std::io::stderr);
    tracing_subscriber::registry().with(layer.with_filter(level)).init();
}

/// Who reads the lines as they come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// Somebody at a terminal, who sees colors unless `NO_COLOR` is set.
    Person,
    /// A journal or a file, where colors are noise between the words.
    Program,
}

fn layer<W>(format: LogFormat, reader: Reader, writer: W) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_writer(writer).with_target(false);
    match (format, reader) {
        (LogFormat::Text, Reader::Person) => lines.boxed(),
        (LogFormat::Text, Reader::Program) => lines.with_ansi(false).boxed(),
        (LogFormat::Json, _) => lines.json().flatten_event(true).boxed(),
    }
}

/// A line for the person at the terminal. A closed terminal is no reason to stop.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// A line for the person at the terminal about what went wrong.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "claviger: {line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(text);
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn journals_and_files_get_words_without_colors() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let lines = Lines::default();
            let writer = lines.clone();
            let layer = layer(format, Reader::Program, move || writer.clone());
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
                tracing::info!(address = "127.0.0.1:8080", "listening");
            });
            let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
            for word in ["INFO", "listening", "127.0.0.1:8080"] {
                assert!(text.contains(word), "{text}");
            }
            assert!(!text.contains('\u{1b}'), "{text:?}");
        }
    }
}
