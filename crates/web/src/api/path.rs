//! What a path names. Whatever is no id is the id of nothing.

use super::problem::ApiError;
use crate::Web;
use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use claviger_app::Refusal;
use claviger_domain::{
    id::{
        AccountId, ApiKeyId, ApplicationId, ApplicationKeyId, AuditId, CommandId, ConnectKeyId,
        DeviceGroupId, DeviceId, GroupId, JobId, MailId, PolicyId, ResetId, RunId, SessionId, TokenId,
    },
    mail::Kind,
};

/// What `read` makes of the part of the path that is called `name`.
async fn named<T>(
    parts: &mut Parts,
    (name, what): (&'static str, &'static str),
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, ApiError> {
    let nothing = || ApiError::from(Refusal::NotFound(what));
    let all = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| nothing())?;
    let text = all.iter().find(|(known, _)| *known == name).map(|(_, text)| text);
    text.and_then(read).ok_or_else(nothing)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $part:literal $name:ident($id:ty), $what:literal;)*) => { $(
        $(#[$doc])*
        pub(super) struct $name(pub(super) $id);

        impl FromRequestParts<Web> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, ApiError> {
                named(parts, ($part, $what), |text| text.parse().ok()).await.map(Self)
            }
        }
    )* };
}

ids! {
    /// A user.
    "id" OneUser(AccountId), "user";
    /// A user, beside the group or the device.
    "user" OneMember(AccountId), "user";
    /// An administrator.
    "id" OneAdministrator(AccountId), "administrator";
    /// A reset of an administrator's MFA that waits.
    "id" OneReset(ResetId), "reset";
    /// A group.
    "id" OneGroup(GroupId), "group";
    /// A group of users, beside the group of devices or the application.
    "group" OneBoundGroup(GroupId), "group";
    /// A device.
    "id" OneDevice(DeviceId), "device";
    /// A device, beside the group.
    "device" OneDeviceMember(DeviceId), "device";
    /// A group of devices.
    "id" OneDeviceGroup(DeviceGroupId), "device group";
    /// A group of devices, beside what is bound to it.
    "group" OneBoundDevices(DeviceGroupId), "device group";
    /// A policy.
    "id" OnePolicy(PolicyId), "policy";
    /// A command.
    "id" OneCommand(CommandId), "command";
    /// A run of a command.
    "id" OneRun(RunId), "run";
    /// An application.
    "id" OneApplication(ApplicationId), "application";
    /// A certificate, beside the application.
    "certificate" OneCertificate(ApplicationKeyId), "certificate";
    /// A connect key.
    "id" OneConnectKey(ConnectKeyId), "connect key";
    /// A hardware token.
    "id" OneToken(TokenId), "token";
    /// A job.
    "id" OneJob(JobId), "job";
    /// An API key.
    "id" OneKey(ApiKeyId), "API key";
    /// A session, beside the account.
    "session" OneSession(SessionId), "session";
    /// An entry of the activity log.
    "id" OneEntry(AuditId), "entry";
    /// A mail of the queue.
    "id" OneMail(MailId), "mail";
}

/// A kind of mail.
pub(super) struct OneKind(pub(super) Kind);

impl FromRequestParts<Web> for OneKind {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, ApiError> {
        named(parts, ("kind", "kind of mail"), Kind::from_key).await.map(Self)
    }
}

/// An SSH key, beside the user: the digest that names it.
pub(super) struct OneSshKey(pub(super) String);

impl FromRequestParts<Web> for OneSshKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Web) -> Result<Self, ApiError> {
        named(parts, ("key", "SSH key"), |text| Some(text.to_owned())).await.map(Self)
    }
}
