//! A row of an imported file of users (S3.8).

use crate::{field::FieldError, mfa::EnrollmentDays};

/// The columns that are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// Login name.
    Username,
    /// E-mail.
    Email,
    /// Given name.
    FirstName,
    /// Family name.
    LastName,
    /// What to call them.
    DisplayName,
    /// Whether MFA is required: JumpCloud's `enable_user_portal_multifactor`, too.
    RequireMfa,
    /// Within how many days: JumpCloud's `EnrollmentDays`, too.
    EnrollmentDays,
    /// Names of groups, with semicolons or bars between.
    Groups,
}

impl Column {
    /// The column of that heading, whatever its case, spaces and underscores.
    pub fn of(heading: &str) -> Option<Self> {
        let bare: String =
            heading.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        Some(match bare.as_str() {
            "username" | "login" | "loginname" | "user" => Self::Username,
            "email" | "mail" | "emailaddress" => Self::Email,
            "firstname" | "givenname" => Self::FirstName,
            "lastname" | "surname" | "familyname" => Self::LastName,
            "displayname" | "fullname" => Self::DisplayName,
            "requiremfa" | "mfarequired" | "enableuserportalmultifactor" => Self::RequireMfa,
            "enrollmentdays" | "mfaenrollmentdays" => Self::EnrollmentDays,
            "groups" | "usergroups" | "group" => Self::Groups,
            _ => return None,
        })
    }
}

/// Whether a row wants MFA required, and within how many days; nothing said takes what the form says.
pub fn requirement(require: &str, days: &str) -> Result<Option<Wish>, FieldError> {
    let days = match days.trim() {
        "" => None,
        text => Some(EnrollmentDays::parse("enrollment_days", text)?),
    };
    match require.trim().to_lowercase().as_str() {
        "" => Ok(None),
        "true" | "yes" | "y" | "1" | "required" => Ok(Some(Wish::Required(days))),
        "false" | "no" | "n" | "0" | "not required" => Ok(Some(Wish::NotRequired)),
        _ => Err(FieldError::new("require_mfa", "Whether MFA is required must be true or false.")),
    }
}

/// What a row wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// MFA, within so many days or the form's.
    Required(Option<EnrollmentDays>),
    /// No MFA.
    NotRequired,
}

/// The names of the groups in a cell.
pub fn group_names(cell: &str) -> impl Iterator<Item = &str> {
    cell.split([';', '|']).map(str::trim).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_of_other_programs_are_understood() {
        for (heading, column) in [
            ("username", Column::Username),
            ("User Name", Column::Username),
            ("E-Mail", Column::Email),
            ("firstname", Column::FirstName),
            ("last_name", Column::LastName),
            ("displayname", Column::DisplayName),
            ("enable_user_portal_multifactor", Column::RequireMfa),
            ("EnrollmentDays", Column::EnrollmentDays),
            ("Groups", Column::Groups),
        ] {
            assert_eq!(Column::of(heading), Some(column), "{heading}");
        }
        assert_eq!((Column::of("shoe size"), Column::of("")), (None, None));
    }

    #[test]
    fn a_requirement_is_said_in_many_ways() {
        let seven = Some(EnrollmentDays::new("days", 7).unwrap());
        assert_eq!(requirement("TRUE", "7"), Ok(Some(Wish::Required(seven))));
        assert_eq!(requirement("yes", ""), Ok(Some(Wish::Required(None))));
        assert_eq!(requirement("false", "7"), Ok(Some(Wish::NotRequired)));
        assert_eq!(requirement(" ", " "), Ok(None));
        assert!(requirement("maybe", "").is_err());
        for days in ["0", "366", "abc"] {
            assert!(requirement("true", days).is_err(), "{days}");
        }
    }

    #[test]
    fn groups_are_told_apart() {
        assert_eq!(group_names("Sales; Night Shift |; ").collect::<Vec<_>>(), ["Sales", "Night Shift"]);
    }
}
