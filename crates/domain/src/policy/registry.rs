//! Values of the registry of Windows: where they may be, and what they hold (S9.1).

use crate::field::FieldError;
use serde::{Deserialize, Serialize};

/// The most values of one policy.
pub const VALUES: usize = 100;
/// The most characters of a location, of a value's name, and of one text.
const LOCATION: usize = 512;
const PART: usize = 255;
const TEXT: usize = 2_048;
const STRINGS: usize = 100;
const DEPTH: usize = 32;

/// A value of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryValue {
    /// The key under `HKEY_LOCAL_MACHINE`, such as `SOFTWARE\Acme`; its case is kept and means nothing.
    pub location: String,
    /// Empty for the key's default value.
    pub name: String,
    /// Type and data.
    pub data: Data,
}

/// What a value holds, by its type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", content = "value")]
pub enum Data {
    /// `REG_SZ`.
    Sz(String),
    /// `REG_EXPAND_SZ`.
    ExpandSz(String),
    /// `REG_MULTI_SZ`: none of them empty.
    MultiSz(Vec<String>),
    /// `REG_DWORD`.
    Dword(u32),
    /// `REG_QWORD`.
    Qword(u64),
}

/// A type of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `REG_DWORD`.
    Dword,
    /// `REG_QWORD`.
    Qword,
    /// `REG_SZ`.
    Sz,
    /// `REG_EXPAND_SZ`.
    ExpandSz,
    /// `REG_MULTI_SZ`.
    MultiSz,
}

crate::device::words!(Kind {
    Dword => "dword", Qword => "qword", Sz => "sz", ExpandSz => "expand_sz", MultiSz => "multi_sz",
});

impl Kind {
    /// As Windows calls it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Dword => "DWORD",
            Self::Qword => "QWORD",
            Self::Sz => "SZ",
            Self::ExpandSz => "EXPAND_SZ",
            Self::MultiSz => "MULTI_SZ",
        }
    }
}

impl Data {
    /// Its type.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Sz(_) => Kind::Sz,
            Self::ExpandSz(_) => Kind::ExpandSz,
            Self::MultiSz(_) => Kind::MultiSz,
            Self::Dword(_) => Kind::Dword,
            Self::Qword(_) => Kind::Qword,
        }
    }

    /// As it is entered.
    pub fn text(&self) -> String {
        match self {
            Self::Sz(text) | Self::ExpandSz(text) => text.clone(),
            Self::MultiSz(lines) => lines.join("\n"),
            Self::Dword(number) => number.to_string(),
            Self::Qword(number) => number.to_string(),
        }
    }

    /// As entered: a number in decimal or after `0x`, a text, or a line for each text.
    pub fn parse(kind: Kind, text: &str) -> Result<Self, &'static str> {
        match kind {
            Kind::Dword => number(text)
                .and_then(|number| u32::try_from(number).ok())
                .map(Self::Dword)
                .ok_or("A DWORD is a whole number from 0 to 4294967295, or 0x0 to 0xFFFFFFFF."),
            Kind::Qword => number(text)
                .map(Self::Qword)
                .ok_or("A QWORD is a whole number from 0 to 18446744073709551615."),
            Kind::Sz => one(text).map(Self::Sz),
            Kind::ExpandSz => one(text).map(Self::ExpandSz),
            Kind::MultiSz => several(text).map(Self::MultiSz),
        }
    }
}

fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = |text: &str, radix: u32| {
        let is_plain = !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
        is_plain.then(|| u64::from_str_radix(text, radix).ok()).flatten()
    };
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => digits(hex, 16),
        None => digits(text, 10),
    }
}

fn one(text: &str) -> Result<String, &'static str> {
    let text = text.replace("\r\n", "\n");
    if text.contains('\0') {
        return Err("A text can't contain NUL: it would end there.");
    }
    if text.chars().count() > TEXT {
        return Err("A text can have at most 2048 characters.");
    }
    Ok(text)
}

fn several(text: &str) -> Result<Vec<String>, &'static str> {
    let text = text.replace("\r\n", "\n");
    let text = text.strip_suffix('\n').unwrap_or(&text);
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let lines: Vec<String> = text.split('\n').map(one).collect::<Result<_, _>>()?;
    if lines.iter().any(String::is_empty) {
        return Err("A MULTI_SZ can't contain an empty line: the list would end there.");
    }
    if lines.len() > STRINGS {
        return Err("A MULTI_SZ can have at most 100 lines.");
    }
    Ok(lines)
}

/// Logins are made of these: changed through a policy, nobody would be asked for a code, or nobody would get in.
const OURS: &[&str] = &[
    r"software\claviger",
    r"software\microsoft\windows\currentversion\authentication",
    r"software\microsoft\windows nt\currentversion\image file execution options",
    r"software\microsoft\windows nt\currentversion\winlogon\gpextensions",
    r"system\*\services\claviger",
    r"system\*\services\claviger-agent",
    r"system\*\control\safeboot",
    r"system\*\control\lsa",
];

