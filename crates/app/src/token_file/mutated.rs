//! No file of tokens upsets its reader: whatever the bytes, it gives rows and what is wrong with the others.

use super::{TOKENS, TokenFile, parse};
use crate::mutated::{bytes, cases, of};
use claviger_domain::{field::FieldError, secret::Secret};
use proptest::prelude::*;
use std::collections::BTreeSet;

const HEX: &str = "3132333435363738393031323334353637383930";
const BASE32: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const BASE64: &str = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=";
/// Bytes that are kept of a row beside what the file says: its number, and a sentence of our own.
const ROW: usize = 400;

fn oath() -> Vec<String> {
    vec![
        format!("1001,{HEX}\n1002,{BASE32},totp,6,30\n1003,{HEX},in the safe\n"),
        format!("Serial No;Secret;Digits;Hash\r\n1001;{HEX};6;SHA1\r\n\r\n1002;{BASE32};8;\r\n"),
        format!("\"Serial No\"\t\"Seed\"\n\"10\n01\"\t\"{HEX}\"\n1002\t{BASE32}\n"),
    ]
}

fn entra() -> Vec<String> {
    vec![format!(
        "upn,serial number,secret key,time interval,manufacturer,model\r\n\
         Helga@contoso.com,1234567,{BASE32},30,Contoso,\"Hardware, Key\"\r\n,1234568,{BASE32},60,,\r\n\
         Bo@contoso.com,1234569,{BASE32}====,30,Contoso,\r\n"
    )]
}

fn pskc() -> Vec<String> {
    let figures = [
        include_str!("samples/figure6.xml"),
        include_str!("samples/figure7.xml"),
        include_str!("samples/figure8.xml"),
        include_str!("samples/figure9.xml"),
    ];
    figures
        .map(|figure| figure.replace("pskc:hotp", "pskc:totp").replace("Length=\"8\"", "Length=\"6\""))
        .into()
}

/// Each row is a token or a sentence, once; and what is kept of the file is not more than the file.
fn whole(file: &[u8], read: &TokenFile) -> Result<(), TestCaseError> {
    let rows = || read.seeds.iter().map(|seed| seed.row).chain(read.errors.iter().map(|error| error.row));
    let distinct: BTreeSet<_> = rows().collect();
    prop_assert!(!distinct.is_empty() && distinct.len() == rows().count() && rows().count() <= TOKENS);
    prop_assert!(distinct.iter().all(|row| (1..=file.len()).contains(row)), "{distinct:?}");
    let kept: usize = read
        .seeds
        .iter()
        .map(|seed| {
            let user = seed.user.as_ref().map_or(0, String::len);
            seed.serial.as_str().len() + seed.model.len() + seed.secret.expose().len() + user
        })
        .sum();
    let told: usize = read.errors.iter().map(|error| error.message.len()).sum();
    prop_assert!(kept <= file.len(), "{kept} of {}", file.len());
    prop_assert!(told <= ROW * read.errors.len(), "{told}");
    for error in &read.errors {
        quotes_no_secret(&error.message)?;
    }
    Ok(())
}

fn quotes_no_secret(message: &str) -> Result<(), TestCaseError> {
    prop_assert!(!message.is_empty());
    for part in [HEX, BASE32, BASE64].map(|secret| &secret[..16]) {
        prop_assert!(!message.contains(part), "{message}");
    }
    Ok(())
}

fn survives(file: &[u8], key: &str) -> Result<(), TestCaseError> {
    match parse(file, Some(&Secret::from(key))) {
        Ok(read) => whole(file, &read),
        Err(FieldError { field, message }) => {
            prop_assert!(["file", "key"].contains(&field));
            quotes_no_secret(&message)
        }
    }
}

proptest! {
    #![proptest_config(cases(4_000))]

    #[test]
    fn bytes_of_any_kind_are_read_or_refused(file in bytes()) {
        survives(&file, "qwerty")?;
    }

    #[test]
    fn a_damaged_oath_file_is_read_row_by_row(file in of(oath())) {
        survives(&file, "")?;
    }

    #[test]
    fn a_damaged_entra_file_is_read_row_by_row(file in of(entra())) {
        survives(&file, "")?;
    }

    #[test]
    fn a_damaged_pskc_file_is_read_row_by_row(
        file in of(pskc()),
        key in prop::sample::select(&["12345678901234567890123456789012", "qwerty"][..]),
    ) {
        survives(&file, key)?;
    }
}
