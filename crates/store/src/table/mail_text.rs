//! What an organization changed about a kind of mail: its words, or whether it goes out (section 11).

use super::unknown;
use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{id::OrganizationId, mail::Kind, mail_text::Words};

/// Whether mails of a kind go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// They do.
    On,
    /// They are not even queued.
    Off,
}

impl Switch {
    const fn key(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
        }
    }
}

/// The changes to a kind of mail, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Which kind.
    pub kind: Kind,
    /// Counts every change; 0 for a kind that was never changed.
    pub revision: i64,
    /// Whether it goes out.
    pub switch: Switch,
    /// The organization's words; nothing for the built-in ones.
    pub words: Option<Words>,
}

impl Changed {
    /// A kind that was never changed.
    pub const fn never(kind: Kind) -> Self {
        Self { kind, revision: 0, switch: Switch::On, words: None }
    }
}

/// A row of a kind that this program doesn't know is left out.
struct Known(Option<Changed>);

impl FromRow for Known {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let Some(kind) = Kind::from_key(&row.get::<String>(0)?) else { return Ok(Self(None)) };
        let switch: String = row.get(2)?;
        let switch = [Switch::On, Switch::Off].into_iter().find(|known| known.key() == switch);
        let words = Words { subject: row.get(3)?, body: row.get(4)? };
        Ok(Self(Some(Changed {
            kind,
            revision: row.get(1)?,
            switch: switch.ok_or_else(|| unknown("mail text", "neither on nor off"))?,
            words: (!words.subject.is_empty()).then_some(words),
        })))
    }
}

/// Every kind that was changed.
pub async fn all(store: &Store, organization: OrganizationId) -> Result<Vec<Changed>, StoreError> {
    const SQL: &str = "SELECT kind, revision, state, subject, body FROM mail_text WHERE organization = $1";
    let rows: Vec<Known> = store.query(SQL, p![organization]).await?;
    Ok(rows.into_iter().filter_map(|known| known.0).collect())
}

/// Writes the changes to a kind, guarded on the revision that was loaded (0 for none).
pub fn save(organization: OrganizationId, changed: &Changed) -> Statement {
    const SQL: &str = "INSERT INTO mail_text (organization, kind, revision, state, subject, body) \
        VALUES ($1, $2, 1, $3, $4, $5) ON CONFLICT (organization, kind) DO UPDATE SET revision = mail_text.revision + 1, \
        state = EXCLUDED.state, subject = EXCLUDED.subject, body = EXCLUDED.body WHERE mail_text.revision = $6";
    let words = changed.words.clone().unwrap_or_default();
    Statement::new(
        SQL,
        p![
            organization,
            changed.kind.key(),
            changed.switch.key(),
            words.subject,
            words.body,
            changed.revision,
        ],
    )
    .expect_rows(1)
}
