//! What lies beside a page of a list: known by one row more than the page shows.

use claviger_store::table::user_list::Page;

/// Which way a page was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Read {
    /// From the start.
    First,
    /// On from a row.
    Onward,
    /// Back from a row.
    Back,
}

impl From<&Page> for Read {
    fn from(page: &Page) -> Self {
        match page {
            Page::First => Self::First,
            Page::After(_) => Self::Onward,
            Page::Before(_) => Self::Back,
        }
    }
}

/// Takes the row away that is one too many, and says whether there are rows before the first and after the last.
pub(crate) fn trim<T>(rows: &mut Vec<T>, read: Read, limit: i64) -> (bool, bool) {
    let full = i64::try_from(rows.len()).unwrap_or(i64::MAX) > limit;
    match read {
        Read::Back if full => drop(rows.remove(0)),
        Read::First | Read::Onward if full => drop(rows.pop()),
        Read::First | Read::Onward | Read::Back => {}
    }
    match read {
        Read::First => (false, full),
        Read::Onward => (true, full),
        Read::Back => (full, true),
    }
}

#[cfg(test)]
mod tests {
    use super::{Read, trim};

    #[test]
    fn the_row_too_many_tells_what_lies_beside() {
        for (read, rows, left, beside) in [
            (Read::First, vec![1, 2, 3], vec![1, 2], (false, true)),
            (Read::First, vec![1, 2], vec![1, 2], (false, false)),
            (Read::Onward, vec![1, 2, 3], vec![1, 2], (true, true)),
            (Read::Onward, vec![1], vec![1], (true, false)),
            (Read::Back, vec![1, 2, 3], vec![2, 3], (true, true)),
            (Read::Back, vec![2, 3], vec![2, 3], (false, true)),
        ] {
            let mut trimmed = rows.clone();
            assert_eq!((trim(&mut trimmed, read, 2), trimmed), (beside, left), "{read:?} {rows:?}");
        }
    }
}
