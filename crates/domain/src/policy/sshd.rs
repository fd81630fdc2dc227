//! Settings of sshd that a policy may lay down for everybody (S9.1).
//!
//! Who signs in, and how, is not among them: that is laid down on the device's own page (S8.9), because it decides who
//! is asked for a code.

use crate::field::FieldError;
use serde::{Deserialize, Serialize};

/// The keyword that only the template of banners lays down.
pub(super) const BANNER: &str = "Banner";

/// A setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// As sshd's manual spells it.
    pub keyword: String,
    /// As `sshd -T` prints it.
    pub value: String,
}

/// What a keyword takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// One of these words.
    Word(&'static [&'static str]),
    /// A whole number.
    Number {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// Names of algorithms with commas between.
    Names,
}

const SWITCH: Takes = Takes::Word(&["yes", "no"]);
const FORWARDING: Takes = Takes::Word(&["yes", "no", "local", "remote"]);

/// What can be laid down, in the order of the form.
pub const KEYWORDS: &[(&str, Takes)] = &[
    ("MaxAuthTries", Takes::Number { min: 1, max: 20 }),
    ("MaxSessions", Takes::Number { min: 1, max: 1_000 }),
    ("LoginGraceTime", Takes::Number { min: 20, max: 600 }),
    ("ClientAliveInterval", Takes::Number { min: 0, max: 86_400 }),
    ("ClientAliveCountMax", Takes::Number { min: 0, max: 100 }),
    ("X11Forwarding", SWITCH),
    ("AllowTcpForwarding", FORWARDING),
    ("AllowStreamLocalForwarding", FORWARDING),
    ("AllowAgentForwarding", SWITCH),
    ("DisableForwarding", SWITCH),
    ("GatewayPorts", SWITCH),
    ("PermitTunnel", SWITCH),
    ("PermitEmptyPasswords", Takes::Word(&["no"])),
    ("StrictModes", Takes::Word(&["yes"])),
    ("PrintMotd", SWITCH),
    ("PrintLastLog", SWITCH),
    ("TCPKeepAlive", SWITCH),
    ("UseDNS", SWITCH),
    ("LogLevel", Takes::Word(&["INFO", "VERBOSE"])),
    ("Ciphers", Takes::Names),
    ("MACs", Takes::Names),
    ("KexAlgorithms", Takes::Names),
    ("HostKeyAlgorithms", Takes::Names),
];

/// What decides who is asked for a code, or who gets in at all.
const ELSEWHERE: &[&str] = &[
    "passwordauthentication",
    "pubkeyauthentication",
    "kbdinteractiveauthentication",
    "challengeresponseauthentication",
    "authenticationmethods",
    "usepam",
    "permitrootlogin",
    "authorizedkeysfile",
    "authorizedkeyscommand",
    "authorizedkeyscommanduser",
];

const NAMES: usize = 2_000;

/// A value as entered.
pub fn parse_value(takes: Takes, text: &str) -> Result<String, String> {
    let text = text.trim();
    match takes {
        Takes::Word(words) => match words.iter().find(|word| word.eq_ignore_ascii_case(text)) {
            Some(word) => Ok((*word).to_owned()),
            None => Err(format!("must be {}", words.join(" or "))),
        },
        Takes::Number { min, max } => match text.parse::<i64>() {
            Ok(number) if (min..=max).contains(&number) => Ok(number.to_string()),
            _ => Err(format!("must be between {min} and {max}")),
        },
        Takes::Names => {
            let is_name = |name: &str| {
                !name.is_empty()
                    && name.starts_with(|c: char| c.is_ascii_lowercase())
                    && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.@".contains(c))
            };
            match text.len() <= NAMES && text.split(',').all(is_name) {
                true => Ok(text.to_owned()),
                false => Err("must be names of algorithms with commas between, without blanks".into()),
            }
        }
    }
}

/// Settings as entered, those without a value left out.
pub(super) fn parse(settings: &[(String, String)]) -> Result<Vec<Setting>, FieldError> {
    let wrong = |message: String| FieldError::new("settings", message);
    let mut parsed: Vec<Setting> = Vec::new();
    for (keyword, value) in settings.iter().filter(|(_, value)| !value.trim().is_empty()) {
        let known = KEYWORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(keyword.trim()));
        let Some((keyword, takes)) = known else {
            return Err(wrong(match ELSEWHERE.contains(&keyword.trim().to_lowercase().as_str()) {
                true => format!("{keyword} is laid down on the page of each device, under SSH."),
                false => format!("{keyword:?} is no setting of sshd that a policy lays down."),
            }));
        };
        let value = parse_value(*takes, value).map_err(|why| wrong(format!("{keyword} {why}.")))?;
        if parsed.iter().any(|one| one.keyword == *keyword) {
            return Err(wrong(format!("{keyword} is laid down twice.")));
        }
        parsed.push(Setting { keyword: (*keyword).to_owned(), value });
    }
    if parsed.is_empty() {
        return Err(wrong("Lay down at least one setting.".into()));
    }
    Ok(parsed)
}
