//! CSV files: `serial,secret` with or without a header (OATH), and what is made for Microsoft Entra,
//! `upn,serial number,secret key,time interval,manufacturer,model`.

use super::{Row, Seed, TOKENS, digest_of, model_of, refused};
use crate::csv_text::Lines;
use ::csv::{ReaderBuilder, StringRecord, Trim};
use claviger_domain::{
    field::FieldError,
    secret::Secret,
    token::{Moving, Profile, Serial, suitable},
    totp::{PERIOD, TotpSecret},
};
use data_encoding::{BASE32_NOPAD, Encoding, HEXLOWER_PERMISSIVE};

/// How a column of secrets is written.
#[derive(Clone, Copy)]
enum Writing {
    /// Hexadecimal, or Base32 where it can't be that. Of a million secrets in Base32 none looks hexadecimal.
    Either,
    /// Base32, as Entra asks for.
    Base32,
}

/// Whether the first row said what the columns are.
#[derive(Clone, Copy)]
enum Header {
    There,
    Missing,
}

/// Which column says what.
struct Columns {
    header: Header,
    serial: usize,
    secret: usize,
    writing: Writing,
    user: Option<usize>,
    kind: Option<usize>,
    digits: Option<usize>,
    period: Option<usize>,
    digest: Option<usize>,
    maker: Option<usize>,
    model: Option<usize>,
}

/// A file without a header; what follows the secret counts if it begins with `totp` or `hotp`.
const PLAIN: Columns = Columns {
    header: Header::Missing,
    serial: 0,
    secret: 1,
    writing: Writing::Either,
    user: None,
    kind: Some(2),
    digits: Some(3),
    period: Some(4),
    digest: None,
    maker: None,
    model: None,
};

const SERIAL: &[&str] = &["serialnumber", "serial", "serialno", "tokenserial"];
const SECRET: &[&str] = &["secretkey", "secret", "seed", "key"];

fn column(header: &StringRecord, names: &[&str]) -> Option<usize> {
    header.iter().position(|field| {
        let letters: String = field.chars().filter(char::is_ascii_alphanumeric).collect();
        names.contains(&letters.to_ascii_lowercase().as_str())
    })
}

impl Columns {
    /// What the first row says, if it is a header.
    fn of(header: &StringRecord) -> Result<Option<Self>, FieldError> {
        let (serial, secret) = match (column(header, SERIAL), column(header, SECRET)) {
            (Some(serial), Some(secret)) => (serial, secret),
            (None, None) => return Ok(None),
            (Some(_), None) => return Err(refused("The header names no column for the secret.")),
            (None, Some(_)) => return Err(refused("The header names no column for the serial number.")),
        };
        let find = |names: &[&str]| column(header, names);
        Ok(Some(Self {
            header: Header::There,
            serial,
            secret,
            writing: find(&["secretkey"]).map_or(Writing::Either, |_| Writing::Base32),
            user: find(&["upn", "user", "username", "email"]),
            kind: find(&["type", "algorithm", "otptype"]),
            digits: find(&["digits", "otplength", "length"]),
            period: find(&["timeinterval", "interval", "period", "timestep"]),
            digest: find(&["digest", "hash", "hashalgorithm"]),
            maker: find(&["manufacturer", "maker", "vendor"]),
            model: find(&["model"]),
        }))
    }
}

pub(super) fn parse(text: &str) -> Result<Vec<Row>, FieldError> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let mut lines = Lines::new(text);
    let mut columns: Option<Columns> = None;
    let mut rows = Vec::new();
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|_| refused("The file can't be read as CSV."))? {
        let number = lines.of(&record);
        if record.iter().all(str::is_empty) {
            continue;
        }
        let known = match columns.take() {
            Some(known) => known,
            None => match Columns::of(&record)? {
                Some(header) => {
                    columns = Some(header);
                    continue;
                }
                None => PLAIN,
            },
        };
        if rows.len() == TOKENS {
            return Err(refused("The file has more than 10,000 tokens. Split it."));
        }
        rows.push(Row { number, seed: seed(number, &record, &known) });
        columns = Some(known);
    }
    Ok(rows)
}

/// The sign that the first line has most of; a comma in doubt.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let outside: String = first.split('"').step_by(2).collect();
    let count = |sign: u8| outside.bytes().filter(|byte| *byte == sign).count();
    let most = |best, sign| if count(sign) > count(best) { sign } else { best };
    [b';', b'\t'].into_iter().fold(b',', most)
}

