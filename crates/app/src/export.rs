//! The list of users as CSV (S3.6): a chunk at a time, so that 100,000 users need no more memory than a thousand.

use crate::{App, Problem, csv_text, words};
use claviger_domain::{
    account::Account,
    mfa::{Enrollment, Requirement},
    permission::{Granted, ViewUsers},
    time::Timestamp,
};
use claviger_store::table::{
    self,
    user_list::{self, Filter, Listing, Order, Page, Sort},
};

const CHUNK: i64 = 1_000;
const HEADINGS: [&str; 13] = [
    "username",
    "email",
    "first_name",
    "last_name",
    "display_name",
    "state",
    "mfa_status",
    "require_mfa",
    "mfa_deadline",
    "mfa_set_up",
    "groups",
    "last_sign_in",
    "created",
];

/// An export on its way.
pub struct Export {
    app: App,
    listing: Listing,
    now: Timestamp,
    state: State,
}

enum State {
    Headings,
    Rows,
    Done,
}

impl App {
    /// Begins an export of those who match, as they are now.
    pub async fn export_users(&self, _: &Granted<ViewUsers>, filter: Filter) -> Result<Export, Problem> {
        let listing =
            Listing { filter, sort: Sort::Name, order: Order::Ascending, page: Page::First, limit: CHUNK };
        Ok(Export { app: self.clone(), listing, now: self.now(), state: State::Headings })
    }
}

impl Export {
    /// The next lines; nothing after the last.
    pub async fn next(&mut self) -> Result<Option<String>, Problem> {
        match self.state {
            State::Headings => {
                self.state = State::Rows;
                Ok(Some(csv_text::line(HEADINGS)))
            }
            State::Rows => self.rows().await,
            State::Done => Ok(None),
        }
    }

    async fn rows(&mut self) -> Result<Option<String>, Problem> {
        let store = &self.app.0.store;
        let organization = self.app.organization().await?.id;
        let users = user_list::page(store, organization, &self.listing, self.now).await?;
        let Some(last) = users.last() else {
            self.state = State::Done;
            return Ok(None);
        };
        let ids: Vec<_> = users.iter().map(|user| user.id).collect();
        let groups = table::group::names_of(store, organization, &ids).await?;
        self.listing.page = Page::After(user_list::cursor(last, Sort::Name));
        let line = |user: &Account| {
            let of_user = groups.iter().filter(|(id, _)| *id == user.id).map(|(_, name)| name.as_str());
            csv_text::line(cells(user, of_user.collect::<Vec<_>>().join("; "), self.now))
        };
        Ok(Some(users.iter().map(line).collect()))
    }
}

fn cells(user: &Account, groups: String, now: Timestamp) -> [String; 13] {
    let deadline = match user.mfa.requirement {
        Requirement::By(deadline) => words::iso(deadline),
        Requirement::NotRequired | Requirement::AtOnce | Requirement::Paused(_) => String::new(),
    };
    let yes = |is_so: bool| if is_so { "true" } else { "false" }.to_owned();
    [
        user.username().map(ToString::to_string).unwrap_or_default(),
        user.email.to_string(),
        user.name.first.clone(),
        user.name.last.clone(),
        user.name.display.clone(),
        user.state.key().to_owned(),
        user.mfa.status(now).key().to_owned(),
        yes(user.mfa.requirement != Requirement::NotRequired),
        deadline,
        yes(user.mfa.enrollment != Enrollment::NotEnrolled),
        groups,
        user.last_sign_in_at.map(words::iso).unwrap_or_default(),
        words::iso(user.created_at),
    ]
}
