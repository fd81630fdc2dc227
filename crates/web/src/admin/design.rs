//! Every component with every state, on one page, in debug builds only.

mod samples;

use super::{
    bulk,
    charts::{AreaChart, BarChart, Donut},
    selection::Action,
};
use crate::{
    Web,
    chrome::AdminChrome,
    form::{Check, Field},
    routing::{Routes, get},
    theme::Theme,
    view::{Fact, Flash, Link, Padlock, Pager, filters, page},
};
use askama::Template;
use axum::{Router, response::Response};
use claviger_app::bulk::Kind;
use samples::{Chip, Entry, Line, OpenSessions, Own, Row, Segment, UserHeader};

const HERE: &str = "/_design";

pub(crate) fn routes() -> Router<Web> {
    Router::new().at(HERE, get(full)).at("/_design/bare", get(bare))
}

#[derive(Template)]
#[template(path = "design.html")]
struct Design {
    chrome: AdminChrome,
    here: &'static str,
    crumbs: Vec<Link>,
    padlocks: Vec<Padlock>,
    flashes: Vec<Flash>,
    plain: Field,
    wrong: Field,
    empty: Field,
    on: Check,
    off: Check,
    refused: Check,
    days: Option<Field>,
    chips: Vec<Chip>,
    segments: Vec<Segment>,
    actions: Vec<Action>,
    rows: Vec<Row>,
    report: Vec<Line>,
    pagers: Vec<(&'static str, Pager)>,
    donut: Donut,
    area: AreaChart,
    bars: BarChart,
    facts: Vec<Fact>,
    qr_svg: String,
    key: String,
    key_groups: Vec<String>,
    entries: Vec<Entry>,
    header: UserHeader,
    own: Own,
    sessions: OpenSessions,
    locked: bool,
}

/// What stands on a page once only is shown with everything in it, and on a page of its own with nothing.
#[derive(Clone, Copy)]
enum Filling {
    Full,
    Bare,
}

async fn full(theme: Theme) -> Response {
    page(&design(theme, Filling::Full))
}

async fn bare(theme: Theme) -> Response {
    page(&design(theme, Filling::Bare))
}

fn design(theme: Theme, filling: Filling) -> Design {
    let (donut, area, bars) = samples::pictures();
    Design {
        chrome: samples::chrome(theme),
        here: HERE,
        crumbs: samples::crumbs(),
        padlocks: samples::padlocks("mfa"),
        flashes: ["success", "warning", "danger", ""]
            .map(|kind| Flash { kind, text: "Your changes were saved.".into() })
            .into(),
        plain: Field::of("Alice"),
        wrong: Field { value: "366".into(), error: Some("Days must be between 1 and 365.".into()) },
        empty: Field::default(),
        on: Check { on: true, error: None },
        off: Check { on: false, error: None },
        refused: Check { on: false, error: Some("Enable TOTP first.".into()) },
        days: Some(Field::of("7")),
        chips: samples::chips(),
        segments: samples::segments(),
        actions: Kind::ALL.into_iter().map(bulk::action).collect(),
        rows: samples::rows(),
        report: samples::report(),
        pagers: samples::pagers(),
        donut,
        area,
        bars,
        facts: samples::facts(),
        qr_svg: samples::qr_svg(),
        key: samples::KEY.to_owned(),
        key_groups: samples::key_groups(),
        entries: samples::entries(),
        header: samples::header(filling),
        own: match filling {
            Filling::Full => samples::own(),
            Filling::Bare => samples::own_of_nobody(),
        },
        sessions: samples::sessions(filling),
        locked: matches!(filling, Filling::Bare),
    }
}
