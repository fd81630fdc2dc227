//! What administrators do to devices (S8.1–S8.9, S8.12).

use crate::{identity::code_of, sign_in::factor_of, *};
use agent::*;
use claviger_app::{
    Refusal,
    device_admin::{DeviceChange, MfaOn, Verb},
    groups::GroupForm,
    sign_in::CodeOutcome,
    stored::{Job, JobState, Line, Part, Which, device_list::Filter},
};
use claviger_domain::{
    connect_key::{Form, Standing},
    device::{
        AccountState as OnDevice, FirstFactor, MfaStatus, NotEnrolled, Revert, SshChange, Stage, Sudo,
        Switch, WhenDown,
        forecast::{Enrolling, Lacks, Note, Outcome},
    },
    id::{DeviceId, JobId},
    posix::PosixForm,
    sign_in::TotpSwitch,
    time::Span,
};
use claviger_testing::{TestDatabase, on_both};
use claviger_wire::server::{Access, Account as Told, AccountState, Proof, normalize_break_glass};
use sha2::{Digest, Sha256};

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl alice@laptop";

fn on(first_factor: Option<FirstFactor>) -> MfaOn {
    MfaOn { first_factor, revert: Revert::Never }
}

fn only(ids: &[DeviceId]) -> Filter {
    Filter { ids: Some(ids.to_vec()), ..Filter::default() }
}

async fn through(world: &World, id: JobId) -> (Job, Vec<Line>) {
    for _ in 0..20 {
        world.app.work_once().await.unwrap();
        let job = world.app.job(&granted(), id).await.unwrap();
        if job.state.has_ended() {
            let part = Part { of: Which::Skipped, after: 0, limit: 1_000 };
            return (job, world.app.job_report(&granted(), id, part).await.unwrap());
        }
    }
    panic!("the job does not end");
}

impl World {
    async fn bulk(&self, verb: Verb, filter: &Filter) -> (Job, Vec<Line>) {
        let id = self.app.start_device_bulk(&granted(), &verb, filter).await.unwrap();
        through(self, id).await
    }

    async fn status(&self, id: DeviceId) -> MfaStatus {
        self.app.device(&granted(), id).await.unwrap().status
    }
}

// S8.9, for one device: before it is on, and while it is on.
on_both!(both_ways_in_ask_which_one_goes_before_the_code, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let id = world.device(1).await.id;
    let app = &world.app;
    assert_eq!(code_of(app.enable_device_mfa(&granted(), id, &on(None)).await), "ssh_methods_conflict");
    assert_eq!(world.status(id).await, MfaStatus::Off, "nothing was changed");
    let keys = app.enable_device_mfa(&granted(), id, &on(Some(FirstFactor::PublicKey))).await.unwrap();
    assert_eq!((keys.status, keys.known.device.revision), (MfaStatus::Waiting, 2));
    let passwords = SshChange { password_login: Some(Switch::On), ..SshChange::default() };
    let change = DeviceChange { ssh: passwords, ..DeviceChange::default() };
    assert_eq!(
        code_of(app.change_device(&granted(), id, &change, None).await),
        "ssh_methods_conflict",
        "switching the other way on asks the same"
    );
    let both = SshChange { first_factor: Some(FirstFactor::Both), ..passwords };
    let change = DeviceChange { ssh: both, name: Some(" db-1 ".into()), ..DeviceChange::default() };
    let changed = app.change_device(&granted(), id, &change, Some(2)).await.unwrap();
    assert_eq!(changed.known.device.rules.ssh.first_factor(), Some(FirstFactor::Both));
    assert_eq!(changed.known.device.name, "db-1");
    let outdated = app.change_device(&granted(), id, &DeviceChange::default(), Some(2)).await;
    assert!(matches!(outdated, Err(Refusal::Changed)));
    let empty = DeviceChange { name: Some(" ".into()), ..DeviceChange::default() };
    let refused = app.change_device(&granted(), id, &empty, None).await.unwrap_err();
    assert_eq!(refused_fields(refused), ["name"]);
    app.disable_device_mfa(&granted(), id).await.unwrap();
    assert_eq!(world.status(id).await, MfaStatus::Off);
    for (action, times) in [("device.mfa.on", 1), ("device.mfa.off", 1), ("device.rules", 2)] {
        assert_eq!(world.logged_as(action).await, vec!["system success"; times], "{action}");
    }
    assert_eq!(world.details_of("device.rename").await[0]["before"], "web-1");
});

