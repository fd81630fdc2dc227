//! Who an administrator is to be, from a form or a program.

use claviger_domain::{
    account::{Account, Email, Kind, PersonName},
    field::{FieldError, Fields},
    permission::Role,
};

/// Who an administrator is, as typed.
#[derive(Clone, Debug, Default)]
pub struct AdministratorForm {
    /// E-mail.
    pub email: String,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// What to call them.
    pub display_name: String,
    /// The word of a role.
    pub role: String,
}

/// Who they are to be.
pub(super) struct Parsed {
    pub(super) email: Email,
    pub(super) name: PersonName,
    pub(super) role: Role,
}

impl AdministratorForm {
    pub(super) fn parse(&self) -> Result<Parsed, Vec<FieldError>> {
        let mut fields = Fields::new();
        let email = fields.take(Email::parse("email", &self.email));
        let name = match PersonName::parse(&self.first_name, &self.last_name, &self.display_name) {
            Ok(name) => Some(name),
            Err(errors) => {
                errors.into_iter().for_each(|error| fields.refuse(error));
                None
            }
        };
        let role = Role::from_key(&self.role).ok_or_else(|| FieldError::new("role", "Choose a role."));
        let parsed = email.zip(name).zip(fields.take(role));
        fields.finish(parsed.map(|((email, name), role)| Parsed { email, name, role }))
    }
}

impl From<&Account> for AdministratorForm {
    fn from(account: &Account) -> Self {
        let role = match account.kind {
            Kind::Administrator { role } => role.key(),
            Kind::User { .. } => "",
        };
        Self {
            email: account.email.to_string(),
            first_name: account.name.first.clone(),
            last_name: account.name.last.clone(),
            display_name: account.name.display.clone(),
            role: role.into(),
        }
    }
}
