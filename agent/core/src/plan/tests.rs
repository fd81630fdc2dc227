use super::*;
use claviger_domain::{
    device::{Sudo, TakeOver},
    id::{DeviceId, FactorId},
    time::Timestamp,
};
use claviger_wire::server::{Access, Codes, Factor, User};

const NOW: Timestamp = Timestamp::from_seconds(1_500_000_000);

pub(crate) fn user(number: u8, name: &str) -> User {
    User {
        id: AccountId::new(NOW, [number; 10]),
        name: name.into(),
        full_name: "A Person".into(),
        access: Access::Open,
        uid: None,
        gid: None,
        shell: "/bin/bash".into(),
        ssh_keys: Vec::new(),
        sudo: Sudo::None,
        take_over: TakeOver::Ask,
        requirement: claviger_wire::server::Requirement::NotRequired,
        factor: None,
        break_glass: Vec::new(),
        enrolls_until: None,
    }
}

pub(crate) fn state() -> State {
    State {
        revision: 1,
        codes: Codes::Asked,
        organization: "Acme".into(),
        ..State::empty(DeviceId::new(NOW, [9; 10]))
    }
}

pub(crate) fn everybody(state: &State) -> BTreeSet<AccountId> {
    state.users.iter().map(|user| user.id).collect()
}

fn there(uid: u32) -> Existing {
    Existing {
        uid,
        comment: "A Person".into(),
        shell: "/bin/bash".into(),
        password: Password::Usable,
        expiry: Expiry::NotOurs,
        sessions: Sessions::None,
    }
}

fn found(accounts: &[(&str, Existing)]) -> Found {
    Found {
        accounts: accounts.iter().map(|(name, there)| ((*name).to_owned(), there.clone())).collect(),
        shells: BTreeSet::from(["/bin/bash".to_owned()]),
        ..Found::default()
    }
}

fn held(user: &User, name: &str, uid: Option<u32>) -> Held {
    Held::from([(user.id, HeldAccount { name: name.into(), uid })])
}

/// What is planned for one user.
fn plan(user: &User, held: &Held, found: &Found) -> (AccountState, Vec<Step>) {
    let state = State { users: vec![user.clone()], ..state() };
    let planned = accounts(&state, held, found).pop().unwrap();
    (planned.state, planned.steps)
}

fn alice() -> String {
    "alice".into()
}

#[test]
fn an_account_is_made_if_it_is_missing() {
    let user = user(1, "alice");
    let (state, steps) = plan(&user, &Held::new(), &found(&[]));
    let new = NewAccount {
        name: alice(),
        uid: None,
        group: PrimaryGroup::Own,
        comment: "A Person".into(),
        shell: Some("/bin/bash".into()),
    };
    assert_eq!(state, AccountState::Ready);
    assert_eq!(steps, [Step::Hold { name: alice(), uid: None }, Step::Make(new)]);
}

#[test]
fn nothing_is_done_twice() {
    let user = user(1, "alice");
    let found = found(&[("alice", there(1001))]);
    assert_eq!(plan(&user, &held(&user, "alice", Some(1001)), &found), (AccountState::Ready, Vec::new()));
    // A crash between making it and noting its number down, and one between renaming it and noting that.
    let hold = Step::Hold { name: alice(), uid: Some(1001) };
    for (name, uid) in [("alice", None), ("alina", Some(1001))] {
        assert_eq!(plan(&user, &held(&user, name, uid), &found), (AccountState::Ready, vec![hold.clone()]));
    }
}

/// S8.12: an account that was there before is touched only after an administrator has confirmed it.
#[test]
fn a_foreign_account_is_taken_over_only_when_that_is_confirmed() {
    let mut user = user(1, "alice");
    let found = found(&[("alice", Existing { shell: "/bin/sh".into(), ..there(1001) })]);
    assert_eq!(plan(&user, &Held::new(), &found), (AccountState::NeedsTakeOver, Vec::new()));
    user.take_over = TakeOver::Confirmed;
    let (state, steps) = plan(&user, &Held::new(), &found);
    assert_eq!(state, AccountState::Ready);
    assert_eq!(
        steps,
        [
            Step::Hold { name: alice(), uid: Some(1001) },
            Step::Change { name: alice(), comment: "A Person".into(), shell: Some("/bin/bash".into()) }
        ]
    );
    // One that has another number than the one we held is another account.
    user.take_over = TakeOver::Ask;
    let other = held(&user, "alice", Some(1007));
    assert_eq!(plan(&user, &other, &found), (AccountState::NeedsTakeOver, Vec::new()));
    user.access = Access::Locked;
    assert_eq!(plan(&user, &other, &found), (AccountState::NeedsTakeOver, Vec::new()));
}

