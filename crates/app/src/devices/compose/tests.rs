use super::*;
use claviger_domain::{
    account::PersonName,
    device::{Platform, Proof as Asked, Rules, Sudo},
    id::{BreakGlassId, ConnectKeyId, DeviceId, FactorId, OrganizationId},
    organization::Settings,
    time::Span,
    totp::Drift,
};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn id(n: u8) -> AccountId {
    AccountId::new(NOW, [n; 10])
}

fn organization(totp: TotpSwitch) -> Organization {
    let settings = Settings::new("Acme".into()).unwrap();
    let id = OrganizationId::new(NOW, [1; 10]);
    Organization { id, revision: 1, totp, settings, mails_off: Vec::new(), logo: None }
}

fn device() -> Device {
    Device {
        id: DeviceId::new(NOW, [7; 10]),
        revision: 1,
        name: "web-1".into(),
        public_key: [0; 32],
        platform: Platform::Linux,
        rules: Rules { mfa: Switch::On, ..Rules::default() },
        proof: Asked::default(),
        enrolled_at: NOW,
        connect_key: ConnectKeyId::new(NOW, [8; 10]),
    }
}

fn clock(learned: i32) -> Clock {
    Clock { factor: FactorId::new(NOW, [9; 10]), drift: Drift { resynced: 0, learned }, last_used_at: NOW }
}

fn person(state: AccountStanding) -> Person {
    Person {
        username: "alice".into(),
        name: PersonName::default(),
        state,
        requirement: claviger_domain::mfa::Requirement::NotRequired,
        clock: Some(clock(0)),
        uid: Some(5_000),
        gid: None,
        shell: String::new(),
        enrolls_until: None,
    }
}

fn on_device(state: AccountState) -> OnDevice {
    OnDevice { take_over: TakeOver::Ask, state, name: "alice".into() }
}

fn bound(state: AccountStanding) -> Bound {
    let binding = Binding::Bound(Sudo::WithPassword);
    Bound { account: id(1), binding, person: Some(person(state)), on_device: None }
}

fn unbound(state: AccountState) -> Bound {
    let on_device = Some(on_device(state));
    Bound { binding: Binding::Unbound, on_device, ..bound(AccountStanding::Activated) }
}

fn composed(bound: Vec<Bound>) -> Composed {
    let keys = vec![KeyLine { account: id(1), line: "ssh-ed25519 AAAA alice".into() }];
    let codes = vec![Stored {
        id: BreakGlassId::new(NOW, [3; 10]),
        device: device().id,
        account: id(1),
        code_hash: [5; 32],
        reason: String::new(),
        created_at: NOW,
        expires_at: NOW.plus(Span::hours(1)),
        used_at: None,
    }];
    compose(
        &organization(TotpSwitch::Enabled),
        &device(),
        Parts {
            bound,
            keys,
            codes,
            policies: Vec::new(),
            runs: Vec::new(),
            remembers: Remembers::Never,
            invite: None,
        },
        NOW,
    )
}

fn only(bound: Bound) -> Option<User> {
    let mut users = composed(vec![bound]).state.users;
    assert!(users.len() <= 1);
    users.pop()
}

#[test]
fn somebody_bound_and_activated_has_an_open_account_with_all_that_is_laid_down() {
    let user = only(bound(AccountStanding::Activated)).unwrap();
    assert_eq!((user.name.as_str(), user.access, user.sudo), ("alice", Access::Open, Sudo::WithPassword));
    assert_eq!((user.uid, user.shell.as_str()), (Some(5_000), DEFAULT_SHELL));
    assert_eq!(user.ssh_keys, ["ssh-ed25519 AAAA alice"]);
    assert_eq!(user.factor.map(|factor| factor.id), Some(clock(0).factor));
    assert_eq!(user.break_glass.len(), 1);
}

#[test]
fn whoever_may_not_sign_in_is_locked_and_nothing_is_left_to_check_codes_by() {
    for state in [AccountStanding::Staged, AccountStanding::Suspended] {
        let user = only(bound(state)).unwrap();
        assert_eq!((user.access, user.factor), (Access::Locked, None), "{state:?}");
        assert!(user.ssh_keys.is_empty() && user.break_glass.is_empty());
    }
}

/// S8.12: unbinding locks the account; it is left out once that was seen.
#[test]
fn an_account_that_is_no_longer_bound_is_locked_until_the_device_has_done_it() {
    for (state, locked) in [
        (AccountState::Unknown, true),
        (AccountState::Ready, true),
        (AccountState::Failed, true),
        (AccountState::Locked, false),
        (AccountState::NeedsTakeOver, false),
        (AccountState::NameRefused, false),
    ] {
        let gone = Bound { person: None, ..unbound(state) };
        for bound in [unbound(state), gone] {
            let user = only(bound);
            assert_eq!(user.as_ref().map(|user| user.access), locked.then_some(Access::Locked), "{state:?}");
            assert!(user.is_none_or(|user| user.name == "alice" && user.sudo == Sudo::None));
        }
    }
    let never_told = OnDevice { name: String::new(), ..on_device(AccountState::Unknown) };
    assert_eq!(only(Bound { on_device: Some(never_told), ..unbound(AccountState::Unknown) }), None);
}

