//! Which prefix means which namespace, while a document is read.

use super::read::Fault;

pub(crate) const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
/// Longer addresses would make the canonical form of a small document large: it repeats them.
const LONGEST: usize = 512;

/// The declarations in force, innermost last.
#[derive(Default)]
pub(crate) struct Scope {
    declared: Vec<(String, String)>,
}

impl Scope {
    pub(crate) fn mark(&self) -> usize {
        self.declared.len()
    }

    pub(crate) fn back_to(&mut self, mark: usize) {
        self.declared.truncate(mark);
    }

    /// Declares what one element declares; `""` is the default namespace's prefix.
    pub(crate) fn declare(&mut self, prefix: &str, uri: &str, limit: usize) -> Result<(), Fault> {
        let allowed = match (prefix, uri) {
            ("xmlns", _) | (_, XMLNS) => false,
            ("xml", uri) => uri == XML,
            (_, XML) => false,
            ("", _) => true,
            (_, uri) => !uri.is_empty(),
        };
        if !allowed {
            return Err(Fault::Namespace(format!("xmlns:{prefix}={uri:?} may not be declared")));
        }
        if uri.len() > LONGEST {
            return Err(Fault::Namespace(format!(
                "the namespace of {prefix:?} is longer than {LONGEST} bytes"
            )));
        }
        if self.declared.len() >= limit {
            return Err(Fault::Namespaces { limit });
        }
        self.declared.push((prefix.to_owned(), uri.to_owned()));
        Ok(())
    }

    /// The namespace of a prefix; `""` if there is no default namespace.
    pub(crate) fn uri_of(&self, prefix: &str) -> Result<&str, Fault> {
        if prefix == "xml" {
            return Ok(XML);
        }
        match self.declared.iter().rev().find(|(known, _)| known == prefix) {
            Some((_, uri)) => Ok(uri),
            None if prefix.is_empty() => Ok(""),
            None => Err(Fault::Namespace(format!("the prefix {prefix:?} is not declared"))),
        }
    }
}
