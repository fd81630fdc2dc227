//! Counts of users, remembered for a moment: a page of 100,000 users must not count them all each time.

use crate::{App, Problem};
use claviger_domain::{
    id::OrganizationId,
    permission::{Granted, ViewUsers},
    time::{Span, Timestamp},
};
use claviger_store::table::user_list::{self, Filter};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// How old a count may be that another node may have changed meanwhile.
const FRESH: Span = Span::seconds(2);
/// Until then it is shown once more, while it is taken anew behind the page.
const STALE: Span = Span::seconds(20);
const REMEMBERED: usize = 256;

/// How many of the users that match have each status of S4.14.
pub type Shares = Arc<Vec<(String, i64)>>;

struct Entry {
    shares: Shares,
    at: Timestamp,
    /// This node's count of changes to accounts when it was taken.
    version: u64,
    refreshing: Refreshing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Refreshing {
    No,
    Yes,
}

/// What is remembered.
#[derive(Default)]
pub(crate) struct Counts(Mutex<HashMap<Filter, Entry>>);

enum Found {
    Fresh(Shares),
    Stale(Shares),
    Nothing,
}

impl Counts {
    /// What this node changed itself is never shown as it was before.
    fn find(&self, filter: &Filter, version: u64, now: Timestamp) -> Found {
        let Ok(mut entries) = self.0.lock() else { return Found::Nothing };
        let Some(entry) = entries.get_mut(filter).filter(|entry| entry.version == version && entry.at <= now)
        else {
            return Found::Nothing;
        };
        let age = now.since(entry.at);
        let shares = Arc::clone(&entry.shares);
        match entry.refreshing {
            _ if age < FRESH => Found::Fresh(shares),
            _ if age >= STALE => Found::Nothing,
            Refreshing::Yes => Found::Fresh(shares),
            Refreshing::No => {
                entry.refreshing = Refreshing::Yes;
                Found::Stale(shares)
            }
        }
    }

    fn put(&self, filter: Filter, shares: &Shares, version: u64, at: Timestamp) {
        if let Ok(mut entries) = self.0.lock() {
            if entries.len() >= REMEMBERED {
                entries.clear();
            }
            let shares = Arc::clone(shares);
            entries.insert(filter, Entry { shares, at, version, refreshing: Refreshing::No });
        }
    }
}

impl App {
    /// How many of the users that match have each status of S4.14.
    pub(crate) async fn shares(&self, filter: &Filter) -> Result<Shares, Problem> {
        let organization = self.organization().await?.id;
        let version = self.0.store.stats().account_changes();
        match self.0.counts.find(filter, version, self.now()) {
            Found::Fresh(shares) => Ok(shares),
            Found::Stale(shares) => {
                self.count_behind(organization, filter.clone());
                Ok(shares)
            }
            Found::Nothing => self.count(organization, filter.clone()).await,
        }
    }

    /// How many users match a search, if that is known: counting them takes longer than showing the first.
    pub async fn known_count(
        &self,
        granted: &Granted<ViewUsers>,
        filter: &Filter,
    ) -> Result<Option<i64>, Problem> {
        if filter.search.is_empty() {
            return self.count_users(granted, filter).await.map(Some);
        }
        let organization = self.organization().await?.id;
        let version = self.0.store.stats().account_changes();
        match self.0.counts.find(filter, version, self.now()) {
            Found::Fresh(shares) => Ok(Some(shares.iter().map(|(_, count)| count).sum())),
            found @ (Found::Stale(_) | Found::Nothing) => {
                self.count_behind(organization, filter.clone());
                Ok(match found {
                    Found::Stale(shares) => Some(shares.iter().map(|(_, count)| count).sum()),
                    Found::Fresh(_) | Found::Nothing => None,
                })
            }
        }
    }

    fn count_behind(&self, organization: OrganizationId, filter: Filter) {
        let app = self.clone();
        tokio::spawn(async move {
            if let Err(error) = app.count(organization, filter).await {
                tracing::warn!(%error, "users could not be counted");
            }
        });
    }

    async fn count(&self, organization: OrganizationId, filter: Filter) -> Result<Shares, Problem> {
        let (version, now) = (self.0.store.stats().account_changes(), self.now());
        let shares = user_list::by_status(&self.0.store, organization, &filter, now).await?;
        let shares = Arc::new(shares);
        self.0.counts.put(filter, &shares, version, now);
        Ok(shares)
    }

    /// How many users match.
    pub async fn count_users(&self, _: &Granted<ViewUsers>, filter: &Filter) -> Result<i64, Problem> {
        // Status and requirement are known from the counts of everybody.
        let others = Filter { requirement: None, status: None, ..filter.clone() };
        let shares = if others == Filter::default() {
            self.users_by_status().await?
        } else {
            self.shares(filter).await?
        };
        Ok(shares.iter().filter(|(key, _)| filter.has_status(key)).map(|(_, count)| count).sum())
    }

    /// How many users have each status of S4.14.
    pub async fn users_by_status(&self) -> Result<Shares, Problem> {
        self.shares(&Filter::default()).await
    }
}
