//! Whether an application is told who signs in (S10.1, S10.2).

use super::{Access, FreshCode};
use crate::{
    account::Account,
    mfa::Enrollment,
    sign_in::{Next, Proven, TotpSwitch, next},
    time::{Span, Timestamp},
};

/// What an application asks for, whichever protocol it asks by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// When it asked.
    pub at: Timestamp,
    /// Whether an earlier sign-in will do.
    pub freshness: Freshness,
    /// Whether the person may be asked for anything.
    pub interaction: Interaction,
}

/// Whether an earlier sign-in will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// It will.
    Any,
    /// SAML's `ForceAuthn`, OpenID's `prompt=login`: only what was shown after the application asked.
    Anew,
    /// OpenID's `max_age`: only what was shown within that time before it asked.
    Within(Span),
}

/// Whether the person may be asked for anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interaction {
    /// They may.
    Allowed,
    /// SAML's `IsPassive`, OpenID's `prompt=none`.
    Forbidden,
}

/// Who stands at the door of an application.
#[derive(Clone, Copy, Debug)]
pub struct Visitor<'a> {
    /// Their account as it is now.
    pub account: &'a Account,
    /// What their session has shown.
    pub proven: Proven,
    /// When it did last.
    pub proven_at: Timestamp,
    /// Whether a group of theirs has the application.
    pub assignment: Assignment,
}

/// Whether a group of the user's has the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignment {
    /// One has.
    Assigned,
    /// None has.
    NotAssigned,
}

/// What comes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// The application is told who it is.
    Tell(Context),
    /// The person is asked first.
    Ask(Asked),
    /// The person is told why not, and the application gets nothing but, where it may not ask, that.
    Refuse(Reason),
}

/// How the person was recognized: what assertions and tokens say of it is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// By what.
    pub by: By,
    /// When.
    pub at: Timestamp,
}

/// By what a person was recognized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The password alone.
    Password,
    /// The password and a code.
    PasswordAndCode,
}

/// What a person is asked for before an application is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To sign in, or to go on signing in.
    SignIn,
    /// A code.
    Code,
    /// The password once more: there is no factor.
    Password,
}

/// Why an application is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// An administrator has switched the application off.
    Disabled,
    /// The account is suspended or not activated.
    Barred,
    /// The time to set MFA up has ended (S4.11).
    LockedOut {
        /// When it ended.
        since: Timestamp,
    },
    /// No group of the user's has the application.
    NotAssigned,
    /// The application takes a code only, and the user has no factor.
    NoFactor,
    /// The person would have to be asked, and may not be.
    MayNotAsk(Asked),
}

/// What comes of a request to an application of that access, which asks for a code as `fresh` says. Nobody stands at
/// the door while nobody is signed in.
pub fn release(
    (access, fresh): (Access, FreshCode),
    request: &Request,
    visitor: Option<&Visitor<'_>>,
    (totp, now): (TotpSwitch, Timestamp),
) -> Release {
    let decided = match (access, visitor) {
        (Access::Disabled, _) => Release::Refuse(Reason::Disabled),
        (Access::Enabled, None) => Release::Ask(Asked::SignIn),
        (Access::Enabled, Some(visitor)) => admit(fresh, request, visitor, (totp, now)),
    };
    match (decided, request.interaction) {
        (Release::Ask(asked), Interaction::Forbidden) => Release::Refuse(Reason::MayNotAsk(asked)),
        (decided, Interaction::Allowed | Interaction::Forbidden) => decided,
    }
}

