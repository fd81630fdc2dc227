//! What is listed: filters, order, pages.

use super::schema::{Id, OrderWord, RequirementWord, SortWord, StateWord, StatusWord};
use claviger_app::stored::user_list::{self, Cursor, Filter, Order, Page, RequirementFilter, Sort};
use claviger_domain::{
    account::State as AccountState,
    field::{FieldError, Fields},
    status::Status,
};
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use utoipa::IntoParams;

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Listing {
    /// A part of a name, login name or e-mail.
    search: Option<String>,
    /// `staged`, `activated` or `suspended`.
    #[param(value_type = Option<StateWord>, inline)]
    state: Option<String>,
    /// `required` or `not_required`.
    #[param(value_type = Option<RequirementWord>, inline)]
    mfa_requirement: Option<String>,
    /// `active`, `enrolling`, `expired`, `optional`, `required_without_period` or `none`; `inactive` for everyone without a factor, `enrolled` for everyone with one.
    #[param(value_type = Option<StatusWord>, inline)]
    mfa_status: Option<String>,
    /// The id of a group: its members only.
    #[param(value_type = Option<Id>, inline)]
    group: Option<String>,
    /// `name` (default), `email`, `created` or `deadline`.
    #[param(value_type = Option<SortWord>, inline)]
    sort: Option<String>,
    /// `asc` (default) or `desc`.
    #[param(value_type = Option<OrderWord>, inline)]
    order: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 200, 50 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

pub(super) fn chosen<T: Copy>(
    field: &'static str,
    text: Option<&str>,
    words: &[(&str, T)],
) -> Result<Option<T>, FieldError> {
    let Some(text) = text else { return Ok(None) };
    match words.iter().find(|(word, _)| *word == text) {
        Some((_, value)) => Ok(Some(*value)),
        None => {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            Err(FieldError::new(field, format!("Must be one of: {}.", words.join(", "))))
        }
    }
}

/// How many items a page has.
pub(super) fn page_size(asked: Option<i64>) -> Result<i64, FieldError> {
    match asked.unwrap_or(50) {
        limit @ 1..=200 => Ok(limit),
        _ => Err(FieldError::new("limit", "Must be between 1 and 200.")),
    }
}

impl Listing {
    pub(super) fn parse(&self) -> Result<user_list::Listing, Vec<FieldError>> {
        let mut fields = Fields::new();
        let wanted = Wanted {
            search: self.search.as_deref(),
            state: self.state.as_deref(),
            mfa_requirement: self.mfa_requirement.as_deref(),
            mfa_status: self.mfa_status.as_deref(),
            group: self.group.as_deref(),
        };
        let filter = wanted.filter(&mut fields);
        let sorts = [
            ("name", Sort::Name),
            ("email", Sort::Email),
            ("created", Sort::Created),
            ("deadline", Sort::Deadline),
        ];
        let sort = fields.take(chosen("sort", self.sort.as_deref(), &sorts));
        let orders = [("asc", Order::Ascending), ("desc", Order::Descending)];
        let order = fields.take(chosen("order", self.order.as_deref(), &orders));
        let limit = fields.take(page_size(self.limit));
        let page = fields.take(page_after(self.cursor.as_deref()));
        let parsed = (|| {
            Some(user_list::Listing {
                filter: filter?,
                sort: sort?.unwrap_or_default(),
                order: order?.unwrap_or_default(),
                page: page?,
                limit: limit?,
            })
        })();
        fields.finish(parsed)
    }
}

/// What users are asked for, as texts.
#[derive(Clone, Copy, Default)]
pub(super) struct Wanted<'a> {
    pub(super) search: Option<&'a str>,
    pub(super) state: Option<&'a str>,
    pub(super) mfa_requirement: Option<&'a str>,
    pub(super) mfa_status: Option<&'a str>,
    pub(super) group: Option<&'a str>,
}

impl Wanted<'_> {
    pub(super) fn filter(&self, fields: &mut Fields) -> Option<Filter> {
        let states = [AccountState::Staged, AccountState::Activated, AccountState::Suspended]
            .map(|state| (state.key(), state));
        let state = fields.take(chosen("state", self.state, &states));
        let requirements =
            [("required", RequirementFilter::Required), ("not_required", RequirementFilter::NotRequired)];
        let requirement = fields.take(chosen("mfa_requirement", self.mfa_requirement, &requirements));
        let mut statuses: Vec<(&str, &str)> = Status::KEYS.map(|key| (key, key)).to_vec();
        statuses.extend([("inactive", "inactive"), ("enrolled", "enrolled")]);
        let status = fields.take(chosen("mfa_status", self.mfa_status, &statuses));
        let group = fields.take(match self.group.map(str::parse) {
            None => Ok(None),
            Some(Ok(id)) => Ok(Some(id)),
            Some(Err(_)) => Err(FieldError::new("group", "Pass the id of a group.")),
        });
        Some(Filter {
            search: self.search.unwrap_or_default().to_owned(),
            state: state?,
            requirement: requirement?,
            status: status?.map(str::to_owned),
            group: group?,
            ids: None,
        })
    }
}

/// What `read` makes of the cursor, if there is one.
pub(super) fn cursor<T>(
    text: Option<&str>,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, FieldError> {
    let wrong = || FieldError::new("cursor", "Pass next_cursor of the page before.");
    text.map(|text| read(text).ok_or_else(wrong)).transpose()
}

/// The page that a cursor leads to.
pub(super) fn page_after(text: Option<&str>) -> Result<Page, FieldError> {
    Ok(cursor(text, decode)?.map_or(Page::First, Page::After))
}

pub(super) fn encode(cursor: &Cursor) -> String {
    BASE64URL_NOPAD.encode(format!("{}.{}", cursor.id, cursor.value).as_bytes())
}

pub(super) fn decode(text: &str) -> Option<Cursor> {
    let text = String::from_utf8(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()?;
    let (id, value) = text.split_once('.')?;
    Some(Cursor { value: value.to_owned(), id: id.parse().ok()? })
}
