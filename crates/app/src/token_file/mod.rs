//! The files in which makers of hardware tokens send the secrets: from bytes to secrets, with what is wrong with
//! each row. Nothing here quotes what a row holds: it can be a secret in the wrong column.

mod csv;
mod import;
#[cfg(test)]
mod mutated;
mod protection;
mod pskc;
mod shape;

pub use import::{BadRows, ImportReport, Upload};

use claviger_domain::{
    field::FieldError,
    secret::Secret,
    token::Serial,
    totp::{Digest, TotpSecret},
};
use std::{collections::HashMap, fmt};

/// Bytes of a file at most: 5 MiB.
pub const FILE_LIMIT: usize = 5 * 1024 * 1024;
/// Tokens in a file at most.
pub const TOKENS: usize = 10_000;
const MODEL_LENGTH: usize = 100;

/// One token of a file.
#[derive(Clone, Debug)]
pub struct Seed {
    /// The line of a CSV file, or which key of a PSKC file, from 1.
    pub row: usize,
    /// The number on the token.
    pub serial: Serial,
    /// Its maker and model, as far as the file says.
    pub model: String,
    /// What its codes are computed from.
    pub secret: TotpSecret,
    /// The e-mail address or login name of the user who is to get it.
    pub user: Option<String>,
}

/// What is wrong with one row, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The row as in [`Seed`].
    pub row: usize,
    /// A sentence that goes on from "Row 7: ".
    pub message: String,
}

impl RowError {
    pub(crate) fn new(row: usize, message: impl Into<String>) -> Self {
        Self { row, message: message.into() }
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row {}: {}", self.row, self.message)
    }
}

/// What a file says.
#[derive(Clone, Debug, Default)]
pub struct TokenFile {
    /// The tokens that can be taken, in the order of the file.
    pub seeds: Vec<Seed>,
    /// The rows that can't.
    pub errors: Vec<RowError>,
}

/// One row as a format reads it.
struct Row {
    number: usize,
    seed: Result<Seed, String>,
}

fn refused(message: impl Into<String>) -> FieldError {
    FieldError::new("file", message)
}

/// Reads a CSV or PSKC file. `key` is the pre-shared key or the passphrase of an encrypted one. Errors are those of
/// the whole file; they name the field `file` or `key`.
pub fn parse(file: &[u8], key: Option<&Secret<String>>) -> Result<TokenFile, FieldError> {
    if file.len() > FILE_LIMIT {
        return Err(refused("The file can have at most 5 MiB."));
    }
    let text = text_of(file)?;
    let rows = match text.trim_start().starts_with('<') {
        true => pskc::parse(text, key)?,
        false => csv::parse(text)?,
    };
    if rows.is_empty() {
        return Err(refused("The file has no tokens."));
    }
    Ok(gathered(rows))
}

/// The text of the file, without the mark that some programs put in front of UTF-8.
fn text_of(file: &[u8]) -> Result<&str, FieldError> {
    let text = std::str::from_utf8(file).map_err(|error| {
        let before = file.get(..error.valid_up_to()).unwrap_or_default();
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        refused(format!("The file is not UTF-8 text from line {line} on. Save it as UTF-8 and try again."))
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Tells good rows from bad ones; of several with one serial number the first counts.
fn gathered(rows: Vec<Row>) -> TokenFile {
    let mut file = TokenFile::default();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for Row { number, seed } in rows {
        match seed {
            Err(message) => file.errors.push(RowError::new(number, message)),
            Ok(seed) => match seen.get(&seed.serial.key()) {
                Some(first) => {
                    let message = format!("its serial number stands in row {first} already.");
                    file.errors.push(RowError::new(number, message));
                }
                None => {
                    seen.insert(seed.serial.key(), number);
                    file.seeds.push(seed);
                }
            },
        }
    }
    file
}

/// The digest that a file names, such as `HMAC-SHA256`; none is SHA-1.
fn digest_of(text: &str) -> Option<Digest> {
    let letters: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let letters = letters.to_ascii_uppercase();
    let named =
        [("SHA256", Digest::Sha256), ("SHA512", Digest::Sha512), ("SHA1", Digest::Sha1), ("", Digest::Sha1)];
    let found = named.into_iter().find(|(name, _)| match name.is_empty() {
        true => letters.is_empty(),
        false => letters.ends_with(name),
    });
    found.map(|(_, digest)| digest)
}

/// Maker and model in one line.
fn model_of(maker: &str, model: &str) -> String {
    let words = maker.split_whitespace().chain(model.split_whitespace());
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(MODEL_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "3132333435363738393031323334353637383930";

    #[test]
    fn a_file_is_utf_8_text_of_at_most_5_mib_with_at_least_one_token() {
        let message = |file: &[u8]| parse(file, None).unwrap_err().message;
        assert!(message(&vec![b' '; FILE_LIMIT + 1]).contains("5 MiB"));
        assert!(message(b"1,31\n2,\xff\xfe\n").contains("UTF-8 text from line 2"));
        assert!(message(b"\xff\xfes\0e\0r\0").contains("UTF-8 text from line 1"));
        for empty in ["", "\u{feff}", "\r\n\r\n", "serial,secret\r\n"] {
            assert_eq!(message(empty.as_bytes()), "The file has no tokens.");
        }
    }

    #[test]
    fn of_two_rows_with_one_serial_number_the_first_counts() {
        let file = parse(format!("a1,{SECRET}\nb2,{SECRET}\nA1,{SECRET}\n").as_bytes(), None).unwrap();
        assert_eq!(file.seeds.iter().map(|seed| seed.serial.as_str()).collect::<Vec<_>>(), ["a1", "b2"]);
        assert_eq!(file.errors[0].to_string(), "Row 3: its serial number stands in row 1 already.");
    }

    #[test]
    fn more_than_ten_thousand_tokens_are_too_many() {
        let file = |count: usize| (0..count).map(|n| format!("{n},{SECRET}\n")).collect::<String>();
        assert_eq!(parse(file(TOKENS).as_bytes(), None).unwrap().seeds.len(), TOKENS);
        assert!(parse(file(TOKENS + 1).as_bytes(), None).unwrap_err().message.contains("10,000"));
    }

    #[test]
    fn digests_are_known_by_their_usual_names() {
        for (name, digest) in [
            ("", Some(Digest::Sha1)),
            ("HMAC-SHA-1", Some(Digest::Sha1)),
            ("sha1", Some(Digest::Sha1)),
            ("HmacSHA256", Some(Digest::Sha256)),
            ("HMAC-SHA512", Some(Digest::Sha512)),
            ("MD5", None),
        ] {
            assert_eq!(digest_of(name), digest, "{name}");
        }
    }

    #[test]
    fn maker_and_model_are_one_short_line() {
        assert_eq!(model_of(" Feitian  Technology ", "C200\n"), "Feitian Technology C200");
        assert_eq!(model_of("", ""), "");
        assert_eq!(model_of(&"x".repeat(200), "y").len(), 100);
    }

    #[test]
    fn what_is_shown_of_a_file_has_no_secret() {
        let file = parse(format!("a1,{SECRET}\n{SECRET},a1\n").as_bytes(), None).unwrap();
        let shown = format!("{file:?}");
        assert!(!shown.contains(SECRET) && !shown.contains("49, 50"), "{shown}");
    }
}