#[test]
fn root_and_the_systems_accounts_are_never_touched() {
    for (name, uid) in [("root", 0), ("postgres", 113), ("app", 0), ("squid", 65_534)] {
        let mut user = user(1, name);
        user.take_over = TakeOver::Confirmed;
        let found = found(&[(name, there(uid))]);
        for access in [Access::Open, Access::Locked] {
            user.access = access;
            for held in [Held::new(), held(&user, name, Some(uid)), held(&user, name, None)] {
                assert_eq!(plan(&user, &held, &found).1, [], "{name} {access:?}");
            }
        }
    }
}

#[test]
fn names_and_numbers_that_cannot_be_are_refused() {
    let mut taken = user(1, "alice");
    taken.uid = Some(1001);
    let bob = found(&[("bob", there(1001))]);
    assert_eq!(plan(&taken, &Held::new(), &bob), (AccountState::NameRefused, Vec::new()));
    for uid in [0, 999, 65_534, 65_535, u32::MAX] {
        let mut user = user(1, "alice");
        user.uid = Some(uid);
        assert_eq!(plan(&user, &Held::new(), &found(&[])), (AccountState::NameRefused, Vec::new()), "{uid}");
        (user.uid, user.gid) = (None, Some(uid));
        assert_eq!(plan(&user, &Held::new(), &found(&[])), (AccountState::NameRefused, Vec::new()), "{uid}");
    }
    for name in ["../../etc/x", "Alice", "", "-f", "a:b", "systemd-network"] {
        assert_eq!(
            plan(&user(1, name), &Held::new(), &found(&[])),
            (AccountState::NameRefused, Vec::new()),
            "{name}"
        );
    }
    let elsewhere = Found { elsewhere: BTreeSet::from([alice()]), ..found(&[]) };
    assert_eq!(plan(&user(1, "alice"), &Held::new(), &elsewhere).0, AccountState::NameRefused);
}

#[test]
fn groups_are_found_or_made() {
    let group_of = |user: &User, groups: &[(&str, u32)]| {
        let groups = groups.iter().map(|(name, gid)| ((*name).to_owned(), *gid)).collect();
        let (state, steps) = plan(user, &Held::new(), &Found { groups, ..found(&[]) });
        let made = steps.iter().any(|step| matches!(step, Step::MakeGroup { .. }));
        let group = steps.into_iter().find_map(|step| match step {
            Step::Make(new) => Some(new.group),
            _ => None,
        });
        (state, group, made)
    };
    let mut user = user(1, "alice");
    assert_eq!(group_of(&user, &[]), (AccountState::Ready, Some(PrimaryGroup::Own), false));
    assert_eq!(
        group_of(&user, &[("alice", 1500)]),
        (AccountState::Ready, Some(PrimaryGroup::Numbered(1500)), false)
    );
    assert_eq!(group_of(&user, &[("alice", 27)]), (AccountState::NameRefused, None, false));
    user.gid = Some(2000);
    assert_eq!(group_of(&user, &[]), (AccountState::Ready, Some(PrimaryGroup::Numbered(2000)), true));
    assert_eq!(
        group_of(&user, &[("staff", 2000)]),
        (AccountState::Ready, Some(PrimaryGroup::Numbered(2000)), false)
    );
    assert_eq!(group_of(&user, &[("alice", 1500)]), (AccountState::NameRefused, None, false));
}

