//! What a page's address names, and a form of the page as somebody posts it who may change that.

use crate::{Web, chrome::Frame, error::PageError, form::Posted, visit::Admin};
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use claviger_app::session::SignedIn;
use claviger_domain::{
    id::{
        AccountId, ApplicationId, ApplicationKeyId, CommandId, ConnectKeyId, DeviceGroupId, DeviceId,
        GroupId, PolicyId, RunId,
    },
    permission::{Granted, ManageUsers},
};
use std::str::FromStr;

/// What an address names by its id.
pub(super) trait Named: FromStr + Send {
    /// What it is; the part of a path that has it behind another id is called so, too.
    const WHAT: &'static str;
}

impl Named for AccountId {
    const WHAT: &'static str = "user";
}

impl Named for GroupId {
    const WHAT: &'static str = "group";
}

impl Named for DeviceId {
    const WHAT: &'static str = "device";
}

impl Named for DeviceGroupId {
    const WHAT: &'static str = "device group";
}

impl Named for PolicyId {
    const WHAT: &'static str = "policy";
}

impl Named for CommandId {
    const WHAT: &'static str = "command";
}

impl Named for RunId {
    const WHAT: &'static str = "run";
}

impl Named for ApplicationId {
    const WHAT: &'static str = "application";
}

impl Named for ApplicationKeyId {
    const WHAT: &'static str = "certificate";
}

impl Named for ConnectKeyId {
    const WHAT: &'static str = "connect key";
}

/// The id in an address. Whatever is no id is the id of nothing.
pub(super) fn named<T: Named>(text: &str) -> Result<T, PageError> {
    text.parse().map_err(|_| PageError::NotFound(T::WHAT))
}

/// What all ids of an address name.
pub(super) trait InAddress: Send + Sized {
    /// Reads them from the parts of the path.
    fn read(path: &RawPathParams) -> Result<Self, PageError>;
}

impl<T: Named> InAddress for T {
    fn read(path: &RawPathParams) -> Result<Self, PageError> {
        named(part(path, "id"))
    }
}

impl<A: Named, B: Named> InAddress for (A, B) {
    fn read(path: &RawPathParams) -> Result<Self, PageError> {
        Ok((named(part(path, "id"))?, named(part(path, B::WHAT))?))
    }
}

/// A list's address names nothing.
impl InAddress for () {
    fn read(_: &RawPathParams) -> Result<Self, PageError> {
        Ok(())
    }
}

fn part<'a>(path: &'a RawPathParams, name: &str) -> &'a str {
    path.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text)
}

/// One of a page's forms, posted by somebody who may change users, groups and devices.
pub(super) struct Change<Id> {
    pub(super) web: Web,
    pub(super) me: SignedIn,
    pub(super) frame: Frame,
    pub(super) granted: Granted<ManageUsers>,
    pub(super) id: Id,
    pub(super) form: Posted,
}

impl<Id: InAddress> FromRequest<Web> for Change<Id> {
    type Rejection = PageError;

    async fn from_request(request: Request, web: &Web) -> Result<Self, PageError> {
        let (mut parts, body) = request.into_parts();
        let Admin(me) = Admin::from_request_parts(&mut parts, web).await?;
        let granted = me.actor.granted::<ManageUsers>()?;
        let path = RawPathParams::from_request_parts(&mut parts, web).await;
        let id = Id::read(&path.map_err(|_| PageError::NotFound("page"))?)?;
        let Ok(frame) = Frame::from_request_parts(&mut parts, web).await;
        let form = Posted::from_request(Request::from_parts(parts, body), web).await?;
        Ok(Self { web: web.clone(), me, frame, granted, id, form })
    }
}
