//! Home: the checklist until it is done, then the figures (section 7).

use super::{
    charts::{self, AreaChart, BarChart, Donut},
    notices::{Notice, notices},
    widgets::Shown,
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    view::{Link, When, filters, page},
    visit::Admin,
};
use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use claviger_app::stored::Delivery;
use claviger_app::{home::Figures, session::SignedIn, words};
use claviger_domain::{
    account::Account,
    home::Widget,
    mfa::Requirement,
    permission::{AssistUsers, SeeAdminsWithoutMfa, SeeHome, SeeUsage},
    sign_in::TotpSwitch,
};

#[derive(Template)]
#[template(path = "admin/home.html")]
struct Home {
    chrome: AdminChrome,
    warnings: Vec<&'static str>,
    notices: Vec<Notice>,
    widgets: Shown,
    without_mfa: Option<Figure>,
    checklist: Option<Checklist>,
    figures: Vec<Figure>,
    donut: Donut,
    ending: Vec<Ending>,
    ending_all: Option<Link>,
    enrollment: AreaChart,
    failed: BarChart,
}

struct Checklist {
    done: i64,
    total: i64,
    progress: String,
    steps: Vec<ChecklistStep>,
}

struct ChecklistStep {
    done: bool,
    next: bool,
    title: String,
    text: String,
    href: String,
    verb: String,
}

struct Figure {
    href: String,
    label: String,
    value: String,
    detail: String,
    kind: &'static str,
}

struct Ending {
    href: String,
    name: String,
    email: String,
    ends: When,
    extend: Option<String>,
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
) -> Result<Response, PageError> {
    let granted = match (me.actor.granted::<SeeHome>(), me.actor.granted::<SeeUsage>()) {
        // Somebody who sees usage alone has their Home there.
        (Err(_), Ok(_)) => return Ok(Redirect::to("/admin/usage").into_response()),
        (granted, _) => granted?,
    };
    let figures = web.app().home(&granted).await?;
    let organization = web.app().organization().await?;
    let zone = &organization.settings.time_zone;
    let may_extend = me.actor.granted::<AssistUsers>().is_ok();
    let all = (!figures.ending.is_empty()).then(|| Link {
        href: "/admin/users?mfa_status=enrolling&sort=deadline".into(),
        label: "All".into(),
    });
    let widgets = Shown::of(&web.app().home_widgets(&granted, &me).await?);
    Ok(page(&Home {
        without_mfa: without_mfa(&web, &me, &widgets).await?,
        widgets,
        chrome: AdminChrome::new(&web, &me, frame, "home").await?,
        notices: notices(&web, &me).await?,
        warnings: figures.weaknesses.iter().map(|weakness| weakness.words()).collect(),
        checklist: checklist(&figures),
        figures: cards(&figures),
        donut: charts::donut(&figures.statuses),
        ending: figures
            .ending
            .iter()
            .filter_map(|account| ending(account, &figures, zone, may_extend))
            .collect(),
        ending_all: all,
        enrollment: charts::enrollment(&figures.statuses, &figures.enrolled_by_day, figures.now, zone),
        failed: charts::failures(&figures.failed_by_hour, figures.now, zone),
    }))
}

/// S6.7: the widget **Admins Without MFA Required**, if the administrator has it.
async fn without_mfa(web: &Web, me: &SignedIn, widgets: &Shown) -> Result<Option<Figure>, PageError> {
    if !widgets.has(Widget::AdminsWithoutMfa) {
        return Ok(None);
    }
    let granted = me.actor.granted::<SeeAdminsWithoutMfa>()?;
    let count = web.app().count_administrators_without_mfa(&granted).await?;
    let (detail, kind) = match count {
        0 => ("MFA is required of every administrator.", ""),
        _ => ("may sign in with their password alone", "warning"),
    };
    Ok(Some(Figure {
        href: "/admin/administrators/without-mfa".into(),
        label: Widget::AdminsWithoutMfa.words().into(),
        value: words::number(count),
        detail: detail.into(),
        kind,
    }))
}

