use super::*;
use crate::{id::FactorId, time::Timestamp};

const BILLING: Role = Role::AdministratorWithBilling;
const PLAIN: Role = Role::Administrator;

fn id(n: u8) -> AccountId {
    AccountId::new(Timestamp(0), [n; 10])
}

fn hand(role: Role) -> Hand {
    Hand { own: Some(id(1)), reach: Reach::of(role) }
}

fn subject(n: u8, role: Role, state: State) -> Subject {
    Subject { id: id(n), role, state }
}

const CHANGES: [Change; 8] = [
    Change::Details(Role::Manager),
    Change::Activate,
    Change::Suspend,
    Change::Delete,
    Change::Invite,
    Change::Requirement,
    Change::ResetMfa,
    Change::Unlock,
];

#[test]
fn only_an_administrator_with_billing_touches_one() {
    for own in Role::ALL {
        for other in Role::ALL {
            let expected = match (own, other) {
                (BILLING, _) => Ok(()),
                (PLAIN, BILLING) => Err(Refused::BeyondReach),
                (PLAIN, _) => Ok(()),
                _ => Err(Refused::BeyondReach),
            };
            for change in CHANGES {
                let got = hand(own).may(subject(2, other, State::Activated), change, Others::Some);
                assert_eq!(got, expected, "{own:?} {other:?} {change:?}");
            }
        }
    }
}

#[test]
fn nobody_makes_or_raises_one_above_themselves() {
    for own in Role::ALL {
        for new in Role::ALL {
            let expected = match (own, new) {
                (BILLING, _) => Ok(()),
                (PLAIN, new) if new != BILLING => Ok(()),
                _ => Err(Refused::AboveOwnRole),
            };
            assert_eq!(hand(own).may_make(new), expected, "{own:?} {new:?}");
        }
    }
    let themselves = subject(1, PLAIN, State::Activated);
    let raised = hand(PLAIN).may(themselves, Change::Details(BILLING), Others::Some);
    assert_eq!(raised, Err(Refused::AboveOwnRole));
}

#[test]
fn the_last_administrator_with_billing_who_can_sign_in_stays() {
    use State::{Activated, Staged, Suspended};
    let last = Err(Refused::LastWithBilling);
    for (role, state, change, others, expected) in [
        (BILLING, Activated, Change::Delete, Others::None, last),
        (BILLING, Activated, Change::Suspend, Others::None, last),
        (BILLING, Activated, Change::Details(PLAIN), Others::None, last),
        (BILLING, Activated, Change::Details(BILLING), Others::None, Ok(())),
        (BILLING, Activated, Change::ResetMfa, Others::None, Ok(())),
        (BILLING, Activated, Change::Requirement, Others::None, Ok(())),
        (BILLING, Activated, Change::Unlock, Others::None, Ok(())),
        (BILLING, Activated, Change::Delete, Others::Some, Ok(())),
        (BILLING, Activated, Change::Details(PLAIN), Others::Some, Ok(())),
        (BILLING, Suspended, Change::Delete, Others::None, Ok(())),
        (BILLING, Staged, Change::Details(PLAIN), Others::None, Ok(())),
        (PLAIN, Activated, Change::Delete, Others::None, Ok(())),
        (PLAIN, Activated, Change::Suspend, Others::None, Ok(())),
    ] {
        let host = Hand::of(Who::Host);
        let got = host.may(subject(2, role, state), change, others);
        assert_eq!(got, expected, "{role:?} {state:?} {change:?} {others:?}");
    }
    let themselves = subject(1, BILLING, Activated);
    assert_eq!(hand(BILLING).may(themselves, Change::Details(PLAIN), Others::None), last);
}

#[test]
fn nobody_bars_resets_or_unlocks_themselves() {
    for (change, expected) in [
        (Change::Suspend, Err(Refused::Oneself)),
        (Change::Delete, Err(Refused::Oneself)),
        (Change::ResetMfa, Err(Refused::OwnMfa)),
        (Change::Unlock, Err(Refused::OwnLock)),
        (Change::Details(BILLING), Ok(())),
        (Change::Details(PLAIN), Ok(())),
        (Change::Requirement, Ok(())),
    ] {
        let got = hand(BILLING).may(subject(1, BILLING, State::Activated), change, Others::Some);
        assert_eq!(got, expected, "{change:?}");
    }
}

#[test]
fn a_hand_reaches_as_far_as_its_party() {
    assert_eq!(Hand::of(Who::Host), Hand { own: None, reach: Reach::Everybody });
    assert_eq!(Hand::of(Who::System).reach, Reach::Everybody);
    assert_eq!(Hand::of(Who::Visitor).reach, Reach::Nobody);
    assert_eq!(Hand::of(Who::User(id(1))).reach, Reach::Nobody);
    assert_eq!(hand(BILLING).within(Reach::of(PLAIN)).reach, Reach::AllButBilling);
    assert_eq!(hand(PLAIN).within(Reach::of(BILLING)).reach, Reach::AllButBilling);
    assert_eq!(hand(PLAIN).within(Reach::of(Role::Manager)).reach, Reach::Nobody);
}

#[test]
fn the_table_says_whom_each_role_manages() {
    let row = Role::ALL.map(|role| cell(role, Permission::ManageAdministrators));
    let all_but = "all but Administrator with Billing";
    assert_eq!(row, ["all", all_but, "no", "no", "no", "no", "no", "no"]);
    for role in Role::ALL {
        for permission in Permission::ALL {
            assert_eq!(cell(role, permission) != "no", role.allows(permission), "{role:?} {permission:?}");
        }
    }
}

#[test]
fn what_everyone_must_cannot_be_taken_from_one() {
    let enrolled = Enrollment::Enrolled(FactorId::new(Timestamp(0), [3; 10]));
    for enrollment in [Enrollment::NotEnrolled, enrolled] {
        let free = Mfa { requirement: Requirement::NotRequired, enrollment };
        let required = Mfa { requirement: Requirement::AtOnce, enrollment };
        assert_eq!(require(free), required);
        assert_eq!(require(required), required);
        assert_eq!(Demanded::OfEach.release(required), Ok(free));
        assert_eq!(Demanded::OfEveryone.release(required), Err(Refused::RequiredOfEveryone));
    }
    assert_eq!(Demanded::OfEach.of_new(Requirement::NotRequired), Requirement::NotRequired);
    assert_eq!(Demanded::OfEveryone.of_new(Requirement::NotRequired), Requirement::AtOnce);
    for demanded in [Demanded::OfEach, Demanded::OfEveryone] {
        assert_eq!(Demanded::parse("admin_mfa", demanded.key()), Ok(demanded));
    }
    assert!(Demanded::parse("admin_mfa", "").is_err());
}

#[test]
fn a_reset_keeps_the_requirement() {
    let enrolled = Enrollment::Enrolled(FactorId::new(Timestamp(0), [3; 10]));
    for requirement in [Requirement::NotRequired, Requirement::AtOnce] {
        let after = reset(Mfa { requirement, enrollment: enrolled });
        assert_eq!(after, Ok(Mfa { requirement, enrollment: Enrollment::NotEnrolled }));
        let nothing = Mfa { requirement, enrollment: Enrollment::NotEnrolled };
        assert_eq!(reset(nothing), Err(Refused::NotEnrolled));
    }
}
