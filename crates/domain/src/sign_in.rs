//! What comes next for a person who signs in (S4.5, S4.11, S4.16, S4.20).

use crate::{
    account::{Account, Password, Realm, State},
    id::FactorId,
    mfa::{Enrollment, Requirement},
    time::{Span, Timestamp},
};

/// How long a sign-in that waits for the code lives (S4.20).
pub const HALF_SIGNED_IN: Span = Span::minutes(5);
/// How long one lives that sets MFA up or changes a password on its way in.
pub const SETTING_UP: Span = Span::minutes(30);

/// Whether the organization's TOTP is in force for users (S2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TotpSwitch {
    /// In force.
    Enabled,
    /// Factors and requirements rest.
    Disabled,
}

impl TotpSwitch {
    /// S2.3: whether codes are asked for, and MFA can be set up, in that portal. Administrators' MFA stays in force.
    pub const fn is_in_force(self, realm: Realm) -> bool {
        match (realm, self) {
            (Realm::Administrator, _) | (Realm::User, Self::Enabled) => true,
            (Realm::User, Self::Disabled) => false,
        }
    }
}

/// What a session has shown so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proven {
    /// The password.
    Password,
    /// The password, and that the prompt to set MFA up was put off.
    PutOff,
    /// The password and a code.
    Code,
    /// S6.8: the password, and a mailed link that lets an administrator set MFA up anew.
    Reset,
}

impl Proven {
    /// The word in the database.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::PutOff => "put_off",
            Self::Code => "code",
            Self::Reset => "reset",
        }
    }

    /// What that word means; anything else shows the least.
    pub fn from_key(key: &str) -> Self {
        [Self::PutOff, Self::Code, Self::Reset]
            .into_iter()
            .find(|proven| proven.key() == key)
            .unwrap_or(Self::Password)
    }
}

/// The next step of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Not activated, or suspended: nothing to be had.
    Barred,
    /// The time to set MFA up has ended (S4.11).
    LockedOut {
        /// When it ended.
        since: Timestamp,
    },
    /// The code of this factor.
    Code(FactorId),
    /// A new password.
    ChangePassword,
    /// MFA is set up now, or nothing.
    MustEnroll,
    /// MFA can be set up now or later.
    MayEnroll {
        /// Until when.
        until: Timestamp,
    },
    /// S6.8: MFA is set up anew; a present factor works until then.
    SetUpAnew,
    /// In.
    Enter,
}

impl Next {
    /// How long a session in this step lives at most.
    pub const fn lifetime(self) -> Span {
        match self {
            Self::Code(_) => HALF_SIGNED_IN,
            Self::Barred
            | Self::LockedOut { .. }
            | Self::ChangePassword
            | Self::MustEnroll
            | Self::MayEnroll { .. }
            | Self::SetUpAnew
            | Self::Enter => SETTING_UP,
        }
    }
}

/// What comes next for `account`, given what its session has shown. Asked again at every request, so that
/// a suspension, a new requirement or a deadline that passes takes effect in running sessions.
pub fn next(account: &Account, totp: TotpSwitch, proven: Proven, now: Timestamp) -> Next {
    if account.state != State::Activated {
        return Next::Barred;
    }
    let in_force = totp.is_in_force(account.kind.realm());
    let after_factor = match (in_force, account.mfa.enrollment, proven) {
        (true, Enrollment::Enrolled(factor), Proven::Password | Proven::PutOff) => Some(Next::Code(factor)),
        (true, Enrollment::NotEnrolled, _) => enrollment_step(account.mfa.requirement, proven, now),
        (true, Enrollment::Enrolled(_), Proven::Reset) => Some(Next::SetUpAnew),
        (true, Enrollment::Enrolled(_), Proven::Code) | (false, _, _) => None,
    };
    match (after_factor, &account.password) {
        (Some(step @ (Next::Code(_) | Next::LockedOut { .. } | Next::SetUpAnew)), _) => step,
        (_, Password::Expired(_)) => Next::ChangePassword,
        (Some(step), _) => step,
        (None, _) => Next::Enter,
    }
}