/// Values that do so at places where others are harmless: providers taken off the screen, and a sign-in that asks nobody.
const OUR_VALUES: &[(&str, &[&str])] = &[
    (
        r"software\microsoft\windows\currentversion\policies\system",
        &["excludedcredentialproviders", "defaultcredentialprovider", "hidefastuserswitching"],
    ),
    (
        r"software\microsoft\windows nt\currentversion\winlogon",
        &[
            "autoadminlogon",
            "forceautologon",
            "autologoncount",
            "autologonsid",
            "defaultpassword",
            "ginadll",
            "shell",
            "userinit",
            "taskman",
            "vmapplet",
        ],
    ),
];

/// A location as entered, with or without `HKLM\` in front.
pub(super) fn parse_location(text: &str) -> Result<String, String> {
    const OUTSIDE: &str = "The location must lie under HKEY_LOCAL_MACHINE, in SOFTWARE or SYSTEM.";
    let text = text.trim();
    let (first, rest) = text.split_once('\\').unwrap_or((text, ""));
    let text = match first.trim_end_matches(':').to_ascii_uppercase().as_str() {
        "HKEY_LOCAL_MACHINE" | "HKLM" => rest,
        _ => text,
    };
    let parts: Vec<&str> = text.split('\\').collect();
    let root = parts.first().copied().unwrap_or_default().to_ascii_uppercase();
    if !matches!(root.as_str(), "SOFTWARE" | "SYSTEM") {
        return Err(OUTSIDE.into());
    }
    if parts.len() < 2 || parts.len() > DEPTH || text.chars().count() > LOCATION {
        return Err(
            "The location must name a key below SOFTWARE or SYSTEM, in at most 512 characters.".into()
        );
    }
    for part in &parts {
        let is_key = !part.trim().is_empty()
            && !matches!(*part, "." | "..")
            && part.chars().count() <= PART
            && !part.chars().any(|c| c.is_control() || c == '/');
        if !is_key {
            return Err(format!("{part:?} is no key of the registry."));
        }
    }
    if is_ours(text) {
        return Err(format!("{text} is what logins with MFA are made of; policies leave it alone."));
    }
    Ok(text.to_owned())
}

/// A location in small letters. The view of 32-bit programs counts as the key: Windows keeps parts of both as one.
fn seen(location: &str) -> String {
    location.to_lowercase().replacen(r"software\wow6432node\", r"software\", 1)
}

fn is_ours(location: &str) -> bool {
    let location = seen(location);
    let has: Vec<&str> = location.split('\\').collect();
    OURS.iter().any(|ours| {
        let ours: Vec<&str> = ours.split('\\').collect();
        has.len() >= ours.len() && ours.iter().zip(&has).all(|(ours, has)| *ours == "*" || ours == has)
    })
}

/// The name of a value as entered.
pub(super) fn parse_name(text: &str) -> Result<String, String> {
    if text.chars().count() > PART {
        return Err("A value's name can have at most 255 characters.".into());
    }
    if text.chars().any(char::is_control) {
        return Err("A value's name can't contain control characters.".into());
    }
    Ok(text.to_owned())
}

/// Whether a value at a location that is open to policies decides who gets in all the same.
pub(super) fn refuse_ours(location: &str, name: &str) -> Result<(), String> {
    let (at, named) = (seen(location), name.to_lowercase());
    match OUR_VALUES.iter().any(|(ours, names)| *ours == at && names.contains(&named.as_str())) {
        true => Err(format!(r"{location}\{name} decides who gets in; policies leave it alone.")),
        false => Ok(()),
    }
}

/// Values as entered: each row that is wrong is named by its number.
pub(super) fn parse_values(rows: &[super::ValueForm]) -> Result<Vec<RegistryValue>, FieldError> {
    let wrong = |message: String| FieldError::new("values", message);
    if rows.is_empty() || rows.len() > VALUES {
        return Err(wrong(format!("Lay down 1 to {VALUES} values.")));
    }
    let mut values: Vec<RegistryValue> = Vec::with_capacity(rows.len());
    for (number, row) in (1..).zip(rows) {
        let value = row.parse().map_err(|(_, why)| wrong(format!("Value {number}: {why}")))?;
        let same = |known: &RegistryValue| {
            known.location.to_lowercase() == value.location.to_lowercase()
                && known.name.to_lowercase() == value.name.to_lowercase()
        };
        if let Some(before) = values.iter().position(same) {
            return Err(wrong(format!("Value {number} is the same as value {}.", before + 1)));
        }
        values.push(value);
    }
    Ok(values)
}
