//! The examples of RFC 6030, as they are and made into what is taken, and what is wrong in many ways.

use super::super::{TokenFile, parse};
use claviger_domain::{field::FieldError, secret::Secret};
use proptest::prelude::*;

const FIGURE_5: &str = include_str!("../samples/figure5.xml");
const FIGURE_6: &str = include_str!("../samples/figure6.xml");
const FIGURE_7: &str = include_str!("../samples/figure7.xml");
const FIGURE_8: &str = include_str!("../samples/figure8.xml");
const FIGURE_9: &str = include_str!("../samples/figure9.xml");
const KEY: &str = "12345678901234567890123456789012";
const PASSPHRASE: &str = "qwerty";
const BYTES: &[u8] = b"12345678901234567890";

fn read(text: &str, key: &str) -> Result<TokenFile, FieldError> {
    let key = (!key.is_empty()).then(|| Secret::from(key));
    parse(text.as_bytes(), key.as_ref())
}

/// The example as a maker of time-based tokens would write it. No MAC covers what is changed here.
fn time_based(figure: &str) -> String {
    figure.replace("pskc:hotp", "pskc:totp").replace("Length=\"8\"", "Length=\"6\"")
}

fn only_row_error(text: &str) -> String {
    let file = read(text, "").unwrap();
    assert!(file.seeds.is_empty(), "{text}");
    file.errors.first().unwrap().to_string()
}

fn refusal(text: &str, key: &str) -> (&'static str, String) {
    let FieldError { field, message } = read(text, key).unwrap_err();
    (field, message)
}

#[test]
fn the_examples_give_their_secret_once_they_are_time_based() {
    for (figure, key, serial, maker) in [
        (FIGURE_6, KEY, "987654321", "Manufacturer"),
        (FIGURE_7, PASSPHRASE, "987654321", "TokenVendorAcme"),
        (FIGURE_9, "", "0755225266", "TokenVendorAcme"),
    ] {
        let file = read(&time_based(figure), key).unwrap();
        let [seed] = &file.seeds[..] else { panic!("{file:?}") };
        assert_eq!((seed.serial.as_str(), seed.model.as_str()), (serial, maker));
        assert_eq!((seed.row, seed.secret.expose()), (1, BYTES));
    }
}

#[test]
fn the_examples_as_they_are_count_presses_of_a_button() {
    let counter = "Row 1: this token changes its code at the press of a button (HOTP); Claviger takes time-based tokens.";
    for (figure, key) in [(FIGURE_6, KEY), (FIGURE_7, PASSPHRASE), (FIGURE_9, "")] {
        let file = read(figure, key).unwrap();
        assert_eq!((file.seeds.len(), file.errors.first().unwrap().to_string().as_str()), (0, counter));
    }
    let file = read(FIGURE_5, "").unwrap();
    let errors: Vec<_> = file.errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors, [counter, "Row 2: this key is not for time-based one-time codes (TOTP)."]);
}

#[test]
fn a_pin_that_is_checked_in_the_token_is_its_own_affair() {
    let local = time_based(FIGURE_5);
    assert_eq!(read(&local, "").unwrap().seeds.len(), 1);
    let mixed = local.replace("PINUsageMode=\"Local\"", "PINUsageMode=\"Append\"");
    assert_eq!(only_row_error(&mixed), "Row 1: its codes are mixed with a PIN.");
}

#[test]
fn a_wrong_key_imports_nothing_and_names_the_field() {
    let unfitting =
        "This key or passphrase doesn't fit the file, or the file was changed. Nothing was imported.";
    let other = "12345678901234567890123456789013";
    assert_eq!(refusal(FIGURE_6, other), ("key", unfitting.into()));
    assert_eq!(refusal(FIGURE_7, "qwertz"), ("key", unfitting.into()));
    for figure in [FIGURE_6, FIGURE_7] {
        assert_eq!(
            refusal(figure, ""),
            ("key", "The file is encrypted. Enter its key or passphrase.".into())
        );
    }
    for no_key in ["qwerty", "1234", &format!("{KEY}00")] {
        let (field, message) = refusal(FIGURE_6, no_key);
        assert_eq!((field, message.contains("32 hexadecimal digits")), ("key", true), "{no_key}");
    }
}

#[test]
fn a_pre_shared_key_is_taken_in_hexadecimal_or_base64() {
    for key in ["1234 5678 9012 3456 7890 1234 5678 9012", "EjRWeJASNFZ4kBI0VniQEg=="] {
        assert_eq!(read(&time_based(FIGURE_6), key).unwrap().seeds.len(), 1, "{key}");
    }
}

