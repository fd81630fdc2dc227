//! Users from a CSV file: read and checked whole, shown, and written only once confirmed (S3.8).

#[cfg(test)]
mod mutated;
mod sheet;

pub use sheet::MOST_ROWS;

use crate::{
    App, Problem, Refusal,
    bulk::{from_json, to_json},
    draft::{Draft, Target},
    jobs::{IMPORT, Work, new_job},
    users::Activation,
};
use claviger_domain::{
    account::Realm,
    field::FieldError,
    group::GroupName,
    id::{GroupId, JobId},
    import::{Wish, group_names, requirement},
    mfa::{EnrollmentDays, Period},
    permission::{Granted, ManageUsers},
    sign_in::TotpSwitch,
};
use claviger_store::{
    Batch, Commit,
    table::{
        self,
        job::{self, Item, Line, State},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sheet::{Row, Unread, on_line, read};
use std::collections::{HashMap, HashSet};

/// Bytes of a file.
pub const LARGEST: usize = 64 * 1024 * 1024;
/// Items written in one batch.
const AT_ONCE: usize = 1_000;

/// What the form says beside the file.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Options {
    /// Whether the users can sign in at once.
    pub activation: Activation,
    /// What is required of those whose row says nothing.
    pub requirement: Option<Period>,
    /// The days of those whose row requires MFA without saying how many.
    pub days: EnrollmentDays,
}

/// What a file demands of those in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Demand {
    /// MFA, of one at least. So it is taken for a preview of an earlier version, which doesn't say.
    #[default]
    Mfa,
    /// Nothing.
    Nothing,
}

/// What a job keeps beside the rows.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Plan {
    #[serde(flatten)]
    pub(crate) options: Options,
    /// Whoever starts the job is asked for a fresh code if it requires MFA.
    #[serde(default)]
    pub(crate) demand: Demand,
}

/// What was found in a file.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The job that shows it, and that is confirmed or canceled.
    pub job: JobId,
    /// Headings of columns that are not understood.
    pub ignored: Vec<String>,
}

impl Row {
    fn period(&self, options: &Options, totp: TotpSwitch) -> Result<Option<Period>, FieldError> {
        let period = match requirement(&self.require, &self.days)? {
            None => options.requirement,
            Some(Wish::NotRequired) => None,
            Some(Wish::Required(days)) => Some(Period::Days(days.unwrap_or(options.days))),
        };
        match (period, totp) {
            (Some(_), TotpSwitch::Disabled) => {
                Err(FieldError::new("require_mfa", "Enable TOTP under MFA Configurations first."))
            }
            (period, _) => Ok(period),
        }
    }
}

/// What rows are compared with: what is taken already, and the groups there are.
pub(crate) struct Prepared {
    taken: HashSet<String>,
    groups: HashMap<String, GroupId>,
    /// Of the rows so far.
    demand: Demand,
}

impl Prepared {
    /// Looks up what the rows of a chunk need.
    pub(crate) async fn for_chunk(app: &App, work: &Work, items: &[Item]) -> Result<Self, Problem> {
        let mut prepared = Self { taken: HashSet::new(), groups: HashMap::new(), demand: Demand::Nothing };
        if !matches!(work, Work::Import(_)) {
            return Ok(prepared);
        }
        let organization = app.organization().await?.id;
        prepared.groups = groups(app).await?;
        for item in items.iter().filter(|item| item.reason.is_empty()) {
            let row: Row = from_json(&item.payload)?;
            for name in [row.email.trim(), row.username.trim()] {
                let found =
                    table::account::by_identifier(&app.0.store, organization, Realm::User, name).await?;
                if found.is_some() {
                    prepared.taken.insert(name.to_lowercase());
                }
            }
        }
        Ok(prepared)
    }

    fn check(&mut self, row: &Row, options: &Options, totp: TotpSwitch) -> Result<Checked, Refusal> {
        let parsed = row.person().parse();
        let period = row.period(options, totp);
        let (parsed, period) = crate::users::both(parsed, period)?;
        let mut groups = Vec::new();
        for name in group_names(&row.groups) {
            let key = GroupName::parse("groups", name)?.key();
            let known = self.groups.get(&key).copied();
            groups
                .push(known.ok_or_else(|| FieldError::new("groups", format!("There is no group {name}.")))?);
        }
        let names = [parsed.email.key(), parsed.username.to_string()];
        for (name, what) in names.iter().zip(["e-mail", "username"]) {
            if self.taken.contains(name) {
                return Err(Refusal::state("taken", format!("Another user has this {what}.")));
            }
        }
        self.taken.extend(names);
        if period.is_some() {
            self.demand = Demand::Mfa;
        }
        Ok(Checked { parsed, period, groups })
    }

