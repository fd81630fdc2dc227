//! CSV (RFC 4180): cells that are harmless where a spreadsheet opens them, and the lines on which records begin.

use ::csv::StringRecord;

/// The cell for `text`: what a spreadsheet would take for a formula gets an apostrophe in front, and what has
/// a comma, a quote or a line break is quoted.
pub fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let harmless = if formula { format!("'{text}") } else { text.to_owned() };
    if harmless.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", harmless.replace('"', "\"\""))
    } else {
        harmless
    }
}

/// One line of cells, with the line break of RFC 4180.
pub fn line<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|text| cell(text.as_ref())).collect();
    format!("{}\r\n", cells.join(","))
}

/// Tells on which line a record begins, as a spreadsheet counts them; the reader's own count leaves empty lines out.
pub(crate) struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    /// For records that are read from `text`, in their order.
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1 }
    }

    pub(crate) fn of(&mut self, record: &StringRecord) -> usize {
        let byte = record.position().map_or(0, |position| position.byte());
        let start = usize::try_from(byte).unwrap_or(usize::MAX);
        let rest = self.text.get(start..).unwrap_or_default();
        let begins = start + (rest.len() - rest.trim_start_matches(['\r', '\n']).len());
        let between = self.text.get(self.at..begins).unwrap_or_default();
        self.line += between.matches(['\r', '\n']).count() - between.matches("\r\n").count();
        self.at = begins;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::{cell, line};

    #[test]
    fn a_cell_is_quoted_when_it_must_be() {
        assert_eq!(cell("plain"), "plain");
        assert_eq!(cell(""), "");
        assert_eq!(cell("a,b"), "\"a,b\"");
        assert_eq!(cell("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(cell("two\nlines"), "\"two\nlines\"");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"] {
            assert_eq!(cell(text), format!("'{text}"));
        }
        assert_eq!(cell("=A1,B1"), "\"'=A1,B1\"");
        assert_eq!(cell("a=b"), "a=b");
    }

    #[test]
    fn a_line_ends_as_rfc_4180_says() {
        assert_eq!(line(["a", "b,c", "=d"]), "a,\"b,c\",'=d\r\n");
    }
}