on_both!(no_device_is_switched_on_while_totp_is_disabled, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (asking, other) = (world.asking(1).await.id, world.device(2).await.id);
    world.app.switch_totp(&granted(), TotpSwitch::Disabled).await.unwrap();
    let on = on(Some(FirstFactor::Password));
    assert_eq!(code_of(world.app.enable_device_mfa(&granted(), other, &on).await), "totp_disabled");
    let all = Filter::default();
    let bulk = world.app.start_device_bulk(&granted(), &Verb::EnableMfa(Revert::Never), &all).await;
    assert_eq!(code_of(bulk), "totp_disabled");
    assert_eq!(world.status(asking).await, MfaStatus::Paused, "the switch is kept");
    world.app.switch_totp(&granted(), TotpSwitch::Enabled).await.unwrap();
    assert_eq!(world.status(asking).await, MfaStatus::Waiting);
});

// S8.7, S8.9: many devices are reported one by one, and those with a question are not changed.
on_both!(a_bulk_action_reports_each_device_that_it_leaves_out, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let asked = world.device(1).await.id;
    let already = world.asking(2).await.id;
    let ready = world.device(3).await.id;
    let keys = SshChange { password_login: Some(Switch::Off), ..SshChange::default() };
    for (id, name, ssh) in
        [(asked, "a", SshChange::default()), (already, "b", SshChange::default()), (ready, "c", keys)]
    {
        let change = DeviceChange { name: Some(name.into()), ssh, ..DeviceChange::default() };
        world.app.change_device(&granted(), id, &change, None).await.unwrap();
    }
    let enable = Verb::EnableMfa(Revert::Unproven(Span::minutes(30)));
    let (job, report) = world.bulk(Verb::EnableMfa(Revert::Never), &Filter::default()).await;
    assert_eq!((job.kind.as_str(), job.state), ("device_enable_mfa", JobState::Done));
    assert_eq!((job.total, job.position, job.skipped), (3, 3, 2));
    let told: Vec<_> = report.iter().map(|line| line.label.as_str()).collect();
    assert_eq!(told, ["a", "b"]);
    assert!(report[0].reason.contains("Choose which one goes before the code"), "{}", report[0].reason);
    assert_eq!(report[1].reason, "MFA is on already.");
    assert_eq!((world.status(asked).await, world.status(ready).await), (MfaStatus::Off, MfaStatus::Waiting));
    world.bulk(enable, &only(&[ready])).await;
    let proof = world.app.device(&granted(), ready).await.unwrap().known.device.proof;
    assert_eq!((proof.attempt, proof.stage), (1, Stage::Wanted), "asked for anew");
    let (job, _) = world.bulk(Verb::DisableMfa, &Filter::default()).await;
    assert_eq!(job.skipped, 1);
    let form = GroupForm { name: "Web".into(), ..GroupForm::default() };
    let group = world.app.create_device_group(&granted(), &form).await.unwrap();
    world.bulk(Verb::AddToGroup(group.id), &Filter::default()).await;
    let grouped = Filter { group: Some(group.id), ..Filter::default() };
    world.bulk(Verb::RemoveFromGroup(group.id), &only(&[ready])).await;
    let (job, _) = world.bulk(Verb::Delete, &grouped).await;
    assert_eq!((job.total, job.skipped), (2, 0));
    let nobody = world.app.start_device_bulk(&granted(), &Verb::Delete, &grouped).await;
    assert_eq!(code_of(nobody), "nobody");
    assert!(world.app.calling(asked, FROM).await.unwrap().is_none(), "its agent is known no more");
    assert!(world.app.calling(ready, FROM).await.unwrap().is_some());
});