    /// What the preview says of a row, and what is kept of it.
    fn shown(
        &mut self,
        position: i64,
        row: Result<Row, Unread>,
        options: &Options,
        totp: TotpSwitch,
    ) -> Result<(Line, String), Refusal> {
        let (label, payload, reason) = match row {
            Err(Unread { line, reason }) => (format!("Line {line}"), String::new(), on_line(line, &reason)),
            Ok(row) => {
                let reason = match self.check(&row, options, totp) {
                    Ok(_) => String::new(),
                    Err(refusal) => row.told(&crate::jobs::reason(refusal)?),
                };
                (row.label(), to_json(&row)?, reason)
            }
        };
        Ok((Line { position, label, reason }, payload))
    }
}

struct Checked {
    parsed: crate::users::Parsed,
    period: Option<Period>,
    groups: Vec<GroupId>,
}

async fn groups(app: &App) -> Result<HashMap<String, GroupId>, Problem> {
    let organization = app.organization().await?.id;
    let all = table::group::list(&app.0.store, organization).await?;
    Ok(all.into_iter().map(|counted| (counted.group.name.key(), counted.group.id)).collect())
}

impl App {
    /// Reads a file and shows what would come of it: a job that waits to be confirmed.
    pub async fn upload_users(
        &self,
        granted: &Granted<ManageUsers>,
        bytes: Vec<u8>,
        options: Options,
    ) -> Result<Upload, Refusal> {
        let sheet = tokio::task::spawn_blocking(move || read(&bytes)).await;
        let sheet = sheet.map_err(|error| Problem::Internal(error.to_string()))??;
        let organization = self.organization().await?;
        let taken = table::account::identifiers(&self.0.store, organization.id).await?;
        let (taken, groups) = (taken.into_iter().collect(), groups(self).await?);
        let mut prepared = Prepared { taken, groups, demand: Demand::Nothing };
        let (totp, id) = (organization.totp, JobId::new(self.now(), self.random()));
        let total = i64::try_from(sheet.rows.len()).unwrap_or(i64::MAX);
        // The items first, many batches of them: a preview that was cut off has no job and is never seen.
        let mut rows = (1..).zip(sheet.rows).peekable();
        while rows.peek().is_some() {
            let mut batch = Batch::new();
            for (position, row) in rows.by_ref().take(AT_ONCE) {
                let (line, payload) = prepared.shown(position, row, &options, totp)?;
                batch.push(job::item(organization.id, id, &line, &payload));
            }
            if self.0.store.commit(batch).await? == Commit::Conflict {
                return Err(Refusal::Changed);
            }
        }
        self.store_preview(granted, id, &Plan { options, demand: prepared.demand }, total).await?;
        Ok(Upload { job: id, ignored: sheet.ignored })
    }

    async fn store_preview(
        &self,
        granted: &Granted<ManageUsers>,
        id: JobId,
        plan: &Plan,
        total: i64,
    ) -> Result<(), Refusal> {
        let mut draft = Draft::new(self, granted.actor()).await?;
        let new = new_job(id, (IMPORT, to_json(plan)?), State::Preview, to_json(granted.actor())?, draft.now);
        let new = job::Job { total, ..new };
        draft.write(job::insert(draft.organization.id, &new));
        let target = Target { id: id.to_string(), name: IMPORT.to_owned() };
        draft.log("users.upload", &target, "success", json!({ "rows": total }));
        Ok(draft.settle().await?)
    }

    /// Makes the user of a row, or says why not.
    pub(crate) fn import_row(
        &self,
        draft: &mut Draft<'_>,
        options: &Options,
        item: &Item,
        prepared: &mut Prepared,
    ) -> Result<(), Refusal> {
        let row: Row = from_json(&item.payload)?;
        let checked = prepared.check(&row, options, draft.organization.totp);
        let Checked { parsed, period, groups } = match checked {
            Ok(checked) => checked,
            Err(refusal) => return Err(Refusal::state("row", row.told(&crate::jobs::reason(refusal)?))),
        };
        let account = self.new_user(draft, parsed, period, options.activation)?;
        for group in groups {
            draft.write(table::group::join(draft.organization.id, group, account.id, draft.now));
        }
        Ok(())
    }
}
