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

impl Confirm {
    /// A page that asks for nothing but a yes.
    pub(super) fn new(chrome: AdminChrome, trail: Vec<Link>, action: String, cancel: String) -> Self {
        Self {
            chrome,
            trail,
            heading: String::new(),
            text: String::new(),
            action,
            effects: Vec::new(),
            days: None,
            reason: None,
            password: None,
            typed_name: None,
            problem: None,
            danger: false,
            verb: String::new(),
            cancel,
        }
    }

    /// The same page with what is asked about something that hurts.
    pub(super) fn asking(self, asks: &Asks, about: &str) -> Self {
        Self {
            heading: format!("{} {about}?", asks.heading),
            effects: asks.effects.iter().map(|effect| (*effect).to_owned()).collect(),
            danger: true,
            verb: asks.verb.into(),
            ..self
        }
    }
}

/// What is asked before something that hurts.
pub(super) struct Asks {
    /// The last part of the address that does it.
    pub(super) path: &'static str,
    /// Begins the question; whom or what it is about ends it.
    pub(super) heading: &'static str,
    pub(super) verb: &'static str,
    pub(super) effects: &'static [&'static str],
}

pub(super) struct Typed {
    pub(super) name: &'static str,
    pub(super) label: String,
    pub(super) hint: String,
    pub(super) field: Field,
}
