//! Rows of one kind are written together: PostgreSQL takes a batch the faster the fewer statements it has.

use crate::statement::{About, Statement};
use std::{borrow::Cow, fmt::Write};

/// The same writes, with rows of one kind together: as many statements less, at most so many rows in each.
pub(crate) fn together(statements: &[Statement]) -> Vec<Cow<'_, Statement>> {
    let (rows, others): (Vec<_>, Vec<_>) = statements.iter().partition(|statement| statement.is_row());
    let mut all: Vec<_> = others.into_iter().map(Cow::Borrowed).collect();
    let mut kinds: Vec<(&str, Vec<&Statement>)> = Vec::new();
    for row in rows {
        match kinds.iter_mut().find(|(sql, _)| *sql == row.sql) {
            Some((_, of_kind)) => of_kind.push(row),
            None => kinds.push((&row.sql, vec![row])),
        }
    }
    for (_, of_kind) in kinds {
        all.extend(in_few_sizes(&of_kind).into_iter().map(as_one));
    }
    all
}

/// Parts of few sizes: a text with as many placeholders as there are items is prepared for each size.
pub(crate) fn in_few_sizes<T>(items: &[T]) -> Vec<&[T]> {
    let (mut parts, mut rest) = (Vec::new(), items);
    for size in [64, 8, 1] {
        while let Some((part, left)) = rest.split_at_checked(size) {
            parts.push(part);
            rest = left;
        }
    }
    parts
}

/// `VALUES ($1, …)` of one row becomes `VALUES ($1, …), ($n, …), …` of all.
fn as_one<'a>(rows: &[&'a Statement]) -> Cow<'a, Statement> {
    let [first, others @ ..] = rows else { return Cow::Owned(Statement::new("SELECT 1", Vec::new())) };
    let parts =
        first.sql.split_once(" VALUES (").and_then(|(into, rest)| Some((into, rest.split_once(')')?)));
    let (Some((into, (row, after))), false) = (parts, others.is_empty()) else { return Cow::Borrowed(first) };
    let mut sql = format!("{into} VALUES ({row})");
    let mut values = Vec::with_capacity(first.values.len() * rows.len());
    values.extend_from_slice(&first.values);
    for other in others {
        sql.push_str(", (");
        push_shifted(&mut sql, row, values.len());
        sql.push(')');
        values.extend_from_slice(&other.values);
    }
    sql.push_str(after);
    Cow::Owned(Statement { sql: Cow::Owned(sql), values, rows: None, about: About::Others })
}

/// Appends the text with every placeholder's number raised by `by`.
fn push_shifted(text: &mut String, sql: &str, by: usize) {
    let mut pieces = sql.split('$');
    text.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let digits = piece.find(|c: char| !c.is_ascii_digit()).unwrap_or(piece.len());
        let (number, rest) = piece.split_at(digits);
        let number: usize = number.parse().unwrap_or_default();
        // Writing into a String doesn't fail.
        let _ = write!(text, "${}{rest}", number + by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::p;

    #[test]
    fn rows_of_one_kind_are_written_together() {
        let row = |n: i64| {
            Statement::row(
                "INSERT INTO t (a, b, c) VALUES ($1, 0, $1, $2) ON CONFLICT DO NOTHING",
                p![n, n + 1],
            )
        };
        let other = Statement::new("UPDATE t SET a = $1", p![9_i64]);
        let mut batch: Vec<_> = (0..9).map(row).collect();
        batch.insert(3, other);
        batch.insert(4, row(70).expect_rows(1));
        let written = together(&batch);
        let texts: Vec<_> = written.iter().map(|statement| statement.sql.as_ref()).collect();
        let [update, guarded, eight, one] = texts.as_slice() else { panic!("{texts:?}") };
        assert_eq!(*update, "UPDATE t SET a = $1");
        assert_eq!(
            [*guarded, *one],
            ["INSERT INTO t (a, b, c) VALUES ($1, 0, $1, $2) ON CONFLICT DO NOTHING"; 2]
        );
        assert!(
            eight.starts_with("INSERT INTO t (a, b, c) VALUES ($1, 0, $1, $2), ($3, 0, $3, $4), ($5, 0"),
            "{eight}"
        );
        assert!(eight.ends_with(", ($15, 0, $15, $16) ON CONFLICT DO NOTHING"), "{eight}");
        assert_eq!(written.iter().map(|statement| statement.values.len()).collect::<Vec<_>>(), [1, 2, 16, 2]);
    }

    #[test]
    fn parts_have_few_sizes_and_leave_nothing_out() {
        let items: Vec<_> = (0..150).collect();
        let parts = in_few_sizes(&items);
        let sizes: Vec<_> = parts.iter().map(|part| part.len()).collect();
        assert_eq!(sizes, [64, 64, 8, 8, 1, 1, 1, 1, 1, 1]);
        assert_eq!(parts.concat(), items);
        assert!(in_few_sizes::<u8>(&[]).is_empty());
    }
}
