//! Jobs: queued, worked on chunk by chunk, reported, canceled (S3.7).
//!
//! What is done to a chunk of items and how far the job is are one batch, so that a crash, a second node or a retry
//! does nothing twice and leaves nothing out.

use crate::{
    App, Problem, Refusal,
    bulk::{self, Checked, from_json, to_json},
    device_admin,
    draft::{Draft, Target, nothing},
    import,
};
use claviger_domain::{
    id::{JobId, OrganizationId},
    permission::{Actor, AssistUsers, Denied, Granted, ManageUsers, ViewUsers},
    time::{Span, Timestamp},
};
use claviger_store::{
    Batch, Commit, Statement,
    table::job::{self, Job, Line, Part, State, Which},
};
use serde_json::json;
use tokio::sync::watch;

/// Items of one batch: few enough that codes are checked in between, and whole groups of what the store writes together.
const CHUNK: i64 = 512;
/// Renewed with every chunk; after a crash another node waits so long.
const LEASE: Span = Span::seconds(5);
const TICK: std::time::Duration = std::time::Duration::from_millis(500);
/// Jobs on the page of jobs.
const SHOWN: i64 = 50;
/// The kind of jobs that import users.
pub(crate) const IMPORT: &str = "import";

impl App {
    /// The job.
    pub async fn job(&self, _: &Granted<ViewUsers>, id: JobId) -> Result<Job, Refusal> {
        self.load_job(id).await
    }

    async fn load_job(&self, id: JobId) -> Result<Job, Refusal> {
        let organization = self.organization().await?;
        job::load(&self.0.store, organization.id, id).await?.ok_or(Refusal::NotFound("job"))
    }

    /// The newest jobs.
    pub async fn jobs(&self, _: &Granted<ViewUsers>) -> Result<Vec<Job>, Problem> {
        let organization = self.organization().await?;
        Ok(job::newest(&self.0.store, organization.id, SHOWN).await?)
    }

    /// A part of a job's report.
    pub async fn job_report(
        &self,
        _: &Granted<ViewUsers>,
        id: JobId,
        part: Part,
    ) -> Result<Vec<Line>, Problem> {
        let organization = self.organization().await?;
        let found = job::load(&self.0.store, organization.id, id).await?;
        let nobody = |job: &Job| job.skipped == 0 && job.state != State::Preview;
        if part.of == Which::Skipped && found.as_ref().is_some_and(nobody) {
            return Ok(Vec::new());
        }
        Ok(job::report(&self.0.store, organization.id, id, part).await?)
    }

    /// How many items of a preview would be skipped.
    pub async fn refused_items(&self, _: &Granted<ViewUsers>, id: JobId) -> Result<i64, Problem> {
        let organization = self.organization().await?;
        Ok(job::refused(&self.0.store, organization.id, id).await?)
    }

    /// Queues a job; `items` makes its items.
    pub(crate) async fn queue_job(
        &self,
        mut draft: Draft<'_>,
        kind: &'static str,
        parameters: String,
        items: impl FnOnce(OrganizationId, JobId, Timestamp) -> Vec<Statement>,
    ) -> Result<JobId, Refusal> {
        let (organization, now) = (draft.organization.id, draft.now);
        let id = JobId::new(now, self.random());
        let state = State::Waiting;
        let new = new_job(id, (kind, parameters), state, to_json(draft.actor())?, now);
        draft.write(job::insert(organization, &new));
        draft.write_all(items(organization, id, now));
        let target = Target { id: id.to_string(), name: kind.to_owned() };
        draft.log("job.start", &target, "success", nothing());
        draft.settle().await?;
        self.0.jobs.notify_one();
        Ok(id)
    }

    /// Stops a job; what is done stays done.
    pub async fn cancel_job(&self, granted: &Granted<AssistUsers>, id: JobId) -> Result<(), Refusal> {
        let found = self.load_job(id).await?;
        may_steer(granted.actor(), &found.kind)?;
        if found.state.has_ended() {
            return Err(Refusal::state("ended", "The job has ended already."));
        }
        self.turn(granted.actor(), &found, State::Canceled, "job.cancel").await
    }

    /// Starts a job that was previewed.
    pub async fn confirm_job(&self, granted: &Granted<ManageUsers>, id: JobId) -> Result<(), Refusal> {
        let found = self.load_job(id).await?;
        if found.state != State::Preview {
            return Err(Refusal::state("started", "The job was started already."));
        }
        if Work::of(&found)?.requires_mfa() {
            self.require_fresh_code(granted.actor())?;
        }
        self.turn(granted.actor(), &found, State::Waiting, "job.start").await?;
        self.0.jobs.notify_one();
        Ok(())
    }

