//! S8.13b: a code that is asked for once in so many hours on all devices of a group, and everything that ends that.

use crate::*;
use agent::*;
use claviger_app::{
    bulk::Verb,
    groups::GroupForm,
    stored::{DeviceGroup, user_list::Filter},
};
use claviger_domain::{
    account::Account,
    device::{
        Sudo,
        ask_once::{AskOnce, KeyHash},
    },
    id::{AccountId, DeviceGroupId},
    permission::{Actor, Who},
    sign_in::TotpSwitch,
    time::Span,
    totp::TotpSecret,
};
use claviger_testing::{TestDatabase, on_both};
use claviger_wire::server::{CodeAttempt, CodeVerdict, Place, RecallAttempt, Recalled, Remembers};

const KEY: KeyHash = KeyHash([7; 32]);
const EIGHT: &str = "8";

/// Alice, who is enrolled and bound to two devices of a group that asks once in eight hours.
struct Scene {
    world: World,
    alice: Account,
    secret: TotpSecret,
    one: Agent,
    two: Agent,
    group: DeviceGroup,
}

fn at(from: &str) -> Place {
    Place { service: "sshd".into(), from: from.into() }
}

impl Scene {
    async fn new(database: &TestDatabase) -> Self {
        let world = World::new(database).await;
        let (alice, secret) = world.enrolled("alice").await;
        let (one, two) = (world.asking(1).await, world.asking(2).await);
        world.bind(&one, alice.id).await;
        world.bind(&two, alice.id).await;
        let form = GroupForm { name: "Servers".into(), ..GroupForm::default() };
        let group = world.app.create_device_group(&granted(), &form).await.unwrap();
        for agent in [&one, &two] {
            world.app.join_device_group(&granted(), group.id, agent.id).await.unwrap();
        }
        let scene = Self { world, alice, secret, one, two, group };
        scene.asks(EIGHT).await;
        scene
    }

    async fn asks(&self, hours: &str) {
        let ask_once = AskOnce::parse("hours", hours).unwrap();
        self.world.app.set_ask_once(&granted(), self.group.id, ask_once).await.unwrap();
    }

    async fn code(&self, agent: &Agent, key: Option<KeyHash>, place: Place) {
        self.world.later(Span::seconds(30));
        let attempt =
            CodeAttempt { user: self.alice.id, code: self.world.code_now(&self.secret), place, key };
        let calling = self.world.calling(agent).await;
        let verdict = self.world.app.device_code(&calling, &attempt).await.unwrap();
        assert_eq!(verdict, CodeVerdict::Accepted);
    }

    /// Alice shows her key and a code at the first device.
    async fn remembered(&self) {
        self.code(&self.one, Some(KEY), at(FROM)).await;
        assert!(self.is_known(&self.two).await);
    }

    async fn recall(&self, agent: &Agent, key: KeyHash, place: Place) -> Recalled {
        let attempt = RecallAttempt { user: self.alice.id, key, place };
        self.world.app.device_recall(&self.world.calling(agent).await, &attempt).await.unwrap()
    }

    async fn is_known(&self, agent: &Agent) -> bool {
        self.recall(agent, KEY, at(FROM)).await == Recalled::Remembered
    }

    async fn count(&self, id: AccountId) -> usize {
        self.world.app.remembered_of_user(&granted(), id).await.unwrap().logins.len()
    }

    async fn in_group(&self, id: DeviceGroupId) -> usize {
        self.world.app.remembered_in_group(&granted(), id).await.unwrap().logins.len()
    }
}

