//! Home of the Admin Portal: its widgets, and who is shown which (S6.7).

use crate::permission::{Permission, Role};

/// A part of Home that an administrator can switch off for themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Widget {
    /// The four figures.
    Figures,
    /// Administrators of whom MFA isn't required.
    AdminsWithoutMfa,
    /// Users in each status.
    Statuses,
    /// Whose period ends soon.
    Ending,
    /// Factors set up over time.
    Enrollment,
    /// Failed sign-ins by hour.
    Failed,
}

impl Widget {
    /// All, in the order in which Home has them.
    pub const ALL: [Widget; 6] =
        [Self::Figures, Self::AdminsWithoutMfa, Self::Statuses, Self::Ending, Self::Enrollment, Self::Failed];

    /// The word in the database and in forms.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Figures => "figures",
            Self::AdminsWithoutMfa => "admins_without_mfa",
            Self::Statuses => "statuses",
            Self::Ending => "ending",
            Self::Enrollment => "enrollment",
            Self::Failed => "failed",
        }
    }

    /// The widget of that word.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|widget| widget.key() == key)
    }

    /// The words on screens.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Figures => "Key figures",
            Self::AdminsWithoutMfa => "Admins Without MFA Required",
            Self::Statuses => "MFA status",
            Self::Ending => "Periods that end within 7 days",
            Self::Enrollment => "Enrollment over time",
            Self::Failed => "Failed sign-ins by hour",
        }
    }

    /// S6.2: what somebody must be allowed to have it on their Home.
    pub const fn needs(self) -> Permission {
        match self {
            Self::AdminsWithoutMfa => Permission::SeeAdminsWithoutMfa,
            Self::Figures | Self::Statuses | Self::Ending | Self::Enrollment | Self::Failed => {
                Permission::SeeHome
            }
        }
    }

    /// Those that a role can have.
    pub fn of(role: Role) -> Vec<Self> {
        Self::ALL.into_iter().filter(|widget| role.allows(widget.needs())).collect()
    }
}

/// Whether an administrator has a widget on their Home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Display {
    /// They have; so it is until it is switched off.
    On,
    /// They switched it off.
    Off,
}

impl Display {
    /// The word in the database.
    pub const fn key(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_sees_no_administrators_has_no_widget_of_them() {
        for role in Role::ALL {
            let widgets = Widget::of(role);
            let sees = role.allows(Permission::SeeAdminsWithoutMfa);
            assert_eq!(widgets.contains(&Widget::AdminsWithoutMfa), sees, "{role:?}");
            assert_eq!(widgets.contains(&Widget::Figures), role.allows(Permission::SeeHome), "{role:?}");
        }
    }

    #[test]
    fn every_widget_has_its_own_word() {
        for widget in Widget::ALL {
            assert_eq!(Widget::from_key(widget.key()), Some(widget));
        }
        assert_eq!(Widget::from_key("clock"), None);
        assert_eq!((Display::On.key(), Display::Off.key()), ("on", "off"));
    }
}
