//! From a maker's file to the stock: the good rows, sealed, in one batch.

use super::{RowError, Seed, TokenFile, parse};
use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target},
    until_decided,
};
use claviger_domain::{
    account::Account,
    id::{AccountId, TokenId},
    organization::Organization,
    permission::{Granted, ManageUsers},
    secret::Secret,
    token::{HardwareToken, Whereabouts},
};
use claviger_store::{
    Commit,
    table::{self, token::secret_place},
};
use serde_json::json;
use std::collections::{HashMap, HashSet};

/// A file as it was uploaded.
#[derive(Debug)]
pub struct Upload {
    /// Its bytes.
    pub file: Secret<Vec<u8>>,
    /// The pre-shared key or passphrase, if one was typed.
    pub key: Option<Secret<String>>,
}

/// What bad rows mean for the good ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRows {
    /// Nothing is imported.
    RefuseFile,
    /// The good rows are imported.
    LeaveOut,
}

/// What came of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Rows that can be taken.
    pub good: usize,
    /// Tokens that are known now and were not before.
    pub imported: usize,
    /// How many of them wait for the first code of their users.
    pub assigned: usize,
    /// Rows that can't be taken.
    pub errors: Vec<RowError>,
    /// Rows that name a user and are in stock all the same.
    pub remarks: Vec<RowError>,
}

/// What is to be written of a file.
struct Plan<'a> {
    take: Vec<(&'a Seed, Option<Account>)>,
    report: ImportReport,
}

impl App {
    /// Imports a CSV or PSKC file. Nothing is written if it can't be read, if its key doesn't fit, or if rows are
    /// bad and `bad` says so.
    pub async fn import_tokens(
        &self,
        granted: &Granted<ManageUsers>,
        upload: Upload,
        bad: BadRows,
    ) -> Result<ImportReport, Refusal> {
        self.require_fresh_code(granted.actor())?;
        // A key that is derived from a passphrase takes up to a second.
        let reading = move || parse(upload.file.expose(), upload.key.as_ref());
        let read = tokio::task::spawn_blocking(reading).await;
        let file = read.map_err(|error| Problem::Internal(error.to_string()))??;
        until_decided!({
            let organization = self.organization().await?;
            let plan = self.plan(&organization, &file).await?;
            let refused = bad == BadRows::RefuseFile && !plan.report.errors.is_empty();
            if refused || plan.take.is_empty() {
                return Ok(ImportReport { remarks: Vec::new(), ..plan.report });
            }
            let mut draft = Draft::of(self, granted.actor(), organization);
            let assigned = plan.take.iter().filter(|(_, user)| user.is_some()).count();
            for (seed, user) in &plan.take {
                self.put_in_stock(&mut draft, seed, user.as_ref())?;
            }
            let report = ImportReport { imported: plan.take.len(), assigned, ..plan.report };
            let details =
                json!({ "imported": report.imported, "assigned": assigned, "left_out": report.errors.len() });
            draft.log("token.import", &Target::default(), "success", details);
            (draft.commit().await? == Commit::Committed).then_some(report)
        })
    }

    /// Compares the file with what is known: serial numbers, and the users that it names.
    async fn plan<'a>(&self, organization: &Organization, file: &'a TokenFile) -> Result<Plan<'a>, Problem> {
        let keys: Vec<String> = file.seeds.iter().map(|seed| seed.serial.key()).collect();
        let known = table::token::known_serials(&self.0.store, organization.id, &keys).await?;
        let known: HashSet<String> = known.into_iter().collect();
        let (users, mut holders) = self.named(organization, file).await?;
        let mut report = ImportReport { errors: file.errors.clone(), ..ImportReport::default() };
        let mut take = Vec::new();
        for seed in &file.seeds {
            if known.contains(&seed.serial.key()) {
                let message = "a token with this serial number is in stock or assigned already.";
                report.errors.push(RowError::new(seed.row, message));
                continue;
            }
            let user = match &seed.user {
                None => None,
                Some(name) => match receiver(organization, users.get(&name.to_lowercase()), &mut holders) {
                    Ok(user) => Some(user),
                    Err(why) => {
                        report.remarks.push(RowError::new(seed.row, format!("{why} The token is in stock.")));
                        None
                    }
                },
            };
            take.push((seed, user));
        }
        report.good = take.len();
        report.errors.sort_by_key(|error| error.row);
        Ok(Plan { take, report })
    }

    /// The users that the file names, by what it calls them, and those of them who have a token.
    async fn named(
        &self,
        organization: &Organization,
        file: &TokenFile,
    ) -> Result<(HashMap<String, Account>, HashSet<AccountId>), Problem> {
        let names: HashSet<String> =
            file.seeds.iter().filter_map(|seed| seed.user.as_ref()).map(|name| name.to_lowercase()).collect();
        let names: Vec<String> = names.into_iter().collect();
        let found = table::account::by_identifiers(&self.0.store, organization.id, &names).await?;
        let ids: Vec<AccountId> = found.iter().map(|account| account.id).collect();
        let holders = table::token::holders(&self.0.store, organization.id, &ids).await?;
        let mut users = HashMap::new();
        for account in found {
            if let Some(username) = account.username() {
                users.insert(username.as_str().to_owned(), account.clone());
            }
            users.insert(account.email.key(), account);
        }
        Ok((users, holders.into_iter().collect()))
    }

    fn put_in_stock(
        &self,
        draft: &mut Draft<'_>,
        seed: &Seed,
        user: Option<&Account>,
    ) -> Result<(), Problem> {
        let (organization, now) = (draft.organization.id, draft.now);
        let token = HardwareToken {
            id: TokenId::new(now, self.random()),
            serial: seed.serial.clone(),
            model: seed.model.clone(),
            whereabouts: Whereabouts::Stock,
            imported_at: now,
        };
        let sealed = self.0.sealer.seal(secret_place(token.id), self.random(), seed.secret.expose())?;
        draft.write(table::token::insert(organization, &token, sealed));
        if let Some(user) = user {
            draft.write(table::account::unchanged(organization, user));
            draft.write(table::token::give(organization, token.id, user.id, now));
            let details = json!({ "serial": token.serial.as_str(), "confirmed": false });
            draft.log("user.mfa.token.assign", &Target::from(user), "success", details);
        }
        Ok(())
    }
}

/// Who gets a token that a file gives to `named`, or why nobody does. One user gets one token.
fn receiver(
    organization: &Organization,
    named: Option<&Account>,
    holders: &mut HashSet<AccountId>,
) -> Result<Account, String> {
    let account = named.ok_or("There is no such user.")?;
    let given = Whereabouts::Stock.given_to(account.id, account.mfa.enrollment, organization.totp);
    given.map_err(|refused| refused.to_string())?;
    match holders.insert(account.id) {
        true => Ok(account.clone()),
        false => Err("The user has another token.".to_owned()),
    }
}
