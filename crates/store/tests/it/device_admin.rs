//! Devices as administrators list them, connect keys, groups, and what users are on devices.

use super::{devices::given_a_device, *};
use claviger_domain::{
    connect_key::{ConnectKey, State as KeyState},
    device::{AccountState, Device, Rules, Sudo, Switch, ask_once::AskOnce, forecast::ONLINE_FOR},
    group::GroupName,
    id::{BreakGlassId, ConnectKeyId, DeviceGroupId, DeviceId, GroupId},
    posix::{Posix, SshKey},
    sign_in::TotpSwitch,
    time::Span,
};
use claviger_store::{
    Statement, p,
    table::{
        break_glass::{self, BreakGlass},
        connect_key, device,
        device_binding::{self, After, Way},
        device_group::{self, DeviceGroup},
        device_list::{self, Filter, Presence, Present},
        group, posix,
        user_list::Page,
    },
};
use claviger_testing::{TestDatabase, on_both};

const PRESENT: Present = Present { totp: TotpSwitch::Enabled, now: NOW };

async fn conflicts(store: &Store, statement: Statement) {
    assert_eq!(store.commit(Batch::of([statement])).await.unwrap(), Commit::Conflict);
}

fn key(n: u8) -> ConnectKey {
    ConnectKey {
        id: ConnectKeyId::new(NOW, [n; 10]),
        revision: 1,
        name: format!("key {n}"),
        created_at: NOW,
        expires_at: None,
        uses_left: None,
        uses: 0,
        device_group: None,
        state: KeyState::Active,
    }
}

on_both!(a_connect_key_is_taken_as_often_as_it_may, async |database: &TestDatabase| {
    let store = database.open().await;
    let (twice, soon, any) = (key(1), key(2), key(3));
    let twice = ConnectKey { uses_left: Some(2), ..twice };
    let soon = ConnectKey { expires_at: Some(NOW.plus(Span::hours(1))), ..soon };
    for (made, hash) in [(&twice, [1; 32]), (&soon, [2; 32]), (&any, [3; 32])] {
        committed(&store, Batch::of([connect_key::insert(ORG, made, hash)])).await;
    }
    let take = |hash: u8| connect_key::take(ORG, [hash; 32], NOW);
    for _ in 0..2 {
        committed(&store, Batch::of([take(1)])).await;
        committed(&store, Batch::of([take(3)])).await;
    }
    conflicts(&store, take(1)).await;
    conflicts(&store, take(9)).await;
    let found = connect_key::by_token(&store, ORG, [1; 32]).await.unwrap().unwrap();
    assert_eq!((found.uses, found.uses_left, found.revision), (2, Some(0), 1));
    let found = connect_key::load(&store, ORG, any.id).await.unwrap().unwrap();
    assert_eq!((found.uses, found.uses_left), (2, None));
    committed(&store, Batch::of([take(2)])).await;
    conflicts(&store, connect_key::take(ORG, [2; 32], NOW.plus(Span::hours(1)))).await;
    committed(&store, Batch::of([connect_key::rotate(ORG, &any, [4; 32])])).await;
    conflicts(&store, take(3)).await;
    committed(&store, Batch::of([take(4)])).await;
    conflicts(&store, connect_key::revoke(ORG, &any)).await;
    let any = ConnectKey { revision: 2, ..any };
    committed(&store, Batch::of([connect_key::revoke(ORG, &any)])).await;
    conflicts(&store, take(4)).await;
    conflicts(&store, connect_key::rotate(ORG, &ConnectKey { revision: 3, ..any }, [5; 32])).await;
    let names: Vec<_> =
        connect_key::page(&store, ORG, None, 2).await.unwrap().into_iter().map(|key| key.name).collect();
    assert_eq!(names, ["key 3", "key 2"]);
    let older = connect_key::page(&store, ORG, Some(soon.id), 2).await.unwrap();
    assert_eq!(older.iter().map(|key| key.id).collect::<Vec<_>>(), [twice.id]);
});

async fn told(store: &Store, id: DeviceId, applied: (&'static str, &'static str), at: Timestamp) {
    const SQL: &str = "UPDATE device_contact SET applied = $3, applied_why = $4, last_contact_at = $5, \
        hostname = 'Db.Acme.test', system = 'Debian 12' WHERE organization = $1 AND device = $2";
    committed(store, Batch::of([Statement::new(SQL, p![ORG, id, applied.0, applied.1, at])])).await;
}

async fn asks(store: &Store, made: &Device) {
    let rules = Rules { mfa: Switch::On, ..made.rules };
    committed(store, Batch::of([device::save(ORG, &Device { rules, ..made.clone() }).unwrap()])).await;
}

