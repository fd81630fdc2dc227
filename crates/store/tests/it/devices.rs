use super::*;
use claviger_domain::{
    device::{AccountState, Device, Platform, Proof, Rules, Sudo, Switch},
    id::{ConnectKeyId, DeviceGroupId, DeviceId, GroupId},
};
use claviger_store::{
    Statement, p,
    table::{
        device, device_bound,
        device_bound::{Binding, Tie},
        device_contact::{self, Contact, Told},
        group,
    },
};
use claviger_testing::{TestDatabase, on_both};

const WEB: DeviceGroupId = DeviceGroupId(uuid::Uuid::from_u128(1));
const OPS: GroupId = GroupId(uuid::Uuid::from_u128(2));

fn computer(n: u8) -> Device {
    Device {
        id: DeviceId::new(NOW, [n; 10]),
        revision: 1,
        name: format!("Web-{n}"),
        public_key: [n; 32],
        platform: Platform::Linux,
        rules: Rules::default(),
        proof: Proof::default(),
        enrolled_at: NOW,
        connect_key: ConnectKeyId::new(NOW, [9; 10]),
    }
}

pub(crate) async fn given_a_device(store: &Store, n: u8) -> Device {
    let made = computer(n);
    let contact = Contact {
        state_revision: 0,
        state_hash: Vec::new(),
        told: Told::default(),
        last_contact_at: NOW,
        last_address: String::new(),
        event_sequence: 0,
    };
    let batch = [device::insert(ORG, &made).unwrap(), device_contact::insert(ORG, made.id, &contact)];
    committed(store, Batch::of(batch)).await;
    made
}

fn bind(device: DeviceId, account: &Account, sudo: Sudo) -> Statement {
    const SQL: &str =
        "INSERT INTO device_user (organization, device, account, sudo, bound_at) VALUES ($1, $2, $3, $4, 0)";
    Statement::new(SQL, p![ORG, device, account.id, sudo.key()])
}

/// The group of devices, bound to the group of users.
fn groups(sudo: Sudo) -> [Statement; 2] {
    const GROUP: &str = "INSERT INTO device_group (organization, id, revision, name, name_key, description, created_at) \
        VALUES ($1, $2, 1, 'web', 'web', '', 0)";
    const BIND: &str = "INSERT INTO group_binding (organization, device_group, user_group, sudo, bound_at) \
        VALUES ($1, $2, $3, $4, 0)";
    [Statement::new(GROUP, p![ORG, WEB]), Statement::new(BIND, p![ORG, WEB, OPS, sudo.key()])]
}

on_both!(a_device_is_read_back_as_it_was_written_and_changed_once, async |database: &TestDatabase| {
    let store = database.open().await;
    let made = given_a_device(&store, 1).await;
    assert_eq!(device::load(&store, ORG, made.id).await.unwrap().as_ref(), Some(&made));
    assert_eq!(device::by_public_key(&store, ORG, [1; 32]).await.unwrap(), std::slice::from_ref(&made));
    assert!(device::by_public_key(&store, ORG, [2; 32]).await.unwrap().is_empty());
    let rules = Rules { mfa: Switch::On, ..Rules::default() };
    let changed = Device { name: "db".into(), rules, ..made.clone() };
    committed(&store, Batch::of([device::save(ORG, &changed).unwrap()])).await;
    let again = store.commit(Batch::of([device::save(ORG, &made).unwrap()])).await.unwrap();
    assert_eq!(again, Commit::Conflict);
    let found = device::load(&store, ORG, made.id).await.unwrap().unwrap();
    assert_eq!(found, Device { revision: 2, ..changed });
    committed(&store, Batch::of(device::delete(ORG, &found))).await;
    assert_eq!(device_contact::known(&store, ORG, made.id).await.unwrap().map(|known| known.device), None);
});