fn enrollment_step(requirement: Requirement, proven: Proven, now: Timestamp) -> Option<Next> {
    match (requirement, proven) {
        (Requirement::By(since), _) if since <= now => Some(Next::LockedOut { since }),
        (_, Proven::Reset) => Some(Next::SetUpAnew),
        (Requirement::NotRequired, _) => None,
        (Requirement::AtOnce, _) => Some(Next::MustEnroll),
        (Requirement::By(_), Proven::PutOff) => None,
        (Requirement::By(until), _) => Some(Next::MayEnroll { until }),
        (Requirement::Paused(left), Proven::Password | Proven::Code) => {
            Some(Next::MayEnroll { until: now.plus(left) })
        }
        (Requirement::Paused(_), Proven::PutOff) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::{Email, Kind, PasswordHash, PersonName, Username},
        id::AccountId,
        mfa::Mfa,
        permission::Role,
    };

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
    const UNTIL: Timestamp = Timestamp::from_seconds(1_000_001);

    fn user(requirement: Requirement, enrolled: bool) -> Account {
        let factor = FactorId::new(NOW, [1; 10]);
        Account {
            id: AccountId::new(NOW, [2; 10]),
            revision: 1,
            kind: Kind::User { username: Username::parse("username", "alice").unwrap() },
            email: Email::parse("email", "alice@example.com").unwrap(),
            name: PersonName::default(),
            state: State::Activated,
            password: Password::Active(PasswordHash(String::new())),
            mfa: Mfa {
                requirement,
                enrollment: if enrolled { Enrollment::Enrolled(factor) } else { Enrollment::NotEnrolled },
            },
            created_at: NOW,
            last_sign_in_at: None,
        }
    }

    fn asked(account: &Account, proven: Proven) -> Next {
        next(account, TotpSwitch::Enabled, proven, NOW)
    }

    #[test]
    fn every_requirement_and_enrollment_has_its_next_step() {
        let code = Next::Code(FactorId::new(NOW, [1; 10]));
        let (none, at_once, by) = (Requirement::NotRequired, Requirement::AtOnce, Requirement::By(UNTIL));
        let (passed, paused) = (Requirement::By(NOW), Requirement::Paused(Span::seconds(1)));
        let may = Next::MayEnroll { until: UNTIL };
        let out = Next::LockedOut { since: NOW };
        let table = [
            (none, false, [Next::Enter, Next::Enter, Next::Enter]),
            (at_once, false, [Next::MustEnroll, Next::MustEnroll, Next::MustEnroll]),
            (by, false, [may, Next::Enter, may]),
            (passed, false, [out, out, out]),
            (paused, false, [may, Next::Enter, may]),
            (none, true, [code, code, Next::Enter]),
            (at_once, true, [code, code, Next::Enter]),
            (by, true, [code, code, Next::Enter]),
            (passed, true, [code, code, Next::Enter]),
            (paused, true, [code, code, Next::Enter]),
        ];
        for (requirement, enrolled, expected) in table {
            let account = user(requirement, enrolled);
            let got = [Proven::Password, Proven::PutOff, Proven::Code].map(|proven| asked(&account, proven));
            assert_eq!(got, expected, "{requirement:?} {enrolled}");
            let locked = requirement == passed && !enrolled;
            assert_eq!(asked(&account, Proven::Reset), if locked { out } else { Next::SetUpAnew });
        }
    }

    #[test]
    fn nobody_but_the_activated_gets_anywhere() {
        for state in [State::Staged, State::Suspended] {
            let account = Account { state, ..user(Requirement::NotRequired, true) };
            assert_eq!(asked(&account, Proven::Code), Next::Barred);
        }
    }

    #[test]
    fn an_expired_password_is_changed_after_the_code_and_before_the_set_up() {
        let expired = |requirement, enrolled| Account {
            password: Password::Expired(PasswordHash(String::new())),
            ..user(requirement, enrolled)
        };
        assert!(matches!(asked(&expired(Requirement::AtOnce, true), Proven::Password), Next::Code(_)));
        assert_eq!(asked(&expired(Requirement::AtOnce, true), Proven::Code), Next::ChangePassword);
        assert_eq!(asked(&expired(Requirement::AtOnce, true), Proven::Reset), Next::SetUpAnew);
        assert_eq!(asked(&expired(Requirement::AtOnce, false), Proven::Password), Next::ChangePassword);
        assert_eq!(asked(&expired(Requirement::NotRequired, false), Proven::Password), Next::ChangePassword);
        assert!(matches!(
            asked(&expired(Requirement::By(NOW), false), Proven::Password),
            Next::LockedOut { .. }
        ));
    }

    #[test]
    fn without_totp_users_are_not_asked_and_administrators_are() {
        for requirement in [Requirement::AtOnce, Requirement::By(NOW)] {
            for enrolled in [true, false] {
                let account = user(requirement, enrolled);
                assert_eq!(next(&account, TotpSwitch::Disabled, Proven::Password, NOW), Next::Enter);
                let admin = Account { kind: Kind::Administrator { role: Role::Administrator }, ..account };
                assert_ne!(next(&admin, TotpSwitch::Disabled, Proven::Password, NOW), Next::Enter);
            }
        }
    }

    #[test]
    fn the_wait_for_a_code_is_shorter_than_a_set_up() {
        assert_eq!(Next::Code(FactorId::new(NOW, [0; 10])).lifetime(), HALF_SIGNED_IN);
        assert_eq!(Next::MustEnroll.lifetime(), SETTING_UP);
    }

    #[test]
    fn what_is_proven_has_a_word_and_unknown_words_prove_the_least() {
        for proven in [Proven::Password, Proven::PutOff, Proven::Code, Proven::Reset] {
            assert_eq!(Proven::from_key(proven.key()), proven);
        }
        assert_eq!(Proven::from_key("everything"), Proven::Password);
    }
}
