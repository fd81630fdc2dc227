//! Import users: a file goes in, a preview comes out (S3.8).

use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Check, Errors, Field, Posted},
    view::{filters, page, unprocessable},
    visit::Admin,
};
use askama::Template;
use axum::{
    extract::{Multipart, State, multipart::MultipartError},
    http::StatusCode,
    response::Response,
};
use claviger_app::{
    Refusal,
    import::{LARGEST, Options},
    session::SignedIn,
    users::Activation,
};
use claviger_domain::{
    field::{FieldError, Fields},
    mfa::{EnrollmentDays, Period},
    permission::ManageUsers,
};

#[derive(Template)]
#[template(path = "admin/import.html")]
struct Import {
    chrome: AdminChrome,
    file: Field,
    activate: Check,
    require_mfa: Check,
    enrollment_days: Option<Field>,
}

async fn blank(web: &Web, me: &SignedIn, frame: Frame) -> Result<Import, PageError> {
    let days = web.app().organization().await?.settings.enrollment_days.get().to_string();
    Ok(Import {
        chrome: AdminChrome::new(web, me, frame, "users").await?,
        file: Field::default(),
        activate: Check { on: true, error: None },
        require_mfa: Check::default(),
        enrollment_days: Some(Field::of(days)),
    })
}

pub(super) async fn show(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
) -> Result<Response, PageError> {
    me.actor.granted::<ManageUsers>()?;
    Ok(page(&blank(&web, &me, frame).await?))
}

/// The form's fields and its file.
async fn read(mut parts: Multipart) -> Result<(Posted, Vec<u8>), PageError> {
    let (mut fields, mut file) = (Vec::new(), Vec::new());
    while let Some(mut part) = parts.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" {
            while let Some(chunk) = part.chunk().await.map_err(broken)? {
                if file.len() + chunk.len() > LARGEST {
                    return Err(PageError::TooLarge);
                }
                file.extend_from_slice(&chunk);
            }
        } else {
            fields.push((name, part.text().await.map_err(broken)?));
        }
    }
    Ok((Posted::from_pairs(fields)?, file))
}

fn broken(error: MultipartError) -> PageError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => PageError::TooLarge,
        _ => PageError::Malformed("The file did not arrive whole. Go back and send it again."),
    }
}

fn options(form: &Posted, file: &[u8], default: EnrollmentDays) -> Result<Options, Vec<FieldError>> {
    let mut fields = Fields::new();
    let required = form.has("require_mfa");
    let days = match form.text("enrollment_days") {
        "" if !required => Some(default),
        text => fields.take(EnrollmentDays::parse("enrollment_days", text)),
    };
    if file.is_empty() {
        fields.refuse(FieldError::new("file", "Choose a CSV file."));
    }
    fields.finish(days.map(|days| Options {
        activation: if form.has("activate") { Activation::Now } else { Activation::Later },
        requirement: required.then_some(Period::Days(days)),
        days,
    }))
}

pub(super) async fn upload(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    parts: Multipart,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageUsers>()?;
    let (form, file) = read(parts).await?;
    let default = web.app().organization().await?.settings.enrollment_days;
    let uploaded = match options(&form, &file, default) {
        Ok(options) => web.app().upload_users(&granted, file, options).await,
        Err(errors) => Err(errors.into()),
    };
    match uploaded {
        Ok(upload) => Ok(flash::redirect(
            &format!("/admin/jobs/{}", upload.job),
            if upload.ignored.is_empty() { "import_read" } else { "import_read_partly" },
        )),
        Err(Refusal::Fields(errors)) => {
            let errors = Errors::from(errors);
            let mut again = blank(&web, &me, frame).await?;
            again.file = Field { value: String::new(), error: errors.of("file") };
            again.activate = form.check("activate", &errors);
            again.require_mfa = form.check("require_mfa", &errors);
            again.enrollment_days = Some(form.field("enrollment_days", &errors));
            Ok(unprocessable(&again))
        }
        Err(refusal) => Err(refusal.into()),
    }
}
