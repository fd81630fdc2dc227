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

/// The revision in a tag of ours, `"7"` or `"7-0a1b2c"`. A tag of somebody else's is that of no revision.
pub fn of_tag(tag: &str) -> i64 {
    const NEVER: i64 = -1;
    let inside = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap_or_default();
    let number = inside.split_once('-').map_or(inside, |(number, _)| number);
    let is_a_number = number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|_| is_a_number).unwrap_or(NEVER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_tags_name_a_revision() {
        for (tag, expected) in [
            ("\"7\"", 7),
            ("\"7-0a1b2c\"", 7),
            ("7", -1),
            ("W/\"7\"", -1),
            ("\"x\"", -1),
            ("\"-7\"", -1),
            ("\"+7\"", -1),
        ] {
            assert_eq!(of_tag(tag), expected, "{tag}");
        }
    }
}
