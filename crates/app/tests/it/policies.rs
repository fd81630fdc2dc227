//! Policies reach devices, and what devices say of them is told (S9.1).

use crate::*;
use agent::*;
use claviger_app::{Refusal, groups::GroupForm, policies::BindTo};
use claviger_domain::{
    id::{DeviceId, PolicyId},
    permission::{ManageUsers, ViewUsers},
    policy::{Corrected, Effect, Policy, PolicyForm, Standing, State, ValueForm},
};
use claviger_testing::{TestDatabase, on_both};
use claviger_wire::{
    orders::{PolicyOrder, PolicySaid},
    server::Report,
};

fn motd(content: &str) -> PolicyForm {
    PolicyForm {
        name: "Message of the day".into(),
        template: "file".into(),
        path: "/etc/motd".into(),
        content: content.into(),
        mode: "0644".into(),
        ..PolicyForm::default()
    }
}

impl World {
    async fn policy(&self, form: &PolicyForm) -> Policy {
        self.app.create_policy(&granted(), form).await.unwrap()
    }

    async fn standing(&self, device: DeviceId, policy: PolicyId) -> Standing {
        let bound = self.app.device_policies(&granted::<ViewUsers>(), device).await.unwrap();
        let one = bound.into_iter().find(|one| one.policy.id == policy).unwrap();
        let platform = self.app.device(&granted(), device).await.unwrap().known.device.platform;
        Standing::of((one.policy.template.systems(), platform), one.policy.revision, one.reported.as_ref())
    }

    async fn says_of(&self, agent: &Agent, policies: Vec<PolicySaid>) {
        let report = Report { policies, ..report(agent, self.app.now()) };
        self.report(agent, &report).await.unwrap();
    }
}

fn said(order: &PolicyOrder, state: State, count: i64) -> PolicySaid {
    PolicySaid {
        policy: order.id,
        revision: order.revision,
        state,
        detail: String::new(),
        corrected: Corrected { count, at: (count > 0).then_some(START) },
    }
}

on_both!(a_policy_is_in_the_signed_state_of_the_devices_it_is_bound_to, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (mut one, mut two) = (world.device(1).await, world.device(2).await);
    assert!(world.state(&mut one).await.policies.is_empty());
    world.state(&mut two).await;
    let policy = world.policy(&motd("hello\n")).await;
    world.app.bind_policy(&granted(), policy.id, BindTo::Device(one.id)).await.unwrap();
    let state = world.state(&mut one).await;
    let [order] = state.policies.as_slice() else { panic!("{:?}", state.policies) };
    assert_eq!((order.id, order.revision, order.name.as_str()), (policy.id, 1, "Message of the day"));
    let [Effect::File(file)] = order.effects.as_slice() else { panic!("{order:?}") };
    assert_eq!((file.path.as_str(), file.content.as_str()), ("/etc/motd", "hello\n"));
    // A change is a new revision of the state; another device has none of it.
    let before = policy.revision;
    let changed =
        world.app.change_policy(&granted(), policy.id, &motd("hello again\n"), Some(before)).await.unwrap();
    assert_eq!(changed.revision, 2);
    assert_eq!(world.state(&mut one).await.policies[0].revision, 2);
    let stale = world.app.change_policy(&granted(), policy.id, &motd("x"), Some(before)).await;
    assert!(matches!(stale, Err(Refusal::Changed)));
    let group = GroupForm { name: "web".into(), description: String::new() };
    let group = world.app.create_device_group(&granted(), &group).await.unwrap().id;
    world.app.join_device_group(&granted(), group, two.id).await.unwrap();
    world.app.bind_policy(&granted(), policy.id, BindTo::Group(group)).await.unwrap();
    assert_eq!(world.state(&mut two).await.policies.len(), 1);
    world.app.leave_device_group(&granted(), group, two.id).await.unwrap();
    assert!(world.state(&mut two).await.policies.is_empty());
    world.app.delete_policy(&granted(), policy.id).await.unwrap();
    assert!(world.state(&mut one).await.policies.is_empty());
    assert_eq!(world.logged_as("policy.bind").await.len(), 2);
    let told = serde_json::to_string(&world.details_of("policy.edit").await).unwrap();
    assert!(told.contains("/etc/motd") && !told.contains("hello"), "{told}");
});

on_both!(what_a_device_says_of_a_policy_is_told_and_logged_once, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let mut agent = world.device(1).await;
    let policy = world.policy(&motd("hello\n")).await;
    world.app.bind_policy(&granted(), policy.id, BindTo::Device(agent.id)).await.unwrap();
    assert_eq!(world.standing(agent.id, policy.id).await, Standing::Pending);
    let order = world.state(&mut agent).await.policies.remove(0);
    for _ in 0..2 {
        world.says_of(&agent, vec![said(&order, State::Applied, 0)]).await;
    }
    assert_eq!(world.standing(agent.id, policy.id).await, Standing::Applied);
    for count in [1, 1, 2] {
        world.says_of(&agent, vec![said(&order, State::Applied, count)]).await;
    }
    assert!(
        matches!(world.standing(agent.id, policy.id).await, Standing::Corrected(corrected) if corrected.count == 2)
    );
    let failed = PolicySaid { detail: "full\u{1b} disk\nline".into(), ..said(&order, State::Failed, 2) };
    world.says_of(&agent, vec![failed]).await;
    assert_eq!(world.standing(agent.id, policy.id).await, Standing::Failed("full disk\nline".into()));
    assert_eq!(world.logged_as("device.policy.applied").await, ["device success"]);
    assert_eq!(world.logged_as("device.policy.corrected").await, ["device success"; 2]);
    assert_eq!(world.logged_as("device.policy.failed").await, ["device refused"]);
    // Neither a policy that is not its own, nor a revision that there is not, counts.
    let other = world.policy(&PolicyForm { name: "Other".into(), ..motd("x") }).await;
    let stranger = PolicySaid { policy: other.id, ..said(&order, State::Applied, 0) };
    let future = PolicySaid { revision: 9, ..said(&order, State::Applied, 0) };
    world.says_of(&agent, vec![stranger, future]).await;
    assert_eq!(world.standing(agent.id, policy.id).await.key(), "failed");
    world.app.change_policy(&granted(), policy.id, &motd("new"), None).await.unwrap();
    assert_eq!(world.standing(agent.id, policy.id).await, Standing::Pending);
});

