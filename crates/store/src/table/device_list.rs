//! The list of devices: search, filters and keyset pages (S8.2).

use super::{
    device::device_columns,
    device_contact::{Known, contact_columns},
    user_list::Page,
};
use crate::{FromRow, Row, Select, Store, StoreError, Value, containing, p};
use claviger_domain::{
    device::{Device, Platform, forecast::ONLINE_FOR},
    id::{DeviceGroupId, DeviceId, OrganizationId},
    sign_in::TotpSwitch,
    time::Timestamp,
};

/// Whether a device was heard of lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Presence {
    /// It was.
    Online,
    /// It wasn't.
    Offline,
}

/// What a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// A part of a name, host name, system or address.
    pub search: String,
    /// One of the words of S8.3.
    pub status: Option<String>,
    /// One platform only.
    pub platform: Option<Platform>,
    /// Online or not.
    pub presence: Option<Presence>,
    /// The devices of one group.
    pub group: Option<DeviceGroupId>,
    /// These alone.
    pub ids: Option<Vec<DeviceId>>,
}

/// What statuses and presence depend on beside the rows.
#[derive(Clone, Copy, Debug)]
pub struct Present {
    /// Whether TOTP is in force in the organization.
    pub totp: TotpSwitch,
    /// The time.
    pub now: Timestamp,
}

/// S8.3 as SQL.
const fn status(totp: TotpSwitch) -> &'static str {
    match totp {
        TotpSwitch::Disabled => "CASE WHEN d.mfa = 'off' THEN 'off' ELSE 'paused' END",
        TotpSwitch::Enabled => {
            "CASE WHEN d.mfa = 'off' THEN 'off' WHEN c.applied = 'in_force' THEN 'on' \
             WHEN c.applied = 'blocked' AND c.applied_revision >= c.state_revision THEN 'blocked' ELSE 'waiting' END"
        }
    }
}

const FROM: &str = " FROM device d JOIN device_contact c ON c.organization = d.organization AND c.device = d.id \
    WHERE d.organization = $1";

/// Adds the conditions of `filter`; `$1` is the organization.
fn filtered(select: Select, filter: &Filter, present: Present) -> Select {
    let mut select = select;
    if !filter.search.is_empty() {
        const SEARCH: &str = r" AND (d.name_key LIKE $ ESCAPE '\' OR lower(c.hostname) LIKE $ ESCAPE '\' OR lower(c.system) LIKE $ ESCAPE '\' OR c.last_address LIKE $ ESCAPE '\')";
        select = select.with(SEARCH, containing(&filter.search.to_lowercase()));
    }
    if let Some(word) = &filter.status {
        select = select.text(" AND ").text(status(present.totp)).with(" = $", word.as_str());
    }
    if let Some(platform) = filter.platform {
        select = select.with(" AND d.platform = $", platform.key());
    }
    let edge = present.now.minus(ONLINE_FOR);
    select = match filter.presence {
        Some(Presence::Online) => select.with(" AND c.last_contact_at >= $", edge),
        Some(Presence::Offline) => select.with(" AND c.last_contact_at < $", edge),
        None => select,
    };
    if let Some(group) = filter.group {
        select = select.with(
            " AND d.id IN (SELECT m.device FROM device_group_member m \
             WHERE m.organization = d.organization AND m.device_group = $)",
            group,
        );
    }
    match &filter.ids {
        None => select,
        Some(ids) if ids.is_empty() => select.text(" AND 1 = 0"),
        Some(ids) => select.list(" AND d.id IN (", ids.iter().map(|id| Value::from(*id)), ")"),
    }
}

/// The devices of a page, by name.
pub async fn page(
    store: &Store,
    organization: OrganizationId,
    filter: &Filter,
    (page, limit): (&Page, i64),
    present: Present,
) -> Result<Vec<Known>, StoreError> {
    const COLUMNS: &str = concat!("SELECT ", device_columns!(), ", ", contact_columns!());
    let select = Select::new(COLUMNS, p![organization]).text(FROM);
    let mut select = filtered(select, filter, present);
    let backwards = matches!(page, Page::Before(_));
    if let Page::After(cursor) | Page::Before(cursor) = page {
        let sign = if backwards { '<' } else { '>' };
        select = select
            .with(&format!(" AND (d.name_key, d.id) {sign} ($, "), cursor.value.as_str())
            .with("$)", cursor.id);
    }
    let direction = if backwards { "DESC" } else { "ASC" };
    let order = format!(" ORDER BY d.name_key {direction}, d.id {direction}");
    let mut rows: Vec<Known> = store.select(select.text(&order).with(" LIMIT $", limit)).await?;
    if backwards {
        rows.reverse();
    }
    Ok(rows)
}

/// The place beside `device` in the list.
pub fn cursor(device: &Device) -> super::user_list::Cursor {
    super::user_list::Cursor { value: device.name_key(), id: device.id.0 }
}

/// How many of the devices that match have each status of S8.3; those with none are left out.
pub async fn by_status(
    store: &Store,
    organization: OrganizationId,
    filter: &Filter,
    present: Present,
) -> Result<Vec<(String, i64)>, StoreError> {
    let select = Select::new("SELECT s.status, count(*) FROM (SELECT ", p![organization])
        .text(status(present.totp))
        .text(" AS status")
        .text(FROM);
    store.select(filtered(select, filter, present).text(") s GROUP BY s.status")).await
}

/// The devices of these ids.
pub async fn of_ids(
    store: &Store,
    organization: OrganizationId,
    ids: &[DeviceId],
) -> Result<Vec<Device>, StoreError> {
    const SQL: &str =
        concat!("SELECT ", device_columns!(), " FROM device d WHERE d.organization = $1 AND d.id IN (");
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let select = Select::new(SQL, p![organization]);
    store.select(select.list("", ids.iter().map(|id| Value::from(*id)), ")")).await
}

/// The devices of that name, whatever its case; two at most.
pub async fn named(
    store: &Store,
    organization: OrganizationId,
    name: &str,
) -> Result<Vec<Device>, StoreError> {
    const SQL: &str = concat!(
        "SELECT ",
        device_columns!(),
        " FROM device d WHERE d.organization = $1 AND d.name_key = $2 ORDER BY d.id LIMIT 2"
    );
    store.few(SQL, p![organization, name.to_lowercase()]).await
}

/// A device as a job's item knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Which.
    pub id: DeviceId,
    /// What it is called.
    pub name: String,
}

impl FromRow for Named {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self { id: DeviceId(row.get(0)?), name: row.get(1)? })
    }
}

/// Every device that matches, by name, so many at most.
pub async fn names(
    store: &Store,
    organization: OrganizationId,
    filter: &Filter,
    present: Present,
    limit: i64,
) -> Result<Vec<Named>, StoreError> {
    let select = Select::new("SELECT d.id, d.name", p![organization]).text(FROM);
    let select = filtered(select, filter, present).text(" ORDER BY d.name_key, d.id");
    store.select(select.with(" LIMIT $", limit)).await
}
