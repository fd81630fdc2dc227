//! The columns of the list of users that a browser shows (S3.6): in a cookie.

use crate::form::Posted;
use axum_extra::extract::cookie::CookieJar;

const COOKIE: &str = "claviger_user_columns";

/// A column that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Username,
    State,
    Status,
    Deadline,
    Groups,
    LastSignIn,
    Created,
}

impl Column {
    pub(super) const ALL: [Column; 7] = [
        Self::Username,
        Self::State,
        Self::Status,
        Self::Deadline,
        Self::Groups,
        Self::LastSignIn,
        Self::Created,
    ];

    const fn key(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::State => "state",
            Self::Status => "status",
            Self::Deadline => "deadline",
            Self::Groups => "groups",
            Self::LastSignIn => "last_sign_in",
            Self::Created => "created",
        }
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Username => "Username",
            Self::State => "State",
            Self::Status => "MFA status",
            Self::Deadline => "Deadline",
            Self::Groups => "Groups",
            Self::LastSignIn => "Last sign-in",
            Self::Created => "Created",
        }
    }
}

/// The columns that are shown.
pub(super) struct Columns(Vec<Column>);

/// A tick of the column chooser.
pub(super) struct Choice {
    pub(super) key: &'static str,
    pub(super) label: &'static str,
    pub(super) on: bool,
}

impl Columns {
    /// What the browser chose, or all but the username and the groups.
    pub(super) fn of(jar: &CookieJar) -> Self {
        match jar.get(COOKIE) {
            Some(cookie) => {
                let chosen = |column: &Column| cookie.value().split('.').any(|key| key == column.key());
                Self(Column::ALL.into_iter().filter(chosen).collect())
            }
            None => {
                let hidden = [Column::Username, Column::Groups];
                Self(Column::ALL.into_iter().filter(|column| !hidden.contains(column)).collect())
            }
        }
    }

    /// What a form has ticked.
    pub(super) fn chosen(form: &Posted) -> Self {
        Self(Column::ALL.into_iter().filter(|column| form.has(column.key())).collect())
    }

    pub(super) fn cookie(&self) -> String {
        let keys: Vec<_> = self.0.iter().map(|column| column.key()).collect();
        format!("{COOKIE}=.{}; Path=/admin; HttpOnly; SameSite=Lax; Max-Age=31536000", keys.join("."))
    }

    pub(super) fn has(&self, column: Column) -> bool {
        self.0.contains(&column)
    }

    /// For templates.
    pub(super) fn shows(&self, key: &str) -> bool {
        self.0.iter().any(|column| column.key() == key)
    }

    pub(super) fn choices(&self) -> Vec<Choice> {
        let choice =
            |column: Column| Choice { key: column.key(), label: column.label(), on: self.has(column) };
        Column::ALL.into_iter().map(choice).collect()
    }
}
