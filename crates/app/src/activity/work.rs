//! What is done with the log beside sealing it: forwarding, removing. Each is a scheduled row that one node leases, in
//! a loop of its own, so that a collector that hangs holds nothing else up.

use super::retention::Left;
use crate::{App, Problem};
use claviger_domain::{stream::Kind, time::Span};
use claviger_store::{Batch, Commit, table};
use std::{
    future::{self, Future},
    time::Duration,
};
use tokio::sync::watch;

const TICK: Duration = Duration::from_secs(1);
/// Longer than a collector may take for all shipments of a turn.
const LEASE: Span = Span::minutes(5);

/// One kind of work on the log.
#[derive(Clone, Copy)]
enum Task {
    Forward(Kind),
    Remove,
}

impl Task {
    const ALL: [Task; 3] = [Self::Forward(Kind::Syslog), Self::Forward(Kind::Webhook), Self::Remove];

    const fn name(self) -> &'static str {
        match self {
            Self::Forward(Kind::Syslog) => "log_syslog",
            Self::Forward(Kind::Webhook) => "log_webhook",
            Self::Remove => "log_retention",
        }
    }
}

impl App {
    /// Works on the log until `stop` says so.
    pub(crate) async fn run_log(&self, stop: watch::Receiver<bool>) {
        let work = |task| self.run_log_task(task, stop.clone());
        let [syslog, webhook, remove] = Task::ALL;
        tokio::join!(work(syslog), work(webhook), work(remove));
    }

    async fn run_log_task(&self, task: Task, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(TICK) => {}
            }
            let mut stopping = stop.clone();
            let stopped = async move { drop(stopping.wait_for(|stop| *stop).await) };
            if let Err(error) = self.work_on_log_task(task, stopped).await {
                tracing::error!(%error, task = task.name(), "work on the log failed and is tried again");
            }
        }
    }

    /// Does all of it that is due, once.
    pub(crate) async fn work_on_log(&self) -> Result<(), Problem> {
        for task in Task::ALL {
            self.work_on_log_task(task, future::pending()).await?;
        }
        Ok(())
    }

    async fn work_on_log_task(&self, task: Task, stopped: impl Future<Output = ()>) -> Result<(), Problem> {
        if !self.is_wanted(task).await? {
            return Ok(());
        }
        let work = Box::pin(async {
            match task {
                Task::Forward(kind) => self.forward(kind).await.map(|()| Span::ZERO),
                Task::Remove => self.remove_old_entries().await.map(|left| match left {
                    Left::Nothing => Span::hours(1),
                    Left::More => Span::seconds(30),
                }),
            }
        });
        self.leased(task.name(), async {
            tokio::select! {
                // What was shipped and not noted is shipped again: at least once. The lease is given back.
                () = stopped => Ok(Span::ZERO),
                worked = work => worked,
            }
        })
        .await
    }

    /// Whether there is anything that it could do: a lease costs a write.
    async fn is_wanted(&self, task: Task) -> Result<bool, Problem> {
        match task {
            Task::Forward(kind) => self.is_behind(kind).await,
            Task::Remove => {
                let organization = self.organization().await?;
                Ok(organization.settings.log_kept.edge(self.now()).is_some())
            }
        }
    }

    /// Does `work` if it is due and no other node is at it; it says when it is due again.
    async fn leased(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<Span, Problem>>,
    ) -> Result<(), Problem> {
        let organization = self.organization().await?.id;
        let (store, now) = (&self.0.store, self.now());
        match table::schedule::load(store, organization, name).await? {
            Some((next_run, lease_until)) if next_run > now.0 || lease_until > now.0 => return Ok(()),
            Some(_) => {}
            None => drop(store.commit(Batch::of([table::schedule::ensure(organization, name)])).await?),
        }
        let until = now.plus(LEASE);
        let claim = Batch::of([table::schedule::claim(organization, name, now, until)]);
        if store.commit(claim).await? == Commit::Conflict {
            return Ok(());
        }
        let worked = work.await;
        let next = *worked.as_ref().unwrap_or(&Span::ZERO);
        let done = table::schedule::done(organization, name, until, self.now().plus(next));
        let _ = store.commit(Batch::of([done])).await?;
        worked.map(drop)
    }
}
