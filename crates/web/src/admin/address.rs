//! A list's address is its state: what is searched for and filtered by, in which order, from where.

use crate::view::Pager;
use claviger_app::{
    stored::user_list::{Cursor, Page},
    words,
};
use std::{collections::BTreeMap, fmt::Display};

/// A filter that the form of the search carries on.
pub(super) struct Hidden {
    pub(super) name: &'static str,
    pub(super) value: String,
}

/// A choice of a row of which one holds.
pub(super) struct Segmented {
    pub(super) href: String,
    pub(super) label: &'static str,
    pub(super) selected: bool,
}

/// An MFA status with how many have it.
pub(super) struct StatusChip {
    pub(super) href: String,
    pub(super) key: &'static str,
    pub(super) label: &'static str,
    pub(super) count: String,
    pub(super) selected: bool,
}

/// The address of a list, of which only known words count.
#[derive(Clone, Debug)]
pub(super) struct Address {
    path: &'static str,
    /// What the query can say besides the search and the page.
    known: &'static [&'static str],
    query: BTreeMap<String, String>,
}

impl Address {
    pub(super) const fn new(
        path: &'static str,
        known: &'static [&'static str],
        query: BTreeMap<String, String>,
    ) -> Self {
        Self { path, known, query }
    }

    /// What it says of `name`; empty if nothing.
    pub(super) fn get(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    pub(super) fn search(&self) -> String {
        self.get("search").trim().chars().take(200).collect()
    }

    /// The query without its page: what is filtered by, and how it is sorted.
    pub(super) fn query(&self) -> String {
        let mut query = self.query.clone();
        query.retain(|name, value| {
            !value.is_empty() && (name == "search" || self.known.contains(&name.as_str()))
        });
        serde_urlencoded::to_string(&query).unwrap_or_default()
    }

    pub(super) fn page(&self) -> Page {
        match (place(self.get("after")), place(self.get("before"))) {
            (Some(after), _) => Page::After(after),
            (None, Some(before)) => Page::Before(before),
            (None, None) => Page::First,
        }
    }

    /// This list with some words changed, from its first page.
    pub(super) fn href(&self, changes: &[(&str, &str)]) -> String {
        let mut query = self.query.clone();
        query.remove("after");
        query.remove("before");
        for (name, value) in changes {
            query.insert((*name).to_owned(), (*value).to_owned());
        }
        query.retain(|_, value| !value.is_empty());
        match serde_urlencoded::to_string(&query) {
            Ok(query) if !query.is_empty() => format!("{}?{query}", self.path),
            _ => self.path.into(),
        }
    }

    /// What the form of the search must carry so that it searches in what is filtered.
    pub(super) fn kept(&self) -> Vec<Hidden> {
        let kept = self.known.iter().map(|name| Hidden { name, value: self.get(name).to_owned() });
        kept.filter(|hidden| !hidden.value.is_empty()).collect()
    }

    /// The words that `name` can have, the first of them where it has none.
    pub(super) fn segments(&self, name: &str, words: &[(&'static str, &'static str)]) -> Vec<Segmented> {
        let known = words.iter().any(|(key, _)| *key == self.get(name));
        let segment = |(key, label): &(&'static str, &'static str)| Segmented {
            href: self.href(&[(name, key)]),
            label,
            selected: if known { *key == self.get(name) } else { key.is_empty() },
        };
        words.iter().map(segment).collect()
    }

    /// The status `key` as `shape` draws it and `label` calls it.
    pub(super) fn chip(
        &self,
        key: &'static str,
        (shape, label): (&'static str, &'static str),
        counts: &[(String, i64)],
    ) -> StatusChip {
        let selected = self.get("mfa_status") == key;
        let count = counts.iter().find(|(status, _)| status == key).map_or(0, |(_, count)| *count);
        StatusChip {
            href: self.href(&[("mfa_status", if selected { "" } else { key })]),
            key: shape,
            label,
            count: words::number(count),
            selected,
        }
    }

    /// The way to the pages beside this one, from its first and its last row.
    pub(super) fn pager(&self, newer: Option<Cursor>, older: Option<Cursor>, position: String) -> Pager {
        let beside = |side: &str, row: Option<Cursor>| Some(self.href(&[(side, &place_text(&row?))]));
        Pager {
            newer: beside("before", newer),
            older: beside("after", older),
            newer_label: "Previous",
            older_label: "Next",
            position,
        }
    }
}

/// A place in an address: the row's id, a dot, and its sort value.
pub(super) fn place(text: &str) -> Option<Cursor> {
    let (id, value) = text.split_once('.')?;
    Some(Cursor { value: value.to_owned(), id: id.parse().ok()? })
}

fn place_text(Cursor { value, id }: &Cursor) -> String {
    format!("{id}.{value}")
}

/// The pager of a list that is only read onwards: whether somebody came from its start, and what is next.
pub(super) fn onwards(base: &str, came: bool, next: Option<Cursor>) -> Pager {
    let older = next.and_then(|next| serde_urlencoded::to_string([("after", place_text(&next))]).ok());
    Pager {
        newer: came.then(|| base.to_owned()),
        newer_label: "From the start",
        older: older.map(|query| format!("{base}?{query}")),
        older_label: "Next",
        position: String::new(),
    }
}

/// The pager of a list that begins with the newest, which is read towards those before `older`.
pub(super) fn newest_first(base: &str, came: bool, older: Option<impl Display>) -> Pager {
    Pager {
        newer: came.then(|| base.to_owned()),
        newer_label: "Newest",
        older: older.map(|older| format!("{base}?older={older}")),
        ..Pager::NONE
    }
}
