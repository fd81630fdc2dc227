//! Commands run once on each device that has them, by whoever may, while the organization lets them (S9.2).

use crate::{identity::code_of, *};
use agent::*;
use claviger_app::{Refusal, commands::RunResults, policies::BindTo, session::SignedIn};
use claviger_domain::{
    command::{Command, CommandForm, Commands, Outcome, Progress, Stage},
    id::{DeviceId, RunId},
    organization::Settings,
    permission::{ManageUsers, Role, RunCommands},
    time::Span,
};
use claviger_testing::{TestDatabase, on_both};
use claviger_wire::{
    orders::{RunOrder, RunSaid, Wish},
    server::Report,
};

fn uptime() -> CommandForm {
    CommandForm {
        name: "Uptime".into(),
        shell: "shell".into(),
        script: "uptime\n".into(),
        ..CommandForm::default()
    }
}

fn said(run: RunId, stage: Stage, exit_code: Option<i32>, output: &str) -> RunSaid {
    let ended_at = (stage != Stage::Running).then_some(START);
    let (output, detail) = (output.to_owned(), String::new());
    RunSaid { run, stage, exit_code, output, detail, started_at: Some(START), ended_at }
}

impl World {
    async fn switch_commands(&self, to: Commands) {
        let settings = self.app.load_organization().await.unwrap().settings.clone();
        self.app.save_settings(&granted(), Settings { commands: to, ..settings }, None).await.unwrap();
    }

    /// A command that those devices have, in an organization that lets commands run.
    async fn command_of(&self, form: &CommandForm, devices: &[DeviceId]) -> Command {
        self.switch_commands(Commands::On).await;
        let command = self.app.create_command(&granted(), form).await.unwrap();
        for device in devices {
            self.app.bind_command(&granted(), command.id, BindTo::Device(*device)).await.unwrap();
        }
        command
    }

    async fn ran(&self, agent: &Agent, runs: Vec<RunSaid>) {
        let report = Report { runs, ..report(agent, self.app.now()) };
        self.report(agent, &report).await.unwrap();
    }

    async fn progress(&self, run: RunId, device: DeviceId) -> &'static str {
        let (run, result) = self.app.command_result(&granted(), (run, device)).await.unwrap();
        Progress::of(result.state, (run.expires_at, run.canceled_at), self.app.now()).key()
    }

    async fn ordered(&self, agent: &mut Agent) -> Vec<RunOrder> {
        self.state(agent).await.runs
    }
}

on_both!(a_run_goes_to_its_devices_and_comes_back_with_what_they_printed, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (mut one, mut two) = (world.device(1).await, world.device(2).await);
    let command = world.command_of(&uptime(), &[one.id, two.id]).await;
    let run = world.app.run_command(&granted(), command.id, None).await.unwrap().run;
    let orders = world.ordered(&mut one).await;
    let [order] = orders.as_slice() else { panic!("{orders:?}") };
    assert_eq!((order.id, order.wish, order.script.as_str()), (run.id, Wish::Begin, "uptime\n"));
    assert_eq!((order.timeout_seconds, order.expires_at), (300, START.plus(Span::hours(24))));
    assert_eq!(world.ordered(&mut two).await.len(), 1);
    world.ran(&one, vec![said(run.id, Stage::Running, None, "")]).await;
    assert_eq!(world.progress(run.id, one.id).await, "running");
    let output = format!("up\u{1b}[1m {}", "x".repeat(100_000));
    world.ran(&one, vec![said(run.id, Stage::Ended(Outcome::Exited), Some(0), &output)]).await;
    world.ran(&two, vec![said(run.id, Stage::Ended(Outcome::TimedOut), None, "slow")]).await;
    // What ended once stays as it ended.
    world.ran(&one, vec![said(run.id, Stage::Ended(Outcome::Exited), Some(1), "other")]).await;
    let RunResults { counted, results } = world.app.command_run(&granted(), run.id).await.unwrap();
    assert_eq!((counted.devices, counted.open, counted.succeeded, results.len()), (2, 0, 1, 2));
    let (_, result) = world.app.command_result(&granted(), (run.id, one.id)).await.unwrap();
    assert!(
        result.output.starts_with("up[1m xxx") && result.output.len() < 70_000,
        "{}",
        result.output.len()
    );
    assert!(world.ordered(&mut one).await.is_empty());
    assert_eq!(world.progress(run.id, two.id).await, "timed_out");
    assert_eq!(world.logged_as("command.run").await, ["system success"]);
    assert_eq!(world.logged_as("device.command.end").await, ["device refused", "device success"]);
    let told = serde_json::to_string(&world.details_of("command.run").await).unwrap();
    assert!(told.contains("script_sha256") && !told.contains("uptime\\n"), "{told}");
    // Once more, as it is now, on the devices of that run that still have it.
    world.app.unbind_command(&granted(), command.id, BindTo::Device(two.id)).await.unwrap();
    let again = world.app.run_again(&granted(), run.id).await.unwrap();
    assert_eq!(again.devices, 1);
});