async fn names(store: &Store, filter: Filter, present: Present) -> Vec<String> {
    let found = device_list::page(store, ORG, &filter, (&Page::First, 50), present).await.unwrap();
    let listed: Vec<_> = found.iter().map(|known| known.device.name.clone()).collect();
    let counted = device_list::by_status(store, ORG, &filter, present).await.unwrap();
    assert_eq!(counted.iter().map(|(_, count)| count).sum::<i64>(), listed.len() as i64, "{filter:?}");
    for known in found {
        let status = known.contact.standing(&known.device).status(present.totp);
        if let Some(asked) = &filter.status {
            assert_eq!(asked, status.key(), "the list and the page of a device say the same");
        }
    }
    let all = device_list::names(store, ORG, &filter, present, 50).await.unwrap();
    assert_eq!(all.into_iter().map(|named| named.name).collect::<Vec<_>>(), listed);
    listed
}

on_both!(devices_are_found_by_status_platform_presence_group_and_words, async |database: &TestDatabase| {
    let store = database.open().await;
    let mut made = Vec::new();
    for n in 1..=5 {
        made.push(given_a_device(&store, n).await);
    }
    let old = NOW.minus(ONLINE_FOR).minus(Span::seconds(1));
    told(&store, made[0].id, ("in_force", ""), NOW).await;
    told(&store, made[1].id, ("blocked", "disk"), old).await;
    for device in &made[..3] {
        asks(&store, device).await;
    }
    let of = |status: &str| Filter { status: Some(status.into()), ..Filter::default() };
    assert_eq!(names(&store, Filter::default(), PRESENT).await.len(), 5);
    assert_eq!(names(&store, of("on"), PRESENT).await, ["Web-1"]);
    assert_eq!(names(&store, of("blocked"), PRESENT).await, ["Web-2"]);
    assert_eq!(names(&store, of("waiting"), PRESENT).await, ["Web-3"]);
    assert_eq!(names(&store, of("off"), PRESENT).await, ["Web-4", "Web-5"]);
    let paused = Present { totp: TotpSwitch::Disabled, ..PRESENT };
    assert_eq!(names(&store, of("paused"), paused).await, ["Web-1", "Web-2", "Web-3"]);
    assert!(names(&store, of("on"), paused).await.is_empty());
    let offline = Filter { presence: Some(Presence::Offline), ..Filter::default() };
    assert_eq!(names(&store, offline, PRESENT).await, ["Web-2"]);
    let online = Filter { presence: Some(Presence::Online), ..of("on") };
    assert_eq!(names(&store, online, PRESENT).await, ["Web-1"]);
    for (search, count) in [("WEB-", 5), ("db.acme", 2), ("debian", 2), ("web_", 0), ("%", 0)] {
        let filter = Filter { search: search.into(), ..Filter::default() };
        assert_eq!(names(&store, filter, PRESENT).await.len(), count, "{search}");
    }
    let windows = Filter { platform: Some(claviger_domain::device::Platform::Windows), ..Filter::default() };
    assert!(names(&store, windows, PRESENT).await.is_empty());
    let group = DeviceGroupId::new(NOW, [1; 10]);
    committed(&store, Batch::of([device_group::join(ORG, group, made[4].id, NOW)])).await;
    let member = Filter { group: Some(group), ..Filter::default() };
    assert_eq!(names(&store, member, PRESENT).await, ["Web-5"]);
    let ids = Filter { ids: Some(vec![made[2].id, made[0].id]), ..Filter::default() };
    assert_eq!(names(&store, ids, PRESENT).await, ["Web-1", "Web-3"]);
    assert!(names(&store, Filter { ids: Some(Vec::new()), ..Filter::default() }, PRESENT).await.is_empty());
    assert_eq!(device_list::of_ids(&store, ORG, &[made[1].id]).await.unwrap().len(), 1);
    assert_eq!(device_list::named(&store, ORG, "WEB-2").await.unwrap()[0].id, made[1].id);
});

on_both!(pages_of_devices_meet_without_a_gap, async |database: &TestDatabase| {
    let store = database.open().await;
    for n in 1..=5 {
        given_a_device(&store, n).await;
    }
    let all = Filter::default();
    let page = async |page: &Page| device_list::page(&store, ORG, &all, (page, 2), PRESENT).await.unwrap();
    let first = page(&Page::First).await;
    let second = page(&Page::After(device_list::cursor(&first[1].device))).await;
    let last = page(&Page::After(device_list::cursor(&second[1].device))).await;
    let names = [&first, &second, &last].map(|page| page.iter().map(|known| &*known.device.name).collect());
    let names: Vec<Vec<&str>> = names.into();
    assert_eq!(names, [vec!["Web-1", "Web-2"], vec!["Web-3", "Web-4"], vec!["Web-5"]]);
    let back = page(&Page::Before(device_list::cursor(&last[0].device))).await;
    assert_eq!(back.iter().map(|known| &*known.device.name).collect::<Vec<_>>(), ["Web-3", "Web-4"]);
});

