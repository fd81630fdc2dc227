//! The list of users: the state of the list is the address (S3.6, S4.15).

use super::{
    address::{Address, Hidden, Segmented, StatusChip},
    bulk,
    columns::{Choice, Column, Columns},
    selection::Action,
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    form::Posted,
    view::{Padlock, Pager, When, filters, page, state_words},
    visit::Admin,
};
use askama::Template;
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;
use claviger_app::stored::user_list::{self, Filter, Order, Page, RequirementFilter, Sort};
use claviger_app::words;
use claviger_domain::{
    account::{Account, State as AccountState},
    id::AccountId,
    mfa::Requirement,
    permission::{ManageUsers, ViewUsers},
    status::Status,
    time::Timestamp,
};
use std::collections::BTreeMap;

const PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "admin/users.html")]
struct Users {
    chrome: AdminChrome,
    may_edit: bool,
    no_users: bool,
    search: String,
    kept_filters: Vec<Hidden>,
    states: Vec<Segmented>,
    requirements: Vec<Segmented>,
    statuses: Vec<StatusChip>,
    heads: Vec<Head>,
    columns: Columns,
    chooser: Vec<Choice>,
    here: String,
    group: Option<String>,
    actions: Vec<Action>,
    query: String,
    everyone: String,
    rows: Vec<UserRow>,
    clear: String,
    pager: Pager,
}

struct Head {
    key: &'static str,
    label: &'static str,
    href: Option<String>,
    sorted: &'static str,
}

struct UserRow {
    id: String,
    href: String,
    name: String,
    email: String,
    bounced: bool,
    username: String,
    groups: String,
    state: &'static str,
    state_words: String,
    padlock: Padlock,
    deadline: Option<When>,
    last_sign_in: Option<When>,
    created: When,
}

/// The address of the list.
pub(super) struct Listing(Address);

const PATH: &str = "/admin/users";
const KNOWN: [&str; 6] = ["state", "mfa_requirement", "mfa_status", "group", "sort", "order"];

impl Listing {
    pub(super) const fn new(query: BTreeMap<String, String>) -> Self {
        Self(Address::new(PATH, &KNOWN, query))
    }

    pub(super) fn filter(&self) -> Filter {
        let status = self.0.get("mfa_status");
        let known = ["inactive", "enrolled"].contains(&status) || Status::KEYS.contains(&status);
        Filter {
            search: self.0.search(),
            state: AccountState::from_key(self.0.get("state")),
            requirement: match self.0.get("mfa_requirement") {
                "required" => Some(RequirementFilter::Required),
                "not_required" => Some(RequirementFilter::NotRequired),
                _ => None,
            },
            status: known.then(|| status.to_owned()),
            group: self.0.get("group").parse().ok(),
            ids: None,
        }
    }

    fn sort(&self) -> (Sort, Order) {
        let sort = match self.0.get("sort") {
            "email" => Sort::Email,
            "created" => Sort::Created,
            "deadline" => Sort::Deadline,
            _ => Sort::Name,
        };
        (sort, if self.0.get("order") == "desc" { Order::Descending } else { Order::Ascending })
    }
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Query(query): Query<BTreeMap<String, String>>,
    jar: CookieJar,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ViewUsers>()?;
    let columns = Columns::of(&jar);
    let listing = Listing::new(query);
    let (filter, (sort, order)) = (listing.filter(), listing.sort());
    let address = listing.0;
    let asked = user_list::Listing { filter: filter.clone(), sort, order, page: address.page(), limit: PAGE };
    let found = web.app().users(&granted, &asked).await?;
    let counts = web.app().users_by_status().await?;
    let total: i64 = counts.iter().map(|(_, count)| count).sum();
    let matching = match asked.page {
        _ if filter == Filter::default() => Some(total),
        Page::First if !found.has_older => i64::try_from(found.users.len()).ok(),
        _ => web.app().known_count(&granted, &filter).await?,
    };
    let matching = match matching {
        Some(count) => words::counted(count, "user"),
        None => format!("more than {}", words::counted(PAGE, "user")),
    };
    let ids: Vec<_> = found.users.iter().map(|user| user.id).collect();
    let groups = match columns.has(Column::Groups) {
        true => web.app().group_names(&granted, &ids).await?,
        false => Vec::new(),
    };
    let bounced = web.app().bounced_users(&granted, &ids).await?;
    let bounced: Vec<_> = bounced.iter().map(|bounced| bounced.account).collect();
    let group = match filter.group {
        Some(id) => web.app().group(&granted, id).await.ok().map(|group| group.name.as_str().to_owned()),
        None => None,
    };
    let organization = web.app().organization().await?;
    let (zone, now) = (&organization.settings.time_zone, web.app().now());
    let beside = |account: Option<&Account>| account.map(|account| user_list::cursor(account, sort));
    let newer = beside(found.users.first().filter(|_| found.has_newer));
    let older = beside(found.users.last().filter(|_| found.has_older));
    let statuses = Status::KEYS.into_iter().map(|key| address.chip(key, (key, Status::words(key)), &counts));
    Ok(page(&Users {
        chrome: AdminChrome::new(&web, &me, frame, "users").await?,
        may_edit: me.actor.granted::<ManageUsers>().is_ok(),
        no_users: total == 0,
        search: filter.search.clone(),
        kept_filters: address.kept(),
        states: address.segments(
            "state",
            &[("", "All"), ("staged", "Staged"), ("activated", "Activated"), ("suspended", "Suspended")],
        ),
        requirements: address.segments(
            "mfa_requirement",
            &[("", "All"), ("required", "Required"), ("not_required", "Not required")],
        ),
        statuses: statuses.collect(),
        heads: heads(&address, (sort, order), &columns),
        chooser: columns.choices(),
        here: address.href(&[]),
        group,
        actions: bulk::actions_of(&me),
        query: address.query(),
        pager: address.pager(newer, older, matching.clone()),
        everyone: matching,
        rows: found.users.iter().map(|account| row(account, (&groups, &bounced), now, zone)).collect(),
        columns,
        clear: PATH.into(),
    }))
}

