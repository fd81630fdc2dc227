//! Devices become known and are told what to do (S8.1, S8.3, S8.5, S8.12).

use crate::*;
use agent::*;
use aws_lc_rs::signature::KeyPair;
use claviger_app::{
    Refusal,
    devices::{News, NotEnrolled},
    groups::GroupForm,
};
use claviger_domain::{
    connect_key::{Form, Standing},
    device::{Applied, Blocked, Sudo},
    id::AccountId,
    time::Span,
};
use claviger_store::p;
use claviger_testing::{TestDatabase, on_both};
use claviger_wire::server::{Access, Account as OnDevice, AccountState, Codes, Report, State, What};
use sha2::{Digest, Sha256};
use std::time::Duration;

async fn count(world: &World, sql: &'static str) -> i64 {
    let found: Vec<i64> = world.app.store().query(sql, p![]).await.unwrap();
    found.into_iter().sum()
}

fn only(state: &State) -> &claviger_wire::server::User {
    let [user] = state.users.as_slice() else { panic!("{:?}", state.users) };
    user
}

fn said(user: AccountId, state: AccountState) -> OnDevice {
    OnDevice { user, state, offline_until: None }
}

on_both!(a_connect_key_and_a_public_key_make_a_device, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let key = world.connect_key("1").await;
    let enrolled = world.try_enroll(&key, 1).await.unwrap();
    assert_eq!(enrolled.organization, "Acme");
    // S14.1a: a device knows its server from the first byte on.
    let server_key = data_encoding::BASE64URL_NOPAD.decode(enrolled.server_key.as_bytes()).unwrap();
    let fingerprint = data_encoding::BASE64URL_NOPAD.encode(&Sha256::digest(&server_key)[..16]);
    assert!(key.ends_with(&format!(".{fingerprint}")), "{key}");
    let calling = world.app.calling(enrolled.device, FROM).await.unwrap().unwrap();
    assert_eq!(calling.device.name, "web-1");
    assert_eq!(calling.device.public_key.as_slice(), key_pair(1).public_key().as_ref());
    assert_eq!(world.logged_as("device.enroll").await, ["device success"]);
    // A signature of the device's own key is taken, and of no other.
    let sign = |seed: u8| data_encoding::BASE64URL_NOPAD.encode(key_pair(seed).sign(b"hello").as_ref());
    assert!(calling.signed(b"hello", &sign(1)));
    assert!(!calling.signed(b"hello", &sign(2)) && !calling.signed(b"hallo", &sign(1)));
    assert!(!calling.signed(b"hello", "nonsense"));
});

on_both!(a_key_that_is_used_up_run_out_revoked_or_made_up_enrolls_nobody, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let once = world.connect_key("1").await;
    let first = world.try_enroll(&once, 1).await.unwrap();
    // The answer was lost: the same device asks again, and is told the same.
    assert_eq!(world.try_enroll(&once, 1).await.map(|enrolled| enrolled.device), Ok(first.device));
    assert_eq!(world.try_enroll(&once, 2).await.unwrap_err(), NotEnrolled::Dead(Standing::UsedUp));
    let any = world.connect_key("").await;
    for (key, why) in [
        (any.replace("clvk_", "clvk_x"), NotEnrolled::Unknown),
        (any[5..].to_owned(), NotEnrolled::Unknown),
        (String::new(), NotEnrolled::Unknown),
        (format!("{}.{}", any.split_once('.').unwrap().0, "A".repeat(22)), NotEnrolled::OtherServer),
    ] {
        assert_eq!(world.try_enroll(&key, 3).await.unwrap_err(), why, "{key}");
    }
    world.later(Span::days(30));
    assert_eq!(world.try_enroll(&any, 3).await.unwrap_err(), NotEnrolled::Dead(Standing::Expired));
    let form = Form { name: "x".into(), expires: "never".into(), ..Form::default() };
    let made = world.app.create_connect_key(&granted(), &form).await.unwrap();
    world.app.revoke_connect_key(&granted(), made.key.id).await.unwrap();
    let revoked = world.try_enroll(made.text.expose(), 3).await.unwrap_err();
    assert_eq!(revoked, NotEnrolled::Dead(Standing::Revoked));
    assert_eq!(count(&world, "SELECT COUNT(*) FROM device").await, 1);
    let refused = ["visitor refused"; 3];
    assert_eq!(world.logged_as("device.enroll").await[1..], refused);
    let bad = claviger_wire::server::Enroll { public_key: "AAAA".into(), ..asked(&once, 1) };
    let refusal = world.app.enroll_device(&bad, &origin()).await.unwrap_err();
    assert_eq!(refused_fields(refusal), ["public_key"]);
});

