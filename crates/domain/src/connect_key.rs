//! Connect keys: what an agent enrolls with (S8.1).

use crate::{
    api_key::expiry,
    device::words,
    field::{FieldError, Fields, Presence, line, number},
    id::{ConnectKeyId, DeviceGroupId},
    time::Timestamp,
};

/// The most devices that a limited key enrolls.
const MOST_USES: i64 = 100_000;

/// A key as loaded, without its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectKey {
    /// Which.
    pub id: ConnectKeyId,
    /// Counts what administrators change.
    pub revision: i64,
    /// What it is called.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it is dead; nothing if it doesn't run out.
    pub expires_at: Option<Timestamp>,
    /// How many devices it may still enroll; nothing for any number.
    pub uses_left: Option<i64>,
    /// How many it has enrolled.
    pub uses: i64,
    /// New devices join this group.
    pub device_group: Option<DeviceGroupId>,
    /// Whether it was revoked.
    pub state: State,
}

/// Whether a key was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// It wasn't.
    Active,
    /// It was.
    Revoked,
}
words!(State { Active => "active", Revoked => "revoked" });

/// Whether a key enrolls devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It does.
    Works,
    /// It ran out.
    Expired,
    /// It has enrolled as many as it may.
    UsedUp,
    /// An administrator revoked it.
    Revoked,
}
words!(Standing { Works => "works", Expired => "expired", UsedUp => "used_up", Revoked => "revoked" });

impl Standing {
    /// The words on screens.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Works => "Works",
            Self::Expired => "Expired",
            Self::UsedUp => "Used up",
            Self::Revoked => "Revoked",
        }
    }
}

impl ConnectKey {
    /// Whether it enrolls a device at `now`.
    pub fn standing(&self, now: Timestamp) -> Standing {
        match (self.state, self.expires_at, self.uses_left) {
            (State::Revoked, ..) => Standing::Revoked,
            (State::Active, Some(at), _) if at <= now => Standing::Expired,
            (State::Active, _, Some(left)) if left <= 0 => Standing::UsedUp,
            (State::Active, ..) => Standing::Works,
        }
    }
}

/// A key's form as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// What it is to be called.
    pub name: String,
    /// Days from 1 to 3650, or `never`.
    pub expires: String,
    /// 1 to 100,000; empty for any number of devices.
    pub uses: String,
    /// The id of a group; empty for none.
    pub device_group: String,
}

/// A key's form as understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What it is to be called.
    pub name: String,
    /// From when it is dead.
    pub expires_at: Option<Timestamp>,
    /// How many devices it may enroll.
    pub uses: Option<i64>,
    /// The group that they join.
    pub device_group: Option<DeviceGroupId>,
}

impl Form {
    /// What it says, or everything that is wrong.
    pub fn parse(&self, now: Timestamp) -> Result<Terms, Vec<FieldError>> {
        let mut fields = Fields::new();
        let name = fields.take(line("name", "Name", &self.name, 100, Presence::Required));
        let expires_at = fields.take(match self.expires.trim() {
            "never" => Ok(None),
            days => expiry("expires", Some(days.parse().unwrap_or(0)), now),
        });
        let uses = fields.take(match self.uses.trim() {
            "" => Ok(None),
            uses => number("uses", "Devices", uses, 1, MOST_USES).map(Some),
        });
        let device_group = fields.take(match self.device_group.trim() {
            "" => Ok(None),
            id => id.parse().map(Some).map_err(|_| FieldError::new("device_group", "Choose a group.")),
        });
        let terms = (|| {
            Some(Terms { name: name?, expires_at: expires_at?, uses: uses?, device_group: device_group? })
        })();
        fields.finish(terms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn key() -> ConnectKey {
        ConnectKey {
            id: ConnectKeyId::new(NOW, [1; 10]),
            revision: 1,
            name: "servers".into(),
            created_at: NOW,
            expires_at: None,
            uses_left: None,
            uses: 0,
            device_group: None,
            state: State::Active,
        }
    }

    #[test]
    fn a_key_works_until_it_is_used_up_runs_out_or_is_revoked() {
        let later = NOW.plus(Span::days(1));
        for (key, standing) in [
            (key(), Standing::Works),
            (ConnectKey { expires_at: Some(later), uses_left: Some(1), ..key() }, Standing::Works),
            (ConnectKey { expires_at: Some(NOW), ..key() }, Standing::Expired),
            (ConnectKey { uses_left: Some(0), ..key() }, Standing::UsedUp),
            (ConnectKey { state: State::Revoked, uses_left: Some(0), ..key() }, Standing::Revoked),
        ] {
            assert_eq!(key.standing(NOW), standing);
            assert_eq!(Standing::from_key(standing.key()), Some(standing));
        }
    }

    #[test]
    fn everything_wrong_in_the_form_is_told_at_once() {
        let form =
            Form { name: "servers".into(), expires: "30".into(), uses: " 5 ".into(), ..Form::default() };
        let terms = form.parse(NOW).unwrap();
        assert_eq!((terms.expires_at, terms.uses), (Some(NOW.plus(Span::days(30))), Some(5)));
        let never = Form { expires: "never".into(), uses: String::new(), ..form };
        assert_eq!(never.parse(NOW).map(|terms| (terms.expires_at, terms.uses)), Ok((None, None)));
        let wrong = Form { name: " ".into(), expires: "".into(), uses: "0".into(), device_group: "x".into() };
        let errors = wrong.parse(NOW).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field).collect();
        assert_eq!(fields, ["name", "expires", "uses", "device_group"]);
    }
}