#[test]
fn a_wrong_mac_imports_nothing_even_if_the_secret_could_be_opened() {
    let text = time_based(FIGURE_6);
    let two = text.replace(
        "</KeyContainer>",
        "<KeyPackage><Key Id=\"2\" Algorithm=\"urn:ietf:params:xml:ns:keyprov:pskc:totp\"><Data><Secret>\
         <PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret></Data></Key></KeyPackage></KeyContainer>",
    );
    assert_eq!(read(&two, KEY).unwrap().seeds.len(), 2);
    for (from, to) in [
        // Another MAC, one of another length, another initialization vector, one bit of what is encrypted.
        ("Su+NvtQfmvfJzF6bmQiJqoLRExc=", "Tu+NvtQfmvfJzF6bmQiJqoLRExc="),
        ("Su+NvtQfmvfJzF6bmQiJqoLRExc=", "Su+NvtQfmvfJzF6bmQiJ"),
        ("AAECAwQFBgcICQoL", "BAECAwQFBgcICQoL"),
        ("VmNPCMl8jwZqIUqGv", "VmNPCMl8jwZqIUqGu"),
        ("ESIzRFVmd4iZABEi", "ESIzRFVmd4iZABEj"),
    ] {
        let changed = two.replace(from, to);
        assert_ne!(changed, two, "{from}");
        assert_eq!(refusal(&changed, KEY).0, "key", "{from}");
    }
}

#[test]
fn a_right_mac_over_what_has_no_padding_is_refused_too() {
    let text = time_based(FIGURE_6)
        .replace(
            "AAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2lef1VmNPCMl8jwZqIUqGv",
            "AAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2ga6PIhGLKcWf3Q/yO2zN5",
        )
        .replace("Su+NvtQfmvfJzF6bmQiJqoLRExc=", "c8G/36UdOnOK8Z030hXW7odILdo=");
    assert_eq!(refusal(&text, KEY).0, "key");
}

#[test]
fn a_value_without_a_mac_is_refused() {
    let text = time_based(FIGURE_6);
    let begins = text.find("<MACMethod").unwrap();
    let ends = text.find("</MACMethod>").unwrap() + "</MACMethod>".len();
    let no_method = format!("{}{}", &text[..begins], &text[ends..]);
    assert!(refusal(&no_method, KEY).1.contains("it has no MAC"));
    let no_value = text.replace("ValueMAC>", "Nothing>");
    assert!(refusal(&no_value, KEY).1.contains("a value has no MAC"));
    let other = text.replace("xmldsig#hmac-sha1", "xmldsig-more#hmac-md5");
    assert!(refusal(&other, KEY).1.contains("another kind than HMAC"));
}

