//! Exclusive XML Canonicalization 1.0 without comments: the octets that a signature covers.
//!
//! What we write is written this way too, so that there is one encoder.

use super::{Attribute, Element, Node};
use std::collections::BTreeMap;

/// The octets of an element. `ancestors` are the elements around it, outermost first; `inclusive` is the list of
/// prefixes that are
/// treated as in inclusive canonicalization, with `""` for `#default`.
pub fn exclusive(ancestors: &[&Element], apex: &Element, inclusive: &[String]) -> String {
    let mut writer = Writer { out: String::new(), scope: Vec::new(), rendered: Vec::new(), inclusive };
    for ancestor in ancestors {
        writer.enter(ancestor);
    }
    writer.element(apex);
    writer.out
}

struct Writer<'a> {
    out: String,
    /// Declarations in force where they were read; needed for the list of prefixes alone.
    scope: Vec<(&'a str, &'a str)>,
    /// Declarations in force in what was written.
    rendered: Vec<(&'a str, &'a str)>,
    inclusive: &'a [String],
}

fn in_force<'a>(declared: &[(&'a str, &'a str)], prefix: &str) -> &'a str {
    declared.iter().rev().find(|(known, _)| *known == prefix).map(|(_, uri)| *uri).unwrap_or_default()
}

impl<'a> Writer<'a> {
    fn enter(&mut self, element: &'a Element) {
        self.scope.extend(element.declared.iter().map(|(prefix, uri)| (prefix.as_str(), uri.as_str())));
    }

    fn element(&mut self, element: &'a Element) {
        let (scope, rendered) = (self.scope.len(), self.rendered.len());
        self.enter(element);
        let name = element.name.written();
        self.out.push('<');
        self.out.push_str(&name);
        for (prefix, uri) in self.to_declare(element) {
            self.out.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
            self.out.push_str(prefix);
            self.value(uri);
            self.rendered.push((prefix, uri));
        }
        let mut attributes: Vec<&Attribute> = element.attributes.iter().collect();
        attributes.sort_by(|a, b| (&a.name.uri, &a.name.local).cmp(&(&b.name.uri, &b.name.local)));
        for attribute in attributes {
            self.out.push(' ');
            self.out.push_str(&attribute.name.written());
            self.value(&attribute.value);
        }
        self.out.push('>');
        for child in &element.children {
            match child {
                Node::Element(child) => self.element(child),
                Node::Text(text) => self.text(text),
            }
        }
        self.out.push_str("</");
        self.out.push_str(&name);
        self.out.push('>');
        self.scope.truncate(scope);
        self.rendered.truncate(rendered);
    }

    /// The declarations that this element must carry, in their order: of the prefixes it uses itself, and of
    /// the listed ones.
    fn to_declare(&self, element: &'a Element) -> BTreeMap<&'a str, &'a str> {
        let attributes = element.attributes.iter().map(|attribute| &attribute.name);
        let used = attributes
            .filter(|name| !name.prefix.is_empty())
            .chain([&element.name])
            .map(|name| (name.prefix.as_str(), name.uri.as_str()));
        let listed = self
            .inclusive
            .iter()
            .map(|prefix| (prefix.as_str(), in_force(&self.scope, prefix)))
            .filter(|(prefix, uri)| prefix.is_empty() || !uri.is_empty());
        used.chain(listed)
            .filter(|(prefix, uri)| *prefix != "xml" && in_force(&self.rendered, prefix) != *uri)
            .collect()
    }

    fn value(&mut self, value: &str) {
        self.out.push_str("=\"");
        for c in value.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '"' => self.out.push_str("&quot;"),
                '\t' => self.out.push_str("&#x9;"),
                '\n' => self.out.push_str("&#xA;"),
                '\r' => self.out.push_str("&#xD;"),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '\r' => self.out.push_str("&#xD;"),
                c => self.out.push(c),
            }
        }
    }
}
