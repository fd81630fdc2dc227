//! What can be changed on condition that nobody changed it meanwhile (S13.1).

use crate::{
    id::{
        AccountId, ApplicationId, CommandId, ConnectKeyId, DeviceGroupId, DeviceId, GroupId, PolicyId,
        TokenId,
    },
    mail::Kind,
    stream,
};

/// Something that counts its changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// The organization and its settings.
    Organization,
    /// Its logo.
    Logo,
    /// How its mail is sent.
    Smtp,
    /// The words of a kind of mail.
    MailText(Kind),
    /// A user or an administrator.
    Account(AccountId),
    /// A group of users.
    Group(GroupId),
    /// A hardware token.
    Token(TokenId),
    /// A device.
    Device(DeviceId),
    /// A group of devices.
    DeviceGroup(DeviceGroupId),
    /// An application.
    Application(ApplicationId),
    /// A connect key.
    ConnectKey(ConnectKeyId),
    /// A policy.
    Policy(PolicyId),
    /// A command.
    Command(CommandId),
    /// Where the activity log is forwarded to.
    LogStream(stream::Kind),
}

/// What whoever asks for a change has seen of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Of what.
    pub resource: Resource,
    /// Which revision.
    pub revision: i64,
}