on_both!(no_command_runs_until_the_organization_says_so, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let mut agent = world.device(1).await;
    let command = world.app.create_command(&granted(), &uptime()).await.unwrap();
    world.app.bind_command(&granted(), command.id, BindTo::Device(agent.id)).await.unwrap();
    assert_eq!(code_of(world.app.run_command(&granted(), command.id, None).await), "commands_off");
    world.switch_commands(Commands::On).await;
    let told = serde_json::to_string(&world.details_of("organization.settings").await).unwrap();
    assert!(told.contains("\"commands\":\"on\""), "{told}");
    let run = world.app.run_command(&granted(), command.id, None).await.unwrap().run.id;
    assert_eq!(world.ordered(&mut agent).await[0].wish, Wish::Begin);
    // Off again: what waits is not to begin, what runs is ended.
    world.switch_commands(Commands::Off).await;
    let orders = world.ordered(&mut agent).await;
    assert_eq!((orders[0].wish, orders[0].script.as_str()), (Wish::End, ""));
    world.ran(&agent, vec![said(run, Stage::Ended(Outcome::NotStarted), None, "")]).await;
    assert_eq!(world.progress(run, agent.id).await, "not_started");
});

on_both!(a_canceled_run_begins_nowhere_and_a_late_one_neither, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let mut agent = world.device(1).await;
    let command = world.command_of(&CommandForm { wait_hours: "1".into(), ..uptime() }, &[agent.id]).await;
    let first = world.app.run_command(&granted(), command.id, None).await.unwrap().run.id;
    world.ordered(&mut agent).await;
    world.app.cancel_run(&granted(), first).await.unwrap();
    assert_eq!(world.progress(first, agent.id).await, "stopping");
    assert_eq!(world.ordered(&mut agent).await[0].wish, Wish::End);
    assert_eq!(code_of(world.app.cancel_run(&granted(), first).await), "canceled");
    world.ran(&agent, vec![said(first, Stage::Ended(Outcome::Stopped), None, "")]).await;
    assert_eq!(world.progress(first, agent.id).await, "stopped");
    let second = world.app.run_command(&granted(), command.id, None).await.unwrap().run.id;
    world.later(Span::hours(1));
    assert_eq!(world.progress(second, agent.id).await, "expired");
    let orders = world.ordered(&mut agent).await;
    assert_eq!((orders.len(), orders[0].wish, orders[0].script.as_str()), (1, Wish::End, ""));
    // It had begun before the network went: that is told, too.
    world.ran(&agent, vec![said(second, Stage::Ended(Outcome::Exited), Some(0), "done")]).await;
    assert_eq!(world.progress(second, agent.id).await, "exited");
    assert_eq!(code_of(world.app.cancel_run(&granted(), second).await), "ended");
});

