//! Runs of commands: asked for, canceled, asked for again, and what came of them (S9.2).

use super::RUNS;
use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target},
};
use claviger_domain::{
    command::{Command, Commands},
    id::{CommandId, DeviceId, RunId},
    permission::{Actor, Granted, RunCommands},
    time::Span,
};
use claviger_store::{
    Commit,
    table::{
        self,
        command::Holder,
        command_run::{CommandResult, CommandRun, CountedRun},
    },
};
use serde_json::json;

/// Devices of one run.
const MOST: usize = 5_000;

/// A run with what came of it on each device, without output.
#[derive(Clone, Debug)]
pub struct RunResults {
    /// The run.
    pub counted: CountedRun,
    /// By device.
    pub results: Vec<CommandResult>,
}

fn off() -> Refusal {
    Refusal::state("commands_off", "Commands are switched off for the organization: Settings › Organization.")
}

impl App {
    pub(super) async fn commands_are_on(&self) -> Result<(), Refusal> {
        match self.load_organization().await?.settings.commands {
            Commands::On => Ok(()),
            Commands::Off => Err(off()),
        }
    }

    /// The newest runs of a command.
    pub async fn command_runs(
        &self,
        _: &Granted<RunCommands>,
        id: CommandId,
    ) -> Result<Vec<CountedRun>, Problem> {
        let organization = self.organization().await?.id;
        Ok(table::command_run::of_command(&self.0.store, organization, id, RUNS).await?)
    }

    async fn load_run(&self, id: RunId) -> Result<CountedRun, Refusal> {
        let organization = self.organization().await?.id;
        let found = table::command_run::load(&self.0.store, organization, id).await?;
        found.ok_or(Refusal::NotFound("run"))
    }

    /// A run with what came of it.
    pub async fn command_run(&self, _: &Granted<RunCommands>, id: RunId) -> Result<RunResults, Refusal> {
        let counted = self.load_run(id).await?;
        let organization = self.organization().await?.id;
        let results = table::command_run::results(&self.0.store, organization, id).await?;
        Ok(RunResults { counted, results })
    }

    /// What came of a run on one device, with its output.
    pub async fn command_result(
        &self,
        _: &Granted<RunCommands>,
        (run, device): (RunId, DeviceId),
    ) -> Result<(CommandRun, CommandResult), Refusal> {
        let counted = self.load_run(run).await?;
        let organization = self.organization().await?.id;
        let found = table::command_run::result(&self.0.store, organization, run, device).await?;
        Ok((counted.run, found.ok_or(Refusal::NotFound("device"))?))
    }

    /// Runs a command now on all devices that have it, or on those of them that are named.
    pub async fn run_command(
        &self,
        granted: &Granted<RunCommands>,
        id: CommandId,
        only: Option<&[DeviceId]>,
    ) -> Result<CountedRun, Refusal> {
        self.require_fresh_code(granted.actor())?;
        self.commands_are_on().await?;
        let command = self.load_command(id).await?;
        let organization = self.organization().await?.id;
        let holders = table::command::devices(&self.0.store, organization, id).await?;
        if let Some(only) = only
            && let Some(stranger) = only.iter().find(|id| !holders.iter().any(|holder| holder.id == **id))
        {
            let message = format!("The device {stranger} doesn't have this command.");
            return Err(Refusal::state("not_a_device_of_the_command", message));
        }
        let is_meant = |holder: &Holder| only.is_none_or(|only| only.contains(&holder.id));
        let meant = holders.into_iter().filter(is_meant).collect();
        let run = self.ask_for(granted.actor(), &command, meant).await?;
        self.load_run(run).await
    }

    /// Asks for a run on those of the devices that have its shell.
    pub(super) async fn ask_for(
        &self,
        actor: &Actor,
        command: &Command,
        holders: Vec<Holder>,
    ) -> Result<RunId, Refusal> {
        let devices: Vec<DeviceId> = holders
            .into_iter()
            .filter(|holder| command.shell.runs_on(holder.platform))
            .map(|holder| holder.id)
            .collect();
        if devices.is_empty() {
            let message = format!("No device that has this command runs {}.", command.shell.words());
            return Err(Refusal::state("no_devices", message));
        }
        if devices.len() > MOST {
            return Err(Refusal::state(
                "too_many_devices",
                "A command runs on 5,000 devices at a time at most.",
            ));
        }
        let mut draft = Draft::new(self, actor).await?;
        let (organization, now) = (draft.organization.id, draft.now);
        let run = CommandRun {
            id: RunId::new(now, self.random()),
            command: command.id,
            name: command.name.as_str().to_owned(),
            shell: command.shell,
            script: command.script.clone(),
            timeout_seconds: command.timeout_seconds,
            asked_by: actor.name.clone(),
            asked_at: now,
            expires_at: now.plus(Span::hours(command.wait_hours)),
            canceled_at: None,
        };
        draft.write(table::command::unchanged(organization, command));
        draft.write(table::command_run::insert(organization, &run));
        draft.write_all(
            devices.iter().map(|device| table::command_run::insert_result(organization, run.id, *device)),
        );
        let named: Vec<String> = devices.iter().take(20).map(ToString::to_string).collect();
        let facts = json!({
            "run": run.id.to_string(),
            "devices": devices.len(),
            "first_devices": named,
            "script": super::details(command),
        });
        draft.log("command.run", &Target::from(command), "success", facts);
        match draft.commit().await? {
            Commit::Committed => Ok(run.id),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// Runs the command of an earlier run once more, as it is now, on the devices of that run that still have it.
    pub async fn run_again(&self, granted: &Granted<RunCommands>, id: RunId) -> Result<CountedRun, Refusal> {
        let before = self.command_run(granted, id).await?;
        let command = before.counted.run.command;
        let holders = self.command_devices(granted, command).await?;
        let had = |id: DeviceId| before.results.iter().any(|result| result.device == id);
        let only: Vec<DeviceId> = holders.iter().map(|holder| holder.id).filter(|id| had(*id)).collect();
        self.run_command(granted, command, Some(&only)).await
    }

    /// Cancels a run: it begins nowhere any more, and ends where it goes on.
    pub async fn cancel_run(&self, granted: &Granted<RunCommands>, id: RunId) -> Result<CountedRun, Refusal> {
        let found = self.load_run(id).await?;
        if found.run.canceled_at.is_some() {
            return Err(Refusal::state("canceled", "The run was canceled already."));
        }
        if found.open == 0 {
            return Err(Refusal::state("ended", "The run has ended on every device already."));
        }
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write(table::command_run::cancel(draft.organization.id, id, draft.now));
        let target = Target { id: found.run.command.to_string(), name: found.run.name.clone() };
        draft.log("command.cancel", &target, "success", json!({ "run": id.to_string() }));
        match draft.commit().await? {
            Commit::Committed => self.load_run(id).await,
            Commit::Conflict => Err(Refusal::Changed),
        }
    }
}
