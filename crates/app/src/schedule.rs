//! Scheduled work. Each job is a row that one node leases at a time, so that it survives restarts and any
//! number of nodes; what it does is idempotent by itself.

use crate::{App, Problem, enrollment};
use claviger_domain::{throttle::FORGOTTEN_AFTER, time::Span};
use claviger_store::{Batch, Commit, table};
use std::time::Duration;
use tokio::sync::watch;

const TICK: Duration = Duration::from_millis(500);
/// What a mail server has to answer in when the server stops.
const MAIL_GRACE: Duration = Duration::from_secs(5);
const LEASE: Span = Span::minutes(2);
/// What came of a command is kept so long.
const RUNS_KEPT: Span = Span::days(180);
/// Dead links are kept so long, so that their page can still say what they were.
const DEAD_LINKS_KEPT: Span = Span::days(30);

#[derive(Clone, Copy)]
enum Task {
    Reminders,
    Waves,
    Usage,
    Commands,
    CleanUp,
}

impl Task {
    const fn name(self) -> &'static str {
        match self {
            Self::Reminders => "reminders",
            Self::Waves => "waves",
            Self::Usage => "usage",
            Self::Commands => "commands",
            Self::CleanUp => "clean_up",
        }
    }

    const fn every(self) -> Span {
        match self {
            Self::Reminders => Span::minutes(1),
            Self::Waves | Self::Usage | Self::Commands => Span::seconds(10),
            Self::CleanUp => Span::hours(1),
        }
    }
}

impl App {
    /// Runs jobs and sends mails until `stop` says so. A failure is logged and tried again. Mails have a loop of
    /// their own, so that a mail server that hangs holds nothing else up.
    pub async fn run_schedule(&self, stop: watch::Receiver<bool>) {
        tokio::join!(
            self.run_scheduled(stop.clone()),
            self.run_jobs(stop.clone()),
            self.run_log(stop.clone()),
            self.run_watch(stop.clone()),
            self.run_mails(stop)
        );
    }

    async fn run_scheduled(&self, mut stop: watch::Receiver<bool>) {
        // Counted before the first page asks for it.
        let _ = self.users_by_status().await;
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(TICK) => {}
            }
            if let Err(error) = self.run_due().await {
                tracing::error!(%error, "scheduled work failed and is tried again");
            }
        }
    }

    async fn run_mails(&self, mut stop: watch::Receiver<bool>) {
        let mut stopping = stop.clone();
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.0.queued.notified() => {}
                () = tokio::time::sleep(TICK) => {}
            }
            let stopped = async {
                let _ = stopping.wait_for(|stop| *stop).await;
                tokio::time::sleep(MAIL_GRACE).await;
            };
            tokio::select! {
                delivered = self.deliver_all() => {
                    if let Err(error) = delivered {
                        tracing::error!(%error, "the mail queue could not be worked on and is tried again");
                    }
                }
                () = stopped => return,
            }
        }
    }

    async fn run_due(&self) -> Result<(), Problem> {
        // A full batch means that more is waiting; what comes meanwhile is sealed at the next tick.
        while self.seal_log().await? == crate::audit::AT_ONCE {}
        for task in [Task::Reminders, Task::Waves, Task::Usage, Task::Commands, Task::CleanUp] {
            self.run_if_due(task).await?;
        }
        Ok(())
    }

    /// Does everything that is due, once.
    pub async fn work_once(&self) -> Result<(), Problem> {
        Box::pin(self.run_due()).await?;
        Box::pin(self.work_on_jobs(|| false)).await?;
        Box::pin(self.work_on_log()).await?;
        self.deliver_mails().await.map(drop)
    }

    async fn run_if_due(&self, task: Task) -> Result<(), Problem> {
        let organization = self.organization().await?.id;
        let now = self.now();
        match table::schedule::load(&self.0.store, organization, task.name()).await? {
            Some((next_run, lease_until)) if next_run > now.0 || lease_until > now.0 => return Ok(()),
            Some(_) => {}
            None => {
                let _ = self
                    .0
                    .store
                    .commit(Batch::of([table::schedule::ensure(organization, task.name())]))
                    .await?;
            }
        }
        let until = now.plus(LEASE);
        let claim = Batch::of([table::schedule::claim(organization, task.name(), now, until)]);
        if self.0.store.commit(claim).await? == Commit::Conflict {
            return Ok(());
        }
        match task {
            Task::Reminders => self.remind().await?,
            Task::Waves => self.send_waves().await?,
            Task::Usage => self.count_usage().await?,
            Task::Commands => self.run_scheduled_commands().await?,
            Task::CleanUp => self.clean_up().await?,
        }
        let done = table::schedule::done(organization, task.name(), until, now.plus(task.every()));
        let _ = self.0.store.commit(Batch::of([done])).await?;
        Ok(())
    }

    async fn clean_up(&self) -> Result<(), Problem> {
        let organization = self.organization().await?.id;
        let now = self.now();
        let [results, runs] = table::command_run::forget(organization, now.minus(RUNS_KEPT));
        let batch = Batch::of([
            results,
            runs,
            table::session::forget(organization, now),
            table::link::forget(organization, now.minus(DEAD_LINKS_KEPT)),
            table::throttle::forget(organization, now.minus(FORGOTTEN_AFTER)),
            table::mfa_reset::forget(organization, now.minus(DEAD_LINKS_KEPT)),
            table::api_key::forget(organization, now.minus(crate::api_keys::DEAD_KEYS_KEPT)),
            table::idempotency::forget(organization, now.minus(claviger_domain::idempotency::KEPT)),
            table::remembered_login::forget(organization, now),
            table::factor::forget_provisional(organization, now.minus(enrollment::KEPT)),
        ])
        .and(table::saml::forget_log_outs(organization, now))
        .and([
            table::saml::forget_answered(organization, now),
            table::application_visit::forget(organization),
        ])
        .and(table::oidc::forget(organization, now))
        .and(crate::jobs::forget(organization, now));
        let _ = self.0.store.commit(batch).await?;
        self.rotate_oidc_keys().await
    }
}