on_both!(a_code_spares_the_next_one_on_all_devices_of_the_group, async |database: &TestDatabase| {
    let scene = Scene::new(database).await;
    let world = &scene.world;
    assert!(!scene.is_known(&scene.one).await, "no code was given");
    scene.remembered().await;
    assert!(scene.is_known(&scene.one).await);
    let three = world.asking(3).await;
    world.bind(&three, scene.alice.id).await;
    assert!(!scene.is_known(&three).await, "it is in no group");
    for (key, place) in [
        (KeyHash([8; 32]), at(FROM)),
        (KEY, at("203.0.113.10")),
        (KEY, at("127.0.0.1")),
        (KEY, at("")),
        (KEY, Place { service: "login".into(), from: FROM.into() }),
    ] {
        assert_eq!(scene.recall(&scene.two, key, place.clone()).await, Recalled::Ask, "{key:?} {place:?}");
    }
    assert_eq!(world.logged_as("device.code.remembered").await, ["device success"]);
    assert_eq!(world.logged_as("device.login.remembered").await, ["device success", "device success"]);
    let details = &world.details_of("device.login.remembered").await[0];
    assert_eq!((&details["from"], &details["service"]), (&FROM.into(), &"sshd".into()));
    assert_eq!(details["key"], KEY.fingerprint());
    let listed = world.app.remembered_in_group(&granted(), scene.group.id).await.unwrap().logins;
    assert_eq!(
        (listed.len(), listed[0].account, listed[0].device_name.as_str()),
        (1, scene.alice.id, "web-1")
    );
    // Eight hours from the code, however often somebody signs in.
    world.later(Span::seconds(8 * 3_600 - 1));
    assert!(scene.is_known(&scene.two).await);
    world.later(Span::seconds(1));
    assert!(!scene.is_known(&scene.two).await);
    assert_eq!(scene.in_group(scene.group.id).await, 0);
});

on_both!(only_a_key_from_another_machine_is_remembered, async |database: &TestDatabase| {
    let scene = Scene::new(database).await;
    scene.code(&scene.one, None, at(FROM)).await;
    scene.code(&scene.one, Some(KEY), at("127.0.0.1")).await;
    scene.code(&scene.one, Some(KEY), at("laptop.example")).await;
    scene.code(&scene.one, Some(KEY), Place { service: "gdm-password".into(), from: FROM.into() }).await;
    assert_eq!(scene.count(scene.alice.id).await, 0);
    scene.asks("").await;
    scene.code(&scene.one, Some(KEY), at(FROM)).await;
    scene.asks(EIGHT).await;
    assert_eq!(scene.count(scene.alice.id).await, 0, "nothing before it was switched on");
    assert!(scene.world.logged_as("device.code.remembered").await.is_empty());
});

on_both!(whatever_ends_it_ends_it_at_once_and_for_good, async |database: &TestDatabase| {
    let scene = Scene::new(database).await;
    let (app, world, alice) = (&scene.world.app, &scene.world, scene.alice.id);
    let gone = async |what: &str| {
        assert!(!scene.is_known(&scene.two).await, "{what}");
        assert_eq!(scene.count(alice).await, 0, "{what}");
    };
    scene.remembered().await;
    app.revoke_remembered_in_group(&granted(), scene.group.id).await.unwrap();
    gone("revoked for the group").await;

    scene.remembered().await;
    app.revoke_remembered_of_user(&granted(), alice).await.unwrap();
    gone("revoked for the user").await;

    scene.remembered().await;
    app.suspend_user(&granted(), alice).await.unwrap();
    gone("suspended").await;
    app.activate_user(&granted(), alice).await.unwrap();
    gone("activated again").await;

    scene.remembered().await;
    scene.asks("").await;
    gone("switched off").await;
    scene.asks(EIGHT).await;
    gone("switched on again").await;

    scene.remembered().await;
    world.unbind(&scene.two, alice).await;
    gone("unbound").await;
    world.bind(&scene.two, alice).await;
    gone("bound again").await;

    scene.remembered().await;
    app.leave_device_group(&granted(), scene.group.id, scene.one.id).await.unwrap();
    gone("the device at which the code was given left").await;
    app.join_device_group(&granted(), scene.group.id, scene.one.id).await.unwrap();

    scene.remembered().await;
    app.leave_device_group(&granted(), scene.group.id, scene.two.id).await.unwrap();
    assert!(!scene.is_known(&scene.two).await && scene.is_known(&scene.one).await, "the other one left");
    app.join_device_group(&granted(), scene.group.id, scene.two.id).await.unwrap();
    assert!(scene.is_known(&scene.two).await);

    app.switch_totp(&granted(), TotpSwitch::Disabled).await.unwrap();
    gone("no codes, nothing to spare").await;
    app.switch_totp(&granted(), TotpSwitch::Enabled).await.unwrap();
    gone("codes again").await;

    scene.remembered().await;
    let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
    let key = app.add_ssh_key(&granted(), alice, line).await.unwrap();
    assert!(scene.is_known(&scene.two).await, "one key more");
    let digest = data_encoding::HEXLOWER.encode(&key.digest());
    app.remove_ssh_key(&granted(), alice, &digest).await.unwrap();
    gone("a key was taken away").await;
    scene.remembered().await;

    let wrong = world.code_now(&TotpSecret::new(vec![1; 20]));
    for _ in 0..10 {
        world.code_at(&scene.one, alice, &wrong).await;
    }
    assert!(!scene.is_known(&scene.two).await, "locked: S4.19");
    world.later(Span::minutes(16));
    assert!(scene.is_known(&scene.two).await, "the lock is over");

    app.delete_device(&granted(), scene.one.id).await.unwrap();
    gone("the device at which the code was given was deleted").await;
});

