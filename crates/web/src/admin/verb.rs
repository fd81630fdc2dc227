//! A verb that has a page of its own: it asks first and tells what it will do.

use crate::error::PageError;

/// A verb and what its page says.
pub(super) struct Action<V: 'static> {
    pub(super) verb: V,
    /// The end of its address.
    pub(super) path: &'static str,
    /// Before the name.
    pub(super) heading: &'static str,
    pub(super) button: &'static str,
    /// The word for the sentence afterwards.
    pub(super) done: &'static str,
    /// What will happen, a sentence each.
    pub(super) effects: &'static [&'static str],
}

impl<V> Action<V> {
    /// The one with that address.
    pub(super) fn at(all: &'static [Self], path: &str) -> Result<&'static Self, PageError> {
        all.iter().find(|action| action.path == path).ok_or(PageError::NotFound("page"))
    }

    /// Its effects as the page has them.
    pub(super) fn told(&self) -> Vec<String> {
        self.effects.iter().map(|effect| (*effect).to_owned()).collect()
    }
}
