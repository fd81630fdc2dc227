//! A test of a stream: one marked entry, at once and on the same way as all others.

use super::shipment::Load;
use crate::{
    App, Refusal,
    draft::{Draft, Target},
};
use claviger_domain::{
    audit::{Entry, actor_words},
    id::AuditId,
    permission::{Granted, ManageOrganization},
    stream::{Health, Kind, Transport},
};
use claviger_store::table::{self, log_stream::LogStream};
use serde_json::json;

/// What is written of a test, in the log and in the entry that is sent.
const ACTION: &str = "activity.stream.test";

/// What became of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tested {
    /// The other side took it.
    Taken,
    /// It was sent over UDP: nobody says whether it arrived.
    Sent,
    /// It was not taken, for this reason.
    NotTaken(String),
}

impl Tested {
    /// For whoever asked for it.
    pub fn words(&self, kind: Kind) -> String {
        let other = match kind {
            Kind::Syslog => "collector",
            Kind::Webhook => "webhook",
        };
        match self {
            Self::Taken => format!("The {other} took the test."),
            Self::Sent => "The test was sent. Over UDP nobody says whether it arrived.".into(),
            Self::NotTaken(why) => format!("The {other} did not take the test: {why}."),
        }
    }
}

impl App {
    /// Sends one entry that is marked as a test, whether the stream is switched on or not, and tells what became of
    /// it. It is none of the log and has no number. A stream that waits for its next try goes on at once if it was
    /// taken.
    pub async fn test_stream(
        &self,
        granted: &Granted<ManageOrganization>,
        kind: Kind,
    ) -> Result<Tested, Refusal> {
        let organization = self.organization().await?;
        let all = table::log_stream::all(&self.0.store, organization.id).await?;
        let stream = all.into_iter().find(|stream| stream.kind == kind).ok_or_else(|| {
            Refusal::state("no_stream", "Save where the entries go first. It need not be switched on.")
        })?;
        let entry = self.test_entry(granted, &stream).await?;
        let shipped = self.ship(&organization, &stream, &[Load { entry: &entry, sealed: None }]).await;
        let mut draft = Draft::new(self, granted.actor()).await?;
        let (outcome, tested) = match shipped {
            Ok(()) if stream.transport == Transport::Udp.key() => ("success", Tested::Sent),
            Ok(()) => ("success", Tested::Taken),
            Err(error) => ("failed", Tested::NotTaken(error.0)),
        };
        if tested == Tested::Taken && stream.health != Health::Well {
            let health = stream.health.clone().tried_now(draft.now);
            draft.write(table::log_stream::failing(organization.id, &stream, &health));
        }
        let target = Target { id: String::new(), name: stream.address };
        draft.log(ACTION, &target, outcome, json!({ "stream": kind.key() }));
        draft.settle().await?;
        Ok(tested)
    }

    async fn test_entry(
        &self,
        granted: &Granted<ManageOrganization>,
        stream: &LogStream,
    ) -> Result<Entry, Refusal> {
        let (actor, now) = (granted.actor(), self.now());
        let (actor_kind, actor_id) = actor_words(actor);
        Ok(Entry {
            id: AuditId::new(now, self.random()),
            organization: self.organization().await?.id,
            at: now,
            actor_kind: actor_kind.into(),
            actor_id,
            actor_name: actor.name.clone(),
            address: actor.address.clone(),
            action: ACTION.into(),
            target_id: String::new(),
            target_name: stream.address.clone(),
            outcome: "success".into(),
            details: json!({ "stream": stream.kind.key(), "test": true }).to_string(),
        })
    }
}
