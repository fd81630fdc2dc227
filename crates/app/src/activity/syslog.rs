//! An entry as a syslog message (RFC 5424).

use crate::words;
use claviger_domain::audit::Entry;

/// Log audit.
const FACILITY: u8 = 13;
const WARNING: u8 = 4;
const INFORMATIONAL: u8 = 6;
/// 32473 is the number for documentation (RFC 5612): the project has none of its own (docs/activity-log.md).
const STRUCTURE: &str = "claviger@32473";
/// Says that the text that follows is UTF-8 (RFC 5424 §6.4).
const BOM: char = '\u{feff}';

/// The message for the entry with that number, from the server called `host`; without a number it is no entry of the
/// log.
pub(crate) fn message(entry: &Entry, sequence: Option<i64>, host: &str) -> String {
    let severity = if entry.outcome == "success" { INFORMATIONAL } else { WARNING };
    let priority = FACILITY * 8 + severity;
    let facts = [
        ("id", entry.id.to_string()),
        ("actorKind", entry.actor_kind.clone()),
        ("actorId", entry.actor_id.clone()),
        ("actor", entry.actor_name.clone()),
        ("address", entry.address.clone()),
        ("action", entry.action.clone()),
        ("targetId", entry.target_id.clone()),
        ("target", entry.target_name.clone()),
        ("outcome", entry.outcome.clone()),
        ("details", entry.details.clone()),
    ];
    let number = sequence.map(|sequence| ("sequence", sequence.to_string()));
    let facts: String =
        number.iter().chain(&facts).map(|(name, value)| format!(" {name}=\"{}\"", quoted(value))).collect();
    let text = text(entry);
    let mark = if text.is_ascii() { String::new() } else { BOM.to_string() };
    let (at, host) = (words::iso_micros(entry.at), header(host, 255));
    let action = header(&entry.action, 32);
    format!("<{priority}>1 {at} {host} claviger - {action} [{STRUCTURE}{facts}] {mark}{text}")
}

/// "ada@acme.test user.mfa.reset alice@acme.test: success".
fn text(entry: &Entry) -> String {
    let actor = if entry.actor_name.is_empty() { &entry.actor_kind } else { &entry.actor_name };
    let target = match entry.target_name.as_str() {
        "" => String::new(),
        name => format!(" {name}"),
    };
    let line = format!("{actor} {}{target}: {}", entry.action, entry.outcome);
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A value between quotation marks (RFC 5424 §6.3.3); line breaks would end a message where octets are not counted.
fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '"' | '\\' | ']' => {
                text.push('\\');
                text.push(c);
            }
            c if c.is_control() => text.push(' '),
            c => text.push(c),
        }
    }
    text
}

/// A field of the header: printable ASCII without spaces, `-` for nothing.
fn header(text: &str, longest: usize) -> String {
    let kept: String = text.chars().filter(char::is_ascii_graphic).take(longest).collect();
    if kept.is_empty() { "-".into() } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;
    use claviger_domain::{
        id::{AuditId, OrganizationId},
        time::Timestamp,
    };

    fn entry() -> Entry {
        Entry {
            id: AuditId::new(Timestamp(0), [0; 10]),
            organization: OrganizationId::new(Timestamp(0), [0; 10]),
            at: Timestamp(1_700_000_000_000_017),
            actor_kind: "administrator".into(),
            actor_id: "7".into(),
            actor_name: "ada@acme.test".into(),
            address: "192.0.2.7".into(),
            action: "user.mfa.reset".into(),
            target_id: "8".into(),
            target_name: "alice@acme.test".into(),
            outcome: "success".into(),
            details: r#"{"reason":"lost [phone]"}"#.into(),
        }
    }

    #[test]
    fn a_message_is_that_of_rfc_5424() {
        let expected = concat!(
            "<110>1 2023-11-14T22:13:20.000017Z sso.acme.test claviger - user.mfa.reset ",
            r#"[claviger@32473 sequence="17" id="00000000-0000-7000-8000-000000000000" actorKind="administrator" "#,
            r#"actorId="7" actor="ada@acme.test" address="192.0.2.7" action="user.mfa.reset" targetId="8" "#,
            r#"target="alice@acme.test" outcome="success" details="{\"reason\":\"lost [phone\]\"}"] "#,
            "ada@acme.test user.mfa.reset alice@acme.test: success"
        );
        assert_eq!(message(&entry(), Some(17), "sso.acme.test"), expected);
    }

    #[test]
    fn nothing_in_an_entry_ends_a_message_or_a_value() {
        let name = "x\"]\\ \r\n<1>1 evil\u{e9}".to_owned();
        let told = message(
            &Entry { target_name: name, outcome: "refused".into(), action: "a b\n".into(), ..entry() },
            None,
            "",
        );
        assert!(
            told.starts_with("<108>1 2023-11-14T22:13:20.000017Z - claviger - ab [claviger@32473 id=\""),
            "{told}"
        );
        assert!(told.contains(r#"target="x\"\]\\   <1>1 evilé""#), "{told}");
        assert!(!told.contains(['\r', '\n']));
        assert!(told.contains("] \u{feff}ada@acme.test"), "what is no ASCII has its mark");
    }
}