on_both!(a_preview_tells_who_would_meet_what_and_changes_nothing, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let agent = world.device(1).await;
    let (alice, _) = world.enrolled("alice").await;
    let (bob, carol) = (world.user("bob", Some(7)).await, world.user("carol", None).await);
    for user in [alice.id, bob.id, carol.id] {
        world.bind(&agent, user).await;
    }
    world.app.suspend_user(&granted(), carol.id).await.unwrap();
    world.app.add_ssh_key(&granted(), bob.id, KEY).await.unwrap();
    world.report(&agent, &report(&agent, world.app.now())).await.unwrap();
    let told = async |first: Option<FirstFactor>| {
        let preview = world.app.preview_device_mfa(&granted(), &only(&[agent.id]), first).await.unwrap();
        assert_eq!((preview.further_devices, preview.further_people), (0, 0));
        let device = preview.devices.into_iter().next().unwrap();
        let people: Vec<_> = device
            .people
            .iter()
            .map(|person| (person.account.username().unwrap().to_string(), person.outcome))
            .collect();
        (device.notes, people)
    };
    let (notes, people) = told(None).await;
    assert_eq!(notes, [Note::SshConflict]);
    let deadline = world.account(bob.id).await.mfa.requirement;
    let until = Enrolling::from(deadline);
    assert!(matches!(until, Enrolling::Until(_)));
    assert_eq!(
        people,
        [
            ("alice".to_owned(), Outcome::Asked(Some(FirstFactor::Both))),
            ("bob".to_owned(), Outcome::FirstFactorAlone(until)),
            ("carol".to_owned(), Outcome::NoAccess),
        ]
    );
    let (notes, people) = told(Some(FirstFactor::PublicKey)).await;
    assert!(notes.is_empty(), "{notes:?}");
    assert_eq!(people[0].1, Outcome::LockedOut(Lacks::Keys), "Alice has a password only");
    assert_eq!(people[1].1, Outcome::FirstFactorAlone(until), "Bob has a key");
    let strict = DeviceChange { not_enrolled: Some(NotEnrolled::Refused), ..DeviceChange::default() };
    world.app.change_device(&granted(), agent.id, &strict, None).await.unwrap();
    world.later(Span::hours(1));
    let (notes, people) = told(Some(FirstFactor::Password)).await;
    assert!(matches!(notes.as_slice(), [Note::OfflineSince(_)]), "{notes:?}");
    assert_eq!(people[1].1, Outcome::Refused(until));
    assert_eq!(world.status(agent.id).await, MfaStatus::Off);
});

// S8.7a, the administrators' part of it.
on_both!(mfa_can_be_asked_to_prove_itself_and_be_confirmed, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let mut agent = world.device(1).await;
    let on = MfaOn { first_factor: Some(FirstFactor::Password), revert: Revert::Unproven(Span::minutes(5)) };
    world.app.enable_device_mfa(&granted(), agent.id, &on).await.unwrap();
    assert_eq!(world.state(&mut agent).await.proof, Proof::Within { seconds: 300, attempt: 1 });
    world.app.confirm_device_mfa(&granted(), agent.id).await.unwrap();
    assert_eq!(world.state(&mut agent).await.proof, Proof::NotNeeded);
    assert_eq!(code_of(world.app.confirm_device_mfa(&granted(), agent.id).await), "no_proof_wanted");
    world.app.enable_device_mfa(&granted(), agent.id, &on).await.unwrap();
    assert_eq!(world.state(&mut agent).await.proof, Proof::Within { seconds: 300, attempt: 2 });
    assert_eq!(world.logged_as("device.mfa.confirm").await.len(), 1);
});

on_both!(groups_bind_and_unbind_and_what_they_made_is_locked, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let mut agent = world.device(1).await;
    let (app, alice) = (&world.app, world.user("alice", None).await);
    let form = |name: &str| GroupForm { name: name.into(), ..GroupForm::default() };
    let sales = app.create_group(&granted(), &form("Sales")).await.unwrap();
    let servers = app.create_device_group(&granted(), &form("Servers")).await.unwrap();
    let taken = app.create_device_group(&granted(), &form("SERVERS")).await.unwrap_err();
    assert_eq!(refused_fields(taken), ["name"]);
    app.add_member(&granted(), sales.id, "alice").await.unwrap();
    app.join_device_group_by_name(&granted(), servers.id, "WEB-1").await.unwrap();
    let unknown = app.join_device_group_by_name(&granted(), servers.id, "web-9").await.unwrap_err();
    assert_eq!(refused_fields(unknown), ["device"]);
    app.bind_group(&granted(), (servers.id, sales.id), Sudo::WithPassword).await.unwrap();
    let state = world.state(&mut agent).await;
    assert_eq!((state.users[0].name.as_str(), state.users[0].sudo), ("alice", Sudo::WithPassword));
    assert_eq!(code_of(app.unbind_user(&granted(), (agent.id, alice.id)).await), "not_bound");
    let told = Told { user: alice.id, state: AccountState::Ready, offline_until: None };
    world.says(&agent, vec![told]).await;
    let bound = app.device_users(&granted(), agent.id, (None, 50)).await.unwrap().users;
    assert_eq!((bound.len(), bound[0].binding.state), (1, OnDevice::Ready));
    app.unbind_group(&granted(), (servers.id, sales.id)).await.unwrap();
    assert_eq!(world.state(&mut agent).await.users[0].access, Access::Locked);
    assert_eq!(code_of(app.unbind_group(&granted(), (servers.id, sales.id)).await), "not_bound");
    app.leave_device_group(&granted(), servers.id, agent.id).await.unwrap();
    app.delete_device_group(&granted(), servers.id).await.unwrap();
    assert!(app.device_groups(&granted()).await.unwrap().is_empty());
});

