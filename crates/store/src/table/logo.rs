//! The organization's logo: one row, if it has one (S2.5).

use super::unknown;
use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{id::OrganizationId, logo::Format, time::Timestamp};

/// A logo, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// What it is.
    pub format: Format,
    /// The file.
    pub image: Vec<u8>,
    /// When it was put in its place.
    pub changed_at: Timestamp,
}

impl FromRow for Logo {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let media_type: String = row.get(0)?;
        Ok(Self {
            format: Format::from_media_type(&media_type).ok_or_else(|| unknown("logo", &media_type))?,
            image: row.get(1)?,
            changed_at: Timestamp(row.get(2)?),
        })
    }
}

/// The logo, if there is one.
pub async fn load(store: &Store, organization: OrganizationId) -> Result<Option<Logo>, StoreError> {
    const SQL: &str = "SELECT media_type, image, changed_at FROM logo WHERE organization = $1";
    let rows = store.query(SQL, p![organization]).await?;
    Ok(rows.into_iter().next())
}

/// Puts a logo in the place of the one before, if there was one.
pub fn save(organization: OrganizationId, logo: Logo) -> Statement {
    const SQL: &str = "INSERT INTO logo (organization, media_type, image, changed_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (organization) DO UPDATE SET media_type = EXCLUDED.media_type, image = EXCLUDED.image, \
        changed_at = EXCLUDED.changed_at";
    Statement::new(SQL, p![organization, logo.format.media_type(), logo.image, logo.changed_at])
}

/// Takes the logo away.
pub fn remove(organization: OrganizationId) -> Statement {
    Statement::new("DELETE FROM logo WHERE organization = $1", p![organization])
}