fn admit(
    fresh: FreshCode,
    request: &Request,
    visitor: &Visitor<'_>,
    (totp, now): (TotpSwitch, Timestamp),
) -> Release {
    match next(visitor.account, totp, visitor.proven, now) {
        Next::Barred => return Release::Refuse(Reason::Barred),
        Next::LockedOut { since } => return Release::Refuse(Reason::LockedOut { since }),
        Next::Code(_)
        | Next::ChangePassword
        | Next::MustEnroll
        | Next::MayEnroll { .. }
        | Next::SetUpAnew => return Release::Ask(Asked::SignIn),
        Next::Enter => {}
    }
    if visitor.assignment == Assignment::NotAssigned {
        return Release::Refuse(Reason::NotAssigned);
    }
    let asks_codes = totp.is_in_force(visitor.account.kind.realm());
    let has_factor = matches!(visitor.account.mfa.enrollment, Enrollment::Enrolled(_));
    if fresh != FreshCode::NotAsked && asks_codes && !has_factor {
        return Release::Refuse(Reason::NoFactor);
    }
    let stale_for_request = match request.freshness {
        Freshness::Any => false,
        Freshness::Anew => visitor.proven_at < request.at,
        Freshness::Within(span) => request.at.since(visitor.proven_at) > span,
    };
    let stale_for_application = match fresh {
        FreshCode::NotAsked => false,
        FreshCode::EveryTime => visitor.proven_at < request.at,
        FreshCode::OlderThan(span) => now.since(visitor.proven_at) > span,
    };
    match (stale_for_request || stale_for_application, asks_codes && has_factor) {
        (true, true) => Release::Ask(Asked::Code),
        (true, false) => Release::Ask(Asked::Password),
        (false, _) => Release::Tell(Context { by: by(visitor.proven), at: visitor.proven_at }),
    }
}

