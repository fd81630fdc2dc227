//! The widgets of Home that administrators switched off or on again (S6.7).

use crate::{FromRow, Row, Statement, Store, StoreError, p};
use claviger_domain::{
    home::{Display, Widget},
    id::{AccountId, OrganizationId},
};

/// A widget that was switched; one that no version of this program knows any more is none.
struct Switched(Option<Widget>, Display);

impl FromRow for Switched {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let display = if row.get::<String>(1)? == Display::Off.key() { Display::Off } else { Display::On };
        Ok(Self(Widget::from_key(&row.get::<String>(0)?), display))
    }
}

/// What the administrator switched.
pub async fn switched(
    store: &Store,
    organization: OrganizationId,
    account: AccountId,
) -> Result<Vec<(Widget, Display)>, StoreError> {
    const SQL: &str = "SELECT widget, state FROM home_widget WHERE organization = $1 AND account = $2";
    let rows: Vec<Switched> = store.few(SQL, p![organization, account]).await?;
    Ok(rows.into_iter().filter_map(|Switched(widget, display)| Some((widget?, display))).collect())
}

/// Switches one.
pub fn switch(
    organization: OrganizationId,
    account: AccountId,
    widget: Widget,
    display: Display,
) -> Statement {
    const SQL: &str = "INSERT INTO home_widget (organization, account, widget, state) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (organization, account, widget) DO UPDATE SET state = excluded.state";
    Statement::new(SQL, p![organization, account, widget.key(), display.key()])
}
