//! Commands as administrators write them and give them to devices (S9.2). Whoever writes one manages devices; whoever
//! runs one has the permission to run commands.

mod run;
mod schedule;

pub use run::RunResults;

use crate::{
    App, Problem, Refusal,
    bindings::{BindTo, Bound},
    draft::{Draft, Target, nothing},
};
use claviger_domain::{
    command::{Command, CommandForm, CommandName, Schedule},
    device::Switch,
    field::FieldError,
    id::{CommandId, DeviceId},
    permission::{Actor, Granted, ManageUsers, RunCommands},
    time::Timestamp,
};
use claviger_store::{
    Commit,
    table::{self, command::Counted, command::Holder, command_run::RunOnDevice, device_group::DeviceGroup},
};
use serde_json::{Value, json};

const RUNS: i64 = 50;

impl From<&Command> for Target {
    fn from(command: &Command) -> Self {
        Self { id: command.id.to_string(), name: command.name.as_str().to_owned() }
    }
}

fn taken() -> Refusal {
    FieldError::new("name", "Another command has this name.").into()
}

impl App {
    pub(crate) async fn load_command(&self, id: CommandId) -> Result<Command, Refusal> {
        let organization = self.organization().await?.id;
        let found = table::command::load(&self.0.store, organization, id).await?;
        found.ok_or(Refusal::NotFound("command"))
    }

    /// Whether commands run at all.
    pub async fn commands_switch(&self) -> Result<Switch, Problem> {
        Ok(match self.organization().await?.settings.commands {
            claviger_domain::command::Commands::On => Switch::On,
            claviger_domain::command::Commands::Off => Switch::Off,
        })
    }

    /// Every command.
    pub async fn commands(&self, _: &Granted<RunCommands>) -> Result<Vec<Counted>, Problem> {
        let organization = self.organization().await?.id;
        Ok(table::command::list(&self.0.store, organization).await?)
    }

    /// One command.
    pub async fn command(&self, _: &Granted<RunCommands>, id: CommandId) -> Result<Command, Refusal> {
        self.load_command(id).await
    }

    /// The devices that have a command, directly or through a group.
    pub async fn command_devices(
        &self,
        _: &Granted<RunCommands>,
        id: CommandId,
    ) -> Result<Vec<Holder>, Problem> {
        let organization = self.organization().await?.id;
        Ok(table::command::devices(&self.0.store, organization, id).await?)
    }

    /// The groups of devices that have a command.
    pub async fn command_groups(
        &self,
        _: &Granted<RunCommands>,
        id: CommandId,
    ) -> Result<Vec<DeviceGroup>, Problem> {
        let organization = self.organization().await?.id;
        Ok(table::command::groups(&self.0.store, organization, id).await?)
    }

    /// The commands that a device has, and its newest runs.
    pub async fn device_commands(
        &self,
        _: &Granted<RunCommands>,
        id: DeviceId,
    ) -> Result<(Vec<Command>, Vec<RunOnDevice>), Problem> {
        let organization = self.organization().await?.id;
        let commands = table::command::of_device(&self.0.store, organization, id).await?;
        let runs = table::command_run::of_device(&self.0.store, organization, id, RUNS).await?;
        Ok((commands, runs))
    }

    /// A new command that no device has.
    pub async fn create_command(
        &self,
        granted: &Granted<ManageUsers>,
        form: &CommandForm,
    ) -> Result<Command, Refusal> {
        self.require_fresh_code(granted.actor())?;
        let mut command = form.parse(CommandId::new(self.now(), self.random()), self.now())?;
        command.next_run_at = self.first_run(&command.schedule).await?;
        self.refuse_taken_command(&command.name, None).await?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        let by = scheduled_by(granted.actor(), &command.schedule)?;
        draft.write(table::command::insert(draft.organization.id, &command, &by));
        draft.log("command.create", &Target::from(&command), "success", details(&command));
        match draft.commit().await? {
            Commit::Committed => Ok(command),
            Commit::Conflict => Err(taken()),
        }
    }

    async fn refuse_taken_command(&self, name: &CommandName, own: Option<CommandId>) -> Result<(), Refusal> {
        let organization = self.organization().await?.id;
        match table::command::by_name(&self.0.store, organization, name).await? {
            Some(command) if Some(command.id) != own => Err(taken()),
            _ => Ok(()),
        }
    }

