//! S8.18: what the login window of macOS does, one mechanism after the other, and ours among them.
//!
//! macOS keeps that list as a right, `system.login.console`, and gives and takes it as a property list. It is changed as
//! text: what isn't ours stays as it was written, and taking ours out again leaves every byte as it was.

use roxmltree::{Document, Node, ParsingOptions};
use std::{collections::BTreeSet, ops::Range};

/// The right.
pub const RIGHT: &str = "system.login.console";
/// S8.12: has the server judge the password, before macOS does.
pub const PASSWORD: &str = "Claviger:password,privileged";
/// Asks for the code, after the password was right.
pub const CODE: &str = "Claviger:code";
/// Notes who is in without a code, and keeps locked accounts out.
pub const ENTERED: &str = "Claviger:entered,privileged";

const OURS: &str = "Claviger";
/// Where macOS looks at the password.
const FIRST_FACTOR: &str = "builtin:authenticate";
/// Plug-ins of macOS itself, wherever it keeps them.
const APPLES: &[&str] = &[
    "builtin",
    "loginwindow",
    "CryptoTokenKit",
    "FamilyControls",
    "HomeDirMechanism",
    "KerberosAgent",
    "MCXMechanism",
    "PKINITMechanism",
    "PSSOAuthPlugin",
    "RestartAuthorization",
];
/// A right has dozens of them.
const NODES: u32 = 10_000;

/// A right that isn't what macOS has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It can't be read.
    #[error("the right {RIGHT} can't be read")]
    Unreadable,
    /// It has no place for ours.
    #[error("the right {RIGHT} has no mechanism {FIRST_FACTOR}: somebody else looks at the password")]
    WithoutPassword,
}

/// The right as it stands.
#[derive(Clone, Debug)]
pub struct Right<'a> {
    text: &'a str,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    mechanism: String,
    at: Range<usize>,
}

impl Entry {
    fn plug_in(&self) -> &str {
        self.mechanism.split(':').next().unwrap_or_default()
    }
}

impl<'a> Right<'a> {
    /// Reads a property list.
    pub fn parse(text: &'a str) -> Result<Self, Unfit> {
        let options = ParsingOptions { allow_dtd: true, nodes_limit: NODES, ..ParsingOptions::default() };
        let document = Document::parse_with_options(text, options).map_err(|_| Unfit::Unreadable)?;
        let list = list(document.root_element()).ok_or(Unfit::Unreadable)?;
        let elements = list.children().filter(Node::is_element);
        let entries = elements.map(|element| match element.has_tag_name("string") {
            true => Ok(Entry {
                mechanism: element.text().unwrap_or_default().trim().to_owned(),
                at: element.range(),
            }),
            false => Err(Unfit::Unreadable),
        });
        Ok(Self { text, entries: entries.collect::<Result<_, _>>()? })
    }

    /// Its mechanisms, in their order.
    pub fn mechanisms(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.mechanism.as_str()).collect()
    }

    /// Those that are neither ours nor of macOS, whose own plug-ins are `apples`, beside those that are known.
    pub fn foreign(&self, apples: &BTreeSet<String>) -> Vec<&str> {
        let is_foreign = |entry: &&Entry| {
            let name = entry.plug_in();
            name != OURS && !APPLES.contains(&name) && !apples.contains(name)
        };
        self.entries.iter().filter(is_foreign).map(|entry| entry.mechanism.as_str()).collect()
    }

    /// Whether ours are where they belong.
    pub fn has_ours(&self) -> bool {
        self.with_ours().is_ok_and(|text| text == self.text)
    }

    /// The right with ours around the password, each once.
    pub fn with_ours(&self) -> Result<String, Unfit> {
        let without = self.without_ours();
        let bare = Right::parse(&without)?;
        let first = bare.entries.iter().rfind(|entry| is_first_factor(&entry.mechanism));
        let Range { start, end } = first.ok_or(Unfit::WithoutPassword)?.at;
        let (before, rest) = without.split_at_checked(start).ok_or(Unfit::Unreadable)?;
        let (password, after) = rest.split_at_checked(end - start).ok_or(Unfit::Unreadable)?;
        let gap = gap_before(&without, start);
        let line = |mechanism: &str| format!("<string>{mechanism}</string>");
        Ok([before, &line(PASSWORD), gap, password, gap, &line(CODE), gap, &line(ENTERED), after].concat())
    }

    /// The right without ours; every other byte is as it was.
    pub fn without_ours(&self) -> String {
        let mut text = self.text.to_owned();
        for entry in self.entries.iter().rev().filter(|entry| entry.plug_in() == OURS) {
            let start = entry.at.start - gap_before(self.text, entry.at.start).len();
            text.replace_range(start..entry.at.end, "");
        }
        text
    }
}

fn is_first_factor(mechanism: &str) -> bool {
    mechanism.strip_prefix(FIRST_FACTOR).is_some_and(|rest| rest.is_empty() || rest.starts_with(','))
}

/// The blanks between what stands before and what begins there.
fn gap_before(text: &str, start: usize) -> &str {
    let before = text.get(..start).unwrap_or_default();
    before.get(before.trim_end().len()..).unwrap_or_default()
}

/// The list of mechanisms of a property list.
fn list<'a, 'input>(root: Node<'a, 'input>) -> Option<Node<'a, 'input>> {
    let right = root.children().find(|child| child.has_tag_name("dict"))?;
    let is_key = |child: &Node<'_, '_>| child.has_tag_name("key") && child.text() == Some("mechanisms");
    let key = right.children().find(is_key)?;
    key.next_sibling_element().filter(|value| value.has_tag_name("array"))
}

#[cfg(test)]
mod tests;
