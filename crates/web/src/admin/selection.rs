//! What is done to many at once: which verb, and for whom: ticked rows, or all that match the list's filter.

use super::{devices, users};
use crate::{
    error::PageError,
    form::{Choice, Field, Posted},
};
use claviger_app::stored::{device_list, user_list};
use claviger_domain::id::{AccountId, DeviceId};
use std::{collections::BTreeMap, fmt::Display, str::FromStr};

/// More ticks than a page has rows are no page's.
const MOST: usize = 500;

/// A verb of the menu "more actions".
pub(super) struct Action {
    pub(super) key: &'static str,
    pub(super) label: &'static str,
    pub(super) button: &'static str,
}

/// The verb that was chosen in the menu.
pub(super) fn chosen<K>(form: &Posted, from_key: fn(&str) -> Option<K>) -> Result<K, PageError> {
    let nothing = PageError::Malformed("Choose an action. Go back and choose one.");
    from_key(form.text("verb")).ok_or(nothing)
}

/// The group that a verb is about.
pub(super) struct Groups {
    pub(super) field: Field,
    pub(super) all: Vec<Choice>,
}

/// What is chosen, as a form carries it.
pub(super) enum Selection<Id> {
    /// These rows.
    Ticked(Vec<Id>),
    /// All that match the list's address, which is without its page.
    All(String),
}

impl<Id: FromStr + Display> Selection<Id> {
    /// Ticked rows are fields `id.UUID`; `all` means all that match `filter`.
    pub(super) fn of(form: &Posted) -> Self {
        if form.has("all") {
            return Self::All(form.owned("filter"));
        }
        let ids = form.names().filter_map(|name| name.strip_prefix("id.")?.parse().ok());
        Self::Ticked(ids.take(MOST).collect())
    }

    /// What the next form must carry so that it means the same.
    pub(super) fn fields(&self) -> Vec<(String, String)> {
        match self {
            Self::Ticked(ids) => ids.iter().map(|id| (format!("id.{id}"), "on".into())).collect(),
            Self::All(query) => vec![("all".into(), "on".into()), ("filter".into(), query.clone())],
        }
    }
}

fn read(query: &str) -> BTreeMap<String, String> {
    serde_urlencoded::from_str(query).unwrap_or_default()
}

impl Selection<AccountId> {
    pub(super) fn filter(&self) -> user_list::Filter {
        match self {
            Self::Ticked(ids) => user_list::Filter { ids: Some(ids.clone()), ..user_list::Filter::default() },
            Self::All(query) => users::Listing::new(read(query)).filter(),
        }
    }
}

impl Selection<DeviceId> {
    pub(super) fn filter(&self) -> device_list::Filter {
        match self {
            Self::Ticked(ids) => {
                device_list::Filter { ids: Some(ids.clone()), ..device_list::Filter::default() }
            }
            Self::All(query) => devices::Listing::new(read(query)).filter(),
        }
    }
}