fn heads(address: &Address, (sort, order): (Sort, Order), columns: &Columns) -> Vec<Head> {
    let head = |class, label, key: Option<(&'static str, Sort)>| {
        let sorted = match (key, order) {
            (Some((_, by)), Order::Ascending) if by == sort => "asc",
            (Some((_, by)), Order::Descending) if by == sort => "desc",
            _ => "",
        };
        let turned = if sorted == "asc" { "desc" } else { "" };
        let href = key.map(|(key, _)| address.href(&[("sort", key), ("order", turned)]));
        Head { key: class, label, href, sorted }
    };
    let mut heads = vec![head("user", "User", Some(("name", Sort::Name)))];
    for column in Column::ALL.into_iter().filter(|column| columns.has(*column)) {
        heads.push(match column {
            Column::Deadline => head("deadline", "Deadline", Some(("deadline", Sort::Deadline))),
            Column::Created => head("created", "Created", Some(("created", Sort::Created))),
            Column::LastSignIn => head("last-sign-in", Column::LastSignIn.label(), None),
            other => head("other", other.label(), None),
        });
    }
    heads
}

fn row(
    account: &Account,
    (groups, bounced): (&[(AccountId, String)], &[AccountId]),
    now: Timestamp,
    zone: &str,
) -> UserRow {
    let deadline = match (account.mfa.status(now), account.mfa.requirement) {
        (Status::Enrolling { .. } | Status::Expired { .. }, Requirement::By(deadline)) => Some(deadline),
        _ => None,
    };
    let of_user = groups.iter().filter(|(id, _)| *id == account.id).map(|(_, name)| name.as_str());
    UserRow {
        id: account.id.to_string(),
        bounced: bounced.contains(&account.id),
        username: account.username().map(ToString::to_string).unwrap_or_default(),
        groups: of_user.collect::<Vec<_>>().join(", "),
        href: format!("/admin/users/{}", account.id),
        name: account.name.shown(account.username().map_or("", |name| name.as_str())),
        email: account.email.to_string(),
        state: account.state.key(),
        state_words: state_words(account),
        padlock: Padlock::of(account, now, zone),
        deadline: deadline.map(|deadline| When::new(deadline, now, zone)),
        last_sign_in: account.last_sign_in_at.map(|at| When::new(at, now, zone)),
        created: When::new(account.created_at, now, zone),
    }
}

/// Which columns this browser shows.
pub(super) async fn choose_columns(Admin(me): Admin, form: Posted) -> Result<Response, PageError> {
    me.actor.granted::<ViewUsers>()?;
    let back = form.text("here");
    let back = if back.starts_with(PATH) { back } else { PATH };
    let mut response = Redirect::to(back).into_response();
    if let Ok(cookie) = Columns::chosen(&form).cookie().parse() {
        response.headers_mut().append(axum::http::header::SET_COOKIE, cookie);
    }
    Ok(response)
}
