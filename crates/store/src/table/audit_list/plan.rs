//! How a filter's entries are found: by which index, within which ids, and what is judged row by row.

use super::{Ending, Filter, Party, Place};
use crate::{Select, Value, containing};
use claviger_domain::{audit::right_after, id::AuditId, time::Timestamp};
use uuid::Uuid;

/// Columns that an index begins with, the most telling first.
pub(super) struct Plan {
    /// One value each, found by the index of its column; one without a column for the order of ids alone.
    pub(super) branches: Vec<Branch>,
    /// Whether something is asked for that the index does not know.
    pub(super) judges: bool,
    /// What the branches stand for.
    pub(super) driver: Driver,
}

pub(super) struct Branch {
    pub(super) driver: Driver,
    value: Option<String>,
}

/// What finds entries: an index by one column, or the order of ids alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Driver {
    Target,
    Actor,
    Address,
    Failure,
    Action,
    Time,
}

impl Driver {
    pub(super) const fn column(self) -> &'static str {
        match self {
            Self::Target => "target_id",
            Self::Actor => "actor_id",
            Self::Address => "address",
            Self::Failure => "outcome",
            Self::Action => "action",
            Self::Time => "",
        }
    }
}

impl Filter {
    pub(super) fn plan(&self) -> Plan {
        let one = |text: &Option<String>| text.clone().map(|text| vec![text]);
        let ids = |party: &Option<Party>| match party {
            Some(Party::Ids(ids)) => Some(ids.clone()),
            Some(Party::Named(_)) | None => None,
        };
        let endings = match &self.outcome {
            Some(Ending::Exactly(outcome)) if outcome != "success" => Some(vec![outcome.clone()]),
            Some(Ending::OneOf(outcomes)) => Some(outcomes.clone()),
            Some(Ending::Exactly(_)) | None => None,
        };
        let single = self.actions.as_ref().filter(|actions| actions.len() == 1);
        let drivers = [
            (Driver::Target, ids(&self.target)),
            (Driver::Actor, ids(&self.actor)),
            (Driver::Address, one(&self.address)),
            (Driver::Failure, endings.clone().filter(|endings| endings.len() == 1)),
            (Driver::Action, single.cloned()),
            (Driver::Failure, endings),
            (Driver::Action, self.actions.clone()),
        ];
        let chosen = drivers.into_iter().find_map(|(driver, values)| Some((driver, values?)));
        let asked = [
            self.target.is_some(),
            self.actor.is_some(),
            self.address.is_some(),
            self.outcome.is_some(),
            self.actions.is_some(),
        ];
        let asked = asked.into_iter().filter(|is_asked| *is_asked).count();
        match chosen {
            Some((driver, values)) => Plan {
                branches: values.into_iter().map(|value| Branch { driver, value: Some(value) }).collect(),
                judges: asked > 1,
                driver,
            },
            None => Plan {
                branches: vec![Branch { driver: Driver::Time, value: None }],
                judges: asked > 0,
                driver: Driver::Time,
            },
        }
    }

    /// Appends what the driver does not stand for. No index is to be tempted by these: a text is compared as the
    /// value of an expression.
    pub(super) fn judged(&self, mut select: Select, driver: Driver) -> Select {
        if driver != Driver::Target {
            select = party(select, self.target.as_ref(), "target_id", "target_name");
        }
        if driver != Driver::Actor {
            select = party(select, self.actor.as_ref(), "actor_id", "actor_name");
        }
        if let Some(address) = self.address.as_ref().filter(|_| driver != Driver::Address) {
            select = select.with(" AND address || '' = $", address);
        }
        if let Some(outcome) = self.outcome.as_ref().filter(|_| driver != Driver::Failure) {
            select = match outcome {
                Ending::Exactly(outcome) => select.with(" AND outcome || '' = $", outcome),
                Ending::OneOf(_) => select.text(" AND outcome || '' <> 'success'"),
            };
        }
        if let Some(actions) = self.actions.as_ref().filter(|_| driver != Driver::Action) {
            let values = actions.iter().map(Value::from);
            select = match actions.is_empty() {
                // PostgreSQL takes no empty list.
                true => select.text(" AND 1 = 0"),
                false => select.list(" AND action || '' IN (", values, ")"),
            };
        }
        select
    }
}

fn party(select: Select, party: Option<&Party>, id: &str, name: &str) -> Select {
    match party {
        Some(Party::Ids(ids)) => {
            select.list(&format!(" AND {id} || '' IN ("), ids.iter().map(Value::from), ")")
        }
        Some(Party::Named(part)) => {
            select.with(&format!(r" AND LOWER({name}) LIKE LOWER($) ESCAPE '\'"), containing(part))
        }
        None => select,
    }
}

/// The ids that are asked for: from the first, before the second.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    from: Option<AuditId>,
    after: Option<AuditId>,
    before: Option<AuditId>,
}

impl Bounds {
    pub(super) fn new(filter: &Filter, place: Place) -> Self {
        let first = |at: Timestamp| AuditId::new(at, [0; 10]);
        let to = filter.to.map(first);
        Self {
            from: filter.from.map(first),
            after: if let Place::Newer(id) = place { Some(id) } else { None },
            before: match place {
                Place::Older(id) => Some(to.map_or(id, |to| to.min(id))),
                Place::Newest | Place::Newer(_) => to,
            },
        }
    }

    /// Within the bounds, in the order of `place`. With a column before the id both are compared as one value: beside
    /// an equality a planner without statistics takes a range of ids for the narrower one, and reads all that lies
    /// in it.
    pub(super) fn append(self, select: Select, branch: &Branch) -> Select {
        let first = self.from.max(self.after.map(right_after)).unwrap_or(AuditId(Uuid::nil()));
        let end = self.before.unwrap_or(AuditId(Uuid::max()));
        let Some(value) = &branch.value else {
            return select.with(" AND id >= $", first).with(" AND id < $", end);
        };
        let column = branch.driver.column();
        // In so many words, because the index has failures alone.
        let failure = if branch.driver == Driver::Failure { " AND outcome <> 'success'" } else { "" };
        select
            .text(failure)
            .with(&format!(" AND ({column}, id) >= ($, "), value)
            .with("$)", first)
            .with(&format!(" AND ({column}, id) < ($, "), value)
            .with("$)", end)
    }

    /// No farther than that one, which is included.
    pub(super) fn up_to(self, horizon: Option<AuditId>, place: Place) -> Self {
        let Some(horizon) = horizon else { return self };
        match place {
            Place::Newest | Place::Older(_) => Self { from: Some(horizon), ..self },
            // One more than the horizon, which is included: ids are never so dense that a step by one skips any.
            Place::Newer(_) => Self { before: Some(right_after(horizon)), ..self },
        }
    }
}
