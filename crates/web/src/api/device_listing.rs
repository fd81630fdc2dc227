//! Which devices are listed, previewed or changed: filters and pages.

use super::{
    listing::{chosen, cursor, decode, page_after, page_size},
    schema::{DeviceStatusWord, Id, PlatformWord, PresenceWord},
};
use claviger_app::stored::{
    device_binding::After,
    device_list::{Filter, Presence},
    user_list::{Cursor, Page},
};
use claviger_domain::{
    device::{MfaStatus, Platform},
    field::{FieldError, Fields},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// Ids of a request.
const MOST_IDS: usize = 1_000;

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeviceListing {
    /// A part of a name, host name, system or address.
    search: Option<String>,
    /// `on`, `waiting`, `blocked`, `paused` or `off`.
    #[param(value_type = Option<DeviceStatusWord>, inline)]
    mfa_status: Option<String>,
    /// `linux`, `windows` or `macos`.
    #[param(value_type = Option<PlatformWord>, inline)]
    platform: Option<String>,
    /// `online` or `offline`.
    #[param(value_type = Option<PresenceWord>, inline)]
    presence: Option<String>,
    /// The id of a group of devices: those in it only.
    #[param(value_type = Option<Id>, inline)]
    group: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

impl DeviceListing {
    pub(super) fn parse(self) -> Result<(Filter, Page, i64), Vec<FieldError>> {
        let mut fields = Fields::new();
        let wanted = DeviceFilter {
            search: self.search,
            mfa_status: self.mfa_status,
            platform: self.platform,
            presence: self.presence,
            group: self.group,
        };
        let filter = wanted.parse(&mut fields);
        let limit = fields.take(page_size(self.limit));
        let page = fields.take(page_after(self.cursor.as_deref()));
        let parsed = (|| Some((filter?, page?, limit?)))();
        fields.finish(parsed)
    }
}

/// As for the list of devices.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceFilter {
    search: Option<String>,
    #[schema(value_type = Option<DeviceStatusWord>)]
    mfa_status: Option<String>,
    #[schema(value_type = Option<PlatformWord>)]
    platform: Option<String>,
    #[schema(value_type = Option<PresenceWord>)]
    presence: Option<String>,
    #[schema(value_type = Option<Id>)]
    group: Option<String>,
}

impl DeviceFilter {
    fn parse(&self, fields: &mut Fields) -> Option<Filter> {
        let statuses = MfaStatus::KEYS.map(|key| (key, key));
        let status = fields.take(chosen("mfa_status", self.mfa_status.as_deref(), &statuses));
        let platforms: Vec<_> = Platform::ALL.iter().map(|platform| (platform.key(), *platform)).collect();
        let platform = fields.take(chosen("platform", self.platform.as_deref(), &platforms));
        let presences = [("online", Presence::Online), ("offline", Presence::Offline)];
        let presence = fields.take(chosen("presence", self.presence.as_deref(), &presences));
        let group = fields.take(match self.group.as_deref().map(str::parse) {
            None => Ok(None),
            Some(Ok(id)) => Ok(Some(id)),
            Some(Err(_)) => Err(FieldError::new("group", "Pass the id of a group of devices.")),
        });
        Some(Filter {
            search: self.search.clone().unwrap_or_default(),
            status: status?.map(str::to_owned),
            platform: platform?,
            presence: presence?,
            group: group?,
            ids: None,
        })
    }
}

/// Which devices a request means: exactly one of `ids` and `filter`.
pub(super) fn meant(
    ids: Option<&[String]>,
    filter: Option<&DeviceFilter>,
    fields: &mut Fields,
) -> Option<Filter> {
    match (ids, filter) {
        (Some(ids), None) if ids.len() <= MOST_IDS => {
            let ids = ids.iter().map(|id| id.parse().ok()).collect::<Option<Vec<_>>>();
            let ids = ids.ok_or_else(|| FieldError::new("ids", "Each must be the id of a device."));
            fields.take(ids).map(|ids| Filter { ids: Some(ids), ..Filter::default() })
        }
        (Some(_), None) => fields.take(Err(FieldError::new("ids", "At most 1,000. Use a filter for more."))),
        (None, Some(filter)) => filter.parse(fields),
        (None, None) | (Some(_), Some(_)) => {
            fields.take(Err(FieldError::new("ids", "Pass either ids or a filter.")))
        }
    }
}

/// The place in a list that a cursor names.
pub(super) fn place(text: Option<&str>) -> Result<Option<After>, FieldError> {
    Ok(cursor(text, decode)?.map(|Cursor { value, id }| After { name: value, id }))
}

pub(super) fn encode_place(place: &After) -> String {
    super::listing::encode(&Cursor { value: place.name.clone(), id: place.id })
}
