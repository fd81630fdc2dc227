//! A file of users as it is read, before it is compared with what there is.

use crate::{csv_text::Lines, users::Person};
use claviger_domain::{field::FieldError, import::Column};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows of a file.
pub const MOST_ROWS: usize = 200_000;
/// Columns of a file, understood or not.
const MOST_COLUMNS: usize = 200;

/// A row as a job keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Row {
    /// Where it begins in the file.
    #[serde(default)]
    pub(super) line: usize,
    pub(super) username: String,
    pub(super) email: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) display_name: String,
    pub(super) require: String,
    pub(super) days: String,
    pub(super) groups: String,
}

impl Row {
    pub(super) fn person(&self) -> Person {
        Person {
            username: self.username.clone(),
            email: self.email.clone(),
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            display_name: self.display_name.clone(),
        }
    }

    pub(super) fn label(&self) -> String {
        let name = if self.email.trim().is_empty() { &self.username } else { &self.email };
        name.chars().take(254).collect()
    }

    pub(super) fn told(&self, reason: &str) -> String {
        on_line(self.line, reason)
    }
}

/// A row that is none.
pub(super) struct Unread {
    pub(super) line: usize,
    pub(super) reason: String,
}

/// A file as read, before it is compared with what there is.
pub(super) struct Sheet {
    pub(super) rows: Vec<Result<Row, Unread>>,
    pub(super) ignored: Vec<String>,
}

/// A reason with its place in the file.
pub(super) fn on_line(line: usize, reason: &str) -> String {
    format!("Line {line}: {reason}")
}

fn wrong(message: impl Into<String>) -> FieldError {
    FieldError::new("file", message)
}

/// Reads the file: UTF-8 with or without a mark, with commas, semicolons or tabs.
pub(super) fn read(bytes: &[u8]) -> Result<Sheet, FieldError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
        wrong(format!("Line {line} is not UTF-8 text. Save the file as CSV UTF-8."))
    })?;
    let heading = text.lines().next().unwrap_or_default();
    if heading.trim().is_empty() {
        return Err(wrong("The file is empty. Its first line must name the columns."));
    }
    let most =
        [b',', b';', b'\t'].into_iter().max_by_key(|c| heading.bytes().filter(|byte| byte == c).count());
    let mut reader =
        csv::ReaderBuilder::new().delimiter(most.unwrap_or(b',')).flexible(true).from_reader(text.as_bytes());
    let headings =
        reader.headers().map_err(|error| wrong(format!("The file can't be read: {error}.")))?.clone();
    if headings.len() > MOST_COLUMNS {
        return Err(wrong("The file has more than 200 columns. Leave out those that are not needed."));
    }
    let mut columns = BTreeMap::new();
    let mut ignored = Vec::new();
    for (index, heading) in headings.iter().enumerate() {
        match Column::of(heading) {
            Some(column) => {
                if columns.insert(column, index).is_some() {
                    return Err(wrong(format!("Two columns mean the same: {heading}.")));
                }
            }
            None => ignored.push(heading.chars().take(60).collect()),
        }
    }
    for (column, name) in [(Column::Username, "username"), (Column::Email, "email")] {
        if !columns.contains_key(&column) {
            return Err(wrong(format!("There is no column {name}. The first line must name the columns.")));
        }
    }
    let (mut rows, mut lines, mut record) = (Vec::new(), Lines::new(text), csv::StringRecord::new());
    while reader
        .read_record(&mut record)
        .map_err(|error| wrong(format!("The file can't be read: {error}.")))?
    {
        if rows.len() == MOST_ROWS {
            return Err(wrong("The file has more than 200,000 rows. Split it."));
        }
        let line = lines.of(&record);
        rows.push(if record.len() > headings.len() {
            let reason = format!("The row has {} cells, the heading {}.", record.len(), headings.len());
            Err(Unread { line, reason })
        } else {
            Ok(row(line, &record, &columns))
        });
    }
    if rows.is_empty() {
        return Err(wrong("The file has no rows below the heading."));
    }
    Ok(Sheet { rows, ignored })
}

fn row(line: usize, record: &csv::StringRecord, columns: &BTreeMap<Column, usize>) -> Row {
    let cell = |column| {
        let index = columns.get(&column).copied();
        index.and_then(|index| record.get(index)).unwrap_or_default().to_owned()
    };
    Row {
        line,
        username: cell(Column::Username),
        email: cell(Column::Email),
        first_name: cell(Column::FirstName),
        last_name: cell(Column::LastName),
        display_name: cell(Column::DisplayName),
        require: cell(Column::RequireMfa),
        days: cell(Column::EnrollmentDays),
        groups: cell(Column::Groups),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Row> {
        read(text.as_bytes()).unwrap().rows.into_iter().filter_map(Result::ok).collect()
    }

    #[test]
    fn a_file_is_read_whatever_its_mark_delimiter_and_line_ends() {
        let expected = vec![Row {
            line: 2,
            username: "alice".into(),
            email: "alice@acme.test".into(),
            first_name: "Ali, ce".into(),
            ..Row::default()
        }];
        for text in [
            "username,email,first_name\nalice,alice@acme.test,\"Ali, ce\"\n",
            "\u{feff}username;email;first name\r\nalice;alice@acme.test;Ali, ce\r\n",
            "E-Mail\tUsername\tFirstName\nalice@acme.test\talice\tAli, ce",
        ] {
            assert_eq!(rows(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_file_that_is_none_is_refused_with_its_reason() {
        for (bytes, part) in [
            (&b""[..], "empty"),
            (b"\n\n", "empty"),
            (b"username,email\n", "no rows"),
            (b"name,shoe\na,b\n", "no column username"),
            (b"username,email,E-Mail\na,b,c\n", "mean the same"),
            (b"username,email\nok,ok@x.y\n\xff\xfe,x\n", "Line 3"),
            (format!("username,email{}\na,b\n", ",x".repeat(199)).as_bytes(), "200 columns"),
        ] {
            let Err(error) = read(bytes) else { panic!("{part}") };
            assert!(error.message.contains(part), "{}", error.message);
        }
    }

    #[test]
    fn a_row_knows_the_line_it_begins_on() {
        let text = "username,email,first_name\n\na,a@x.y,\"two\nlines\"\nb,b@x.y,\n";
        assert_eq!(rows(text).iter().map(|row| row.line).collect::<Vec<_>>(), [3, 5]);
        let read = read(b"username,email\r\na,a@x.y\r\nb,b@x.y,1\r\n").unwrap();
        assert_eq!(read.rows.last().and_then(|row| row.as_ref().err()).map(|row| row.line), Some(3));
    }

    #[test]
    fn a_row_with_too_many_cells_is_told_and_the_others_are_read() {
        let sheet = read(b"username,email,extra\na,a@x.y,1\nb,b@x.y,1,2\nc,c@x.y\n").unwrap();
        let told: Vec<_> = sheet.rows.iter().map(|row| row.is_ok()).collect();
        assert_eq!((told, sheet.ignored), (vec![true, false, true], vec!["extra".to_owned()]));
    }
}
