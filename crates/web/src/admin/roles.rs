//! The roles and what they may do: the table of S6.2, drawn from the one that is enforced.

use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    view::{filters, page},
    visit::Admin,
};
use askama::Template;
use axum::{extract::State, response::Response};
use claviger_domain::{
    administrator::cell,
    permission::{Permission, Role},
};

#[derive(Template)]
#[template(path = "admin/roles.html")]
struct Roles {
    chrome: AdminChrome,
    roles: [&'static str; 8],
    rows: Vec<RoleRow>,
}

struct RoleRow {
    may: &'static str,
    cells: Vec<Cell>,
}

struct Cell {
    role: &'static str,
    allowed: bool,
    words: &'static str,
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
) -> Result<Response, PageError> {
    let row = |permission: Permission| RoleRow {
        may: permission.words(),
        cells: Role::ALL
            .into_iter()
            .map(|role| Cell {
                role: role.words(),
                allowed: role.allows(permission),
                words: cell(role, permission),
            })
            .collect(),
    };
    Ok(page(&Roles {
        chrome: AdminChrome::new(&web, &me, frame, "administrators").await?,
        roles: Role::ALL.map(Role::words),
        rows: Permission::ALL.into_iter().map(row).collect(),
    }))
}
