//! A command as somebody enters it.

use super::{Command, CommandName, SCRIPT, Schedule, Shell};
use crate::{
    field::{FieldError, Fields, Presence, line, number},
    id::CommandId,
    time::Timestamp,
};

/// What was entered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandForm {
    /// 1 to 100 characters.
    pub name: String,
    /// Up to 300 characters.
    pub description: String,
    /// One of the words of [`Shell`].
    pub shell: String,
    /// Up to 64 KiB.
    pub script: String,
    /// 1 to 86400; 300 if it is empty.
    pub timeout_seconds: String,
    /// 1 to 720; 24 if it is empty.
    pub wait_hours: String,
    /// As [`Schedule::parse`] takes it.
    pub schedule: String,
}

impl CommandForm {
    /// A new command.
    pub fn parse(&self, id: CommandId, now: Timestamp) -> Result<Command, Vec<FieldError>> {
        let mut fields = Fields::new();
        let name = fields.take(CommandName::parse("name", &self.name));
        let description =
            fields.take(line("description", "Description", &self.description, 300, Presence::Optional));
        let shell = Shell::from_key(&self.shell);
        let shell = fields.take(shell.ok_or_else(|| FieldError::new("shell", "Choose shell or PowerShell.")));
        let script = fields.take(script(&self.script));
        let or =
            |text: &str, usual: &str| if text.trim().is_empty() { usual.to_owned() } else { text.to_owned() };
        let timeout = or(&self.timeout_seconds, "300");
        let timeout =
            fields.take(number("timeout_seconds", "The time limit in seconds", &timeout, 1, 86_400));
        let wait = fields.take(number("wait_hours", "Hours", &or(&self.wait_hours, "24"), 1, 720));
        let schedule = fields.take(Schedule::parse(&self.schedule));
        let first = name.zip(description).zip(shell).zip(script);
        let all = first.zip(timeout).zip(wait).zip(schedule);
        let ((((((name, description), shell), script), timeout_seconds), wait_hours), schedule) =
            fields.finish(all)?;
        Ok(Command {
            id,
            revision: 1,
            name,
            description,
            shell,
            script,
            timeout_seconds,
            wait_hours,
            schedule,
            next_run_at: None,
            created_at: now,
        })
    }

    /// A form that comes to that command.
    pub fn of(command: &Command) -> Self {
        Self {
            name: command.name.as_str().to_owned(),
            description: command.description.clone(),
            shell: command.shell.key().to_owned(),
            script: command.script.clone(),
            timeout_seconds: command.timeout_seconds.to_string(),
            wait_hours: command.wait_hours.to_string(),
            schedule: command.schedule.text(),
        }
    }
}

/// A script as entered, with the ends of lines that shells take.
fn script(text: &str) -> Result<String, FieldError> {
    let text = text.replace("\r\n", "\n");
    if text.trim().is_empty() {
        return Err(FieldError::new("script", "Write the script."));
    }
    if text.len() > SCRIPT {
        return Err(FieldError::new("script", "The script can have at most 64 KiB."));
    }
    if text.contains('\0') {
        return Err(FieldError::new("script", "The script can't contain NUL."));
    }
    Ok(text)
}
