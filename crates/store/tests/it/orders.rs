//! Policies and commands (S9).

use super::*;
use crate::devices::given_a_device;
use claviger_domain::{
    command::{
        Command, CommandName, Outcome, Reported as RunSaid, Schedule, Shell, Stage, State as RunState,
    },
    device::{Platform, ask_once::AskOnce},
    group::GroupName,
    id::{CommandId, DeviceGroupId, PolicyId, RunId},
    policy::{Corrected, Policy, PolicyName, Reported, State, Template},
    time::Span,
};
use claviger_store::table::{
    command, command_run, command_run::CommandRun, device, device_group, device_group::DeviceGroup, policy,
    policy_bound,
};
use claviger_testing::{TestDatabase, on_both};

fn banner(number: u8, text: &str) -> Policy {
    Policy {
        id: PolicyId::new(NOW, [number; 10]),
        revision: 1,
        name: PolicyName::parse("name", &format!("Banner {number}")).unwrap(),
        description: "about".into(),
        template: Template::Banner(text.into()),
        created_at: NOW,
    }
}

fn group() -> DeviceGroup {
    DeviceGroup {
        id: DeviceGroupId::new(NOW, [1; 10]),
        revision: 1,
        name: GroupName::parse("name", "web").unwrap(),
        description: String::new(),
        created_at: NOW,
        ask_once: AskOnce::default(),
    }
}

on_both!(a_policy_reaches_devices_directly_and_through_groups, async |database: &TestDatabase| {
    let store = database.open().await;
    let (one, two) = (given_a_device(&store, 1).await, given_a_device(&store, 2).await);
    let (first, second, group) = (banner(1, "one"), banner(2, "two"), group());
    committed(
        &store,
        Batch::of([
            policy::insert(ORG, &first).unwrap(),
            policy::insert(ORG, &second).unwrap(),
            device_group::insert(ORG, &group),
            device_group::join(ORG, group.id, one.id, NOW),
            device_group::join(ORG, group.id, two.id, NOW),
            policy::bind_device(ORG, first.id, one.id),
            policy::bind_device(ORG, first.id, one.id),
            policy::bind_group(ORG, second.id, group.id),
            policy::bind_group(ORG, first.id, group.id),
        ]),
    )
    .await;
    assert_eq!(policy::load(&store, ORG, first.id).await.unwrap().as_ref(), Some(&first));
    assert_eq!(policy::by_name(&store, ORG, &first.name).await.unwrap().as_ref(), Some(&first));
    let said = Reported {
        revision: 1,
        state: State::Failed,
        detail: "why".into(),
        corrected: Corrected { count: 2, at: Some(NOW) },
        at: NOW,
    };
    committed(&store, Batch::of([policy_bound::say(ORG, (one.id, first.id), &said)])).await;
    committed(&store, Batch::of([policy_bound::say(ORG, (one.id, first.id), &said)])).await;
    let bound = policy_bound::of_device(&store, ORG, one.id).await.unwrap();
    let seen: Vec<_> =
        bound.iter().map(|on| (on.policy.name.as_str(), on.directly, on.reported.clone())).collect();
    assert_eq!(seen, [("Banner 1", true, Some(said.clone())), ("Banner 2", false, None)]);
    let devices = policy_bound::devices(&store, ORG, first.id, 10).await.unwrap();
    let seen: Vec<_> = devices.iter().map(|on| (on.name.as_str(), on.directly, on.platform)).collect();
    assert_eq!(seen, [("Web-1", true, Platform::Linux), ("Web-2", false, Platform::Linux)]);
    let listed = policy::list(&store, ORG).await.unwrap();
    assert_eq!((listed[0].devices, listed[0].groups, listed[0].failed), (1, 1, 1));
    // What goes takes its bindings along.
    committed(&store, Batch::of(device_group::delete(ORG, &group))).await;
    assert!(policy_bound::of_device(&store, ORG, two.id).await.unwrap().is_empty());
    assert!(policy_bound::groups(&store, ORG, first.id).await.unwrap().is_empty());
    let changed = Policy { template: Template::Banner("new".into()), ..first.clone() };
    committed(&store, Batch::of([policy::save(ORG, &changed).unwrap()])).await;
    let again = store.commit(Batch::of([policy::save(ORG, &changed).unwrap()])).await.unwrap();
    assert_eq!(again, Commit::Conflict);
    let loaded = policy::load(&store, ORG, first.id).await.unwrap().unwrap();
    committed(&store, Batch::of(policy::delete(ORG, &loaded))).await;
    assert!(policy_bound::of_device(&store, ORG, one.id).await.unwrap().is_empty());
});