    /// Changes a command; runs that were asked for go on as they were. `revision` is that of the page that the form was
    /// filled from, if it was. Its schedule is that of whoever changed it last.
    pub async fn change_command(
        &self,
        granted: &Granted<ManageUsers>,
        id: CommandId,
        form: &CommandForm,
        revision: Option<i64>,
    ) -> Result<Command, Refusal> {
        self.require_fresh_code(granted.actor())?;
        let before = self.load_command(id).await?;
        if revision.is_some_and(|revision| revision != before.revision) {
            return Err(Refusal::Changed);
        }
        let parsed = form.parse(id, before.created_at)?;
        self.refuse_taken_command(&parsed.name, Some(id)).await?;
        let next_run_at: Option<Timestamp> = match parsed.schedule == before.schedule {
            true => before.next_run_at,
            false => self.first_run(&parsed.schedule).await?,
        };
        let command = Command { revision: before.revision, next_run_at, ..parsed };
        let mut draft = Draft::new(self, granted.actor()).await?;
        let by = scheduled_by(granted.actor(), &command.schedule)?;
        draft.write(table::command::save(draft.organization.id, &command, &by));
        let facts = json!({ "before": details(&before), "after": details(&command) });
        draft.log("command.edit", &Target::from(&command), "success", facts);
        match draft.commit().await? {
            Commit::Committed => Ok(Command { revision: command.revision + 1, ..command }),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// Deletes a command. Its runs, and what came of them, stay.
    pub async fn delete_command(&self, granted: &Granted<ManageUsers>, id: CommandId) -> Result<(), Refusal> {
        self.require_fresh_code(granted.actor())?;
        let command = self.load_command(id).await?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write_all(table::command::delete(draft.organization.id, &command));
        draft.log("command.delete", &Target::from(&command), "success", nothing());
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// Gives a command to a device or a group; it runs there when somebody, or its schedule, says so.
    pub async fn bind_command(
        &self,
        granted: &Granted<ManageUsers>,
        id: CommandId,
        to: BindTo,
    ) -> Result<(), Refusal> {
        let bind = |organization| match to {
            BindTo::Device(device) => table::command::bind_device(organization, id, device),
            BindTo::Group(group) => table::command::bind_group(organization, id, group),
        };
        let command = self.bound_command(granted, id).await?;
        self.tie_bound(granted, (command, to), "command.bind", bind).await
    }

    /// Takes a command from a device or a group. Runs that were asked for go on.
    pub async fn unbind_command(
        &self,
        granted: &Granted<ManageUsers>,
        id: CommandId,
        from: BindTo,
    ) -> Result<(), Refusal> {
        let unbind = |organization| match from {
            BindTo::Device(device) => table::command::unbind_device(organization, id, device),
            BindTo::Group(group) => table::command::unbind_group(organization, id, group),
        };
        let command = self.bound_command(granted, id).await?;
        self.tie_bound(granted, (command, from), "command.unbind", unbind).await
    }

    async fn bound_command(&self, granted: &Granted<ManageUsers>, id: CommandId) -> Result<Bound, Refusal> {
        self.require_fresh_code(granted.actor())?;
        let command = self.load_command(id).await?;
        let organization = self.organization().await?.id;
        Ok(Bound {
            target: Target::from(&command),
            exists: table::command::unchanged(organization, &command),
        })
    }
}

/// On whose behalf a schedule runs; nothing where there is none.
fn scheduled_by(actor: &Actor, schedule: &Schedule) -> Result<String, Problem> {
    match schedule {
        Schedule::Never => Ok(String::new()),
        Schedule::Once { .. } | Schedule::Every { .. } | Schedule::Daily { .. } => {
            crate::bulk::to_json(actor)
        }
    }
}

/// What the log tells of a command. The script itself can hold what is nobody else's: its digest tells whether it was
/// changed.
fn details(command: &Command) -> Value {
    use sha2::{Digest, Sha256};
    json!({
        "shell": command.shell.key(),
        "script_sha256": data_encoding::HEXLOWER.encode(&Sha256::digest(&command.script)),
        "timeout_seconds": command.timeout_seconds,
        "schedule": command.schedule.text(),
    })
}