on_both!(everybody_bound_is_found_once_with_the_strongest_sudo, async |database: &TestDatabase| {
    let store = database.open().await;
    let (one, two) = (given_a_device(&store, 1).await, given_a_device(&store, 2).await);
    let people: Vec<_> = ["alice", "bob", "carol", "dave"].map(user).into();
    let [alice, bob, carol, dave] = people.as_slice() else { panic!() };
    let mut batch = Batch::of(people.iter().map(|account| table::account::insert(ORG, account)));
    batch = batch.and(groups(Sudo::WithPassword)).and([
        device::join(ORG, WEB, one.id, NOW),
        group::join(ORG, OPS, alice.id, NOW),
        group::join(ORG, OPS, bob.id, NOW),
        bind(one.id, alice, Sudo::WithoutPassword),
        bind(one.id, bob, Sudo::None),
        bind(two.id, dave, Sudo::None),
        device_bound::telling(ORG, one.id, bob.id, "bob"),
        device_bound::telling(ORG, one.id, carol.id, "carol"),
        table::factor::insert(ORG, &factor(alice), vec![1]),
        Statement::new(
            "INSERT INTO account_posix (organization, account, uid, shell) VALUES ($1, $2, 5000, '/bin/sh')",
            p![ORG, alice.id],
        ),
    ]);
    committed(&store, batch).await;
    let found = device_bound::everybody(&store, ORG, one.id).await.unwrap();
    let bindings: Vec<_> = found.iter().map(|bound| (bound.account, bound.binding)).collect();
    let expected = [
        (alice.id, Binding::Bound(Sudo::WithoutPassword)),
        (bob.id, Binding::Bound(Sudo::WithPassword)),
        (carol.id, Binding::Unbound),
    ];
    assert_eq!(bindings, expected);
    let person = found[0].person.clone().unwrap();
    assert_eq!(
        (person.username.as_str(), person.uid, person.shell.as_str()),
        ("alice", Some(5_000), "/bin/sh")
    );
    assert_eq!(person.clock.map(|clock| clock.factor), Some(factor(alice).id));
    assert_eq!(found[0].on_device, None);
    assert_eq!(
        found[1].on_device.as_ref().map(|on| (on.state, on.name.as_str())),
        Some((AccountState::Unknown, "bob"))
    );
    let ties = async |device: &Device, account: &Account| {
        device_bound::tie(&store, ORG, device.id, account.id).await.unwrap()
    };
    for (account, tie) in [(alice, Tie::Bound), (bob, Tie::Bound), (carol, Tie::Told), (dave, Tie::None)] {
        assert_eq!(ties(&one, account).await, tie, "{}", account.email);
    }
    for (account, devices) in
        [(alice, vec![one.id]), (bob, vec![one.id]), (carol, vec![one.id]), (dave, vec![two.id])]
    {
        assert_eq!(device_bound::devices_of(&store, ORG, account.id).await.unwrap(), devices);
    }
});

on_both!(a_group_that_is_gone_takes_nobody_in, async |database: &TestDatabase| {
    let store = database.open().await;
    let one = given_a_device(&store, 1).await;
    committed(&store, Batch::of([device::join(ORG, WEB, one.id, NOW)])).await;
    const SQL: &str = "SELECT count(*) FROM device_group_member WHERE organization = $1";
    assert_eq!(store.query::<i64>(SQL, p![ORG]).await.unwrap(), [0]);
});

on_both!(of_those_who_find_a_new_state_at_once_one_writes_it, async |database: &TestDatabase| {
    let store = database.open().await;
    let one = given_a_device(&store, 1).await;
    committed(&store, Batch::of([device_contact::new_state(ORG, one.id, 0, (1, [7; 32]))])).await;
    let second = store.commit(Batch::of([device_contact::new_state(ORG, one.id, 0, (1, [8; 32]))])).await;
    assert_eq!(second.unwrap(), Commit::Conflict);
    let event = |from, to| Batch::of([device_contact::event_taken(ORG, one.id, from, to)]);
    committed(&store, event(0, 3)).await;
    assert_eq!(store.commit(event(0, 3)).await.unwrap(), Commit::Conflict);
    let contact = device_contact::known(&store, ORG, one.id).await.unwrap().unwrap().contact;
    assert_eq!((contact.state_revision, contact.state_hash, contact.event_sequence), (1, vec![7; 32], 3));
});

on_both!(a_device_has_its_thousand_users_among_many, async |database: &TestDatabase| {
    let store = database.open().await;
    let one = given_a_device(&store, 1).await;
    committed(&store, Batch::of(groups(Sudo::None)).and([device::join(ORG, WEB, one.id, NOW)])).await;
    let people: Vec<_> = (0..4_000).map(|n| user(&format!("u{n}"))).collect();
    for (chunk, some) in people.chunks(500).enumerate() {
        let mut batch = Batch::of(some.iter().map(|account| table::account::insert(ORG, account)));
        for account in some {
            let group = if chunk < 2 { OPS } else { GroupId(uuid::Uuid::from_u128(100 + chunk as u128)) };
            batch.push(group::join(ORG, group, account.id, NOW));
        }
        committed(&store, batch).await;
    }
    let found = device_bound::everybody(&store, ORG, one.id).await.unwrap();
    assert_eq!(found.len(), 1_000);
    for account in people.iter().take(20) {
        assert_eq!(device_bound::devices_of(&store, ORG, account.id).await.unwrap(), [one.id]);
    }
});
