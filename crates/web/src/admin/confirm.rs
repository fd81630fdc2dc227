//! A page that says what will happen and asks for it once more.

use crate::{
    chrome::AdminChrome,
    form::Field,
    view::{Link, filters},
};
use askama::Template;

#[derive(Template)]
#[template(path = "admin/confirm.html")]
pub(super) struct Confirm {
    pub(super) chrome: AdminChrome,
    pub(super) trail: Vec<Link>,
    pub(super) heading: String,
    pub(super) text: String,
    pub(super) action: String,
    pub(super) effects: Vec<String>,
    pub(super) days: Option<Field>,
    pub(super) reason: Option<Field>,
    pub(super) password: Option<Field>,
    pub(super) typed_name: Option<Typed>,
    pub(super) problem: Option<String>,
    pub(super) danger: bool,
    pub(super) verb: String,
    pub(super) cancel: String,
}

pub(super) struct Typed {
    pub(super) name: &'static str,
    pub(super) label: String,
    pub(super) hint: String,
    pub(super) field: Field,
}
