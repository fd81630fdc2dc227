//! What stands within a start tag, a declaration and a reference.

use super::{Fault, Limits};
use crate::xml::{Attribute, Element, Name, characters, scope::Scope, scope::XML};
use quick_xml::events::BytesStart;

/// The element that a start tag begins, with its names resolved; its declarations are added to the scope.
pub(super) fn element(tag: &BytesStart<'_>, scope: &mut Scope, limits: Limits) -> Result<Element, Fault> {
    let written = attributes(tag.attributes_raw(), limits.attributes)?;
    let mut declared: Vec<(String, String)> = Vec::new();
    let mut others = Vec::new();
    for (name, value) in written {
        let prefix = match (name, name.split_once(':')) {
            ("xmlns", _) => "",
            (_, Some(("xmlns", prefix))) if characters::is_ncname(prefix) => prefix,
            _ => {
                others.push((name, value));
                continue;
            }
        };
        if declared.iter().any(|(known, _)| known == prefix) {
            return Err(Fault::DuplicateAttribute(name.to_owned()));
        }
        scope.declare(prefix, &value, limits.namespaces)?;
        declared.push((prefix.to_owned(), value));
    }
    let mut attributes: Vec<Attribute> = Vec::new();
    for (name, value) in others {
        let name = resolve(name, scope, Default::Ignored)?;
        if attributes.iter().any(|known| known.name.uri == name.uri && known.name.local == name.local) {
            return Err(Fault::DuplicateAttribute(name.written()));
        }
        attributes.push(Attribute { name, value });
    }
    let name = resolve(tag.name().as_ref(), scope, Default::Counts)?;
    Ok(Element { name, declared, attributes, children: Vec::new() })
}

/// Whether an attribute names its element, in any of the spellings that verifiers of signatures look for.
pub(super) fn is_id(name: &Name) -> bool {
    name.local.eq_ignore_ascii_case("id") && (name.uri.is_empty() || name.uri == XML)
}

/// Checks what stands between `<?` and `?>` of an XML declaration.
pub(super) fn declaration(content: &str) -> Result<(), Fault> {
    let refused = || Fault::Declaration(content.chars().take(200).collect());
    let pairs = attributes(content.strip_prefix("xml").unwrap_or_default(), 3).map_err(|_| refused())?;
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.to_ascii_lowercase())).collect();
    let mut rest = pairs.iter().map(|(name, value)| (*name, value.as_str()));
    let mut next = rest.next();
    if next != Some(("version", "1.0")) {
        return Err(refused());
    }
    next = rest.next();
    if matches!(next, Some(("encoding", "utf-8" | "us-ascii"))) {
        next = rest.next();
    }
    if matches!(next, Some(("standalone", "yes" | "no"))) {
        next = rest.next();
    }
    if next.is_some() { Err(refused()) } else { Ok(()) }
}

/// The character of a reference, of which `name` stands between `&` and `;`.
pub(super) fn reference(name: &str) -> Result<char, Fault> {
    match name {
        "amp" => return Ok('&'),
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "apos" => return Ok('\''),
        "quot" => return Ok('"'),
        _ => {}
    }
    let Some(number) = name.strip_prefix('#') else {
        return Err(Fault::Entity(name.chars().take(80).collect()));
    };
    let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |digits| (digits, 16));
    let wrong = || Fault::IllFormed(format!("&{:.80}; is not a reference", name));
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(wrong());
    }
    let value = u32::from_str_radix(digits, radix).map_err(|_| wrong())?;
    char::from_u32(value).filter(|c| characters::is_char(*c)).ok_or(Fault::Character(value))
}

/// Whether a name without prefix takes the default namespace: an element's does, an attribute's doesn't.
#[derive(PartialEq, Eq)]
enum Default {
    Counts,
    Ignored,
}

fn resolve(written: &str, scope: &Scope, default: Default) -> Result<Name, Fault> {
    let (prefix, local) = written.split_once(':').unwrap_or(("", written));
    let has_prefix = written.contains(':');
    if !characters::is_ncname(local) || (has_prefix && !characters::is_ncname(prefix)) || prefix == "xmlns" {
        return Err(Fault::IllFormed(format!(
            "{:?} is not a name",
            written.chars().take(80).collect::<String>()
        )));
    }
    let uri = if has_prefix || default == Default::Counts { scope.uri_of(prefix)? } else { "" };
    Ok(Name { prefix: prefix.to_owned(), local: local.to_owned(), uri: uri.to_owned() })
}

/// The pairs of name and value in a tag: `S Name S? '=' S? quoted`, each with white space before it.
fn attributes(raw: &str, limit: usize) -> Result<Vec<(&str, String)>, Fault> {
    let wrong = |what: &str| Fault::IllFormed(format!("a tag has {what}"));
    let mut found: Vec<(&str, String)> = Vec::new();
    let mut rest = raw;
    loop {
        let next = rest.trim_start_matches(characters::is_space);
        if next.is_empty() {
            return Ok(found);
        }
        if next.len() == rest.len() {
            return Err(wrong("an attribute without white space before it"));
        }
        if found.len() >= limit {
            return Err(Fault::Attributes { limit });
        }
        let (name, after) = next.split_once('=').ok_or_else(|| wrong("an attribute without a value"))?;
        let name = name.trim_end_matches(characters::is_space);
        let after = after.trim_start_matches(characters::is_space);
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
        let quote = quote.ok_or_else(|| wrong("an attribute without quotes"))?;
        let (value, after) = after
            .get(1..)
            .and_then(|after| after.split_once(quote))
            .ok_or_else(|| wrong("a quote without its end"))?;
        found.push((name, value_of(value)?));
        rest = after;
    }
}

/// The value of an attribute from what stands in its quotes (XML 1.0 §3.3.3).
fn value_of(written: &str) -> Result<String, Fault> {
    if written.contains('<') {
        return Err(Fault::IllFormed("< within an attribute".to_owned()));
    }
    let mut value = String::with_capacity(written.len());
    let mut rest = written;
    while let Some((before, after)) = rest.split_once('&') {
        value.extend(before.chars().map(spaced));
        let (name, after) = after
            .split_once(';')
            .ok_or_else(|| Fault::IllFormed("& without a reference in an attribute".to_owned()))?;
        value.push(reference(name)?);
        rest = after;
    }
    value.extend(rest.chars().map(spaced));
    Ok(value)
}

fn spaced(c: char) -> char {
    if characters::is_space(c) { ' ' } else { c }
}