    async fn turn(&self, actor: &Actor, found: &Job, to: State, action: &str) -> Result<(), Refusal> {
        let mut draft = Draft::new(self, actor).await?;
        let organization = draft.organization.id;
        draft.write(job::turn(organization, found.id, found.state, to, draft.now));
        if to == State::Canceled {
            draft.write(job::wipe_payloads(organization, found.id));
        }
        let target = Target { id: found.id.to_string(), name: found.kind.clone() };
        draft.log(action, &target, "success", nothing());
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    pub(crate) async fn run_jobs(&self, mut stop: watch::Receiver<bool>) {
        let stopping = stop.clone();
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.0.jobs.notified() => {}
                () = tokio::time::sleep(TICK) => {}
            }
            if let Err(error) = self.work_on_jobs(|| *stopping.borrow()).await {
                tracing::error!(%error, "a job could not be worked on and is tried again");
            }
        }
    }

    /// Works on every job that waits, until all are through or `is_stopping`.
    pub(crate) async fn work_on_jobs(&self, is_stopping: impl Fn() -> bool) -> Result<(), Problem> {
        let organization = self.organization().await?.id;
        for found in job::due(&self.0.store, organization, self.now()).await? {
            let now = self.now();
            let claim = Batch::of([job::claim(organization, found.id, now, now.plus(LEASE))]);
            if self.0.store.commit(claim).await? == Commit::Committed {
                self.work_on(organization, found, &is_stopping).await?;
            }
        }
        Ok(())
    }

    async fn work_on(
        &self,
        organization: OrganizationId,
        mut found: Job,
        is_stopping: &impl Fn() -> bool,
    ) -> Result<(), Problem> {
        let actor: Actor = from_json(&found.actor)?;
        let work = Work::of(&found)?;
        let (id, mut size, mut decided) = (found.id, CHUNK, None);
        while !is_stopping() {
            let chunk = match decided.take() {
                Some(chunk) => Some(chunk),
                None => self.decide(&actor, &work, id, (found.position, size)).await?,
            };
            let Some(Chunk { draft, to }) = chunk else {
                return self.finish(organization, &found, &actor).await;
            };
            let (done, next) = match &work {
                // The next chunk is decided while the database writes this one.
                Work::Bulk(_) => {
                    tokio::join!(draft.commit(), self.decide(&actor, &work, id, (to, CHUNK)))
                }
                // A row of an import can depend on those before it; a device, on its own revision.
                Work::Devices(_) | Work::Import(_) => (draft.commit().await, Ok(None)),
            };
            match done? {
                Commit::Committed => (found.position, size, decided) = (to, CHUNK, next?),
                Commit::Conflict => {
                    let now = job::load(&self.0.store, organization, id).await?;
                    // Canceled, or another node goes on with it.
                    if now.is_none_or(|now| now.position != found.position || now.state != State::Running) {
                        return Ok(());
                    }
                    // An account was changed beside this: smaller chunks lose less to it.
                    size = (size / 4).max(1);
                }
            }
        }
        Ok(())
    }

    /// What the items from a position on come to, so many at most; nothing if there are none.
    async fn decide<'a>(
        &'a self,
        actor: &'a Actor,
        work: &Work,
        id: JobId,
        (from, size): (i64, i64),
    ) -> Result<Option<Chunk<'a>>, Problem> {
        let mut draft = Draft::new(self, actor).await?;
        let organization = draft.organization.id;
        let items = job::next_items(&self.0.store, organization, id, from, size).await?;
        let Some(to) = items.last().map(|item| item.position) else { return Ok(None) };
        let mut prepared = import::Prepared::for_chunk(self, work, &items).await?;
        let devices = match work {
            Work::Devices(verb) => Some(self.prepare_devices(verb, &items).await?),
            Work::Bulk(_) | Work::Import(_) => None,
        };
        let mut skipped = 0;
        for item in &items {
            let outcome = match (work, &item.account) {
                _ if !item.reason.is_empty() => Err(Refusal::state("refused", item.reason.clone())),
                (Work::Devices(verb), _) => {
                    devices.iter().try_for_each(|known| self.apply_to_device(&mut draft, verb, item, known))
                }
                (Work::Import(plan), _) => self.import_row(&mut draft, &plan.options, item, &mut prepared),
                (Work::Bulk(verb), Some(account)) => self.apply(&mut draft, verb, account),
                (Work::Bulk(_), None) => Err(Refusal::state("deleted", "The user was deleted meanwhile.")),
            };
            if let Err(refusal) = outcome {
                draft.write(job::skip(organization, id, item.position, &reason(refusal)?));
                skipped += 1;
            }
        }
        let lease = draft.now.plus(LEASE);
        draft.write(job::advance(organization, id, (from, to), skipped, lease));
        Ok(Some(Chunk { draft, to }))
    }

    async fn finish(&self, organization: OrganizationId, found: &Job, actor: &Actor) -> Result<(), Problem> {
        let mut draft = Draft::new(self, actor).await?;
        draft.write(job::turn(organization, found.id, State::Running, State::Done, draft.now));
        draft.write(job::wipe_payloads(organization, found.id));
        let target = Target { id: found.id.to_string(), name: found.kind.clone() };
        draft.log("job.done", &target, "success", json!({ "items": found.total }));
        // A conflict says that it was canceled at the last moment.
        draft.commit().await.map(drop)
    }
}

