//! Users from a CSV file: read and checked whole, shown, and written only once confirmed (S3.8).

use crate::{
    App, Problem, Refusal,
    bulk::{from_json, to_json},
    draft::{Draft, Target},
    jobs::{IMPORT, Work, new_job},
    users::{Activation, Person},
};
use claviger_domain::{
    account::Realm,
    field::FieldError,
    group::GroupName,
    id::{GroupId, JobId},
    import::{Column, Wish, group_names, requirement},
    mfa::{EnrollmentDays, Period},
    permission::{Granted, ManageUsers},
    sign_in::TotpSwitch,
};
use claviger_store::{
    Batch, Commit, Statement,
    table::{
        self,
        job::{self, Item, Line, State},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Bytes of a file.
pub const LARGEST: usize = 64 * 1024 * 1024;
/// Rows of a file.
pub const MOST_ROWS: usize = 200_000;
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

/// What was found in a file.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The job that shows it, and that is confirmed or canceled.
    pub job: JobId,
    /// Headings of columns that are not understood.
    pub ignored: Vec<String>,
}

/// A row as a job keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    username: String,
    email: String,
    first_name: String,
    last_name: String,
    display_name: String,
    require: String,
    days: String,
    groups: String,
}

impl Row {
    fn person(&self) -> Person {
        Person {
            username: self.username.clone(),
            email: self.email.clone(),
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            display_name: self.display_name.clone(),
        }
    }

    fn label(&self) -> String {
        let name = if self.email.trim().is_empty() { &self.username } else { &self.email };
        name.chars().take(254).collect()
    }

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

/// A file as read, before it is compared with what there is.
struct Sheet {
    rows: Vec<Result<Row, String>>,
    ignored: Vec<String>,
}

fn wrong(message: impl Into<String>) -> FieldError {
    FieldError::new("file", message)
}

/// Reads the file: UTF-8 with or without a mark, with commas, semicolons or tabs.
fn read(bytes: &[u8]) -> Result<Sheet, FieldError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
        wrong(format!("Line {line} is not UTF-8 text. Save the file as CSV UTF-8."))
    })?;
    let heading = text.lines().next().unwrap_or_default();
    if heading.trim().is_empty() {
        return Err(wrong("The file is empty. Its first line must name the columns."));
    }
    let most =
        [b',', b';', b'\t'].into_iter().max_by_key(|c| heading.bytes().filter(|byte| byte == c).count());
    let mut reader =
        csv::ReaderBuilder::new().delimiter(most.unwrap_or(b',')).flexible(true).from_reader(text.as_bytes());
    let headings =
        reader.headers().map_err(|error| wrong(format!("The file can't be read: {error}.")))?.clone();
    let mut columns = BTreeMap::new();
    let mut ignored = Vec::new();
    for (index, heading) in headings.iter().enumerate() {
        match Column::of(heading) {
            Some(column) => {
                if columns.insert(column, index).is_some() {
                    return Err(wrong(format!("Two columns mean the same: {heading}.")));
                }
            }
            None => ignored.push(heading.chars().take(60).collect()),
        }
    }
    for (column, name) in [(Column::Username, "username"), (Column::Email, "email")] {
        if !columns.contains_key(&column) {
            return Err(wrong(format!("There is no column {name}. The first line must name the columns.")));
        }
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        if rows.len() == MOST_ROWS {
            return Err(wrong("The file has more than 200,000 rows. Split it."));
        }
        rows.push(match record {
            Ok(record) if record.len() > headings.len() => {
                Err(format!("The row has {} cells, the heading {}.", record.len(), headings.len()))
            }
            Ok(record) => Ok(row(&record, &columns)),
            Err(error) => Err(format!("The row can't be read: {error}.")),
        });
    }
    if rows.is_empty() {
        return Err(wrong("The file has no rows below the heading."));
    }
    Ok(Sheet { rows, ignored })
}

fn row(record: &csv::StringRecord, columns: &BTreeMap<Column, usize>) -> Row {
    let cell = |column| {
        let index = columns.get(&column).copied();
        index.and_then(|index| record.get(index)).unwrap_or_default().to_owned()
    };
    Row {
        username: cell(Column::Username),
        email: cell(Column::Email),
        first_name: cell(Column::FirstName),
        last_name: cell(Column::LastName),
        display_name: cell(Column::DisplayName),
        require: cell(Column::RequireMfa),
        days: cell(Column::EnrollmentDays),
        groups: cell(Column::Groups),
    }
}