fn uptime() -> Command {
    Command {
        id: CommandId::new(NOW, [1; 10]),
        revision: 1,
        name: CommandName::parse("name", "Uptime").unwrap(),
        description: String::new(),
        shell: Shell::Shell,
        script: "uptime\n".into(),
        timeout_seconds: 60,
        wait_hours: 1,
        schedule: Schedule::Every { minutes: 5 },
        next_run_at: Some(NOW),
        created_at: NOW,
    }
}

fn run_of(command: &Command, number: u8) -> CommandRun {
    CommandRun {
        id: RunId::new(NOW, [number; 10]),
        command: command.id,
        name: command.name.as_str().into(),
        shell: command.shell,
        script: command.script.clone(),
        timeout_seconds: command.timeout_seconds,
        asked_by: "Ada".into(),
        asked_at: NOW,
        expires_at: NOW.plus(Span::hours(1)),
        canceled_at: None,
    }
}

fn ended(exit_code: i32) -> RunSaid {
    RunSaid {
        stage: Stage::Ended(Outcome::Exited),
        exit_code: Some(exit_code),
        output: "up\n".into(),
        detail: String::new(),
        started_at: Some(NOW),
        ended_at: Some(NOW),
    }
}

on_both!(a_run_is_open_until_its_device_ends_it_once, async |database: &TestDatabase| {
    let store = database.open().await;
    let one = given_a_device(&store, 1).await;
    let command = uptime();
    let run = run_of(&command, 1);
    committed(
        &store,
        Batch::of([
            command::insert(ORG, &command, "{}"),
            command::bind_device(ORG, command.id, one.id),
            command_run::insert(ORG, &run),
            command_run::insert_result(ORG, run.id, one.id),
        ]),
    )
    .await;
    assert_eq!(command::load(&store, ORG, command.id).await.unwrap().as_ref(), Some(&command));
    assert_eq!(command::devices(&store, ORG, command.id).await.unwrap().len(), 1);
    let open = async |at| command_run::open_on(&store, ORG, one.id, at).await.unwrap();
    assert_eq!(open(NOW).await.iter().map(|on| &on.run).collect::<Vec<_>>(), [&run]);
    assert_eq!(command_run::busy(&store, ORG, command.id, NOW).await.unwrap(), [one.id]);
    // Too late to begin, it is still asked about; a month later it isn't.
    assert_eq!(open(NOW.plus(Span::days(29))).await.len(), 1);
    assert!(command_run::busy(&store, ORG, command.id, NOW.plus(Span::hours(2))).await.unwrap().is_empty());
    assert!(open(NOW.plus(Span::days(31))).await.is_empty());
    committed(&store, Batch::of([command_run::say(ORG, (run.id, one.id), &ended(3))])).await;
    committed(&store, Batch::of([command_run::say(ORG, (run.id, one.id), &ended(0))])).await;
    let result = command_run::result(&store, ORG, run.id, one.id).await.unwrap().unwrap();
    assert_eq!((result.state, result.exit_code, result.output.as_str()), (RunState::Exited, Some(3), "up\n"));
    assert!(open(NOW).await.is_empty());
    let counted = command_run::load(&store, ORG, run.id).await.unwrap().unwrap();
    assert_eq!((counted.devices, counted.open, counted.succeeded), (1, 0, 0));
    committed(&store, Batch::of([command_run::cancel(ORG, run.id, NOW)])).await;
    let twice = store.commit(Batch::of([command_run::cancel(ORG, run.id, NOW)])).await.unwrap();
    assert_eq!(twice, Commit::Conflict);
    committed(&store, Batch::of(command::delete(ORG, &command))).await;
    assert_eq!(command_run::of_device(&store, ORG, one.id, 10).await.unwrap().len(), 1);
    committed(&store, Batch::of(command_run::forget(ORG, NOW.plus(Span::days(1))))).await;
    assert_eq!(command_run::load(&store, ORG, run.id).await.unwrap(), None);
    committed(&store, Batch::of(device::delete(ORG, &one))).await;
});

on_both!(a_schedule_is_due_once, async |database: &TestDatabase| {
    let store = database.open().await;
    let command = uptime();
    committed(&store, Batch::of([command::insert(ORG, &command, "{\"a\":1}")])).await;
    let due = command::due(&store, ORG, NOW).await.unwrap();
    assert_eq!((due.len(), due[0].scheduled_by.as_str()), (1, "{\"a\":1}"));
    assert!(command::due(&store, ORG, NOW.minus(Span::seconds(1))).await.unwrap().is_empty());
    let next = NOW.plus(Span::minutes(5));
    let advance = || Batch::of([command::advance(ORG, command.id, Some(NOW), Some(next))]);
    let (first, second) = (store.commit(advance()).await.unwrap(), store.commit(advance()).await.unwrap());
    assert_eq!((first, second), (Commit::Committed, Commit::Conflict));
    assert!(command::due(&store, ORG, NOW).await.unwrap().is_empty());
    assert_eq!(command::due(&store, ORG, next).await.unwrap().len(), 1);
});