on_both!(nobody_becomes_an_account_of_the_system, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let id = world.device(1).await.id;
    let daemon = world.user("daemon", None).await;
    let refused = world.app.bind_user(&granted(), (id, daemon.id), Sudo::None).await.unwrap_err();
    assert_eq!(refused_fields(refused), ["user"]);
    let unknown = world.app.bind_named_user(&granted(), (id, "nobody@acme.test"), Sudo::None).await;
    assert_eq!(refused_fields(unknown.unwrap_err()), ["user"]);
});

// S8.12.
on_both!(an_account_that_was_there_is_taken_over_when_somebody_says_so, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let mut agent = world.device(1).await;
    let alice = world.user("alice", None).await;
    world.bind(&agent, alice.id).await;
    world.state(&mut agent).await;
    let confirm = async || world.app.confirm_take_over(&granted(), (agent.id, alice.id)).await;
    assert_eq!(code_of(confirm().await), "no_take_over", "the device has not asked");
    let asks = Told { user: alice.id, state: AccountState::NeedsTakeOver, offline_until: None };
    world.says(&agent, vec![asks]).await;
    confirm().await.unwrap();
    let state = world.state(&mut agent).await;
    assert_eq!(state.users[0].take_over, claviger_domain::device::TakeOver::Confirmed);
});

on_both!(a_break_glass_code_is_told_once_mailed_and_good_on_one_device, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let mut agent = world.asking(1).await;
    let (alice, _) = world.enrolled("alice").await;
    let make = async |hours: &str, reason: &str| {
        world.app.make_break_glass(&granted(), (agent.id, alice.id), (hours, reason)).await
    };
    assert_eq!(code_of(make("8", "lost phone").await), "not_bound");
    world.bind(&agent, alice.id).await;
    assert_eq!(refused_fields(make("169", " ").await.unwrap_err()), ["hours", "reason"]);
    let dead = make("8", "lost phone").await.unwrap();
    let made = make("8", "lost phone").await.unwrap();
    assert_eq!(made.code.expose().len(), 19);
    assert_ne!(made.code.expose(), dead.code.expose());
    assert_eq!(made.expires_at, world.app.now().plus(Span::hours(8)));
    let state = world.state(&mut agent).await;
    let hash = |code: &str| {
        data_encoding::BASE64URL_NOPAD.encode(&Sha256::digest(normalize_break_glass(code).as_bytes()))
    };
    let kept: Vec<_> = state.users[0].break_glass.iter().map(|kept| kept.hash.clone()).collect();
    assert_eq!(kept, [hash(&made.code.expose().to_lowercase())]);
    assert!(world.subjects("alice@acme.test").await.contains(&"break_glass".to_owned()));
    let logged = world.details_of("device.break_glass").await;
    assert_eq!((logged.len(), &logged[0]["reason"]), (2, &serde_json::json!("lost phone")));
    assert!(!format!("{logged:?}{made:?}").contains(made.code.expose()));
    world.app.suspend_user(&granted(), alice.id).await.unwrap();
    let refused = world.app.make_break_glass(&granted(), (agent.id, alice.id), ("8", "x")).await;
    assert_eq!(code_of(refused), "not_activated");
});

on_both!(a_connect_key_is_rotated_and_its_old_text_is_dead, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let form = Form { name: "web".into(), expires: "never".into(), ..Form::default() };
    let made = world.app.create_connect_key(&granted(), &form).await.unwrap();
    let rotated = world.app.rotate_connect_key(&granted(), made.key.id).await.unwrap();
    let unknown = claviger_app::devices::NotEnrolled::Unknown;
    assert_eq!(world.try_enroll(made.text.expose(), 1).await.unwrap_err(), unknown);
    world.try_enroll(rotated.text.expose(), 1).await.unwrap();
    let listed = world.app.connect_keys(&granted(), None, 50).await.unwrap().keys;
    assert_eq!((listed.len(), listed[0].uses), (1, 1));
    world.app.revoke_connect_key(&granted(), made.key.id).await.unwrap();
    assert_eq!(code_of(world.app.rotate_connect_key(&granted(), made.key.id).await), "revoked");
    let key = world.app.connect_key(&granted(), made.key.id).await.unwrap();
    assert_eq!(key.standing(world.app.now()), Standing::Revoked);
    let gone = Form { device_group: made.key.id.to_string(), ..form };
    let refused = world.app.create_connect_key(&granted(), &gone).await.unwrap_err();
    assert_eq!(refused_fields(refused), ["device_group"]);
    let logged = format!("{:?}", world.details_of("connect_key.create").await);
    assert!(!logged.contains("clvk_") && !format!("{made:?}").contains("clvk_"));
});

