//! Home › Settings › *Configure and Customize Widgets* (S6.7).

use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Check, Posted},
    view::{filters, page},
    visit::Admin,
};
use askama::Template;
use axum::{extract::State, response::Response};
use claviger_domain::{
    home::{Display, Widget},
    permission::SeeHome,
};

/// The widgets that an administrator has.
pub(super) struct Shown(Vec<Widget>);

impl Shown {
    pub(super) fn of(widgets: &[(Widget, Display)]) -> Self {
        Self(
            widgets
                .iter()
                .filter(|(_, display)| *display == Display::On)
                .map(|(widget, _)| *widget)
                .collect(),
        )
    }

    pub(super) fn has(&self, widget: Widget) -> bool {
        self.0.contains(&widget)
    }

    /// For templates.
    pub(super) fn shows(&self, key: &str) -> bool {
        self.0.iter().any(|widget| widget.key() == key)
    }

    /// For templates: whether there is one among them.
    pub(super) fn none(&self) -> bool {
        self.0.is_empty()
    }
}

#[derive(Template)]
#[template(path = "admin/widgets.html")]
struct Widgets {
    chrome: AdminChrome,
    ticks: Vec<Tick>,
}

struct Tick {
    name: &'static str,
    label: &'static str,
    check: Check,
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<SeeHome>()?;
    let widgets = web.app().home_widgets(&granted, &me).await?;
    let tick = |(widget, display): (Widget, Display)| Tick {
        name: widget.key(),
        label: widget.words(),
        check: Check { on: display == Display::On, error: None },
    };
    Ok(page(&Widgets {
        chrome: AdminChrome::new(&web, &me, frame, "home").await?,
        ticks: widgets.into_iter().map(tick).collect(),
    }))
}

pub(super) async fn save(
    State(web): State<Web>,
    Admin(me): Admin,
    form: Posted,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<SeeHome>()?;
    let on: Vec<_> = Widget::ALL.into_iter().filter(|widget| form.has(widget.key())).collect();
    web.app().choose_home_widgets(&granted, &me, &on).await?;
    Ok(flash::redirect("/admin", "widgets_chosen"))
}
