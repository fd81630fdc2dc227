//! XML as SAML uses it: a small tree that is read strictly, written in canonical form, and nothing else.

pub mod c14n;
mod characters;
mod read;
mod scope;
mod write;

pub(crate) use characters::is_name_char;
pub use read::{Fault, Limits, XmlError, read};
pub use write::{Unwritable, encode};

/// A namespace with the prefix that we write it with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// The prefix in what we write. Readers go by the address alone.
    pub prefix: &'static str,
    /// The namespace's address; empty for none.
    pub uri: &'static str,
}

/// A name, with its prefix as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub(crate) prefix: String,
    pub(crate) local: String,
    pub(crate) uri: String,
}

impl Name {
    fn is(&self, space: Space, local: &str) -> bool {
        self.local == local && self.uri == space.uri
    }

    /// As it is written: `saml:Issuer`.
    pub fn written(&self) -> String {
        if self.prefix.is_empty() { self.local.clone() } else { format!("{}:{}", self.prefix, self.local) }
    }
}

/// An attribute; declarations of namespaces are not among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    pub(crate) name: Name,
    pub(crate) value: String,
}

/// What stands between two tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Text; never two beside each other.
    Text(String),
}

/// An element with all that is in it. Comments are not in the tree, and texts around one are one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    pub(crate) name: Name,
    /// Namespaces declared on this element as it was read: prefix and address.
    pub(crate) declared: Vec<(String, String)>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) children: Vec<Node>,
}

/// What an element isn't.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Shape {
    /// One is needed and none is there.
    #[error("{element} has no {what}")]
    Missing {
        /// The element.
        element: String,
        /// What it lacks.
        what: String,
    },
    /// One is allowed and several are there.
    #[error("{element} has more than one {what}")]
    Several {
        /// The element.
        element: String,
        /// What it has several of.
        what: String,
    },
    /// There are more than there may be.
    #[error("{element} has more than {limit} {what}")]
    TooMany {
        /// The element.
        element: String,
        /// The most there may be.
        limit: usize,
        /// What there are too many of.
        what: &'static str,
    },
    /// Text was expected, and there are elements in it.
    #[error("{element} holds elements where there should be text alone")]
    NotText {
        /// The element.
        element: String,
    },
    /// Something of another name was expected.
    #[error("found {found} where {wanted} should be")]
    Other {
        /// Its name.
        found: String,
        /// The name that was expected.
        wanted: String,
    },
    /// A value is not among those that may stand there.
    #[error("{element} has {what} = {value:?}, which is not {wanted}")]
    Value {
        /// The element.
        element: String,
        /// The attribute or text.
        what: String,
        /// What stands there, shortened.
        value: String,
        /// What may stand there.
        wanted: &'static str,
    },
}

impl Element {
    /// An element to be written.
    pub fn new(space: Space, local: &str) -> Self {
        let name =
            Name { prefix: space.prefix.to_owned(), local: local.to_owned(), uri: space.uri.to_owned() };
        Self { name, declared: Vec::new(), attributes: Vec::new(), children: Vec::new() }
    }

    /// With an attribute that has no namespace.
    #[must_use]
    pub fn with(mut self, local: &str, value: impl Into<String>) -> Self {
        let name = Name { prefix: String::new(), local: local.to_owned(), uri: String::new() };
        self.attributes.push(Attribute { name, value: value.into() });
        self
    }

    /// With an attribute if there is a value for it.
    #[must_use]
    pub fn with_some(self, local: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(local, value),
            None => self,
        }
    }

    /// With a child at the end.
    #[must_use]
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    /// With children at the end.
    #[must_use]
    pub fn children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children.into_iter().map(Node::Element));
        self
    }

    /// With text at the end.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        match self.children.last_mut() {
            Some(Node::Text(before)) => before.push_str(&text),
            _ => self.children.push(Node::Text(text)),
        }
        self
    }

    /// Its name as it is written.
    pub fn written_name(&self) -> String {
        self.name.written()
    }

    /// Whether it is that element.
    pub fn is(&self, space: Space, local: &str) -> bool {
        self.name.is(space, local)
    }

    /// What is in it, in order.
    pub fn nodes(&self) -> &[Node] {
        &self.children
    }

    /// The elements in it, in order.
    pub fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The elements in it of that name, in order.
    pub fn all<'a>(&'a self, space: Space, local: &'a str) -> impl Iterator<Item = &'a Self> {
        self.elements().filter(move |element| element.is(space, local))
    }

    /// The element in it of that name, if any.
    ///
    /// # Errors
    /// If there are several.
    pub fn one(&self, space: Space, local: &str) -> Result<Option<&Self>, Shape> {
        let mut found = self.elements().filter(|element| element.is(space, local));
        let first = found.next();
        if found.next().is_some() {
            return Err(Shape::Several { element: self.written_name(), what: local.to_owned() });
        }
        Ok(first)
    }

    /// The element in it of that name.
    ///
    /// # Errors
    /// If there is none, or several.
    pub fn need(&self, space: Space, local: &str) -> Result<&Self, Shape> {
        self.one(space, local)?
            .ok_or_else(|| Shape::Missing { element: self.written_name(), what: local.to_owned() })
    }

    /// The value of an attribute without a namespace.
    pub fn attribute(&self, local: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|a| a.name.uri.is_empty() && a.name.local == local)?;
        Some(&found.value)
    }

    /// The value of an attribute that must be there.
    ///
    /// # Errors
    /// If it is not.
    pub fn need_attribute(&self, local: &str) -> Result<&str, Shape> {
        self.attribute(local).ok_or_else(|| Shape::Missing {
            element: self.written_name(),
            what: format!("attribute {local}"),
        })
    }

    /// An attribute that is true or false, as XML Schema writes it; false if it isn't there.
    ///
    /// # Errors
    /// If it is neither.
    pub fn flag(&self, local: &str) -> Result<bool, Shape> {
        match self.attribute(local).map(str::trim) {
            None | Some("false" | "0") => Ok(false),
            Some("true" | "1") => Ok(true),
            Some(other) => Err(self.wrong_value(local, other, "true or false")),
        }
    }

    /// Its text, without white space at both ends.
    ///
    /// # Errors
    /// If there are elements in it.
    pub fn only_text(&self) -> Result<&str, Shape> {
        match self.children.as_slice() {
            [] => Ok(""),
            [Node::Text(text)] => Ok(text.trim_matches(characters::is_space)),
            _ => Err(Shape::NotText { element: self.written_name() }),
        }
    }

    /// That a value of it is not what may stand there.
    pub(crate) fn wrong_value(&self, what: &str, value: &str, wanted: &'static str) -> Shape {
        let value: String = value.chars().take(200).collect();
        Shape::Value { element: self.written_name(), what: what.to_owned(), value, wanted }
    }
}
