//! Writes a tree, in canonical form, if XML can carry what is in it.

use super::{Element, Node, c14n, characters};

/// Why a tree can't be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// A character that XML 1.0 has no way to carry.
    #[error("{place} holds the character U+{character:04X}, which XML can't carry")]
    Character {
        /// The element, or its attribute.
        place: String,
        /// The character's number.
        character: u32,
    },
    /// Something that is no name in the place of one.
    #[error("{0:?} is not a name")]
    Name(String),
}

/// Writes a document. Every value is escaped; what is written is its own canonical form.
///
/// # Errors
/// If a value holds a character that XML 1.0 can't carry, even as a reference.
pub fn encode(root: &Element) -> Result<String, Unwritable> {
    check(root)?;
    Ok(c14n::exclusive(&[], root, &[]))
}

/// Checks that a tree can be written.
pub(crate) fn check(element: &Element) -> Result<(), Unwritable> {
    check_name(&element.name)?;
    for attribute in &element.attributes {
        check_name(&attribute.name)?;
        check_value(&attribute.value, || {
            format!("{} of {}", attribute.name.written(), element.name.written())
        })?;
    }
    for child in &element.children {
        match child {
            Node::Element(child) => check(child)?,
            Node::Text(text) => check_value(text, || element.name.written())?,
        }
    }
    Ok(())
}

fn check_name(name: &super::Name) -> Result<(), Unwritable> {
    let prefix_is_one = name.prefix.is_empty() || characters::is_ncname(&name.prefix);
    let named =
        prefix_is_one && characters::is_ncname(&name.local) && name.prefix.is_empty() == name.uri.is_empty();
    if named { Ok(()) } else { Err(Unwritable::Name(name.written())) }
}

fn check_value(value: &str, place: impl Fn() -> String) -> Result<(), Unwritable> {
    match value.chars().find(|c| !characters::is_char(*c)) {
        Some(c) => Err(Unwritable::Character { place: place(), character: u32::from(c) }),
        None => Ok(()),
    }
}