#[test]
fn hmac_sha_256_and_the_key_itself_make_macs_too() {
    let sha_256 = time_based(FIGURE_6)
        .replace(
            "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
            "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        )
        .replace("Su+NvtQfmvfJzF6bmQiJqoLRExc=", "icgh4lQFon6M8ktwCVM8VBt+3FDnTx3efmD6tl0Hku0=");
    assert_eq!(read(&sha_256, KEY).unwrap().seeds.len(), 1);
    let text = time_based(FIGURE_6).replace("Su+NvtQfmvfJzF6bmQiJqoLRExc=", "N8Agsfe5A7WQFswmdvL/MHdd3y0=");
    let begins = text.find("<MACKey>").unwrap();
    let ends = text.find("</MACKey>").unwrap() + "</MACKey>".len();
    assert_eq!(read(&format!("{}{}", &text[..begins], &text[ends..]), KEY).unwrap().seeds.len(), 1);
}

#[test]
fn pbkdf2_may_use_sha_256_and_not_more_than_two_million_rounds() {
    let sha_256 = time_based(FIGURE_7)
        .replace("<PRF/>", "<PRF Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256\"/>")
        .replace(
            "2GTTnLwM3I4e5IO5FkufoOEiOhNj91fhKRQBtBJYluUDsPOLTfUvoU2dStyOwYZx",
            "AAECAwQFBgcICQoLDA0OD6W7z+y8bBkt47RT31wc4lpofjU3GUdvtANTp+1v2w/8",
        )
        .replace(
            "oTvo+S22nsmS2Z/RtcoF8Hfh+jzMe0RkiafpoDpnoZTjPYZu6V+A4aEn032yCr4f",
            "AAECAwQFBgcICQoLDA0OD7D/aq1A5KCVpLmMHdTFoJZloLUGlvZka6LlGKaFj5g9",
        )
        .replace("LP6xMvjtypbfT9PdkJhBZ+D6O4w=", "6gTCuHrOb+xBdK/5cMquPP0F5M4=");
    assert_eq!(read(&sha_256, PASSPHRASE).unwrap().seeds.len(), 1);
    for (from, to, words) in [
        (">1000<", ">2000001<", "more than 2,000,000 rounds"),
        (">1000<", ">0<", "parameters of PBKDF2"),
        (">1000<", ">many<", "parameters of PBKDF2"),
        ("<Specified>Ej7/PEpyEpw=</Specified>", "", "parameters of PBKDF2"),
        (">16<", ">32<", "another length"),
        ("<PRF/>", "<PRF Algorithm=\"hmac-md5\"/>", "another digest"),
        ("5v2-0#pbkdf2", "5v2-0#scrypt", "another way than with PBKDF2"),
    ] {
        let (field, message) = refusal(&FIGURE_7.replace(from, to), PASSPHRASE);
        assert_eq!((field, message.contains(words)), ("file", true), "{message}");
    }
}

#[test]
fn other_kinds_of_encryption_are_named_in_words() {
    assert!(refusal(FIGURE_8, "anything").1.contains("to a certificate"));
    let other = FIGURE_6.replace("xmlenc#aes128-cbc", "xmlenc#aes256-cbc");
    assert!(refusal(&other, KEY).1.contains("another way than with AES-128-CBC"));
    let broken = FIGURE_6.replace("AAECAwQFBgcICQoLDA0O", "*");
    assert_eq!(refusal(&broken, KEY).1, "An encrypted value of the file can't be read.");
}

#[test]
fn xml_with_a_document_type_or_cut_short_is_refused() {
    let dtd = FIGURE_9.replace(
        "<KeyContainer",
        "<!DOCTYPE KeyContainer [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]>\n<KeyContainer",
    );
    assert!(refusal(&dtd, "").1.contains("DOCTYPE"));
    let empty = FIGURE_9.replace("<KeyContainer", "<!DOCTYPE KeyContainer>\n<KeyContainer");
    assert!(refusal(&empty, "").1.contains("DOCTYPE"));
    for (length, _) in FIGURE_6.char_indices().skip(60).step_by(97) {
        let (field, message) = refusal(&FIGURE_6[..length], KEY);
        assert_eq!(
            (field, message.contains("can't be read from line")),
            ("file", true),
            "{length}: {message}"
        );
    }
    assert!(refusal("<html/>", "").1.contains("not a PSKC file"));
    assert!(refusal("<KeyContainer/>", "").1.contains("not a PSKC file"));
    let nothing = "<KeyContainer xmlns=\"urn:ietf:params:xml:ns:keyprov:pskc\" Version=\"1.0\"/>";
    assert_eq!(refusal(nothing, "").1, "The file has no tokens.");
}

#[test]
fn a_token_that_is_not_taken_is_told_with_its_reason() {
    let plain = time_based(FIGURE_9);
    let interval =
        |value: &str| plain.replace("</Data>", &format!("<TimeInterval>{value}</TimeInterval></Data>"));
    assert_eq!(read(&interval("<PlainValue>30</PlainValue>"), "").unwrap().seeds.len(), 1);
    let suite =
        |name: &str| plain.replace("<ResponseFormat", &format!("<Suite>{name}</Suite><ResponseFormat"));
    assert_eq!(read(&suite("HMAC-SHA1"), "").unwrap().seeds.len(), 1);
    for (text, message) in [
        (
            interval("<PlainValue>60</PlainValue>"),
            "this token changes its code after 60 seconds; Claviger takes 30-second tokens.",
        ),
        (interval("<PlainValue>?</PlainValue>"), "the time interval is encrypted or not a number."),
        (interval(""), "the time interval is encrypted or not a number."),
        (suite("HMAC-SHA256"), "this token computes with SHA-2; Claviger takes SHA-1 tokens."),
        (suite("Whirlpool"), "its digest is not known; Claviger takes SHA-1 tokens."),
        (
            plain.replace("Length=\"6\"", "Length=\"8\""),
            "this token shows 8 digits; Claviger takes 6-digit tokens.",
        ),
        (plain.replace("Length=\"6\"", "Length=\"six\""), "the number of digits is not a number."),
        (plain.replace("\"DECIMAL\"", "\"HEXADECIMAL\""), "its codes are not made of digits."),
        (
            plain.replace("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", "MTIzNDU2Nzg5MA=="),
            "the secret has 10 bytes; it must have 16 to 64.",
        ),
        (
            plain.replace("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", "not Base64"),
            "the secret is missing, or is not Base64.",
        ),
        (plain.replace("Secret>", "Nothing>"), "the secret is missing."),
    ] {
        assert_eq!(only_row_error(&text), format!("Row 1: {message}"));
    }
}

#[test]
fn the_key_is_named_by_its_device_or_else_by_itself() {
    let no_serial = time_based(FIGURE_9).replace("<SerialNo>0755225266</SerialNo>", "<Model>C200</Model>");
    let file = read(&no_serial, "").unwrap();
    let seed = file.seeds.first().unwrap();
    assert_eq!((seed.serial.as_str(), seed.model.as_str()), ("123", "TokenVendorAcme C200"));
    let nameless = no_serial.replace("Id=\"123\"", "");
    assert_eq!(only_row_error(&nameless), "Row 1: Serial number is missing.");
}

proptest! {
    #[test]
    fn one_changed_byte_of_an_encrypted_file_never_gives_another_secret(
        at in 0..FIGURE_6.len(),
        byte in any::<u8>(),
    ) {
        let mut file = time_based(FIGURE_6).into_bytes();
        let at = at.min(file.len() - 1);
        file[at] = byte;
        if let Ok(file) = parse(&file, Some(&Secret::from(KEY))) {
            prop_assert!(file.seeds.iter().all(|seed| seed.secret.expose() == BYTES));
        }
    }
}