on_both!(a_key_for_one_enrolls_one_of_many_that_come_at_once, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let key = world.connect_key("1").await;
    let other = world.another_node(database).await;
    let racers = (1..=8).map(|seed| {
        let (app, asked) = (if seed % 2 == 0 { &world.app } else { &other }.clone(), asked(&key, seed));
        tokio::spawn(async move { app.enroll_device(&asked, &origin()).await.unwrap() })
    });
    let racers: Vec<_> = racers.collect();
    for racer in racers {
        racer.await.unwrap();
    }
    assert_eq!(count(&world, "SELECT COUNT(*) FROM device").await, 1);
    assert_eq!(count(&world, "SELECT uses FROM connect_key").await, 1);
});

on_both!(
    what_a_device_must_do_has_a_new_revision_only_when_it_is_something_else,
    async |database: &TestDatabase| {
        let world = World::new(database).await;
        let mut agent = world.device(1).await;
        let first = world.state(&mut agent).await;
        assert_eq!((first.revision, first.codes, first.users.len()), (1, Codes::NotAsked, 0));
        assert_eq!((first.organization.as_str(), first.offline_days), ("Acme", 30));
        let (alice, _) = world.enrolled("alice").await;
        world.bind(&agent, alice.id).await;
        let bound = world.state(&mut agent).await;
        assert_eq!(
            (bound.revision, only(&bound).name.as_str(), only(&bound).access),
            (2, "alice", Access::Open)
        );
        assert!(only(&bound).factor.is_some());
        // A device that lost what it was told is told the same again.
        agent.revision = 0;
        assert_eq!(world.state(&mut agent).await, bound);
        // One that knows more than a restored database is told what is newer for it, too.
        agent.revision = 40;
        let newer = world.state(&mut agent).await;
        assert_eq!(newer, State { revision: 41, ..bound });
        world.app.suspend_user(&granted(), alice.id).await.unwrap();
        let locked = world.state(&mut agent).await;
        assert_eq!((only(&locked).access, only(&locked).factor.as_ref()), (Access::Locked, None));
    }
);

// S8.12: unbinding locks the account, and that is gone through with whatever becomes of the user.
on_both!(an_account_is_locked_before_it_is_forgotten, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let mut agent = world.device(1).await;
    let alice = world.user("alice", None).await;
    world.bind(&agent, alice.id).await;
    world.state(&mut agent).await;
    world.says(&agent, vec![said(alice.id, AccountState::Ready)]).await;
    world.unbind(&agent, alice.id).await;
    let state = world.state(&mut agent).await;
    assert_eq!((only(&state).name.as_str(), only(&state).access), ("alice", Access::Locked));
    world.app.delete_user(&granted(), alice.id).await.unwrap();
    let seen = agent.revision;
    agent.revision = 0;
    let state = world.state(&mut agent).await;
    assert_eq!((only(&state).name.as_str(), only(&state).access), ("alice", Access::Locked));
    // A report about an older state doesn't count.
    let late = Report {
        revision: seen - 1,
        accounts: vec![said(alice.id, AccountState::Locked)],
        ..report(&agent, world.app.now())
    };
    world.report(&agent, &late).await.unwrap();
    agent.revision = 0;
    assert_eq!(world.state(&mut agent).await.users.len(), 1);
    world.says(&agent, vec![said(alice.id, AccountState::Locked)]).await;
    assert!(world.state(&mut agent).await.users.is_empty());
});

