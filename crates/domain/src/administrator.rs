//! Administrators: who may change whom, and what the last of them keeps (S6.1–S6.4).

use crate::{
    account::{Account, Kind, State},
    field::FieldError,
    id::AccountId,
    mfa::{Enrollment, Mfa, Requirement},
    permission::{Permission, Role, Who},
};

/// S6.2: which administrators somebody manages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// None.
    Nobody,
    /// Everybody but those with billing.
    AllButBilling,
    /// Everybody.
    Everybody,
}

impl Reach {
    /// That of a role.
    pub const fn of(role: Role) -> Self {
        match (role.allows(Permission::ManageAdministrators), role) {
            (false, _) => Self::Nobody,
            (true, Role::AdministratorWithBilling) => Self::Everybody,
            (true, _) => Self::AllButBilling,
        }
    }

    /// Whether an administrator of that role can be made, changed or deleted.
    pub const fn covers(self, role: Role) -> bool {
        match self {
            Self::Nobody => false,
            Self::AllButBilling => !matches!(role, Role::AdministratorWithBilling),
            Self::Everybody => true,
        }
    }

    const fn rank(self) -> u8 {
        match self {
            Self::Nobody => 0,
            Self::AllButBilling => 1,
            Self::Everybody => 2,
        }
    }

    /// The lesser of both.
    pub const fn within(self, other: Self) -> Self {
        if self.rank() <= other.rank() { self } else { other }
    }
}

/// What the table of S6.2 says where a role meets a permission, in words.
pub const fn cell(role: Role, permission: Permission) -> &'static str {
    match (permission, Reach::of(role), role.allows(permission)) {
        (Permission::ManageAdministrators, Reach::Everybody, _) => "all",
        (Permission::ManageAdministrators, Reach::AllButBilling, _) => "all but Administrator with Billing",
        (_, _, true) => "yes",
        (_, _, false) => "no",
    }
}

/// Who changes an administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hand {
    /// Their own account, if they have one.
    pub own: Option<AccountId>,
    /// Whom they manage.
    pub reach: Reach,
}

impl Hand {
    /// That of a party that acts. The server's host and the server itself reach everybody (S6.9).
    pub const fn of(who: Who) -> Self {
        match who {
            Who::Administrator { id, role, .. } | Who::ApiKey { owner: id, role, .. } => {
                Self { own: Some(id), reach: Reach::of(role) }
            }
            Who::Host | Who::System => Self { own: None, reach: Reach::Everybody },
            Who::User(id) => Self { own: Some(id), reach: Reach::Nobody },
            Who::Visitor | Who::Device(_) => Self { own: None, reach: Reach::Nobody },
        }
    }

    /// The same with at most this reach.
    pub const fn within(self, reach: Reach) -> Self {
        Self { own: self.own, reach: self.reach.within(reach) }
    }

    /// Whether they may make an administrator of that role. Nobody makes one above themselves.
    pub const fn may_make(self, role: Role) -> Result<(), Refused> {
        if self.reach.covers(role) { Ok(()) } else { Err(Refused::AboveOwnRole) }
    }

    /// Whether they may do that to `subject`, of whose kind there are `others`.
    pub fn may(self, subject: Subject, change: Change, others: Others) -> Result<(), Refused> {
        if !self.reach.covers(subject.role) {
            return Err(Refused::BeyondReach);
        }
        let is_own = self.own == Some(subject.id);
        match change {
            Change::Suspend | Change::Delete if is_own => return Err(Refused::Oneself),
            Change::ResetMfa if is_own => return Err(Refused::OwnMfa),
            Change::Unlock if is_own => return Err(Refused::OwnLock),
            Change::Details(role) => self.may_make(role)?,
            Change::Activate
            | Change::Suspend
            | Change::Delete
            | Change::Invite
            | Change::Requirement
            | Change::ResetMfa
            | Change::Unlock => {}
        }
        match (subject.loses_billing(change), others) {
            (true, Others::None) => Err(Refused::LastWithBilling),
            (true, Others::Some) | (false, _) => Ok(()),
        }
    }
}

/// What is to be done to an administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Name, e-mail and role are to be others; the role is this one then.
    Details(Role),
    /// Let in.
    Activate,
    /// Barred.
    Suspend,
    /// Gone.
    Delete,
    /// Another link to choose a password.
    Invite,
    /// MFA required, or not any more.
    Requirement,
    /// Their factor forgotten.
    ResetMfa,
    /// S4.19: the wrong codes of their factor forgotten.
    Unlock,
}

/// The administrator to whom it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Who.
    pub id: AccountId,
    /// What they may do.
    pub role: Role,
    /// Whether they can sign in.
    pub state: State,
}

impl Subject {
    /// The account, if it is an administrator's.
    pub const fn of(account: &Account) -> Option<Self> {
        match account.kind {
            Kind::Administrator { role } => Some(Self { id: account.id, role, state: account.state }),
            Kind::User { .. } => None,
        }
    }