/// S8.12: unbinding and suspending lock, for keys too, and end what runs; nothing is deleted.
#[test]
fn a_locked_account_ends_its_sessions() {
    let mut user = user(1, "alice");
    user.access = Access::Locked;
    let mine = held(&user, "alice", Some(1001));
    let running = Existing { sessions: Sessions::Running, ..there(1001) };
    let (lock, end) = (Step::Lock { name: alice() }, Step::EndSessions { name: alice(), uid: 1001 });
    assert_eq!(plan(&user, &mine, &found(&[("alice", running)])).1, [lock.clone(), end.clone()]);
    // A lock of the password alone lets keys in.
    let half = Existing { password: Password::BehindLock, ..there(1001) };
    assert_eq!(plan(&user, &mine, &found(&[("alice", half.clone())])).1, [lock]);
    let done = Existing { expiry: Expiry::DayOne, ..half };
    assert_eq!(plan(&user, &mine, &found(&[("alice", done.clone())])).1, []);
    // A crash between the lock and the end of the sessions.
    let crashed = Existing { sessions: Sessions::Running, ..done.clone() };
    assert_eq!(plan(&user, &mine, &found(&[("alice", crashed)])).1, [end]);
    user.access = Access::Open;
    let unlock = Step::Unlock { name: alice(), password: Password::BehindLock };
    assert_eq!(plan(&user, &mine, &found(&[("alice", done)])).1, [unlock]);
    // Nobody is made only to be locked.
    user.access = Access::Locked;
    assert_eq!(plan(&user, &Held::new(), &found(&[])), (AccountState::Locked, Vec::new()));
}

#[test]
fn an_account_that_the_state_forgot_is_locked() {
    let gone = user(1, "alice");
    let plans = accounts(&state(), &held(&gone, "alice", Some(1001)), &found(&[("alice", there(1001))]));
    assert_eq!(plans.len(), 1);
    assert_eq!(plans[0].steps, [Step::Lock { name: alice() }]);
}

#[test]
fn a_new_name_goes_to_the_account_if_it_is_free() {
    let user = user(1, "alina");
    let mine = held(&user, "alice", Some(1001));
    let (state, steps) = plan(&user, &mine, &found(&[("alice", there(1001))]));
    assert_eq!(state, AccountState::Ready);
    assert_eq!(
        steps,
        [
            Step::Rename { from: alice(), to: "alina".into() },
            Step::Hold { name: "alina".into(), uid: Some(1001) }
        ]
    );
    let both = found(&[("alice", there(1001)), ("alina", there(1002))]);
    assert_eq!(plan(&user, &mine, &both), (AccountState::NameRefused, vec![Step::Lock { name: alice() }]));
}

#[test]
fn a_name_that_goes_from_one_user_to_another_ends_open() {
    let (mut old, mut new) = (user(1, "alice"), user(2, "alice"));
    old.access = Access::Locked;
    new.take_over = TakeOver::Confirmed;
    let mine = held(&old, "alice", Some(1001));
    let state = State { users: vec![new.clone(), old], ..state() };
    let plans = accounts(&state, &mine, &found(&[("alice", there(1001))]));
    assert_eq!(plans.last().unwrap().user, new.id);
    assert_eq!(plans.last().unwrap().steps, [Step::Hold { name: alice(), uid: Some(1001) }]);
}

#[test]
fn a_comment_cannot_add_a_field() {
    let mut user = user(1, "alice");
    user.full_name = "A:0:0\nB, Person=\\ ".into();
    let (_, steps) = plan(&user, &Held::new(), &found(&[]));
    let Some(Step::Make(new)) = steps.last() else { panic!("{steps:?}") };
    assert_eq!(new.comment, "A00B Person");
}

/// S8.4: only those who are enrolled and may sign in with an account of ours are asked.
#[test]
fn the_group_holds_who_is_asked() {
    let factor = Factor { id: FactorId::new(NOW, [1; 10]), resynced: 0, learned: 0 };
    let enrolled = User { factor: Some(factor), ..user(1, "alice") };
    let locked =
        User { access: Access::Locked, id: user(3, "x").id, name: "carol".into(), ..enrolled.clone() };
    let foreign = User { id: user(4, "x").id, name: "dave".into(), ..enrolled.clone() };
    let mut state = State { users: vec![enrolled, user(2, "bob"), locked, foreign.clone()], ..state() };
    let mut ready = everybody(&state);
    ready.remove(&foreign.id);
    assert_eq!(members(&state, &ready), BTreeSet::from([alice()]));
    state.codes = Codes::NotAsked;
    assert_eq!(members(&state, &ready), BTreeSet::new());
}
