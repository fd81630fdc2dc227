//! What was refused for want of a permission or from a wrong address: logged, but not as often as somebody asks.

use crate::{
    App, Problem,
    draft::{Draft, Target},
};
use claviger_domain::{
    audit::actor_words,
    permission::{Actor, Permission},
    time::{Span, Timestamp},
};
use serde_json::json;
use std::{collections::HashMap, sync::Mutex};

/// The same refusal is logged once in that time, on each node.
const ONCE_IN: Span = Span::minutes(1);
/// Refusals of different kinds in that time; more are not logged.
const REMEMBERED: usize = 4096;

/// Refusals logged a moment ago.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<HashMap<[String; 3], Timestamp>>);

impl Refusals {
    /// Whether this one is to be logged.
    fn is_new(&self, key: [String; 3], now: Timestamp) -> bool {
        let Ok(mut seen) = self.0.lock() else { return false };
        let recent = |at: &Timestamp| *at <= now && now.since(*at) < ONCE_IN;
        if seen.get(&key).is_some_and(recent) {
            return false;
        }
        if seen.len() >= REMEMBERED {
            seen.retain(|_, at| recent(at));
        }
        let fits = seen.len() < REMEMBERED;
        if fits {
            seen.insert(key, now);
        }
        fits
    }
}

impl App {
    /// S6.2: somebody asked for what their role does not allow. At most one entry for an actor and a route in a
    /// minute, so that nobody can fill the log.
    pub async fn log_denied(
        &self,
        actor: &Actor,
        permission: Permission,
        route: &str,
    ) -> Result<(), Problem> {
        self.log_refusal(actor, "permission.denied", route, json!({ "permission": permission.key() })).await
    }

    pub(crate) async fn log_refusal(
        &self,
        actor: &Actor,
        action: &'static str,
        about: &str,
        details: serde_json::Value,
    ) -> Result<(), Problem> {
        let (kind, id) = actor_words(actor);
        let key = [action.to_owned(), format!("{kind}:{id}"), about.to_owned()];
        if !self.0.refusals.is_new(key, self.now()) {
            return Ok(());
        }
        let mut draft = Draft::new(self, actor).await?;
        draft.log(action, &Target { id: String::new(), name: about.to_owned() }, "refused", details);
        draft.settle().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_logged_once_a_minute_and_a_flood_is_bounded() {
        let (refusals, now) = (Refusals::default(), Timestamp::from_seconds(1_000));
        let key = |n: usize| ["a".to_owned(), n.to_string(), String::new()];
        assert!(refusals.is_new(key(0), now) && !refusals.is_new(key(0), now));
        assert!(refusals.is_new(key(1), now));
        assert!(!refusals.is_new(key(0), now.plus(Span::seconds(59))));
        assert!(refusals.is_new(key(0), now.plus(ONCE_IN)));
        let logged = (0..REMEMBERED * 2).filter(|n| refusals.is_new(key(n + 2), now.plus(ONCE_IN))).count();
        assert!(logged < REMEMBERED, "{logged}");
        assert!(refusals.is_new(key(9), now.plus(Span::minutes(5))));
    }
}