    /// S6.1: whether there is one activated Administrator with Billing less afterwards.
    pub const fn loses_billing(self, change: Change) -> bool {
        let counts =
            matches!(self.role, Role::AdministratorWithBilling) && matches!(self.state, State::Activated);
        counts
            && match change {
                Change::Suspend | Change::Delete => true,
                Change::Details(role) => !matches!(role, Role::AdministratorWithBilling),
                Change::Activate
                | Change::Invite
                | Change::Requirement
                | Change::ResetMfa
                | Change::Unlock => false,
            }
    }
}

/// Whether there are other activated Administrators with Billing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// At least one.
    Some,
    /// No.
    None,
}

/// Why an administrator is left as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// S6.2, S6.3: they have billing, and whoever asks has not.
    #[error("Only an Administrator with Billing can change an Administrator with Billing.")]
    BeyondReach,
    /// S6.2: the role is above that of whoever asks.
    #[error("Only an Administrator with Billing can give the role Administrator with Billing.")]
    AboveOwnRole,
    /// S6.1: somebody must be left.
    #[error(
        "This is the last Administrator with Billing who can sign in. Give another administrator that role first."
    )]
    LastWithBilling,
    /// It is their own account.
    #[error("You can't suspend or delete your own account. Ask another administrator.")]
    Oneself,
    /// S6.3: it is their own factor.
    #[error(
        "You can't reset your own MFA this way. Replace it under My account, or ask another administrator."
    )]
    OwnMfa,
    /// S4.19: whoever guesses their own codes, or has their session, does not get another ten tries.
    #[error("You can't unlock your own codes. Ask another administrator.")]
    OwnLock,
    /// There is no factor to reset.
    #[error("MFA is not set up, so there is nothing to reset.")]
    NotEnrolled,
    /// S6.4: the organization demands it of everyone.
    #[error("MFA is required of every administrator under Settings › Security.")]
    RequiredOfEveryone,
    /// They are in already.
    #[error("The administrator is activated already.")]
    AlreadyActivated,
    /// There is nobody to bar.
    #[error("Only an activated administrator can be suspended.")]
    NotActivated,
    /// There is a password, or nobody who could use one.
    #[error("Only an administrator who is activated and has no password yet gets this mail.")]
    NotPending,
}

impl Refused {
    /// The word for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::BeyondReach => "beyond_reach",
            Self::AboveOwnRole => "above_own_role",
            Self::LastWithBilling => "last_administrator_with_billing",
            Self::Oneself | Self::OwnMfa | Self::OwnLock => "own_account",
            Self::NotEnrolled => "not_enrolled",
            Self::RequiredOfEveryone => "required_of_everyone",
            Self::AlreadyActivated => "already_activated",
            Self::NotActivated => "not_activated",
            Self::NotPending => "not_pending",
        }
    }
}

/// S6.4: of whom MFA is required: the Global MFA Requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demanded {
    /// Of each administrator for whom it is switched on.
    OfEach,
    /// Of every administrator, now and later.
    OfEveryone,
}

impl Demanded {
    /// The word in the database.
    pub const fn key(self) -> &'static str {
        match self {
            Self::OfEach => "each",
            Self::OfEveryone => "everyone",
        }
    }

    /// What that word means.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        match text {
            "each" => Ok(Self::OfEach),
            "everyone" => Ok(Self::OfEveryone),
            _ => Err(FieldError::new(field, "Choose each or everyone.")),
        }
    }

    /// S6.5: the requirement of a new administrator of whom `wanted` is wanted.
    pub const fn of_new(self, wanted: Requirement) -> Requirement {
        match self {
            Self::OfEach => wanted,
            Self::OfEveryone => Requirement::AtOnce,
        }
    }

    /// S6.4: withdraws the requirement; a factor stays. While it is everyone's it is fixed on.
    pub fn release(self, mfa: Mfa) -> Result<Mfa, Refused> {
        match self {
            Self::OfEach => Ok(mfa.remove_requirement().0),
            Self::OfEveryone => Err(Refused::RequiredOfEveryone),
        }
    }
}

/// S6.6: requires MFA at the next sign-in; an administrator has no enrollment period.
pub const fn require(mfa: Mfa) -> Mfa {
    Mfa { requirement: Requirement::AtOnce, enrollment: mfa.enrollment }
}

/// S6.3: forgets an administrator's factor; whether MFA is required of them stays as it is.
pub const fn reset(mfa: Mfa) -> Result<Mfa, Refused> {
    match mfa.enrollment {
        Enrollment::Enrolled(_) => {
            Ok(Mfa { requirement: mfa.requirement, enrollment: Enrollment::NotEnrolled })
        }
        Enrollment::NotEnrolled => Err(Refused::NotEnrolled),
    }
}

#[cfg(test)]
mod tests;
