//! S13.1: a call of the API that is sent twice is carried out once, on every server together.

use crate::{App, Problem, token};
use claviger_domain::{
    id::OrganizationId,
    idempotency::{CallKey, KEPT, Verdict},
    secret::Secret,
};
use claviger_store::{
    Batch, Commit,
    table::idempotency::{self as calls, body_place},
};
use sha2::{Digest, Sha256};

/// A body that is larger is not kept.
const LARGEST: usize = 64 * 1024;

/// One call: who sent it under which name, and what it asks for.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    name: [u8; 32],
    request: [u8; 32],
}

impl Call {
    /// The call that `api_key` makes. `line` is its method and path; `rest` everything else that it asks for.
    pub fn new(api_key: &str, key: &CallKey, line: &str, rest: &[&[u8]]) -> Self {
        let mut request = Sha256::new();
        for part in rest {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            request.update(length.to_be_bytes());
            request.update(part);
        }
        let name = Sha256::new().chain_update(token::hash(api_key)).chain_update(line).chain_update(b"\0");
        Self { name: name.chain_update(key.as_str()).finalize().into(), request: request.finalize().into() }
    }
}

/// What a call was answered; empty where it had no such header.
#[derive(Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: String,
    /// `Location`.
    pub location: String,
    /// `ETag`.
    pub etag: String,
    /// The body; nothing if it is shown only once.
    pub body: Option<Secret<Vec<u8>>>,
}

/// What is to become of a call.
pub enum Begun {
    /// It is to be carried out.
    First,
    /// It was carried out before.
    Again(Answer),
    /// It was carried out before, and its answer is not kept.
    NotKept,
    /// It is under way.
    Running,
    /// It began, and nobody knows how it ended.
    Lost,
    /// The key was used for another call.
    Another,
}

impl App {
    /// Begins a call, unless it was sent before.
    pub async fn begin_call(&self, call: &Call) -> Result<Begun, Problem> {
        let organization = self.organization().await?.id;
        let now = self.now();
        let since = now.minus(KEPT);
        let begin = calls::begin(organization, call.name, call.request, (since, now));
        if self.0.store.commit(Batch::of(begin)).await? == Commit::Committed {
            return Ok(Begun::First);
        }
        let Some(found) = calls::load(&self.0.store, organization, call.name, since).await? else {
            // It was refused at this very moment; whoever sent it twice may send it again.
            return Ok(Begun::Running);
        };
        Ok(match found.earlier.judge(&call.request, now) {
            Verdict::Another => Begun::Another,
            Verdict::Running => Begun::Running,
            Verdict::Lost => Begun::Lost,
            Verdict::Done => self.answered(call, found.answer)?,
        })
    }

    fn answered(&self, call: &Call, kept: calls::Answer) -> Result<Begun, Problem> {
        let calls::Answer { status, content_type, location, etag, body } = kept;
        let Some(sealed) = body else { return Ok(Begun::NotKept) };
        let body = Some(self.0.sealer.open(body_place(call.name), &sealed)?);
        let status = u16::try_from(status).unwrap_or_default();
        Ok(Begun::Again(Answer { status, content_type, location, etag, body }))
    }

    /// Keeps what a call was answered that was carried out.
    pub async fn end_call(&self, call: &Call, answer: Answer) -> Result<(), Problem> {
        let organization = self.organization().await?.id;
        let Answer { status, content_type, location, etag, body } = answer;
        let body = body.filter(|body| body.expose().len() <= LARGEST);
        let sealed = body
            .map(|body| self.0.sealer.seal(body_place(call.name), self.random(), body.expose()))
            .transpose()?;
        let kept = calls::Answer { status: i64::from(status), content_type, location, etag, body: sealed };
        self.note(calls::done(organization, call.name, kept)).await
    }

    /// Frees the key of a call that was refused: nothing was done.
    pub async fn release_call(&self, call: &Call) -> Result<(), Problem> {
        let organization = self.organization().await?.id;
        self.note(calls::release(organization, call.name)).await
    }

    async fn note(&self, statement: claviger_store::Statement) -> Result<(), Problem> {
        let _ = self.0.store.commit(Batch::of([statement])).await?;
        Ok(())
    }

    /// After a conflict: whether what was seen is as it was.
    pub(crate) async fn still_as_seen(&self, organization: OrganizationId) -> Result<(), Problem> {
        let Some(seen) = self.1 else { return Ok(()) };
        let found = claviger_store::table::revision::load(&self.0.store, organization, seen.resource).await?;
        if found == Some(seen.revision) { Ok(()) } else { Err(Problem::Outdated(found)) }
    }
}
