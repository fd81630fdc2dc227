//! The group of everybody who is asked for a code.

use super::{Paths, Trouble, command};
use crate::files;
use claviger_agent_core::plan::GROUP;
use std::collections::{BTreeMap, BTreeSet};

/// The groups with their numbers.
pub fn numbers(text: &str) -> BTreeMap<String, u32> {
    let parsed = text.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        Some((name.to_owned(), fields.nth(1)?.parse().ok()?))
    });
    parsed.collect()
}

/// Who is in [`GROUP`].
pub fn members(text: &str) -> BTreeSet<String> {
    let line = text.lines().find_map(|line| line.strip_prefix(GROUP)?.strip_prefix(':'));
    let names = line.and_then(|line| line.rsplit(':').next()).unwrap_or_default();
    names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Makes the group hold these and nobody else; it is made if somebody is to be in it.
pub fn put(paths: &Paths, wanted: &BTreeSet<String>) -> Result<(), Trouble> {
    let text = files::read(&paths.group)?.unwrap_or_default();
    let is_there = numbers(&text).contains_key(GROUP);
    if members(&text) == *wanted && (is_there || wanted.is_empty()) {
        return Ok(());
    }
    if !is_there {
        command::run("groupadd", &["-r", GROUP])?;
    }
    let names: Vec<&str> = wanted.iter().map(String::as_str).collect();
    command::run("gpasswd", &["-M", &names.join(","), GROUP])?;
    Ok(())
}

/// Removes the group.
pub fn remove(paths: &Paths) -> Result<(), Trouble> {
    let text = files::read(&paths.group)?.unwrap_or_default();
    if numbers(&text).contains_key(GROUP) {
        command::run("groupdel", &[GROUP])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_those_of_the_group_and_of_no_other() {
        let text = "root:x:0:\nclaviger-mfa-x:x:998:eve\nclaviger-mfa:x:999:alice,bob\nclaviger:x:997:\n";
        assert_eq!(members(text), BTreeSet::from(["alice".to_owned(), "bob".to_owned()]));
        assert_eq!(members("claviger-mfa:x:999:\n"), BTreeSet::new());
        assert_eq!(members(""), BTreeSet::new());
        assert_eq!(numbers(text).get("claviger-mfa"), Some(&999));
    }
}
