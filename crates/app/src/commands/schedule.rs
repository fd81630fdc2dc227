//! Commands that run by themselves (S9.2): on behalf of whoever laid the schedule down, for as long as they may.

use crate::{App, Problem, Refusal, bulk::from_json, words};
use claviger_domain::{
    account::{Kind, Realm, State},
    command::{Command, Commands, Schedule},
    field::FieldError,
    permission::{Actor, Denied, Permission, Who},
    time::{Span, Timestamp},
};
use claviger_store::{
    Batch, Commit,
    table::{self, command::Due},
};

impl App {
    /// When a schedule that is laid down now has its first run.
    pub(super) async fn first_run(&self, schedule: &Schedule) -> Result<Option<Timestamp>, Refusal> {
        let zone = self.organization().await?.settings.time_zone.clone();
        let now = self.now();
        let first = next(schedule, &zone, now);
        match (schedule, first) {
            (Schedule::Once { .. }, None) => {
                Err(FieldError::new("schedule", "That moment is over. Choose one ahead.").into())
            }
            (_, first) => Ok(first),
        }
    }

    /// Asks for a run of every command whose time has come, once, whichever node is first.
    pub(crate) async fn run_scheduled_commands(&self) -> Result<(), Problem> {
        let organization = self.load_organization().await?;
        for due in table::command::due(&self.0.store, organization.id, self.now()).await? {
            let next = match due.command.schedule {
                // A moment has only one.
                Schedule::Once { .. } | Schedule::Never => None,
                Schedule::Every { .. } | Schedule::Daily { .. } => {
                    next(&due.command.schedule, &organization.settings.time_zone, self.now())
                }
            };
            let was = due.command.next_run_at;
            let claim = table::command::advance(organization.id, due.command.id, was, next);
            if self.0.store.commit(Batch::of([claim])).await? == Commit::Conflict
                || organization.settings.commands == Commands::Off
            {
                continue;
            }
            if let Err(refusal) = self.run_due_command(&due).await {
                tracing::warn!(command = %due.command.id, %refusal, "a scheduled command did not run");
            }
        }
        Ok(())
    }

    /// On devices where an earlier run of it may still begin, or goes on, it doesn't begin another.
    async fn run_due_command(&self, due: &Due) -> Result<(), Refusal> {
        let actor: Actor = from_json(&due.scheduled_by)?;
        self.may_still_run(&actor).await?;
        let organization = self.organization().await?.id;
        let Command { id, .. } = due.command;
        let command = self.load_command(id).await?;
        let busy = table::command_run::busy(&self.0.store, organization, id, self.now()).await?;
        let mut holders = table::command::devices(&self.0.store, organization, id).await?;
        holders.retain(|holder| !busy.contains(&holder.id));
        if holders.is_empty() {
            return Ok(());
        }
        self.ask_for(&actor, &command, holders).await.map(drop)
    }

    /// Whoever laid a schedule down and may not run commands any more runs none through it.
    async fn may_still_run(&self, actor: &Actor) -> Result<(), Refusal> {
        let id = match actor.who {
            Who::Administrator { id, .. } | Who::ApiKey { owner: id, .. } => id,
            Who::Host | Who::System => return Ok(()),
            Who::User(_) | Who::Device(_) | Who::Visitor => {
                return Err(Denied(Permission::RunCommands).into());
            }
        };
        let organization = self.organization().await?.id;
        let account = table::account::by_id(&self.0.store, organization, Realm::Administrator, id).await?;
        let may = account.is_some_and(|account| match account.kind {
            Kind::Administrator { role } => {
                account.state == State::Activated && role.allows(Permission::RunCommands)
            }
            Kind::User { .. } => false,
        });
        if may { Ok(()) } else { Err(Denied(Permission::RunCommands).into()) }
    }
}

/// The first moment of a schedule after `now`.
fn next(schedule: &Schedule, zone: &str, now: Timestamp) -> Option<Timestamp> {
    match schedule {
        Schedule::Never => None,
        Schedule::Once { day, time } => words::moment(day, time, zone).filter(|at| *at > now),
        Schedule::Every { minutes } => Some(now.plus(Span::minutes(*minutes))),
        Schedule::Daily { time } => words::next_daily(time, zone, now),
    }
}