async fn given_users(store: &Store, accounts: &[&Account]) {
    let inserts = accounts.iter().map(|account| table::account::insert(ORG, account));
    committed(store, Batch::of(inserts)).await;
}

fn group_of_users(id: GroupId, name: &str) -> claviger_domain::group::Group {
    claviger_domain::group::Group {
        id,
        revision: 1,
        name: GroupName::parse("name", name).unwrap(),
        description: String::new(),
        rule: claviger_domain::group::Rule::None,
        next_wave_at: None,
        created_at: NOW,
    }
}

on_both!(everybody_bound_is_listed_once_with_the_strongest_of_their_ways, async |database: &TestDatabase| {
    let store = database.open().await;
    let (web, db) = (given_a_device(&store, 1).await, given_a_device(&store, 2).await);
    let (alice, bob, carol) = (user("alice"), user("bob"), user("carol"));
    given_users(&store, &[&alice, &bob, &carol]).await;
    let (sales, ops) = (GroupId::new(NOW, [1; 10]), DeviceGroupId::new(NOW, [2; 10]));
    let servers = DeviceGroup {
        id: ops,
        revision: 1,
        name: GroupName::parse("name", "Servers").unwrap(),
        description: String::new(),
        created_at: NOW,
        ask_once: AskOnce::EachTime,
    };
    let batch = [
        group::insert(ORG, &group_of_users(sales, "Sales")),
        group::join(ORG, sales, alice.id, NOW),
        group::join(ORG, sales, bob.id, NOW),
        device_group::insert(ORG, &servers),
        device_group::join(ORG, ops, web.id, NOW),
        device_group::bind(ORG, (ops, sales), Sudo::WithPassword, NOW),
        device_binding::bind(ORG, (web.id, alice.id), Sudo::None, NOW),
        device_binding::bind(ORG, (db.id, carol.id), Sudo::WithoutPassword, NOW),
    ];
    committed(&store, Batch::of(batch)).await;
    let found = device_binding::of_devices(&store, ORG, &[web.id, db.id], None, 50).await.unwrap();
    let told: Vec<_> = found
        .iter()
        .map(|bound| (bound.account.email.as_str(), bound.binding.way, bound.binding.sudo))
        .collect();
    assert_eq!(
        told,
        [
            ("alice@example.com", Way::Direct, Sudo::WithPassword),
            ("bob@example.com", Way::Groups, Sudo::WithPassword),
            ("carol@example.com", Way::Direct, Sudo::WithoutPassword),
        ]
    );
    assert_eq!(found[1].binding.through, "Sales → Servers");
    assert_eq!((found[0].binding.state, found[0].keys), (AccountState::Unknown, 0));
    let counts = device_binding::count(&store, ORG, &[web.id, db.id]).await.unwrap();
    assert!(counts.contains(&(web.id, 2)) && counts.contains(&(db.id, 1)), "{counts:?}");
    let after = After { name: table::account::sort_key(&alice), id: alice.id.0 };
    let rest = device_binding::of_devices(&store, ORG, &[web.id], Some(&after), 50).await.unwrap();
    assert_eq!(rest.iter().map(|bound| bound.account.id).collect::<Vec<_>>(), [bob.id]);
    let of_bob = device_binding::of_account(&store, ORG, bob.id, 50).await.unwrap();
    assert_eq!(of_bob.iter().map(|bound| bound.known.device.id).collect::<Vec<_>>(), [web.id]);
    conflicts(&store, device_binding::unbind(ORG, web.id, bob.id)).await;
    committed(&store, Batch::of([device_binding::unbind(ORG, web.id, alice.id)])).await;
    let way = |found: Vec<device_binding::BoundUser>| found[0].binding.way;
    let again = device_binding::of_devices(&store, ORG, &[web.id], None, 1).await.unwrap();
    assert_eq!(way(again), Way::Groups, "the group's binding stays");
    // A group that is gone binds nobody, whichever side it was on.
    let sold = group::load(&store, ORG, sales).await.unwrap().unwrap();
    committed(&store, Batch::of(group::delete(ORG, &sold))).await;
    assert!(device_group::bindings(&store, ORG, ops).await.unwrap().is_empty());
    let group = device_group::load(&store, ORG, ops).await.unwrap().unwrap();
    committed(&store, Batch::of(device_group::delete(ORG, &group))).await;
    assert!(device_group::of_device(&store, ORG, web.id).await.unwrap().is_empty());
    assert!(device_binding::of_devices(&store, ORG, &[web.id], None, 50).await.unwrap().is_empty());
    assert!(device_binding::of_devices(&store, ORG, &[], None, 50).await.unwrap().is_empty());
});

