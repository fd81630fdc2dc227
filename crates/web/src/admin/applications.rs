//! SSO Applications: the list, and a new one from metadata, from a template, or by hand (S10).

use super::{
    application_form::{Shown, typed},
    change::Change,
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Choice, Errors, Field},
    routing::{Routes, get, post},
    view::{filters, page, render, unprocessable},
    visit::Admin,
};
use askama::Template;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Multipart, State, multipart::MultipartError},
    http::StatusCode,
    response::Response,
};
use claviger_app::{
    applications::{ApplicationForm, LARGEST_METADATA, templates},
    session::SignedIn,
    words,
};
use claviger_domain::{
    application::{
        Access,
        certificate::{End, end},
    },
    field::FieldError,
    permission::{ManageUsers, ViewUsers},
};

pub(super) const PATH: &str = "/admin/applications";
/// Metadata, twice: as a file and pasted.
const UPLOAD: usize = 2 * LARGEST_METADATA + 64 * 1024;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .at("/admin/applications", get(list))
        .at("/admin/applications/new", get(choose).post(create))
        .at("/admin/applications/new/by-hand", get(by_hand))
        .at("/admin/applications/new/template", post(from_template))
        .at("/admin/applications/new/metadata", post(from_metadata).layer(DefaultBodyLimit::max(UPLOAD)))
}

#[derive(Template)]
#[template(path = "admin/applications.html")]
struct Applications {
    chrome: AdminChrome,
    may_edit: bool,
    rows: Vec<Row>,
}

struct Row {
    href: String,
    name: String,
    description: String,
    groups: String,
    is_enabled: bool,
    /// Until when its certificate holds, if people are to be warned.
    ends: Option<String>,
}

async fn list(State(web): State<Web>, Admin(me): Admin, frame: Frame) -> Result<Response, PageError> {
    let all = web.app().applications(&me.actor.granted::<ViewUsers>()?).await?;
    let zone = web.app().organization().await?.settings.time_zone.clone();
    let now = web.app().now();
    let rows = all.into_iter().map(|one| Row {
        href: format!("{PATH}/{}", one.application.id),
        name: one.application.name.as_str().to_owned(),
        description: one.application.description,
        groups: words::number(one.groups),
        is_enabled: one.application.access == Access::Enabled,
        ends: one.certificate_ends.and_then(|at| match end(at, now) {
            End::Far => None,
            End::Near => Some(format!("Certificate ends {}", words::date(at, &zone))),
            End::Past => Some(format!("Certificate ended {}", words::date(at, &zone))),
        }),
    });
    Ok(page(&Applications {
        chrome: AdminChrome::new(&web, &me, frame, "applications").await?,
        may_edit: me.actor.granted::<ManageUsers>().is_ok(),
        rows: rows.collect(),
    }))
}

#[derive(Template)]
#[template(path = "admin/application_choose.html")]
struct Choose {
    chrome: AdminChrome,
    metadata: Field,
    template: Field,
    own: Field,
    templates: Vec<Choice>,
}

async fn chooser(web: &Web, me: &SignedIn, frame: Frame) -> Result<Choose, PageError> {
    let label = |one: &templates::Template| match one.own {
        Some(own) => format!("{} ({})", one.name, own.label),
        None => one.name.to_owned(),
    };
    Ok(Choose {
        chrome: AdminChrome::new(web, me, frame, "applications").await?,
        metadata: Field::default(),
        template: Field::default(),
        own: Field::default(),
        templates: templates::ALL.iter().map(|one| Choice::new(one.key, &label(one))).collect(),
    })
}

async fn choose(State(web): State<Web>, Admin(me): Admin, frame: Frame) -> Result<Response, PageError> {
    me.actor.granted::<ManageUsers>()?;
    Ok(page(&chooser(&web, &me, frame).await?))
}

#[derive(Template)]
#[template(path = "admin/application_new.html")]
struct New {
    chrome: AdminChrome,
    problem: Option<String>,
    /// What is to be done at the application, where that is known.
    hint: Option<String>,
    form: Shown,
}

async fn new_page(
    web: &Web,
    me: &SignedIn,
    frame: Frame,
    (form, hint): (&ApplicationForm, Option<String>),
) -> Result<New, PageError> {
    Ok(New {
        chrome: AdminChrome::new(web, me, frame, "applications").await?,
        problem: None,
        hint,
        form: Shown::of(form),
    })
}

async fn by_hand(State(web): State<Web>, Admin(me): Admin, frame: Frame) -> Result<Response, PageError> {
    me.actor.granted::<ManageUsers>()?;
    let blank = ApplicationForm::default();
    Ok(page(&new_page(&web, &me, frame, (&blank, None)).await?))
}

async fn from_template(Change { web, me, frame, form, .. }: Change<()>) -> Result<Response, PageError> {
    let chosen = templates::template(form.text("template"));
    let filled = match chosen {
        None => Err(FieldError::new("template", "Choose an application.")),
        Some(template) => template.filled(form.text("own")),
    };
    match filled {
        Ok(filled) => {
            let hint = chosen.map(|template| format!("{}: {}", template.name, template.hint));
            Ok(page(&new_page(&web, &me, frame, (&filled, hint)).await?))
        }
        Err(error) => {
            let errors = Errors::from(vec![error]);
            let mut again = chooser(&web, &me, frame).await?;
            again.template = form.field("template", &errors);
            again.own = form.field("own", &errors);
            Ok(unprocessable(&again))
        }
    }
}

/// The file, or what was pasted if there is none.
async fn read(mut parts: Multipart) -> Result<Vec<u8>, PageError> {
    let (mut file, mut pasted) = (Vec::new(), Vec::new());
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.map_err(broken)?;
        match name.as_str() {
            "file" => file = bytes.to_vec(),
            "metadata" => pasted = bytes.to_vec(),
            _ => {}
        }
    }
    Ok(if file.is_empty() { pasted } else { file })
}

fn broken(error: MultipartError) -> PageError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => PageError::TooLarge,
        _ => PageError::Malformed("The file did not arrive whole. Go back and send it again."),
    }
}

async fn from_metadata(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    parts: Multipart,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageUsers>()?;
    let metadata = read(parts).await?;
    match web.app().read_metadata(&granted, &metadata) {
        Ok(form) => Ok(page(&new_page(&web, &me, frame, (&form, None)).await?)),
        Err(refusal) => {
            let errors = Errors::after(refusal)?;
            let mut again = chooser(&web, &me, frame).await?;
            again.metadata = Field {
                value: String::from_utf8_lossy(&metadata).into_owned(),
                error: errors.of("metadata"),
            };
            Ok(unprocessable(&again))
        }
    }
}

async fn create(Change { web, me, frame, granted, form, .. }: Change<()>) -> Result<Response, PageError> {
    let entered = typed(&form);
    let Again { status, errors, problem } = match web.app().create_application(&granted, &entered).await {
        Ok(one) => return Ok(flash::redirect(&format!("{PATH}/{}", one.id), "application_created")),
        Err(refusal) => Again::after(refusal)?,
    };
    let mut again = new_page(&web, &me, frame, (&entered, None)).await?;
    again.problem = problem;
    again.form.put_back(&form, &errors);
    Ok(render(status, &again))
}