on_both!(who_was_locked_and_is_bound_again_must_be_reported_locked_again, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let mut agent = world.device(1).await;
    let alice = world.user("alice", None).await;
    world.bind(&agent, alice.id).await;
    world.state(&mut agent).await;
    world.unbind(&agent, alice.id).await;
    world.state(&mut agent).await;
    world.says(&agent, vec![said(alice.id, AccountState::Locked)]).await;
    world.bind(&agent, alice.id).await;
    assert_eq!(only(&world.state(&mut agent).await).access, Access::Open);
    // Unbound before the device said a word: it may have opened the account meanwhile.
    world.unbind(&agent, alice.id).await;
    assert_eq!(only(&world.state(&mut agent).await).access, Access::Locked);
});

on_both!(groups_bind_their_members_with_the_strongest_sudo, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let mut agent = world.device(1).await;
    let alice = world.user("alice", None).await;
    let users = GroupForm { name: "ops".into(), ..GroupForm::default() };
    let users = world.app.create_group(&granted(), &users).await.unwrap();
    let devices = claviger_domain::id::DeviceGroupId::new(START, [4; 10]);
    let organization = world.app.organization().await.unwrap().id;
    const GROUP: &str = "INSERT INTO device_group (organization, id, revision, name, name_key, description, created_at) \
        VALUES ($1, $2, 1, 'web', 'web', '', 0)";
    const BIND: &str = "INSERT INTO group_binding (organization, device_group, user_group, sudo, bound_at) \
        VALUES ($1, $2, $3, 'without_password', 0)";
    let batch = claviger_store::Batch::of([
        claviger_store::Statement::new(GROUP, p![organization, devices]),
        claviger_store::table::device::join(organization, devices, agent.id, START),
        claviger_store::Statement::new(BIND, p![organization, devices, users.id]),
    ]);
    assert_eq!(world.app.store().commit(batch).await.unwrap(), claviger_store::Commit::Committed);
    assert!(world.state(&mut agent).await.users.is_empty());
    world.app.add_member(&granted(), users.id, "alice").await.unwrap();
    assert_eq!(only(&world.state(&mut agent).await).sudo, Sudo::WithoutPassword);
    world.bind(&agent, alice.id).await;
    let calling = world.calling(&agent).await;
    let held = world.app.await_state(&calling, agent.revision);
    assert!(
        tokio::time::timeout(Duration::from_millis(200), held).await.is_err(),
        "the weaker changes nothing"
    );
    world.app.remove_member(&granted(), users.id, alice.id).await.unwrap();
    assert_eq!(only(&world.state(&mut agent).await).sudo, Sudo::None);
});

on_both!(what_a_device_reports_is_kept_and_each_change_of_it_logged_once, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let mut agent = world.asking(1).await;
    let asked = world.state(&mut agent).await;
    assert_eq!(asked.codes, Codes::Asked);
    let now = world.app.now();
    let said = |applied| Report {
        applied,
        detail: "line\nline".into(),
        clock: now.plus(Span::seconds(90)).0,
        ..report(&agent, now)
    };
    for applied in [Applied::InForce, Applied::InForce, Applied::Blocked(Blocked::SshRefused), Applied::Off] {
        world.report(&agent, &said(applied)).await.unwrap();
    }
    assert_eq!(world.logged_as("device.mfa.in_force").await, ["device success"]);
    assert_eq!(world.logged_as("device.mfa.blocked").await, ["device refused"]);
    assert_eq!(world.details_of("device.mfa.blocked").await[0]["why"], "ssh_refused");
    assert_eq!(world.logged_as("device.mfa.not_in_force").await, ["device success"]);
    let organization = world.app.organization().await.unwrap().id;
    let known = claviger_store::table::device_contact::known(world.app.store(), organization, agent.id);
    let contact = known.await.unwrap().unwrap().contact;
    assert_eq!((contact.told.detail.as_str(), contact.told.clock_ahead), ("lineline", 90_000_000));
    assert_eq!((contact.last_contact_at, contact.last_address.as_str()), (now, FROM));
    assert_eq!(contact.told.applied_revision, agent.revision);
    // S8.18: what stands in the way at the login window of a Mac.
    world.report(&agent, &said(Applied::Blocked(Blocked::LoginWindow))).await.unwrap();
    let known = claviger_store::table::device_contact::known(world.app.store(), organization, agent.id);
    let told = known.await.unwrap().unwrap().contact.told;
    assert_eq!(told.applied, Applied::Blocked(Blocked::LoginWindow));
    let blocked = world.details_of("device.mfa.blocked").await;
    assert!(blocked.iter().any(|details| details["why"] == "login_window"), "{blocked:?}");
    // Nobody has applied what nobody was told.
    let boast = Report { revision: i64::MAX, ..said(Applied::InForce) };
    world.report(&agent, &boast).await.unwrap();
    let known = claviger_store::table::device_contact::known(world.app.store(), organization, agent.id);
    assert_eq!(known.await.unwrap().unwrap().contact.told.applied_revision, agent.revision);
});