on_both!(a_take_over_is_confirmed_only_where_the_device_asks, async |database: &TestDatabase| {
    const SAID: &str = "UPDATE device_account SET state = 'needs_take_over' WHERE organization = $1";
    let store = database.open().await;
    let (web, alice) = (given_a_device(&store, 1).await, user("alice"));
    given_users(&store, &[&alice]).await;
    conflicts(&store, device_binding::confirm_take_over(ORG, web.id, alice.id)).await;
    committed(&store, Batch::of([table::device_bound::telling(ORG, web.id, alice.id, "alice")])).await;
    conflicts(&store, device_binding::confirm_take_over(ORG, web.id, alice.id)).await;
    committed(&store, Batch::of([Statement::new(SAID, p![ORG])])).await;
    committed(&store, Batch::of([device_binding::confirm_take_over(ORG, web.id, alice.id)])).await;
});

on_both!(numbers_are_one_of_a_kind_and_keys_are_counted, async |database: &TestDatabase| {
    let store = database.open().await;
    let (alice, bob) = (user("alice"), user("bob"));
    given_users(&store, &[&alice, &bob]).await;
    assert_eq!(posix::load(&store, ORG, alice.id).await.unwrap(), None);
    let laid_down = Posix { uid: Some(5_000), gid: None, shell: "/bin/zsh".into() };
    for _ in 0..2 {
        committed(&store, Batch::of([posix::save(ORG, alice.id, &laid_down)])).await;
    }
    assert_eq!(posix::load(&store, ORG, alice.id).await.unwrap(), Some(laid_down.clone()));
    assert_eq!(posix::with_uid(&store, ORG, 5_000).await.unwrap(), Some(alice.id));
    conflicts(&store, posix::save(ORG, bob.id, &laid_down)).await;
    // Any number of users have none.
    for account in [alice.id, bob.id] {
        committed(&store, Batch::of([posix::save(ORG, account, &Posix::default())])).await;
    }
    let line =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl alice@laptop";
    let key = SshKey::parse("key", line).unwrap();
    let add = [posix::add_key(ORG, alice.id, &key, NOW), posix::at_most(ORG, alice.id, 1)];
    committed(&store, Batch::of(add)).await;
    conflicts(&store, posix::add_key(ORG, alice.id, &key, NOW)).await;
    conflicts(&store, posix::at_most(ORG, alice.id, 0)).await;
    let kept = posix::keys(&store, ORG, alice.id).await.unwrap();
    assert_eq!((kept.len(), kept[0].key.line().as_str(), kept[0].added_at), (1, line, NOW));
    conflicts(&store, posix::remove_key(ORG, bob.id, key.digest())).await;
    committed(&store, Batch::of([posix::remove_key(ORG, alice.id, key.digest())])).await;
    assert!(posix::keys(&store, ORG, alice.id).await.unwrap().is_empty());
});

on_both!(a_break_glass_code_is_good_once_and_for_its_time, async |database: &TestDatabase| {
    let store = database.open().await;
    let (web, alice) = (given_a_device(&store, 1).await, user("alice"));
    let code = |n: u8| BreakGlass {
        id: BreakGlassId::new(NOW, [n; 10]),
        device: web.id,
        account: alice.id,
        code_hash: [n; 32],
        reason: "lost phone".into(),
        created_at: NOW,
        expires_at: NOW.plus(Span::hours(8)),
        used_at: None,
    };
    let good = async |now: Timestamp| break_glass::good(&store, ORG, web.id, now).await.unwrap();
    committed(&store, Batch::of([break_glass::insert(ORG, &code(1))])).await;
    assert_eq!(good(NOW).await, [code(1)]);
    assert!(good(NOW.plus(Span::hours(8))).await.is_empty());
    let again = [break_glass::forget_earlier(ORG, web.id, alice.id), break_glass::insert(ORG, &code(2))];
    committed(&store, Batch::of(again)).await;
    assert_eq!(good(NOW).await, [code(2)], "an earlier one is dead");
    committed(&store, Batch::of([break_glass::used(ORG, web.id, code(2).id, NOW)])).await;
    assert!(good(NOW).await.is_empty());
});