const fn by(proven: Proven) -> By {
    match proven {
        Proven::Code => By::PasswordAndCode,
        Proven::Password | Proven::PutOff | Proven::Reset => By::Password,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::{Email, Kind, Password, PasswordHash, PersonName, State, Username},
        id::{AccountId, FactorId},
        mfa::{Mfa, Requirement},
    };

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
    const USUAL: Request = Request { at: NOW, freshness: Freshness::Any, interaction: Interaction::Allowed };

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

    fn ago(seconds: i64) -> Timestamp {
        NOW.minus(Span::seconds(seconds))
    }

    fn visitor(account: &Account, proven: Proven, proven_at: Timestamp) -> Visitor<'_> {
        Visitor { account, proven, proven_at, assignment: Assignment::Assigned }
    }

    fn asked(fresh: FreshCode, request: &Request, visitor: &Visitor<'_>) -> Release {
        release((Access::Enabled, fresh), request, Some(visitor), (TotpSwitch::Enabled, NOW))
    }

    #[test]
    fn who_is_signed_in_and_assigned_is_told_with_what_they_showed() {
        let (enrolled, without) = (user(Requirement::AtOnce, true), user(Requirement::NotRequired, false));
        for (account, proven, by) in
            [(&enrolled, Proven::Code, By::PasswordAndCode), (&without, Proven::Password, By::Password)]
        {
            let told = asked(FreshCode::NotAsked, &USUAL, &visitor(account, proven, ago(9_000)));
            assert_eq!(told, Release::Tell(Context { by, at: ago(9_000) }));
        }
        let put_off = user(Requirement::By(NOW.plus(Span::seconds(1))), false);
        let told = asked(FreshCode::NotAsked, &USUAL, &visitor(&put_off, Proven::PutOff, NOW));
        assert_eq!(told, Release::Tell(Context { by: By::Password, at: NOW }));
    }

    #[test]
    fn who_is_locked_out_suspended_or_not_assigned_is_refused() {
        let well = user(Requirement::AtOnce, true);
        let since = ago(1);
        let locked_out = user(Requirement::By(since), false);
        let suspended = Account { state: State::Suspended, ..well.clone() };
        let staged = Account { state: State::Staged, ..well.clone() };
        for (account, reason) in [
            (&locked_out, Reason::LockedOut { since }),
            (&suspended, Reason::Barred),
            (&staged, Reason::Barred),
        ] {
            for proven in [Proven::Password, Proven::PutOff, Proven::Code] {
                let refused = asked(FreshCode::NotAsked, &USUAL, &visitor(account, proven, NOW));
                assert_eq!(refused, Release::Refuse(reason), "{account:?}");
            }
        }
        let stranger = Visitor { assignment: Assignment::NotAssigned, ..visitor(&well, Proven::Code, NOW) };
        for fresh in [FreshCode::NotAsked, FreshCode::EveryTime] {
            assert_eq!(asked(fresh, &USUAL, &stranger), Release::Refuse(Reason::NotAssigned));
        }
        let all = (Access::Disabled, FreshCode::NotAsked);
        let here = visitor(&well, Proven::Code, NOW);
        let refused = release(all, &USUAL, Some(&here), (TotpSwitch::Enabled, NOW));
        assert_eq!(refused, Release::Refuse(Reason::Disabled));
    }

    #[test]
    fn half_a_sign_in_is_finished_first() {
        let code_missing = user(Requirement::AtOnce, true);
        let must_enroll = user(Requirement::AtOnce, false);
        let may_enroll = user(Requirement::By(NOW.plus(Span::seconds(1))), false);
        let expired =
            Account { password: Password::Expired(PasswordHash(String::new())), ..code_missing.clone() };
        for (account, proven) in [
            (&code_missing, Proven::Password),
            (&code_missing, Proven::PutOff),
            (&must_enroll, Proven::Password),
            (&may_enroll, Proven::Password),
            (&expired, Proven::Code),
        ] {
            let unfinished = asked(FreshCode::NotAsked, &USUAL, &visitor(account, proven, NOW));
            assert_eq!(unfinished, Release::Ask(Asked::SignIn), "{account:?}");
        }
        let nobody =
            release((Access::Enabled, FreshCode::NotAsked), &USUAL, None, (TotpSwitch::Enabled, NOW));
        assert_eq!(nobody, Release::Ask(Asked::SignIn));
    }

    #[test]
    fn what_is_old_is_shown_again() {
        let (enrolled, without) = (user(Requirement::AtOnce, true), user(Requirement::NotRequired, false));
        let minute = Span::minutes(1);
        let (anew, within) = (Freshness::Anew, Freshness::Within(minute));
        for (freshness, fresh, shown, again) in [
            (Freshness::Any, FreshCode::NotAsked, ago(9_999), false),
            (anew, FreshCode::NotAsked, ago(1), true),
            (anew, FreshCode::NotAsked, NOW, false),
            (within, FreshCode::NotAsked, ago(60), false),
            (within, FreshCode::NotAsked, ago(61), true),
            (Freshness::Any, FreshCode::EveryTime, ago(1), true),
            (Freshness::Any, FreshCode::EveryTime, NOW, false),
            (Freshness::Any, FreshCode::OlderThan(minute), ago(60), false),
            (Freshness::Any, FreshCode::OlderThan(minute), ago(61), true),
            (within, FreshCode::EveryTime, ago(60), true),
        ] {
            let request = Request { freshness, ..USUAL };
            let got = asked(fresh, &request, &visitor(&enrolled, Proven::Code, shown));
            let told = Release::Tell(Context { by: By::PasswordAndCode, at: shown });
            assert_eq!(got, if again { Release::Ask(Asked::Code) } else { told }, "{freshness:?} {fresh:?}");
            if fresh == FreshCode::NotAsked && again {
                let password = asked(fresh, &request, &visitor(&without, Proven::Password, shown));
                assert_eq!(password, Release::Ask(Asked::Password));
            }
        }
    }

    #[test]
    fn a_code_is_asked_of_those_who_have_a_factor_and_the_password_while_codes_rest() {
        let without = user(Requirement::NotRequired, false);
        let here = visitor(&without, Proven::Password, NOW);
        assert_eq!(asked(FreshCode::EveryTime, &USUAL, &here), Release::Refuse(Reason::NoFactor));
        let resting = |account: &Account| {
            let here = visitor(account, Proven::Password, ago(1));
            release((Access::Enabled, FreshCode::EveryTime), &USUAL, Some(&here), (TotpSwitch::Disabled, NOW))
        };
        assert_eq!(resting(&without), Release::Ask(Asked::Password));
        assert_eq!(resting(&user(Requirement::AtOnce, true)), Release::Ask(Asked::Password));
    }

    #[test]
    fn where_nothing_may_be_asked_the_application_learns_only_that() {
        let passive = Request { interaction: Interaction::Forbidden, ..USUAL };
        let ask = |visitor: Option<&Visitor<'_>>, request: &Request| {
            release((Access::Enabled, FreshCode::NotAsked), request, visitor, (TotpSwitch::Enabled, NOW))
        };
        assert_eq!(ask(None, &passive), Release::Refuse(Reason::MayNotAsk(Asked::SignIn)));
        let account = user(Requirement::AtOnce, true);
        let old = visitor(&account, Proven::Code, ago(5));
        let anew = Request { freshness: Freshness::Anew, ..passive };
        assert_eq!(ask(Some(&old), &anew), Release::Refuse(Reason::MayNotAsk(Asked::Code)));
        assert!(matches!(ask(Some(&old), &passive), Release::Tell(_)));
    }
}