on_both!(a_command_runs_only_where_it_is_and_where_its_shell_is, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (one, two) = (world.device(1).await, world.device(2).await);
    let windows = CommandForm { shell: "powershell".into(), ..uptime() };
    let command = world.command_of(&windows, &[one.id]).await;
    assert_eq!(code_of(world.app.run_command(&granted(), command.id, None).await), "no_devices");
    // S9.2: a Mac has the shell of Linux, and no PowerShell.
    let mut mac = world.device_on(3, mac()).await;
    world.app.bind_command(&granted(), command.id, BindTo::Device(mac.id)).await.unwrap();
    assert_eq!(code_of(world.app.run_command(&granted(), command.id, None).await), "no_devices");
    let shell = CommandForm { name: "Shell".into(), ..uptime() };
    let shell = world.command_of(&shell, &[mac.id]).await;
    world.app.run_command(&granted(), shell.id, None).await.unwrap();
    let orders = world.ordered(&mut mac).await;
    assert_eq!((orders.len(), orders[0].wish, orders[0].script.as_str()), (1, Wish::Begin, "uptime\n"));
    let stranger = world.app.run_command(&granted(), command.id, Some(&[two.id])).await;
    assert_eq!(code_of(stranger), "not_a_device_of_the_command");
    let bad = CommandForm {
        script: " ".into(),
        shell: "x".into(),
        timeout_seconds: "0".into(),
        schedule: "every 1".into(),
        ..uptime()
    };
    let refused = world.app.create_command(&granted(), &bad).await.unwrap_err();
    assert_eq!(refused_fields(refused), ["shell", "script", "timeout_seconds", "schedule"]);
    let large = CommandForm { script: "x".repeat(65_537), name: "Large".into(), ..uptime() };
    assert_eq!(refused_fields(world.app.create_command(&granted(), &large).await.unwrap_err()), ["script"]);
});

on_both!(a_schedule_runs_once_a_time_on_behalf_of_who_laid_it_down, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let mut agent = world.device(1).await;
    let runner = world.another_admin("bea@acme.test", Role::Manager).await;
    let me: SignedIn = world.admin_in(&runner).await;
    world.switch_commands(Commands::On).await;
    let form = CommandForm { schedule: "every 60".into(), wait_hours: "1".into(), ..uptime() };
    let managing = me.actor.granted::<ManageUsers>().unwrap();
    let command = world.app.create_command(&managing, &form).await.unwrap();
    world.app.bind_command(&managing, command.id, BindTo::Device(agent.id)).await.unwrap();
    let runs = async || world.app.command_runs(&granted::<RunCommands>(), command.id).await.unwrap();
    world.app.work_once().await.unwrap();
    assert_eq!(runs().await.len(), 0);
    world.later(Span::minutes(60));
    let other = world.another_node(database).await;
    world.app.work_once().await.unwrap();
    other.work_once().await.unwrap();
    assert_eq!(runs().await.len(), 1);
    // Nobody has taken it up: an hour later it is over, and the next one comes.
    world.later(Span::minutes(30));
    world.app.work_once().await.unwrap();
    assert_eq!(runs().await.len(), 1);
    world.later(Span::minutes(30));
    world.app.work_once().await.unwrap();
    assert_eq!(runs().await.len(), 2);
    assert_eq!(world.ordered(&mut agent).await.len(), 2);
    assert_eq!(world.logged_as("command.run").await, ["administrator success"; 2]);
    // Who may not run commands any more runs none through a schedule either.
    const DOWN: &str = "UPDATE account SET role = 'read_only' WHERE email_key = $1";
    let down = claviger_store::Statement::new(DOWN, claviger_store::p!["bea@acme.test"]);
    world.commit(claviger_store::Batch::of([down])).await;
    world.later(Span::minutes(120));
    world.app.work_once().await.unwrap();
    assert_eq!(runs().await.len(), 2);
});

on_both!(each_run_asks_for_a_fresh_code_and_for_the_permission, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let agent = world.device(1).await;
    let command = world.command_of(&uptime(), &[agent.id]).await;
    let runner = world.another_admin("bea@acme.test", Role::CommandRunner).await;
    let me = world.admin_in(&runner).await;
    // A runner runs what others wrote.
    assert!(me.actor.granted::<ManageUsers>().is_err());
    let may = me.actor.granted::<RunCommands>().unwrap();
    world.app.run_command(&may, command.id, None).await.unwrap();
    world.later(Span::minutes(11));
    let stale = world.app.run_command(&may, command.id, None).await;
    assert!(matches!(stale, Err(Refusal::NotFresh(_))), "{stale:?}");
});
