//! Lists as people type them into one field, one line each, and back.

use super::form::{AttributeForm, ConsumerForm};

const END: &str = "-----END CERTIFICATE-----";

/// Addresses, one a line; a number behind one is its index.
pub fn consumers_from(text: &str) -> Vec<ConsumerForm> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let one = |line: &str| match line.split_once(char::is_whitespace) {
        Some((address, index)) => {
            ConsumerForm { address: address.to_owned(), index: index.trim().to_owned() }
        }
        None => ConsumerForm { address: line.to_owned(), index: String::new() },
    };
    lines.map(one).collect()
}

/// The same as text; an index that is the place in the list is left out.
pub fn consumer_lines(consumers: &[ConsumerForm]) -> String {
    let line = |(place, consumer): (usize, &ConsumerForm)| match consumer.index == place.to_string() {
        true => consumer.address.clone(),
        false => format!("{} {}", consumer.address, consumer.index).trim_end().to_owned(),
    };
    consumers.iter().enumerate().map(line).collect::<Vec<_>>().join("\n")
}

/// Attributes, one a line: `name = email`, `name = groups`, or `name = "a constant"`.
pub fn attributes_from(text: &str) -> Vec<AttributeForm> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let one = |line: &str| {
        let (name, value) = line.rsplit_once(" = ").or_else(|| line.rsplit_once('=')).unwrap_or((line, ""));
        let (name, value) = match line.find(" = \"").or_else(|| line.find("=\"")) {
            // What stands in a constant is its own.
            Some(at) => line.split_at(at),
            None => (name, value),
        };
        let value = value.trim().trim_start_matches('=').trim();
        let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let (source, constant) = quoted.map_or((value, ""), |constant| ("constant", constant));
        AttributeForm {
            name: name.trim().to_owned(),
            source: source.to_owned(),
            constant: constant.to_owned(),
        }
    };
    lines.map(one).collect()
}

/// The same as text.
pub fn attribute_lines(attributes: &[AttributeForm]) -> String {
    let line = |one: &AttributeForm| match one.source.as_str() {
        "constant" => format!("{} = \"{}\"", one.name, one.constant),
        source => format!("{} = {source}", one.name),
    };
    attributes.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Certificates in PEM one after another, or one in Base64.
pub fn certificates_from(text: &str) -> Vec<String> {
    let parts = text.split_inclusive(END).map(str::trim).filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

/// The same as text.
pub fn certificate_lines(certificates: &[String]) -> String {
    certificates.iter().map(|one| one.trim()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_back_as_they_were_written() {
        let text = "https://a.example/acs\nhttps://b.example/acs 7";
        let consumers = consumers_from(text);
        assert_eq!(
            (consumers[1].address.as_str(), consumers[1].index.as_str()),
            ("https://b.example/acs", "7")
        );
        let numbered = [("https://a.example/acs", "0"), ("https://b.example/acs", "7")]
            .map(|(address, index)| ConsumerForm { address: address.into(), index: index.into() });
        assert_eq!(consumer_lines(&numbered), text);

        let text = "mail = email\nhttps://x.example/a?b=c = groups\nrealm = \"a = \"b\"\"";
        let attributes = attributes_from(text);
        let told: Vec<_> = attributes
            .iter()
            .map(|one| (one.name.as_str(), one.source.as_str(), one.constant.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("mail", "email", ""),
                ("https://x.example/a?b=c", "groups", ""),
                ("realm", "constant", "a = \"b\"")
            ]
        );
        assert_eq!(attribute_lines(&attributes), text);
        assert_eq!(attributes_from("mail=email\n\nrole=\"x\"").len(), 2);

        let pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----";
        assert_eq!(certificates_from(&format!("{pem}\n\n{pem}\n")), [pem, pem]);
        assert_eq!(certificates_from("AA=="), ["AA=="]);
        assert!(certificates_from(" \n").is_empty());
    }
}
