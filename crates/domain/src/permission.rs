//! Eight roles and what they may do (S6.2), as one table; and a token that only the check can make.

use crate::id::{AccountId, DeviceId};
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;

/// What an administrator, or a key of theirs, may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    AdministratorWithBilling,
    /// Everything but billing and the administrators who have it.
    Administrator,
    /// Users, groups, devices, policies, applications.
    Manager,
    /// Resets and unlocks.
    HelpDesk,
    /// Looks.
    ReadOnly,
    /// Usage only.
    BillingOnly,
    /// Runs commands.
    CommandRunner,
    /// Runs commands and sees usage.
    CommandRunnerWithBilling,
}

/// A thing that needs permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See Home.
    SeeHome,
    /// Change settings and the MFA configuration of the organization.
    ManageOrganization,
    /// Create, change and delete users.
    ManageUsers,
    /// Reset MFA or a password, unlock, extend.
    AssistUsers,
    /// See users, devices and the activity log.
    ViewUsers,
    /// Create, change and delete administrators.
    ManageAdministrators,
    /// Run commands on devices.
    RunCommands,
    /// See the usage page.
    SeeUsage,
    /// See the widget "Admins Without MFA Required" and its list.
    SeeAdminsWithoutMfa,
    /// Require MFA of those on that list.
    ActOnAdminsWithoutMfa,
}

impl Permission {
    /// All, in the order of the table of S6.2.
    pub const ALL: [Permission; 10] = [
        Self::SeeHome,
        Self::SeeAdminsWithoutMfa,
        Self::ActOnAdminsWithoutMfa,
        Self::ManageAdministrators,
        Self::ManageOrganization,
        Self::ManageUsers,
        Self::AssistUsers,
        Self::ViewUsers,
        Self::RunCommands,
        Self::SeeUsage,
    ];

    /// The word in the log and in the API.
    pub const fn key(self) -> &'static str {
        match self {
            Self::SeeHome => "see_home",
            Self::SeeAdminsWithoutMfa => "see_admins_without_mfa",
            Self::ActOnAdminsWithoutMfa => "act_on_admins_without_mfa",
            Self::ManageAdministrators => "manage_administrators",
            Self::ManageOrganization => "manage_organization",
            Self::ManageUsers => "manage_users",
            Self::AssistUsers => "assist_users",
            Self::ViewUsers => "view_users",
            Self::RunCommands => "run_commands",
            Self::SeeUsage => "see_usage",
        }
    }

    /// What it allows, in words that follow "may".
    pub const fn words(self) -> &'static str {
        match self {
            Self::SeeHome => "see Home",
            Self::SeeAdminsWithoutMfa => "see the widget \"Admins Without MFA Required\"",
            Self::ActOnAdminsWithoutMfa => "act on that widget's list",
            Self::ManageAdministrators => "manage administrators",
            Self::ManageOrganization => "change organization settings and the MFA configuration",
            Self::ManageUsers => "manage users, groups, devices, policies and applications",
            Self::AssistUsers => "reset MFA or a password, unlock, and extend for a user",
            Self::ViewUsers => "view users, devices and the activity log",
            Self::RunCommands => "run commands on devices",
            Self::SeeUsage => "see the usage (billing) page",
        }
    }
}

impl Role {
    /// All eight, the mightiest first.
    pub const ALL: [Role; 8] = [
        Self::AdministratorWithBilling,
        Self::Administrator,
        Self::Manager,
        Self::HelpDesk,
        Self::ReadOnly,
        Self::BillingOnly,
        Self::CommandRunner,
        Self::CommandRunnerWithBilling,
    ];

    /// The word in the database and in the API.
    pub const fn key(self) -> &'static str {
        match self {
            Self::AdministratorWithBilling => "administrator_with_billing",
            Self::Administrator => "administrator",
            Self::Manager => "manager",
            Self::HelpDesk => "help_desk",
            Self::ReadOnly => "read_only",
            Self::BillingOnly => "billing_only",
            Self::CommandRunner => "command_runner",
            Self::CommandRunnerWithBilling => "command_runner_with_billing",
        }
    }

    /// The words on screens.
    pub const fn words(self) -> &'static str {
        match self {
            Self::AdministratorWithBilling => "Administrator with Billing",
            Self::Administrator => "Administrator",
            Self::Manager => "Manager",
            Self::HelpDesk => "Help Desk",
            Self::ReadOnly => "Read Only",
            Self::BillingOnly => "Billing Only",
            Self::CommandRunner => "Command Runner",
            Self::CommandRunnerWithBilling => "Command Runner with Billing",
        }
    }

    /// The role of that word.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.key() == key)
    }

    /// The table of S6.2.
    pub const fn allows(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            Self::AdministratorWithBilling => true,
            Self::Administrator => !matches!(permission, P::SeeUsage | P::ActOnAdminsWithoutMfa),
            Self::Manager => matches!(
                permission,
                P::SeeHome
                    | P::SeeAdminsWithoutMfa
                    | P::ManageUsers
                    | P::AssistUsers
                    | P::ViewUsers
                    | P::RunCommands
            ),
            Self::HelpDesk => {
                matches!(permission, P::SeeHome | P::SeeAdminsWithoutMfa | P::AssistUsers | P::ViewUsers)
            }
            Self::ReadOnly => matches!(permission, P::SeeHome | P::SeeAdminsWithoutMfa | P::ViewUsers),
            Self::BillingOnly => matches!(permission, P::SeeUsage),
            Self::CommandRunner => matches!(permission, P::SeeHome | P::RunCommands),
            Self::CommandRunnerWithBilling => matches!(permission, P::SeeHome | P::RunCommands | P::SeeUsage),
        }
    }
}

