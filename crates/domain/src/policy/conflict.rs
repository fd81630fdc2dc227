//! Two policies that want different things of one place: neither is applied, and both are named (S9.1).

use super::{Effect, Place};
use crate::id::PolicyId;
use std::collections::{BTreeMap, BTreeSet};

/// A policy that is bound to a device.
#[derive(Clone, Copy, Debug)]
pub struct Bound<'a> {
    /// Which.
    pub id: PolicyId,
    /// What it is called.
    pub name: &'a str,
    /// What it lays down.
    pub effects: &'a [Effect],
}

/// What stands against a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Which place, as an administrator reads it.
    pub place: String,
    /// The other policies that want it otherwise, by name.
    pub with: Vec<String>,
}

impl std::fmt::Display for Conflict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<String> = self.with.iter().map(|name| format!("“{name}”")).collect();
        write!(f, "{} is wanted otherwise by {}: neither is applied.", self.place, names.join(", "))
    }
}

/// The policies that can't be applied beside each other, each with the first place it conflicts at. What two of them
/// want alike is no conflict.
pub fn conflicts(policies: &[Bound<'_>]) -> BTreeMap<PolicyId, Conflict> {
    let mut wanted: BTreeMap<Place, Vec<(&Bound<'_>, &Effect)>> = BTreeMap::new();
    for policy in policies {
        for effect in policy.effects {
            wanted.entry(effect.place().folded()).or_default().push((policy, effect));
        }
    }
    let mut found = BTreeMap::new();
    for at in wanted.values() {
        for (policy, effect) in at {
            let others = at.iter().filter(|(_, other)| !is_same(effect, other));
            let with: BTreeSet<&str> = others.map(|(other, _)| other.name).collect();
            if !with.is_empty() {
                let with = with.into_iter().map(str::to_owned).collect();
                found.entry(policy.id).or_insert_with(|| Conflict { place: effect.place_words(), with });
            }
        }
    }
    found
}

/// Whether both lay down the same, however the place is spelled.
fn is_same(one: &Effect, other: &Effect) -> bool {
    match (one, other) {
        (Effect::Registry(one), Effect::Registry(other)) => one.data == other.data,
        (Effect::Sshd(one), Effect::Sshd(other)) => one.value == other.value,
        (Effect::File(one), Effect::File(other)) => one == other,
        (Effect::Registry(_) | Effect::Sshd(_) | Effect::File(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{FileContent, Mode},
        *,
    };
    use crate::time::Timestamp;

    #[test]
    fn two_files_that_a_mac_takes_for_one_are_in_each_others_way() {
        let id = |n: u8| PolicyId::new(Timestamp(0), [n; 10]);
        let file = |path: &str| {
            [Effect::File(FileContent { path: path.into(), content: "x".into(), mode: Mode::Everybody })]
        };
        let (one, other, third) = (file("/etc/motd"), file("/etc/MOTD"), file("/etc/motd.d"));
        let bound = [
            Bound { id: id(1), name: "One", effects: &one },
            Bound { id: id(2), name: "Other", effects: &other },
            Bound { id: id(3), name: "Third", effects: &third },
        ];
        let found = conflicts(&bound);
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), [id(1), id(2)]);
        assert_eq!(found[&id(2)].to_string(), "/etc/MOTD is wanted otherwise by “One”: neither is applied.");
    }
}
