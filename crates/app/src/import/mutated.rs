//! No file of users upsets its reader: whatever the bytes, each row is a user or a sentence with its line.

use super::{
    Demand, Options, Prepared,
    sheet::{Sheet, read},
};
use crate::{
    mutated::{bytes, cases, of},
    users::Activation,
};
use claviger_domain::{
    mfa::{EnrollmentDays, Period},
    sign_in::TotpSwitch,
};
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

fn users() -> Vec<String> {
    vec![
        "username,email,first_name,require_mfa,enrollment_days,groups\n\
         alice,alice@acme.test,\"Ali, ce\",true,30,Sales; Night Shift\nbob,bob@acme.test,,no,,\n\
         2,carol,\"two\nlines\",maybe,366,\n"
            .into(),
        "\u{feff}E-Mail;User Name;Last Name;EnrollmentDays\r\na@acme.test;a;=cmd|' /C calc'!A0;7\r\n\r\nb;b;;\r\n".into(),
        "login\tmail\tshoe\tdisplayname\nalice\talice@acme.test\t42\tAlice \u{202e}\n".into(),
    ]
}

fn options() -> Options {
    let days = EnrollmentDays::new("days", 7).unwrap();
    Options { activation: Activation::Now, requirement: Some(Period::Days(days)), days }
}

/// Each row has a line of its own, and what is kept of the file is not more than the file and a little for each row.
fn whole(file: &[u8], sheet: Sheet) -> Result<(), TestCaseError> {
    let mut prepared = Prepared { taken: HashSet::new(), groups: HashMap::new(), demand: Demand::Nothing };
    let (mut last, mut kept, rows) = (1, 0, sheet.rows.len());
    prop_assert!(rows > 0 && sheet.ignored.iter().all(|heading| heading.chars().count() <= 60));
    for (position, row) in (1..).zip(sheet.rows) {
        let line = row.as_ref().map_or_else(|unread| unread.line, |row| row.line);
        prop_assert!(line > last && line <= file.len(), "{line} follows {last}");
        last = line;
        let (shown, payload) = prepared.shown(position, row, &options(), TotpSwitch::Enabled).unwrap();
        prop_assert!(
            shown.reason.is_empty() || shown.reason.starts_with(&format!("Line {line}: ")),
            "{shown:?}"
        );
        prop_assert!(shown.label.chars().count() <= 254);
        kept += payload.len();
    }
    // Six bytes of JSON for a control character, and the names of the columns.
    prop_assert!(kept <= 6 * file.len() + 200 * rows, "{kept} of {}", file.len());
    Ok(())
}

fn survives(file: &[u8]) -> Result<(), TestCaseError> {
    match read(file) {
        Ok(sheet) => whole(file, sheet),
        Err(refused) => {
            prop_assert!(refused.field == "file" && refused.message.len() < 1_000, "{}", refused.message);
            Ok(())
        }
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn bytes_of_any_kind_are_read_or_refused(file in bytes()) {
        survives(&file)?;
        let mut below = b"username,email\n".to_vec();
        below.extend(file);
        survives(&below)?;
    }

    #[test]
    fn a_damaged_file_is_read_row_by_row(file in of(users())) {
        survives(&file)?;
    }
}