/// What rows are compared with: what is taken already, and the groups there are.
pub(crate) struct Prepared {
    taken: HashSet<String>,
    groups: HashMap<String, GroupId>,
}

impl Prepared {
    /// Looks up what the rows of a chunk need.
    pub(crate) async fn for_chunk(app: &App, work: &Work, items: &[Item]) -> Result<Self, Problem> {
        let mut prepared = Self { taken: HashSet::new(), groups: HashMap::new() };
        if matches!(work, Work::Bulk(_)) {
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
        Ok(Checked { parsed, period, groups })
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
        let mut prepared = Prepared { taken: taken.into_iter().collect(), groups: groups(self).await? };
        let (totp, id) = (organization.totp, JobId::new(self.now(), self.random()));
        let mut items = Vec::with_capacity(sheet.rows.len());
        for (position, row) in (1..).zip(sheet.rows) {
            let (label, payload, reason) = match row {
                Err(reason) => (format!("Row {position}"), String::new(), reason),
                Ok(row) => {
                    let reason = match prepared.check(&row, &options, totp) {
                        Ok(_) => String::new(),
                        Err(refusal) => crate::jobs::reason(refusal)?,
                    };
                    (row.label(), to_json(&row)?, reason)
                }
            };
            items.push(job::item(organization.id, id, &Line { position, label, reason }, &payload));
        }
        self.store_preview(granted, id, &options, items).await?;
        Ok(Upload { job: id, ignored: sheet.ignored })
    }

    /// The items first, many batches of them: a preview that was cut off has no job and is never seen.
    async fn store_preview(
        &self,
        granted: &Granted<ManageUsers>,
        id: JobId,
        options: &Options,
        mut items: Vec<Statement>,
    ) -> Result<(), Refusal> {
        let total = i64::try_from(items.len()).unwrap_or(i64::MAX);
        while !items.is_empty() {
            let rest = items.split_off(items.len().min(AT_ONCE));
            if self.0.store.commit(Batch::of(items)).await? == Commit::Conflict {
                return Err(Refusal::Changed);
            }
            items = rest;
        }
        let mut draft = Draft::new(self, granted.actor()).await?;
        let new =
            new_job(id, (IMPORT, to_json(options)?), State::Preview, to_json(granted.actor())?, draft.now);
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
        let Checked { parsed, period, groups } = prepared.check(&row, options, draft.organization.totp)?;
        let account = self.new_user(draft, parsed, period, options.activation)?;
        for group in groups {
            draft.write(table::group::join(draft.organization.id, group, account.id, draft.now));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Row> {
        read(text.as_bytes()).unwrap().rows.into_iter().map(|row| row.unwrap()).collect()
    }

    #[test]
    fn a_file_is_read_whatever_its_mark_delimiter_and_line_ends() {
        let expected = vec![Row {
            username: "alice".into(),
            email: "alice@acme.test".into(),
            first_name: "Ali, ce".into(),
            ..Row::default()
        }];
        for text in [
            "username,email,first_name\nalice,alice@acme.test,\"Ali, ce\"\n",
            "\u{feff}username;email;first name\r\nalice;alice@acme.test;Ali, ce\r\n",
            "E-Mail\tUsername\tFirstName\nalice@acme.test\talice\tAli, ce",
        ] {
            assert_eq!(rows(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_file_that_is_none_is_refused_with_its_reason() {
        for (bytes, part) in [
            (&b""[..], "empty"),
            (b"\n\n", "empty"),
            (b"username,email\n", "no rows"),
            (b"name,shoe\na,b\n", "no column username"),
            (b"username,email,E-Mail\na,b,c\n", "mean the same"),
            (b"username,email\nok,ok@x.y\n\xff\xfe,x\n", "Line 3"),
        ] {
            let Err(error) = read(bytes) else { panic!("{part}") };
            assert!(error.message.contains(part), "{}", error.message);
        }
    }

    #[test]
    fn a_row_with_too_many_cells_is_told_and_the_others_are_read() {
        let sheet = read(b"username,email,extra\na,a@x.y,1\nb,b@x.y,1,2\nc,c@x.y\n").unwrap();
        let told: Vec<_> = sheet.rows.iter().map(|row| row.is_ok()).collect();
        assert_eq!((told, sheet.ignored), (vec![true, false, true], vec!["extra".to_owned()]));
    }
}