fn seed(row: usize, record: &StringRecord, columns: &Columns) -> Result<Seed, String> {
    let at = |column: Option<usize>| column.and_then(|column| record.get(column)).unwrap_or_default();
    let serial = at(Some(columns.serial));
    if is_rounded(serial) {
        return Err("a spreadsheet has rounded the serial number. Export the file again, as text.".into());
    }
    let serial = Serial::parse("serial", serial).map_err(|error| error.message)?;
    let secret = secret(at(Some(columns.secret)), columns.writing)?;
    let kind = at(columns.kind).to_ascii_lowercase();
    let profile = match (columns.header, kind.as_str()) {
        (Header::There, _) | (Header::Missing, "totp" | "hotp") => Profile {
            moving: match kind.as_str() {
                "hotp" => Moving::Counter,
                _ => Moving::Time { seconds: number(at(columns.period), PERIOD, "the time interval")? },
            },
            digest: digest_of(at(columns.digest))
                .ok_or("its digest is not known; Claviger takes SHA-1 tokens.")?,
            digits: number(at(columns.digits), Profile::TAKEN.digits, "the number of digits")?,
        },
        // What follows the secret is a remark.
        (Header::Missing, _) => Profile::TAKEN,
    };
    let user = at(columns.user);
    Ok(Seed {
        row,
        serial,
        model: model_of(at(columns.maker), at(columns.model)),
        secret: suitable(profile, secret).map_err(|unsuitable| unsuitable.to_string())?,
        user: (!user.is_empty()).then(|| user.to_owned()),
    })
}

/// "1.00013E+12" or "1,00013E+12": digits of the serial number are lost.
fn is_rounded(serial: &str) -> bool {
    let Some((digits, exponent)) = serial.split_once("E+") else { return false };
    let number =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b".,".contains(&b));
    number(digits) && number(exponent)
}

fn number<N: std::str::FromStr>(text: &str, default: N, what: &str) -> Result<N, String> {
    match text {
        "" => Ok(default),
        text => text.parse().map_err(|_| format!("{what} is not a number.")),
    }
}

fn secret(text: &str, writing: Writing) -> Result<TotpSecret, String> {
    let letters: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let letters = Secret::new(letters.trim_end_matches('=').to_ascii_uppercase());
    if letters.expose().is_empty() {
        return Err("the secret is missing.".into());
    }
    let base32 = || lenient_base32()?.decode(letters.expose().as_bytes()).ok();
    let bytes = match writing {
        Writing::Base32 => base32().ok_or("the secret is not Base32 (letters, and digits from 2 to 7).")?,
        Writing::Either => HEXLOWER_PERMISSIVE
            .decode(letters.expose().as_bytes())
            .ok()
            .or_else(base32)
            .ok_or("the secret is neither hexadecimal nor Base32.")?,
    };
    Ok(TotpSecret::new(bytes))
}

/// Base32 whose last letter may hold bits that no byte has, as makers and Entra write it.
fn lenient_base32() -> Option<Encoding> {
    let mut specification = BASE32_NOPAD.specification();
    specification.check_trailing_bits = false;
    specification.encoding().ok()
}

#[cfg(test)]
mod tests {
    use super::super::{TokenFile, parse};

    const HEX: &str = "3132333435363738393031323334353637383930";
    const BASE32: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    const BYTES: &[u8] = b"12345678901234567890";

    fn read(text: &str) -> TokenFile {
        parse(text.as_bytes(), None).unwrap()
    }

    fn only_error(text: &str) -> String {
        let file = read(text);
        assert!(file.seeds.is_empty(), "{text}");
        file.errors.first().unwrap().to_string()
    }

    #[test]
    fn oath_files_have_serials_and_secrets_with_or_without_a_header() {
        let lower = BASE32.to_lowercase();
        for text in [
            format!("1001,{HEX}\n1002,{BASE32}\n"),
            format!("serial,secret\n1001,{HEX}\n1002,{lower}\n"),
            format!("\u{feff}Serial;Secret;Remark\r\n1001;{HEX};a, b\r\n\r\n1002;{BASE32}==;\r\n"),
            format!(
                "\"Serial No\"\t\"Seed\"\n\"1001\"\t\"{HEX}\"\n1002\tGEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
            ),
        ] {
            let file = read(&text);
            let serials: Vec<_> = file.seeds.iter().map(|seed| seed.serial.as_str()).collect();
            assert_eq!((serials, file.errors.len()), (vec!["1001", "1002"], 0), "{text}");
            assert!(file.seeds.iter().all(|seed| seed.secret.expose() == BYTES), "{text}");
        }
    }