/// What a part of a job's items came to, not written yet.
struct Chunk<'a> {
    draft: Draft<'a>,
    to: i64,
}

/// Whether `actor` may stop a job of that kind, or start one that was previewed: whoever may ask for it may.
pub fn may_steer(actor: &Actor, kind: &str) -> Result<(), Denied> {
    match bulk::Kind::from_key(kind) {
        Some(kind) => kind.check(actor),
        // Imports, and whatever is done to devices.
        None => actor.granted::<ManageUsers>().map(drop),
    }
}

/// What a job does to its items.
pub(crate) enum Work {
    Bulk(Checked),
    Devices(device_admin::Checked),
    Import(import::Plan),
}

impl Work {
    fn of(found: &Job) -> Result<Self, Problem> {
        Ok(match found.kind.as_str() {
            IMPORT => Self::Import(from_json(&found.parameters)?),
            kind if device_admin::Kind::of_job(kind).is_some() => {
                Self::Devices(from_json(&found.parameters)?)
            }
            _ => Self::Bulk(from_json(&found.parameters)?),
        })
    }

    /// Whether a preview that is started requires MFA of anybody. What is done in bulk was checked when it was asked for.
    fn requires_mfa(&self) -> bool {
        match self {
            Self::Import(plan) => plan.demand == import::Demand::Mfa,
            Self::Bulk(_) | Self::Devices(_) => false,
        }
    }
}

/// A refusal as the report tells it; what nobody at the screen can mend stops the job until it is tried again.
pub(crate) fn reason(refusal: Refusal) -> Result<String, Problem> {
    match refusal {
        Refusal::Problem(problem) => Err(problem),
        Refusal::Fields(errors) => {
            let messages: Vec<_> = errors.into_iter().map(|error| error.message).collect();
            Ok(messages.join(" "))
        }
        other => Ok(other.to_string()),
    }
}

pub(crate) fn new_job(
    id: JobId,
    (kind, parameters): (&str, String),
    state: State,
    actor: String,
    now: Timestamp,
) -> Job {
    Job {
        id,
        kind: kind.to_owned(),
        parameters,
        state,
        actor,
        total: 0,
        position: 0,
        skipped: 0,
        created_at: now,
        finished_at: None,
    }
}

/// The words for a kind of job.
pub fn words(kind: &str) -> &'static str {
    match kind {
        "activate" => "Activate users",
        "suspend" => "Suspend users",
        "resend_activation" => "Resend activation e-mails",
        "require_mfa" => "Require MFA on User Portal",
        "remove_requirement" => "Remove MFA requirement",
        "extend" => "Extend enrollment periods",
        "reset_mfa" => "Reset MFA",
        "add_to_group" => "Add users to a group",
        "remove_from_group" => "Remove users from a group",
        "delete" => "Delete users",
        IMPORT => "Import users",
        "device_enable_mfa" => "Enable MFA on devices",
        "device_disable_mfa" => "Disable MFA on devices",
        "device_add_to_group" => "Add devices to a group",
        "device_remove_from_group" => "Remove devices from a group",
        "device_delete" => "Delete devices",
        _ => "Job",
    }
}

/// Forgets what ended long ago, and what was left by an upload that was cut off.
pub(crate) fn forget(organization: OrganizationId, now: Timestamp) -> Vec<Statement> {
    const KEPT: Span = Span::days(90);
    let stray = job::forget_stray_items(organization, now.minus(Span::days(1)));
    job::forget(organization, now.minus(KEPT)).into_iter().chain([stray]).collect()
}
