//! Settings › Organization: the logo goes in and out (S2.5).

use super::organization::OrganizationSettings;
use crate::{
    Web,
    chrome::Frame,
    error::PageError,
    flash,
    form::{Errors, Field},
    routing::{Methods, post},
    view::render,
    visit::Admin,
};
use axum::{
    extract::{
        DefaultBodyLimit, Multipart, State,
        multipart::{MultipartError, MultipartRejection},
    },
    http::StatusCode,
    response::Response,
};
use claviger_app::{Refusal, session::SignedIn};
use claviger_domain::{
    field::FieldError,
    logo::{LOGO_MAX, too_large},
    permission::ManageOrganization,
};

const PAGE: &str = "/admin/settings/organization";
/// What is read of a file that is too large, so that its sender is told instead of cut off.
const READ_MAX: usize = 8 * 1024 * 1024;

pub(super) fn route() -> Methods {
    post(upload).layer(DefaultBodyLimit::max(READ_MAX))
}

/// A file as far as it was kept.
enum File {
    Whole(Vec<u8>),
    TooLarge,
}

/// The field `logo`. No more of it is kept than a logo can have.
async fn read(mut parts: Multipart) -> Result<File, MultipartError> {
    let mut file = File::Whole(Vec::new());
    while let Some(mut part) = parts.next_field().await? {
        if part.name() != Some("logo") {
            continue;
        }
        while let Some(chunk) = part.chunk().await? {
            file = match file {
                File::Whole(kept) if kept.len() + chunk.len() > LOGO_MAX => File::TooLarge,
                File::Whole(mut kept) => {
                    kept.extend_from_slice(&chunk);
                    File::Whole(kept)
                }
                File::TooLarge => File::TooLarge,
            };
        }
    }
    Ok(file)
}

async fn upload(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    parts: Result<Multipart, MultipartRejection>,
) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageOrganization>()?;
    let parts = parts.map_err(|_| PageError::Malformed("This page takes a form with a file."))?;
    let image = match read(parts).await {
        Ok(File::Whole(image)) => image,
        Ok(File::TooLarge) => {
            return again(&web, &me, frame, StatusCode::PAYLOAD_TOO_LARGE, vec![too_large()]).await;
        }
        Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            return again(&web, &me, frame, StatusCode::PAYLOAD_TOO_LARGE, vec![too_large()]).await;
        }
        Err(_) => {
            return Err(PageError::Malformed("The file did not arrive whole. Go back and send it again."));
        }
    };
    match web.app().save_logo(&granted, image).await {
        Ok(()) => Ok(flash::redirect(PAGE, "logo_saved")),
        Err(Refusal::Fields(errors)) => {
            again(&web, &me, frame, StatusCode::UNPROCESSABLE_ENTITY, errors).await
        }
        Err(refusal) => Err(refusal.into()),
    }
}

async fn again(
    web: &Web,
    me: &SignedIn,
    frame: Frame,
    status: StatusCode,
    errors: Vec<FieldError>,
) -> Result<Response, PageError> {
    let organization = web.app().organization().await?;
    let mut again = OrganizationSettings::new(web, me, frame, &organization).await?;
    again.logo_file = Field::secret("logo", &Errors::from(errors));
    Ok(render(status, &again))
}

pub(super) async fn remove(State(web): State<Web>, Admin(me): Admin) -> Result<Response, PageError> {
    let granted = me.actor.granted::<ManageOrganization>()?;
    web.app().remove_logo(&granted).await?;
    Ok(flash::redirect(PAGE, "logo_removed"))
}