on_both!(a_policy_for_another_system_is_not_sent_and_says_so, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let mut agent = world.device(1).await;
    world.state(&mut agent).await;
    let arso = world
        .policy(&PolicyForm { name: "ARSO".into(), template: "disable_arso".into(), ..PolicyForm::default() })
        .await;
    world.app.bind_policy(&granted(), arso.id, BindTo::Device(agent.id)).await.unwrap();
    assert_eq!(world.standing(agent.id, arso.id).await, Standing::OtherSystem);
    let calling = world.calling(&agent).await;
    world.app.let_devices_go();
    let news = world.app.await_state(&calling, agent.revision).await.unwrap();
    assert!(matches!(news, claviger_app::devices::News::Same), "{news:?}");
});

// S9.1: what Linux and macOS have in common goes to both, as it is there.
on_both!(a_mac_has_the_policies_of_linux_with_its_own_effects, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let (mut linux, mut mac) = (world.device(1).await, world.device_on(2, mac()).await);
    let policy = |name: &str, template: &str| PolicyForm {
        name: name.into(),
        template: template.into(),
        text: "Acme only.".into(),
        settings: vec![("UseDNS".into(), "no".into())],
        ..PolicyForm::default()
    };
    let mut banner = None;
    for (name, template) in [("Banner", "banner"), ("DNS", "sshd"), ("Restarts", "disable_arso")] {
        let policy = world.policy(&policy(name, template)).await;
        for device in [linux.id, mac.id] {
            world.app.bind_policy(&granted(), policy.id, BindTo::Device(device)).await.unwrap();
        }
        let standing = world.standing(mac.id, policy.id).await;
        assert_eq!(standing == Standing::OtherSystem, template == "disable_arso", "{template}: {standing:?}");
        banner = banner.or(Some(policy.id));
    }
    let places = |orders: &[PolicyOrder]| -> Vec<String> {
        orders.iter().flat_map(|order| &order.effects).map(Effect::place_words).collect()
    };
    let common = ["/etc/issue.net", "Banner of sshd", "UseDNS of sshd"];
    let on_linux = world.state(&mut linux).await.policies;
    assert_eq!(places(&on_linux), [["/etc/issue"].as_slice(), &common].concat());
    let on_mac = world.state(&mut mac).await.policies;
    assert_eq!(places(&on_mac), [["/Library/Security/PolicyBanner.txt"].as_slice(), &common].concat());
    world.says_of(&mac, vec![said(&on_mac[0], State::Applied, 0)]).await;
    assert_eq!(world.standing(mac.id, banner.unwrap()).await, Standing::Applied);
    assert_eq!(world.standing(linux.id, banner.unwrap()).await, Standing::Pending);
    let told = world.details_of("policy.create").await;
    let all = ["/etc/issue", "/etc/issue.net", "Banner of sshd", "/Library/Security/PolicyBanner.txt"];
    assert!(told.iter().any(|details| details["places"] == serde_json::json!(all)), "{told:?}");
});

on_both!(bad_policies_are_refused_whole, async |database: &TestDatabase| {
    let world = World::new(database).await;
    let value = |location: &str, kind: &str, data: &str| PolicyForm {
        name: "P".into(),
        template: "registry".into(),
        values: vec![ValueForm {
            location: location.into(),
            name: "v".into(),
            kind: kind.into(),
            data: data.into(),
        }],
        ..PolicyForm::default()
    };
    for form in [
        value(r"HKCU\SOFTWARE\Acme", "dword", "1"),
        value(r"SOFTWARE\Acme", "dword", "4294967296"),
        value(r"SOFTWARE\Acme", "multi_sz", "a\0b"),
    ] {
        let refused = world.app.create_policy(&granted(), &form).await.unwrap_err();
        assert_eq!(refused_fields(refused), ["values"]);
    }
    for path in [
        "/etc/shadow",
        "/etc/sudoers.d/x",
        "/etc/pam.d/login",
        "/etc/../etc/shadow",
        "/etc/ssh/sshd_config",
        "/private/etc/sudoers",
        "/private/etc/motd",
        "/Library/Claviger/etc/agent.toml",
    ] {
        let form = PolicyForm { path: path.into(), ..motd("x") };
        assert_eq!(refused_fields(world.app.create_policy(&granted(), &form).await.unwrap_err()), ["path"]);
    }
    world.policy(&motd("x")).await;
    let taken = PolicyForm { name: "MESSAGE of the day".into(), ..motd("y") };
    assert_eq!(refused_fields(world.app.create_policy(&granted(), &taken).await.unwrap_err()), ["name"]);
    assert_eq!(world.app.policies(&granted()).await.unwrap().len(), 1);
    let nobody = BindTo::Device(DeviceId::new(START, [9; 10]));
    let policy = world.app.policies(&granted()).await.unwrap().remove(0).policy.id;
    let refused = world.app.bind_policy(&granted::<ManageUsers>(), policy, nobody).await;
    assert!(matches!(refused, Err(Refusal::NotFound("device"))));
});