/// Who does something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// What kind of party it is, with its account where there is one.
    pub who: Who,
    /// Its name for the log.
    pub name: String,
    /// The address it came from; empty on the server's own host.
    pub address: String,
}

/// The parties that act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// An administrator in the portal, with a second factor or without.
    Administrator {
        /// The account.
        id: AccountId,
        /// What it may do.
        role: Role,
        /// Whether this session gave a code.
        proven: crate::sign_in::Proven,
        /// When it did last, or gave the password that stands in for one. A job's actor of an earlier version has none.
        #[serde(default = "long_ago")]
        proven_at: crate::time::Timestamp,
    },
    /// A program with an administrator's key.
    ApiKey {
        /// The administrator.
        owner: AccountId,
        /// What the key may do.
        role: Role,
    },
    /// A user, for themselves.
    User(AccountId),
    /// A device, for somebody at its login or for itself.
    Device(DeviceId),
    /// Someone not known yet: a sign-in, a link.
    Visitor,
    /// The command line on the server's host.
    Host,
    /// The server by itself: a job.
    System,
}

const fn long_ago() -> crate::time::Timestamp {
    crate::time::Timestamp(0)
}

/// A permission as a type, so that a use case can ask for it in its signature.
pub trait Needs {
    /// The permission.
    const PERMISSION: Permission;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;
        impl Needs for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )* };
}

permissions! {
    /// See Home.
    SeeHome,
    /// Change settings and the MFA configuration of the organization.
    ManageOrganization,
    /// Create, change and delete users.
    ManageUsers,
    /// Reset MFA or a password, unlock, extend.
    AssistUsers,
    /// See users and the activity log.
    ViewUsers,
    /// Create, change and delete administrators.
    ManageAdministrators,
    /// See the widget "Admins Without MFA Required" and its list.
    SeeAdminsWithoutMfa,
    /// Require MFA of those on that list.
    ActOnAdminsWithoutMfa,
    /// Run commands on devices, and see what came of them.
    RunCommands,
    /// See the usage page.
    SeeUsage,
}

/// Proof that the check was made: only [`Actor::granted`] makes one.
#[derive(Clone, Debug)]
pub struct Granted<P> {
    actor: Actor,
    permission: PhantomData<P>,
}

/// The permission is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the role does not allow {0:?}")]
pub struct Denied(pub Permission);

impl Actor {
    /// The check.
    pub fn granted<P: Needs>(&self) -> Result<Granted<P>, Denied> {
        let allowed = match self.who {
            Who::Administrator { role, .. } | Who::ApiKey { role, .. } => role.allows(P::PERMISSION),
            Who::Host | Who::System => true,
            Who::User(_) | Who::Device(_) | Who::Visitor => false,
        };
        if allowed {
            Ok(Granted { actor: self.clone(), permission: PhantomData })
        } else {
            Err(Denied(P::PERMISSION))
        }
    }
}

impl<P> Granted<P> {
    /// Who was granted it.
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sign_in::Proven, time::Timestamp};

    #[test]
    fn the_table_is_that_of_s6_2() {
        use Permission as P;
        let columns = [
            P::SeeHome,
            P::SeeAdminsWithoutMfa,
            P::ActOnAdminsWithoutMfa,
            P::ManageAdministrators,
            P::ManageOrganization,
            P::ManageUsers,
            P::AssistUsers,
            P::ViewUsers,
            P::RunCommands,
            P::SeeUsage,
        ];
        assert_eq!(columns, P::ALL);
        let table = [
            (Role::AdministratorWithBilling, "yyyyyyyyyy"),
            (Role::Administrator, "yynyyyyyyn"),
            (Role::Manager, "yynnnyyyyn"),
            (Role::HelpDesk, "yynnnnyynn"),
            (Role::ReadOnly, "yynnnnnynn"),
            (Role::BillingOnly, "nnnnnnnnny"),
            (Role::CommandRunner, "ynnnnnnnyn"),
            (Role::CommandRunnerWithBilling, "ynnnnnnnyy"),
        ];
        for (role, row) in table {
            let got: String = columns.iter().map(|p| if role.allows(*p) { 'y' } else { 'n' }).collect();
            assert_eq!(got, row, "{role:?}");
            assert_eq!(Role::from_key(role.key()), Some(role));
        }
        assert_eq!(Role::from_key("superuser"), None);
    }

    #[test]
    fn only_who_may_is_granted() {
        let id = AccountId::new(Timestamp(0), [0; 10]);
        let actor = |who| Actor { who, name: String::new(), address: String::new() };
        let administrator =
            |role| actor(Who::Administrator { id, role, proven: Proven::Code, proven_at: Timestamp(0) });
        assert!(administrator(Role::Manager).granted::<ManageUsers>().is_ok());
        assert_eq!(
            administrator(Role::HelpDesk).granted::<ManageUsers>().unwrap_err(),
            Denied(Permission::ManageUsers)
        );
        assert!(actor(Who::ApiKey { owner: id, role: Role::ReadOnly }).granted::<ViewUsers>().is_ok());
        assert!(actor(Who::Host).granted::<ManageOrganization>().is_ok());
        assert!(actor(Who::System).granted::<SeeHome>().is_ok());
        assert!(actor(Who::User(id)).granted::<SeeHome>().is_err());
        assert!(actor(Who::Visitor).granted::<AssistUsers>().is_err());
        let device = DeviceId::new(Timestamp(0), [0; 10]);
        assert!(actor(Who::Device(device)).granted::<ViewUsers>().is_err());
    }
}
