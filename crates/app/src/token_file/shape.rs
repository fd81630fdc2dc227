//! How deep and how wide an XML file is, told in one pass before it is read: the reader compares the attributes of an
//! element with each other, and keeps for each element the namespaces of all around it.

use super::refused;
use claviger_domain::field::FieldError;

/// Elements within each other; those of RFC 6030 are nested a dozen times.
const DEPTH: usize = 50;
/// Attributes of one element.
const ATTRIBUTES: usize = 50;

/// Refuses what no PSKC file has and would cost its reader dearly.
pub(super) fn check(text: &str) -> Result<(), FieldError> {
    let (mut rest, mut depth) = (text, 0_usize);
    while let Some((_, markup)) = rest.split_once('<') {
        let (tag, after) = split(markup);
        rest = after;
        match tag {
            Tag::Opening { attributes } | Tag::Empty { attributes } if attributes > ATTRIBUTES => {
                return Err(refused(
                    "An element of the XML has more than 50 attributes. This is not a PSKC file.",
                ));
            }
            Tag::Opening { .. } => depth += 1,
            Tag::Closing => depth = depth.saturating_sub(1),
            Tag::Empty { .. } | Tag::Other => {}
        }
        if depth > DEPTH {
            return Err(refused("The XML is nested more than 50 deep. This is not a PSKC file."));
        }
    }
    Ok(())
}

enum Tag {
    Opening { attributes: usize },
    Empty { attributes: usize },
    Closing,
    Other,
}

/// What stands behind a `<`, and what follows it.
fn split(markup: &str) -> (Tag, &str) {
    for (begin, end) in [("!--", "-->"), ("![CDATA[", "]]>"), ("?", "?>")] {
        if let Some(inside) = markup.strip_prefix(begin) {
            return (Tag::Other, inside.split_once(end).map_or("", |(_, after)| after));
        }
    }
    let (mut quote, mut attributes, mut before) = (None, 0, ' ');
    for (at, c) in markup.char_indices() {
        match (quote, c) {
            (None, '>') => {
                let tag = match (markup.starts_with('/'), before) {
                    (true, _) => Tag::Closing,
                    (false, '/') => Tag::Empty { attributes },
                    (false, _) => Tag::Opening { attributes },
                };
                return (tag, markup.get(at + 1..).unwrap_or_default());
            }
            (None, '"' | '\'') => quote = Some(c),
            (None, '=') => attributes += 1,
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
        before = c;
    }
    (Tag::Opening { attributes }, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use claviger_domain::secret::Secret;

    fn nested(depth: usize, inside: &str) -> String {
        format!("{}{inside}{}", "<a>".repeat(depth), "</a>".repeat(depth))
    }

    fn wide(count: usize, end: &str) -> String {
        let attributes: String = (0..count).map(|n| format!(" a{n}='x=y'")).collect();
        format!("<a{attributes}{end}")
    }

    #[test]
    fn what_is_nested_or_has_attributes_without_end_is_refused_before_it_is_read() {
        assert!(check(&nested(DEPTH, "")).is_ok());
        for text in [nested(DEPTH + 1, ""), nested(1_000_000, ""), "<a>".repeat(60), "<a b='/>'>".repeat(60)]
        {
            assert!(check(&text).unwrap_err().message.contains("50 deep"), "{:.80}", text);
        }
        assert!(check(&wide(ATTRIBUTES, "/>")).is_ok());
        for end in ["/>", "></a>", ""] {
            assert!(
                check(&wide(ATTRIBUTES + 1, end)).unwrap_err().message.contains("50 attributes"),
                "{end}"
            );
        }
    }

    #[test]
    fn what_only_looks_like_an_element_does_not_count() {
        for inside in ["<b/>", "<!-- <b><b> -->", "<![CDATA[<b><b>]]>", "<?b <b>?>", "<b c='>' d=\"</b>\"/>"]
        {
            let many = inside.repeat(100);
            assert!(check(&nested(DEPTH - 1, &many)).is_ok(), "{inside}");
            assert!(check(&nested(DEPTH + 1, &many)).is_err(), "{inside}");
        }
        for hiding in ["<!-- </a> -->", "<![CDATA[</a>]]>", "<?b </a>?>", "<b c='</a>'/>"] {
            assert!(check(&format!("<a>{hiding}").repeat(60)).is_err(), "{hiding}");
        }
    }

    #[test]
    fn a_file_that_would_take_gigabytes_or_hours_is_refused_as_it_is_uploaded() {
        let namespaces: String = (0..60_000).map(|n| format!("<a xmlns:b{n}='c'>")).collect();
        for text in [namespaces, wide(300_000, "/>")] {
            let refused = super::super::parse(text.as_bytes(), Some(&Secret::from("qwerty"))).unwrap_err();
            assert!(refused.message.contains("not a PSKC file"), "{}", refused.message);
        }
    }
}
