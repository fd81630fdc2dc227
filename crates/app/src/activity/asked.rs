//! What a reader of the log asks for, from texts to what the store looks for.

use crate::{App, Problem, Refusal, words};
use claviger_domain::{
    account::Realm,
    activity::Group,
    field::{FieldError, Fields},
    id::AccountId,
    time::{Span, Timestamp},
};
use claviger_store::table::{
    self,
    audit_list::{Ending, Filter, Party},
};

/// The longest text of a filter.
const LONGEST: usize = 200;

/// What is asked for, as it stands in an address. Empty texts ask for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Not before: a day of the organization's zone, or a point in time by RFC 3339.
    pub from: String,
    /// Up to: the whole of that day, or before that point in time.
    pub to: String,
    /// Who did it: an account's e-mail, login name or id, or a part of a name.
    pub actor: String,
    /// What was done: an action, or `group:` and a group.
    pub action: String,
    /// How it ended: an outcome, or `failed` for all but success.
    pub outcome: String,
    /// To whom or what, as for `actor`.
    pub target: String,
    /// From which address.
    pub address: String,
}

/// The word for every outcome but success.
pub const FAILED: &str = "failed";
/// What a group's word has before it, where an action could stand as well.
pub const GROUP: &str = "group:";

impl Asked {
    /// Whether nothing is asked for.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

impl App {
    /// What is asked for, as the store looks for it.
    pub(crate) async fn activity_filter(&self, asked: &Asked) -> Result<Filter, Refusal> {
        let organization = self.organization().await?;
        let zone = organization.settings.time_zone.as_str();
        let mut fields = Fields::new();
        let from = fields.take(time("from", &asked.from, zone, Edge::Start));
        let to = fields.take(time("to", &asked.to, zone, Edge::End));
        if let (Some(Some(from)), Some(Some(to))) = (from, to)
            && from >= to
        {
            fields.refuse(FieldError::new("to", "The end must be after the start."));
        }
        let texts = [
            ("actor", &asked.actor),
            ("action", &asked.action),
            ("outcome", &asked.outcome),
            ("target", &asked.target),
            ("address", &asked.address),
        ];
        for (name, text) in texts {
            if text.chars().count() > LONGEST {
                fields.refuse(FieldError::new(
                    name,
                    format!("A filter can have at most {LONGEST} characters."),
                ));
            }
        }
        if let Some(group) = asked.action.strip_prefix(GROUP)
            && Group::from_key(group).is_none()
        {
            let keys: Vec<_> = Group::ALL.map(Group::key).into();
            fields.refuse(FieldError::new("action", format!("Groups are: {}.", keys.join(", "))));
        }
        let (from, to) = fields.finish(from.zip(to))?;
        Ok(Filter {
            from,
            to,
            actor: self.party(&asked.actor).await?,
            actions: self.actions(asked.action.trim()).await?,
            outcome: self.ending(asked.outcome.trim()).await?,
            target: self.party(&asked.target).await?,
            address: Some(asked.address.trim().to_owned()).filter(|text| !text.is_empty()),
        })
    }

    /// Who a text names: the accounts that it is the e-mail, the login name or the id of; else a part of a name.
    async fn party(&self, text: &str) -> Result<Option<Party>, Problem> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        if let Ok(id) = text.parse::<AccountId>() {
            return Ok(Some(Party::Ids(vec![id.to_string()])));
        }
        let mut ids = Vec::new();
        for realm in [Realm::User, Realm::Administrator] {
            ids.extend(self.find_account(realm, text).await?.map(|account| account.id.to_string()));
        }
        Ok(Some(if ids.is_empty() { Party::Named(text.to_owned()) } else { Party::Ids(ids) }))
    }

    async fn actions(&self, text: &str) -> Result<Option<Vec<String>>, Problem> {
        if text.is_empty() {
            return Ok(None);
        }
        let Some(group) = text.strip_prefix(GROUP).and_then(Group::from_key) else {
            return Ok(Some(vec![text.to_owned()]));
        };
        let organization = self.organization().await?;
        let known = table::audit_list::actions(&self.0.store, organization.id).await?;
        Ok(Some(known.into_iter().filter(|action| Group::of(action) == group).collect()))
    }

    async fn ending(&self, text: &str) -> Result<Option<Ending>, Problem> {
        match text {
            "" => Ok(None),
            FAILED => {
                let organization = self.organization().await?;
                let failures = table::audit_list::failures(&self.0.store, organization.id).await?;
                Ok(Some(Ending::OneOf(failures)))
            }
            outcome => Ok(Some(Ending::Exactly(outcome.to_owned()))),
        }
    }
}

/// Whether a day stands for its first or for its last moment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    Start,
    End,
}

/// A point in time by RFC 3339, or the start or the end of a day of the zone.
fn time(field: &'static str, text: &str, zone: &str, edge: Edge) -> Result<Option<Timestamp>, FieldError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Some(at) = words::instant(text) {
        return Ok(Some(at));
    }
    // A time without a zone is no day.
    let start = (text.len() == "2026-11-28".len()).then(|| words::start_of_day(text, zone)).flatten();
    let day = match edge {
        Edge::Start => start,
        // A day can be an hour longer than others; the next one begins within 27 hours in any case.
        Edge::End => start.and_then(|start| {
            words::start_of_day(&words::date_field(start.plus(Span::hours(27)), zone), zone)
        }),
    };
    let wrong =
        || FieldError::new(field, "Enter a date such as 2026-11-28, or a time such as 2026-11-28T20:50:20Z.");
    day.map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_day_or_a_moment() {
        let at = |text, edge| time("from", text, "Europe/Berlin", edge).map(|at| at.map(words::iso));
        assert_eq!(at("", Edge::Start), Ok(None));
        assert_eq!(at("2026-11-28", Edge::Start), Ok(Some("2026-11-27T23:00:00Z".into())));
        assert_eq!(at("2026-11-28", Edge::End), Ok(Some("2026-11-28T23:00:00Z".into())));
        // The day that summer time ends on has 25 hours, the one that it begins on 23.
        assert_eq!(at("2026-10-25", Edge::End), Ok(Some("2026-10-25T23:00:00Z".into())));
        assert_eq!(at("2026-03-29", Edge::End), Ok(Some("2026-03-29T22:00:00Z".into())));
        assert_eq!(at("2026-11-28T20:50:20+01:00", Edge::End), Ok(Some("2026-11-28T19:50:20Z".into())));
        for bad in ["28.11.2026", "2026-11-31", "x", "2026-11-28T20:50:20"] {
            assert!(at(bad, Edge::Start).is_err(), "{bad}");
        }
    }
}
