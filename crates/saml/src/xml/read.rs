//! Reads a document into the tree, or says why not.
//!
//! `quick-xml` finds the tags. What it leaves open is decided here: which characters, names and references there are, that
//! nothing stands outside the root, what prefixes mean, and how much there may be of everything.

mod tag;

use super::{Element, Node, characters, scope::Scope};
use quick_xml::{Reader, events::Event};
use std::collections::HashSet;

/// How much a document may hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the document.
    pub bytes: usize,
    /// Elements within each other.
    pub depth: usize,
    /// Elements in all.
    pub elements: usize,
    /// Attributes and declarations of one element.
    pub attributes: usize,
    /// Declarations of namespaces in force at once.
    pub namespaces: usize,
}

impl Limits {
    /// For a message that a browser brings.
    pub const MESSAGE: Self =
        Self { bytes: 128 * 1024, depth: 24, elements: 1_000, attributes: 32, namespaces: 64 };
    /// For metadata that an administrator brings.
    pub const METADATA: Self =
        Self { bytes: 4 * 1024 * 1024, depth: 32, elements: 100_000, attributes: 64, namespaces: 128 };
}

/// Why a document was not read, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct XmlError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Too many bytes.
    #[error("the document is larger than {limit} bytes")]
    TooLarge {
        /// The most there may be.
        limit: usize,
    },
    /// Elements too deep within each other.
    #[error("elements are nested more than {limit} deep")]
    TooDeep {
        /// The most there may be.
        limit: usize,
    },
    /// Too many elements.
    #[error("there are more than {limit} elements")]
    Elements {
        /// The most there may be.
        limit: usize,
    },
    /// Too many attributes.
    #[error("an element has more than {limit} attributes")]
    Attributes {
        /// The most there may be.
        limit: usize,
    },
    /// Too many namespaces.
    #[error("more than {limit} namespaces are declared at once")]
    Namespaces {
        /// The most there may be.
        limit: usize,
    },
    /// Not UTF-8.
    #[error("the document is not UTF-8")]
    NotUtf8,
    /// Declared in another encoding or version.
    #[error("the XML declaration is not for XML 1.0 in UTF-8: {0:?}")]
    Declaration(String),
    /// A document type.
    #[error("a document type (<!DOCTYPE …>) is not accepted")]
    Doctype,
    /// A processing instruction.
    #[error("a processing instruction (<?{0} …?>) is not accepted")]
    Instruction(String),
    /// An entity besides the five of XML.
    #[error("the entity &{0}; is not accepted")]
    Entity(String),
    /// A character that XML can't carry.
    #[error("the character U+{0:04X} is not allowed in XML")]
    Character(u32),
    /// An attribute twice on an element.
    #[error("the attribute {0} stands twice on one element")]
    DuplicateAttribute(String),
    /// An ID twice in the document.
    #[error("the ID {0:?} stands twice in the document")]
    DuplicateId(String),
    /// A comment within text.
    #[error("a comment splits the text of {0}")]
    CommentInText(String),
    /// A prefix without meaning, or one that may not have it.
    #[error("{0}")]
    Namespace(String),
    /// Not XML.
    #[error("not well-formed: {0}")]
    IllFormed(String),
}

/// Reads a document.
///
/// # Errors
/// If it is not well-formed XML 1.0 with namespaces in UTF-8, holds more than `limits` allow, a document type, a processing
/// instruction, an entity besides the five, an ID twice, or a comment within text.
pub fn read(bytes: &[u8], limits: Limits) -> Result<Element, XmlError> {
    let at = |line, fault| XmlError { line, fault };
    if bytes.len() > limits.bytes {
        return Err(at(1, Fault::TooLarge { limit: limits.bytes }));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| at(1, Fault::NotUtf8))?;
    if let Some((before, c)) = text.char_indices().find(|(_, c)| !characters::is_char(*c)) {
        return Err(at(line_of(text, before), Fault::Character(u32::from(c))));
    }
    // XML 1.0 §2.11: line ends are made one before anything else.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut reader = Reader::from_str(&text);
    let mut building = Building::new(limits);
    loop {
        let start = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let step = reader
            .read_event()
            .map_err(|error| Fault::IllFormed(error.to_string()))
            .and_then(|event| building.take(event, start));
        match step {
            Ok(true) => {}
            Ok(false) => break,
            Err(fault) => return Err(at(line_of(&text, start), fault)),
        }
    }
    building.finish().map_err(|fault| at(line_of(&text, text.len()), fault))
}