/// S2.2: what is left to do; nothing once all is done.
fn checklist(figures: &Figures) -> Option<Checklist> {
    let steps = [
        (
            figures.delivery == Delivery::On,
            "Set up e-mail",
            "Without a mail server, mails wait in the queue, and you can copy their links there.",
            "/admin/settings/email",
            "Set up e-mail",
        ),
        (
            figures.totp == TotpSwitch::Enabled,
            "Enable TOTP",
            "Until then nobody can set MFA up, and none can be required.",
            "/admin/mfa",
            "Go to MFA Configurations",
        ),
        (
            figures.statuses.users() > 0,
            "Add users",
            "They get a mail with a link to choose their password.",
            "/admin/users/new",
            "Add a user",
        ),
        (
            figures.statuses.required() > 0,
            "Require MFA",
            "Give people a week to set it up; they are reminded a day before it ends.",
            "/admin/users",
            "Go to Users",
        ),
        (
            devices(figures) > 0,
            "Add a device",
            "Its login asks for the code once you enable MFA there.",
            "/admin/devices/new",
            "Add a device",
        ),
    ];
    let total = i64::try_from(steps.len()).unwrap_or(0);
    let done = i64::try_from(steps.iter().filter(|step| step.0).count()).unwrap_or(0);
    if done == total {
        return None;
    }
    let first_open = steps.iter().position(|step| !step.0);
    let steps = steps
        .into_iter()
        .enumerate()
        .map(|(index, (done, title, text, href, verb))| ChecklistStep {
            done,
            next: Some(index) == first_open,
            title: title.into(),
            text: text.into(),
            href: href.into(),
            verb: verb.into(),
        })
        .collect();
    Some(Checklist { done, total, progress: format!("{done} of {total} done"), steps })
}

/// How many devices there are.
fn devices(figures: &Figures) -> i64 {
    figures.devices.iter().map(|(_, count)| count).sum()
}

fn cards(figures: &Figures) -> Vec<Figure> {
    let card = |href: &str, label: &str, value: String, detail: String, kind| Figure {
        href: href.into(),
        label: label.into(),
        value,
        detail,
        kind,
    };
    let statuses = &figures.statuses;
    let (enrolling, expired) = (statuses.count("enrolling"), statuses.count("expired"));
    let (enrolled, users) = (statuses.enrolled(), statuses.users());
    let share = charts::percent_words(charts::percent(enrolled, users));
    let counted = format!("{} of {}", words::number(enrolled), words::counted(users, "user"));
    let in_force = figures.devices.iter().find(|(status, _)| status == "on").map_or(0, |(_, count)| *count);
    vec![
        card("/admin/users?mfa_status=enrolled", "Enrolled", share, counted, ""),
        card(
            "/admin/users?mfa_status=enrolling",
            "In enrollment period",
            words::number(enrolling),
            "still have time".into(),
            if enrolling > 0 { "warning" } else { "" },
        ),
        card(
            "/admin/users?mfa_status=expired",
            "Period expired",
            words::number(expired),
            "are locked out".into(),
            if expired > 0 { "danger" } else { "" },
        ),
        match devices(figures) {
            0 => card(
                "/admin/users?mfa_requirement=not_required",
                "Not required",
                words::number(users - statuses.required()),
                "sign in as they like".into(),
                "",
            ),
            all => card(
                "/admin/devices?mfa_status=on",
                "Devices in force",
                words::number(in_force),
                format!("of {} ask for the code", words::counted(all, "device")),
                "",
            ),
        },
    ]
}

fn ending(account: &Account, figures: &Figures, zone: &str, may_extend: bool) -> Option<Ending> {
    let Requirement::By(until) = account.mfa.requirement else { return None };
    let href = format!("/admin/users/{}", account.id);
    Some(Ending {
        name: account.name.shown(account.email.as_str()),
        email: account.email.to_string(),
        ends: When::new(until, figures.now, zone),
        extend: may_extend.then(|| format!("{href}/mfa/extend")),
        href,
    })
}