#[test]
fn a_renamed_user_who_is_no_longer_bound_is_locked_by_the_name_that_the_device_knows() {
    let old = OnDevice { name: "al".into(), ..on_device(AccountState::Ready) };
    let user = only(Bound { on_device: Some(old), ..unbound(AccountState::Ready) }).unwrap();
    assert_eq!(user.name, "al");
}

/// What a device said of an account before it was told something else is forgotten.
#[test]
fn a_device_says_anew_what_it_made_of_an_account_that_it_is_told_otherwise_of() {
    let told = |state, take_over| {
        let on_device = Some(OnDevice { take_over, ..on_device(state) });
        !composed(vec![Bound { on_device, ..bound(AccountStanding::Activated) }]).news.is_empty()
    };
    assert!(told(AccountState::Locked, TakeOver::Ask), "bound again");
    assert!(told(AccountState::NeedsTakeOver, TakeOver::Confirmed));
    assert!(!told(AccountState::NeedsTakeOver, TakeOver::Ask));
    assert!(!told(AccountState::Ready, TakeOver::Confirmed));
    assert_eq!(composed(vec![bound(AccountStanding::Activated)]).news, [(id(1), "alice".to_owned())]);
}

#[test]
fn codes_are_asked_for_where_both_switches_are_on_and_a_proof_while_it_is_missing() {
    let state = |totp, mfa, stage| {
        let proof = Asked { attempt: 2, seconds: 60, stage };
        let device = Device { proof, rules: Rules { mfa, ..Rules::default() }, ..device() };
        let parts = Parts {
            bound: Vec::new(),
            keys: Vec::new(),
            codes: Vec::new(),
            policies: Vec::new(),
            runs: Vec::new(),
            remembers: Remembers::Maybe,
            invite: None,
        };
        let state = compose(&organization(totp), &device, parts, NOW).state;
        (state.codes, state.proof)
    };
    let within = Proof::Within { seconds: 60, attempt: 2 };
    for (totp, mfa, stage, expected) in [
        (TotpSwitch::Enabled, Switch::On, Stage::None, (Codes::Asked, Proof::NotNeeded)),
        (TotpSwitch::Enabled, Switch::Off, Stage::Wanted, (Codes::NotAsked, Proof::NotNeeded)),
        (TotpSwitch::Disabled, Switch::On, Stage::Wanted, (Codes::NotAsked, within)),
        (TotpSwitch::Enabled, Switch::On, Stage::Wanted, (Codes::Asked, within)),
        (TotpSwitch::Enabled, Switch::On, Stage::Given, (Codes::Asked, Proof::NotNeeded)),
        // It goes on waiting for the next attempt.
        (TotpSwitch::Enabled, Switch::On, Stage::TakenBack, (Codes::Asked, within)),
    ] {
        assert_eq!(state(totp, mfa, stage), expected, "{totp:?} {mfa:?} {stage:?}");
    }
}

/// Each code moves the mean a little; that must not be news for every device of its owner.
#[test]
fn a_clock_is_told_in_whole_steps() {
    let learned = |learned| {
        let person = Person { clock: Some(clock(learned)), ..person(AccountStanding::Activated) };
        let bound = Bound { person: Some(person), ..bound(AccountStanding::Activated) };
        only(bound).unwrap().factor.unwrap().learned
    };
    assert_eq!([-1_500, -899, 0, 400, 950].map(learned), [-1_000, 0, 0, 0, 1_000]);
}

/// S8.13b: who has to set MFA up by a date is told so where the device shows how, and nobody else.
#[test]
fn only_devices_that_invite_are_told_by_when_somebody_sets_mfa_up() {
    let until = NOW.plus(Span::days(7));
    let told = |invite: Option<Invite>, standing| {
        let person = Person { clock: None, enrolls_until: Some(until), ..person(standing) };
        let bound = vec![Bound { person: Some(person), ..bound(standing) }];
        let parts = Parts {
            bound,
            keys: Vec::new(),
            codes: Vec::new(),
            policies: Vec::new(),
            runs: Vec::new(),
            remembers: Remembers::Never,
            invite,
        };
        let state = compose(&organization(TotpSwitch::Enabled), &device(), parts, NOW).state;
        (state.invite.is_some(), state.users[0].enrolls_until)
    };
    let invite = || Some(Invite { link: "https://sso.acme.test/enroll".into(), picture: String::new() });
    assert_eq!(told(invite(), AccountStanding::Activated), (true, Some(until.0)));
    assert_eq!(told(None, AccountStanding::Activated), (false, None));
    assert_eq!(told(invite(), AccountStanding::Suspended), (true, None));
}
