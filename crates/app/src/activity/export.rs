//! The entries that match, as a file: a chunk at a time, so that a million need no more memory than a thousand.

use super::{Asked, Event, Place};
use crate::{
    App, Problem, Refusal, csv_text,
    draft::{Draft, Target},
};
use claviger_domain::{
    audit::right_after,
    permission::{Granted, ViewUsers},
};
use claviger_store::table::audit_list::Filter;
use futures_util::{Stream, stream};
use serde_json::json;

const CHUNK: i64 = 1_000;

/// What an export is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

impl Format {
    /// What its file's name ends in.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }

    fn text(self, events: &[Event]) -> Result<String, Problem> {
        match self {
            Self::Csv => Ok(events.iter().map(|event| csv_text::line(event.cells())).collect()),
            Self::JsonLines => {
                let mut text = String::new();
                for event in events {
                    let line = serde_json::to_string(event);
                    text.push_str(&line.map_err(|error| Problem::Internal(error.to_string()))?);
                    text.push('\n');
                }
                Ok(text)
            }
        }
    }
}

/// An export on its way, the newest entry first.
pub struct Export {
    app: App,
    filter: Filter,
    format: Format,
    state: State,
}

enum State {
    Headings(Place),
    Rows(Place),
    Done,
}

impl App {
    /// Begins an export of the entries that match now, and notes in the log who asked for it.
    pub async fn export_activity(
        &self,
        granted: &Granted<ViewUsers>,
        asked: &Asked,
        format: Format,
    ) -> Result<Export, Refusal> {
        let filter = self.activity_filter(asked).await?;
        // What comes later, the note below among it, is not in the file.
        let newest = self.found_page(&Filter::default(), Place::Newest, 1).await?;
        let begin = newest.entries.first().map(|row| Place::Older(right_after(row.entry.id)));
        let begin = begin.unwrap_or(Place::Newest);
        let mut draft = Draft::new(self, granted.actor()).await?;
        let facts = json!({
            "format": format.extension(), "from": asked.from, "to": asked.to, "actor": asked.actor, "action": asked.action,
            "outcome": asked.outcome, "target": asked.target, "address": asked.address,
        });
        draft.log("activity.export", &Target::default(), "success", facts);
        draft.settle().await?;
        let state = match format {
            Format::Csv => State::Headings(begin),
            Format::JsonLines => State::Rows(begin),
        };
        Ok(Export { app: self.clone(), filter, format, state })
    }
}

impl Export {
    /// The next lines; nothing after the last.
    pub async fn next(&mut self) -> Result<Option<String>, Problem> {
        if let State::Headings(place) = self.state {
            self.state = State::Rows(place);
            return Ok(Some(csv_text::line(Event::HEADINGS)));
        }
        while let State::Rows(place) = self.state {
            let page = self.app.found_page(&self.filter, place, CHUNK).await?;
            self.state = page.older.map_or(State::Done, |id| State::Rows(Place::Older(id)));
            if !page.entries.is_empty() {
                let events: Vec<_> = page.entries.iter().map(Event::from).collect();
                return self.format.text(&events).map(Some);
            }
        }
        Ok(None)
    }

    /// The lines as they are read.
    pub fn pieces(self) -> impl Stream<Item = Result<String, Problem>> + Send {
        stream::unfold(self, |mut export| async move {
            match export.next().await {
                Ok(Some(text)) => Some((Ok(text), export)),
                Ok(None) => None,
                Err(problem) => {
                    export.state = State::Done;
                    Some((Err(problem), export))
                }
            }
        })
    }
}