// S3.1.
on_both!(what_a_user_is_on_devices_reaches_them, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let mut agent = world.device(1).await;
    let (alice, bob) = (world.user("alice", None).await, world.user("bob", None).await);
    world.bind(&agent, alice.id).await;
    world.state(&mut agent).await;
    let form = |uid: &str| PosixForm { uid: uid.into(), shell: "/bin/zsh".into(), ..PosixForm::default() };
    world.app.set_posix(&granted(), alice.id, &form("5000")).await.unwrap();
    world.app.add_ssh_key(&granted(), alice.id, KEY).await.unwrap();
    let state = world.state(&mut agent).await;
    let user = &state.users[0];
    assert_eq!(
        (user.uid, user.shell.as_str(), user.ssh_keys.as_slice()),
        (Some(5000), "/bin/zsh", &[KEY.to_owned()][..])
    );
    let taken = world.app.set_posix(&granted(), bob.id, &form("5000")).await.unwrap_err();
    assert_eq!(refused_fields(taken), ["uid"]);
    let twice = world.app.add_ssh_key(&granted(), alice.id, &format!("{KEY} again")).await.unwrap_err();
    assert_eq!(refused_fields(twice), ["key"]);
    assert_eq!(code_of(world.app.remove_ssh_key(&granted(), bob.id, "00").await), "not_found");
    let keys = world.app.ssh_keys(&granted(), alice.id).await.unwrap();
    let digest = data_encoding::HEXLOWER.encode(&keys[0].key.digest());
    world.app.remove_ssh_key(&granted(), alice.id, &digest).await.unwrap();
    assert!(world.state(&mut agent).await.users[0].ssh_keys.is_empty());
    assert_eq!(world.app.devices_of(&granted(), alice.id).await.unwrap().len(), 1);
    world.app.delete_user(&granted(), alice.id).await.unwrap();
    world.app.set_posix(&granted(), bob.id, &form("5000")).await.unwrap();
});

on_both!(what_opens_a_device_asks_for_a_code_of_the_last_ten_minutes, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let ada = world.ada().await;
    let (agent, alice) = (world.asking(1).await, world.user("alice", None).await);
    world.bind(&agent, alice.id).await;
    let half = world.half_admin("ada@acme.test").await;
    let session =
        match world.app.submit_code(&half, factor_of(&half), &world.code(&ada.secret)).await.unwrap() {
            CodeOutcome::Session(session) => session,
            other => panic!("{other:?}"),
        };
    world.later(Span::minutes(11));
    let me = world.signed_in(&session).await;
    let (app, id) = (&world.app, agent.id);
    let manage = || me.actor.granted::<claviger_domain::permission::ManageUsers>().unwrap();
    let open = DeviceChange { when_down: Some(WhenDown::Open), ..DeviceChange::default() };
    let form = Form { name: "k".into(), expires: "1".into(), ..Form::default() };
    let both = (id, alice.id);
    let refused = [
        code_of(app.disable_device_mfa(&manage(), id).await),
        code_of(app.delete_device(&manage(), id).await),
        code_of(app.change_device(&manage(), id, &open, None).await),
        code_of(app.start_device_bulk(&manage(), &Verb::DisableMfa, &Filter::default()).await),
        code_of(app.start_device_bulk(&manage(), &Verb::Delete, &Filter::default()).await),
        code_of(app.make_break_glass(&me.actor.granted().unwrap(), both, ("8", "x")).await),
        code_of(app.create_connect_key(&manage(), &form).await),
        code_of(app.confirm_take_over(&manage(), both).await),
        code_of(app.add_ssh_key(&manage(), alice.id, KEY).await),
    ];
    assert_eq!(refused, ["not_fresh"; 9]);
    // What asks for more does not.
    app.enable_device_mfa(&manage(), id, &on(Some(FirstFactor::PublicKey))).await.unwrap();
});
