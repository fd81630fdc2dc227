//! Whom a bulk action is for: ticked rows, or everyone who matches the list's filter.

use super::users::Listing;
use crate::form::Posted;
use claviger_app::stored::user_list::Filter;
use claviger_domain::id::AccountId;
use std::collections::BTreeMap;

/// More ticks than a page has rows are no page's.
const MOST: usize = 500;

/// The chosen users, as a form carries them.
pub(super) struct Selection {
    pub(super) ids: Vec<AccountId>,
    /// The list's address without its page, if everyone who matches is meant.
    pub(super) everyone: Option<String>,
}

impl Selection {
    /// Ticked rows are fields `id.UUID`; `all` means everyone who matches `filter`.
    pub(super) fn of(form: &Posted) -> Self {
        let ids = form.names().filter_map(|name| name.strip_prefix("id.")?.parse().ok());
        Self { ids: ids.take(MOST).collect(), everyone: form.has("all").then(|| form.owned("filter")) }
    }

    pub(super) fn filter(&self) -> Filter {
        match &self.everyone {
            Some(query) => {
                let query: BTreeMap<String, String> = serde_urlencoded::from_str(query).unwrap_or_default();
                Listing::new(query).filter()
            }
            None => Filter { ids: Some(self.ids.clone()), ..Filter::default() },
        }
    }

    /// What the next form must carry so that it means the same.
    pub(super) fn fields(&self) -> Vec<(String, String)> {
        match &self.everyone {
            Some(query) => vec![("all".into(), "on".into()), ("filter".into(), query.clone())],
            None => self.ids.iter().map(|id| (format!("id.{id}"), "on".into())).collect(),
        }
    }
}