on_both!(a_reset_of_mfa_ends_it, async |database: &TestDatabase| {
    let scene = Scene::new(database).await;
    scene.remembered().await;
    scene.world.app.reset_mfa(&granted(), scene.alice.id, days(7), "lost phone").await.unwrap();
    assert!(!scene.is_known(&scene.two).await);
    assert_eq!(scene.count(scene.alice.id).await, 0);
});

on_both!(groups_that_bind_end_it_when_they_no_longer_do, async |database: &TestDatabase| {
    let scene = Scene::new(database).await;
    let app = &scene.world.app;
    let form = GroupForm { name: "Staff".into(), ..GroupForm::default() };
    let staff = app.create_group(&granted(), &form).await.unwrap();
    for agent in [&scene.one, &scene.two] {
        scene.world.unbind(agent, scene.alice.id).await;
    }
    let join = async || app.add_member(&granted(), staff.id, "alice").await.unwrap();
    let bind = async || {
        app.bind_group(&granted(), (scene.group.id, staff.id), Sudo::None).await.unwrap();
    };
    join().await;
    bind().await;
    scene.remembered().await;
    app.remove_member(&granted(), staff.id, scene.alice.id).await.unwrap();
    join().await;
    assert!(!scene.is_known(&scene.two).await, "left, and came back");
    let everybody = Filter { group: Some(staff.id), ..Filter::default() };
    scene.remembered().await;
    let system = Actor { who: Who::System, name: "test".into(), address: String::new() };
    app.start_bulk(&system, &Verb::RemoveFromGroup(staff.id), &everybody).await.unwrap();
    app.work_once().await.unwrap();
    assert_eq!(scene.count(scene.alice.id).await, 0, "taken out with many");
    join().await;
    scene.remembered().await;
    app.unbind_group(&granted(), (scene.group.id, staff.id)).await.unwrap();
    bind().await;
    assert!(!scene.is_known(&scene.two).await, "unbound, and bound again");
    scene.remembered().await;
    app.delete_group(&granted(), staff.id).await.unwrap();
    assert_eq!(scene.count(scene.alice.id).await, 0, "deleted");
});

on_both!(fewer_hours_count_at_once_and_devices_hear_of_the_switch, async |database: &TestDatabase| {
    let mut scene = Scene::new(database).await;
    scene.remembered().await;
    scene.asks("2").await;
    scene.world.later(Span::hours(1));
    assert!(scene.is_known(&scene.two).await);
    scene.world.later(Span::hours(1));
    assert!(!scene.is_known(&scene.two).await);
    scene.asks("168").await;
    scene.world.later(Span::hours(6));
    assert!(!scene.is_known(&scene.two).await, "more hours are for later logins alone");
    let state = scene.world.state(&mut scene.one).await;
    assert_eq!(state.remembers, Remembers::Maybe);
    scene.asks("").await;
    let state = scene.world.state(&mut scene.one).await;
    assert_eq!(state.remembers, Remembers::Never);
    assert_eq!(scene.world.logged_as("device_group.ask_once").await.len(), 4, "8, 2, 168 hours, and none");
});

on_both!(a_clock_that_is_put_back_spares_no_code, async |database: &TestDatabase| {
    let scene = Scene::new(database).await;
    let world = &scene.world;
    world.app.work_once().await.unwrap();
    scene.remembered().await;
    world.earlier(Span::hours(1));
    assert!(!scene.is_known(&scene.two).await, "before the code was given");
    world.later(Span::hours(1));
    assert!(scene.is_known(&scene.two).await, "a moment of it changes nothing");
    // The clock was a month ahead when the code was given, and nobody waits a month for it to be good again.
    world.later(Span::days(30));
    scene.remembered().await;
    world.earlier(Span::days(29));
    assert!(!scene.is_known(&scene.two).await);
    world.app.work_once().await.unwrap();
    world.later(Span::days(29));
    assert!(!scene.is_known(&scene.two).await, "it is gone by then");
});