fn line_of(text: &str, position: usize) -> usize {
    let before = text.as_bytes().get(..position).unwrap_or(text.as_bytes());
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}

/// An element whose end has not come yet.
struct Open {
    element: Element,
    scope: usize,
    comment: bool,
}

/// The tree as far as it was read.
struct Building {
    limits: Limits,
    scope: Scope,
    open: Vec<Open>,
    root: Option<Element>,
    elements: usize,
    ids: HashSet<String>,
}

impl Building {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            scope: Scope::default(),
            open: Vec::new(),
            root: None,
            elements: 0,
            ids: HashSet::new(),
        }
    }

    /// Takes the next event, which began at that byte; false after the last.
    fn take(&mut self, event: Event<'_>, start: usize) -> Result<bool, Fault> {
        match event {
            Event::Start(tag) => self.start(&tag)?,
            Event::Empty(tag) => {
                self.start(&tag)?;
                self.end()?;
            }
            Event::End(_) => self.end()?,
            Event::Text(text) if text.contains("]]>") => {
                return Err(Fault::IllFormed("]]> within text".to_owned()));
            }
            Event::Text(text) => self.text(&text)?,
            Event::CData(text) if self.open.is_empty() => {
                return Err(Fault::IllFormed(format!("{} characters outside of the root", text.len())));
            }
            Event::CData(text) => self.text(&text)?,
            Event::GeneralRef(reference) => {
                let c = tag::reference(&reference)?;
                if self.open.is_empty() {
                    return Err(Fault::IllFormed("a reference outside of the root".to_owned()));
                }
                self.text(c.encode_utf8(&mut [0; 4]))?;
            }
            Event::Comment(text) if text.contains("--") || text.ends_with('-') => {
                return Err(Fault::IllFormed("-- within a comment".to_owned()));
            }
            Event::Comment(_) => {
                if let Some(open) = self.open.last_mut() {
                    open.comment = true;
                }
            }
            Event::Decl(declaration) if start == 0 => tag::declaration(&declaration)?,
            Event::Decl(_) => {
                return Err(Fault::IllFormed("an XML declaration that is not the first".to_owned()));
            }
            Event::PI(instruction) => return Err(Fault::Instruction(instruction.target().to_owned())),
            Event::DocType(_) => return Err(Fault::Doctype),
            Event::Eof => return Ok(false),
        }
        Ok(true)
    }

    fn start(&mut self, start: &quick_xml::events::BytesStart<'_>) -> Result<(), Fault> {
        if self.open.is_empty() && self.root.is_some() {
            return Err(Fault::IllFormed("more than one root".to_owned()));
        }
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(Fault::Elements { limit: self.limits.elements });
        }
        if self.open.len() >= self.limits.depth {
            return Err(Fault::TooDeep { limit: self.limits.depth });
        }
        let mark = self.scope.mark();
        let element = tag::element(start, &mut self.scope, self.limits)?;
        for attribute in element.attributes.iter().filter(|attribute| tag::is_id(&attribute.name)) {
            if !self.ids.insert(attribute.value.clone()) {
                return Err(Fault::DuplicateId(attribute.value.chars().take(200).collect()));
            }
        }
        self.open.push(Open { element, scope: mark, comment: false });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        let Some(Open { element, scope, comment }) = self.open.pop() else {
            return Err(Fault::IllFormed("an end without a start".to_owned()));
        };
        let speaks =
            |node: &Node| matches!(node, Node::Text(text) if !text.chars().all(characters::is_space));
        if comment && element.children.iter().any(speaks) {
            return Err(Fault::CommentInText(element.written_name()));
        }
        self.scope.back_to(scope);
        match self.open.last_mut() {
            Some(parent) => parent.element.children.push(Node::Element(element)),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Fault> {
        match self.open.last_mut() {
            _ if text.is_empty() => {}
            Some(open) => match open.element.children.last_mut() {
                Some(Node::Text(before)) => before.push_str(text),
                _ => open.element.children.push(Node::Text(text.to_owned())),
            },
            None if text.chars().all(characters::is_space) => {}
            None => return Err(Fault::IllFormed("text outside of the root".to_owned())),
        }
        Ok(())
    }

    fn finish(self) -> Result<Element, Fault> {
        match (self.open.last(), self.root) {
            (Some(open), _) => Err(Fault::IllFormed(format!("{} has no end", open.element.written_name()))),
            (None, None) => Err(Fault::IllFormed("there is no element".to_owned())),
            (None, Some(root)) => Ok(root),
        }
    }
}