on_both!(a_proof_is_given_or_taken_back_by_the_device, async |database: &TestDatabase| {
    use claviger_app::device_admin::MfaOn;
    use claviger_domain::device::{FirstFactor, Revert, Stage};
    use claviger_wire::server::Proof;
    let world = World::new(database).await;
    let mut agent = world.device(1).await;
    let revert = Revert::Unproven(Span::minutes(5));
    let on = MfaOn { first_factor: Some(FirstFactor::Password), revert };
    world.app.enable_device_mfa(&granted(), agent.id, &on).await.unwrap();
    assert_eq!(world.state(&mut agent).await.proof, Proof::Within { seconds: 300, attempt: 1 });
    let nobody = AccountId(Default::default());
    world.happened(&agent, vec![event(1, nobody, START, What::TakenBack)]).await;
    assert_eq!(world.calling(&agent).await.device.proof.stage, Stage::TakenBack);
    // Once more is too late.
    world.happened(&agent, vec![event(2, nobody, START, What::Proven)]).await;
    assert_eq!(world.calling(&agent).await.device.proof.stage, Stage::TakenBack);
    world.app.enable_device_mfa(&granted(), agent.id, &on).await.unwrap();
    assert_eq!(world.state(&mut agent).await.proof, Proof::Within { seconds: 300, attempt: 2 });
    world.happened(&agent, vec![event(3, nobody, START, What::Proven)]).await;
    assert_eq!(world.state(&mut agent).await.proof, Proof::NotNeeded);
    assert_eq!(world.logged_as("device.mfa.taken_back").await, ["device success"]);
    assert_eq!(world.logged_as("device.mfa.proven").await, ["device success"; 2]);
});

on_both!(a_device_that_is_gone_is_unknown_and_leaves_nothing_behind, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let mut agent = world.device(1).await;
    let alice = world.user("alice", None).await;
    world.bind(&agent, alice.id).await;
    world.state(&mut agent).await;
    let calling = world.calling(&agent).await;
    world.app.uninstall_device(&calling).await.unwrap();
    assert!(world.app.calling(agent.id, FROM).await.unwrap().is_none());
    for table in [
        "SELECT COUNT(*) FROM device",
        "SELECT COUNT(*) FROM device_contact",
        "SELECT COUNT(*) FROM device_user",
        "SELECT COUNT(*) FROM device_account",
    ] {
        assert_eq!(count(&world, table).await, 0, "{table}");
    }
    assert_eq!(world.logged_as("device.uninstall").await, ["device success"]);
    // What it still has under way comes too late.
    assert!(matches!(world.app.await_state(&calling, 0).await.unwrap(), News::Gone));
    let report = report(&agent, world.app.now());
    assert_eq!(world.app.device_report(&calling, &report).await.unwrap(), None);
    assert!(matches!(world.app.uninstall_device(&calling).await, Err(Refusal::Changed)));
});