    #[test]
    fn the_file_for_entra_names_users_makers_and_models() {
        let file = read(&format!(
            "upn,serial number,secret key,time interval,manufacturer,model\r\n\
             Helga@contoso.com,1234567,{BASE32},30,Contoso,\"Hardware, Key\"\r\n,1234568,{BASE32},30,,\r\n"
        ));
        let [helgas, nobodys] = &file.seeds[..] else { panic!("{file:?}") };
        assert_eq!(helgas.user.as_deref(), Some("Helga@contoso.com"));
        assert_eq!((helgas.row, helgas.model.as_str()), (2, "Contoso Hardware, Key"));
        assert_eq!((nobodys.user.as_deref(), nobodys.model.as_str()), (None, ""));
        assert_eq!(nobodys.secret.expose(), BYTES);
    }

    #[test]
    fn rows_are_counted_as_a_spreadsheet_counts_them() {
        let file = read(&format!("serial,secret\r\n\r\n1,{HEX}\r\n\r\n\r\n2,{HEX}\r\n3,x\r\n"));
        assert_eq!(file.seeds.iter().map(|seed| seed.row).collect::<Vec<_>>(), [3, 6]);
        assert_eq!(file.errors.first().unwrap().row, 7);
    }

    #[test]
    fn a_token_that_is_not_taken_is_told_with_its_reason() {
        let entra = "upn,serial number,secret key,time interval,manufacturer,model\n";
        for (text, message) in [
            (
                format!("{entra},1,{BASE32},60,,"),
                "Row 2: this token changes its code after 60 seconds; Claviger takes 30-second tokens.",
            ),
            (
                format!("1,{HEX},totp,6,60"),
                "Row 1: this token changes its code after 60 seconds; Claviger takes 30-second tokens.",
            ),
            (format!("1,{HEX},totp,8"), "Row 1: this token shows 8 digits; Claviger takes 6-digit tokens."),
            (
                format!("1,{HEX},HOTP"),
                "Row 1: this token changes its code at the press of a button (HOTP); Claviger takes time-based tokens.",
            ),
            (
                format!("serial,secret,type,time step\n1,{HEX},TOTP,60"),
                "Row 2: this token changes its code after 60 seconds; Claviger takes 30-second tokens.",
            ),
            (
                format!("serial,secret,hash\n1,{HEX},SHA256"),
                "Row 2: this token computes with SHA-2; Claviger takes SHA-1 tokens.",
            ),
            (format!("{entra},1,{BASE32},soon,,"), "Row 2: the time interval is not a number."),
            (
                format!("{entra},1,{HEX},30,,"),
                "Row 2: the secret is not Base32 (letters, and digits from 2 to 7).",
            ),
            ("1,nothing at all!".into(), "Row 1: the secret is neither hexadecimal nor Base32."),
            ("1,3132333435363738".into(), "Row 1: the secret has 8 bytes; it must have 16 to 64."),
            ("1,".into(), "Row 1: the secret is missing."),
            ("1".into(), "Row 1: the secret is missing."),
            (format!(",{HEX}"), "Row 1: Serial number is missing."),
            (
                format!("\"1,00013E+12\",{HEX}"),
                "Row 1: a spreadsheet has rounded the serial number. Export the file again, as text.",
            ),
        ] {
            assert_eq!(only_error(&text), message, "{text}");
        }
    }

    #[test]
    fn what_follows_the_secret_without_a_header_is_a_remark_unless_it_describes_the_token() {
        let file = read(&format!("1,{HEX},in the safe,8,60\n2,{HEX},TOTP,6,30\n3,{HEX},totp\n"));
        assert_eq!((file.seeds.len(), file.errors.len()), (3, 0));
    }

    #[test]
    fn a_header_without_one_of_the_two_is_told() {
        for (header, word) in [("serial,model", "secret"), ("secret,model", "serial number")] {
            let refused = parse(format!("{header}\n1,2\n").as_bytes(), None).unwrap_err();
            assert_eq!((refused.field, refused.message.contains(word)), ("file", true), "{header}");
        }
    }

    #[test]
    fn the_secret_of_microsofts_example_is_base32_although_it_looks_hexadecimal() {
        let file = read(
            "upn,serial number,secret key,time interval,manufacturer,model\n,1,2234567abcdef2234567abcdef,30,,\n",
        );
        assert_eq!(file.seeds.first().unwrap().secret.expose().len(), 16);
    }
}
