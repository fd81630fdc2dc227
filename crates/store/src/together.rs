//! Rows of one kind are written together: PostgreSQL takes a batch the faster the fewer statements it has.

use crate::statement::{About, Company, Statement};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    fmt::Write,
};

/// Fewer updates of one text aren't worth another text.
const FEW: usize = 8;

/// The types of an update's parameters, by its text: `VALUES` alone doesn't tell them.
pub(crate) type Types = HashMap<Cow<'static, str>, Vec<String>>;

/// The texts of the updates that come often enough to be written together.
pub(crate) fn often(statements: &[Statement]) -> Vec<&Cow<'static, str>> {
    let updates = kinds(statements.iter().filter(|statement| is_update(statement)));
    let often = updates.into_iter().filter(|(_, of_kind)| {
        // A row that comes twice would be written once.
        let rows: HashSet<_> = of_kind.iter().filter_map(|update| update.values.get(..2)).collect();
        of_kind.len() >= FEW && rows.len() == of_kind.len()
    });
    often.map(|(text, _)| text).collect()
}

/// The same writes, with rows of one kind together: as many statements less, at most so many rows in each.
pub(crate) fn together<'a>(statements: &'a [Statement], types: &Types) -> Vec<Cow<'a, Statement>> {
    let (rows, others): (Vec<_>, Vec<_>) = statements.iter().partition(|statement| {
        statement.company == Company::ItsLike && (!is_update(statement) || types.contains_key(&statement.sql))
    });
    let mut all: Vec<_> = others.into_iter().map(Cow::Borrowed).collect();
    for (text, of_kind) in kinds(rows.into_iter()) {
        let types = types.get(text);
        all.extend(in_few_sizes(&of_kind).into_iter().map(|rows| as_one(rows, types)));
    }
    all
}

fn is_update(statement: &Statement) -> bool {
    statement.company == Company::ItsLike && statement.sql.starts_with("UPDATE ")
}

/// The statements by their texts, in the order in which the texts come first.
fn kinds<'a>(
    statements: impl Iterator<Item = &'a Statement>,
) -> Vec<(&'a Cow<'static, str>, Vec<&'a Statement>)> {
    let mut kinds: Vec<(&Cow<'static, str>, Vec<&Statement>)> = Vec::new();
    for statement in statements {
        match kinds.iter_mut().find(|(sql, _)| **sql == statement.sql) {
            Some((_, of_kind)) => of_kind.push(statement),
            None => kinds.push((&statement.sql, vec![statement])),
        }
    }
    kinds
}

/// Parts of few sizes: a text with as many placeholders as there are items is prepared for each size.
pub(crate) fn in_few_sizes<T>(items: &[T]) -> Vec<&[T]> {
    let (mut parts, mut rest) = (Vec::new(), items);
    for size in [256, 64, 8, 1] {
        while let Some((part, left)) = rest.split_at_checked(size) {
            parts.push(part);
            rest = left;
        }
    }
    parts
}

fn as_one<'a>(rows: &[&'a Statement], types: Option<&Vec<String>>) -> Cow<'a, Statement> {
    let [first, others @ ..] = rows else { return Cow::Owned(Statement::new("SELECT 1", Vec::new())) };
    if others.is_empty() {
        return Cow::Borrowed(first);
    }
    let text = match types {
        None => one_insert(first, others.len()),
        Some(types) => one_update(first, others.len(), types),
    };
    let Some(text) = text else { return Cow::Borrowed(first) };
    let expected: Option<Vec<u64>> = rows.iter().map(|row| row.rows).collect();
    Cow::Owned(Statement {
        sql: Cow::Owned(text),
        values: rows.iter().flat_map(|row| row.values.iter().cloned()).collect(),
        rows: expected.map(|each| each.iter().sum()),
        about: About::Others,
        company: Company::Alone,
    })
}

/// `VALUES ($1, …)` of one row becomes `VALUES ($1, …), ($n, …), …` of all.
fn one_insert(first: &Statement, others: usize) -> Option<String> {
    let (into, rest) = first.sql.split_once(" VALUES (")?;
    let (row, after) = rest.split_once(')')?;
    let mut sql = format!("{into} VALUES ({row})");
    for index in 1..=others {
        sql.push_str(", (");
        push_with(&mut sql, row, |text, number| write!(text, "${}", number + first.values.len() * index));
        sql.push(')');
    }
    sql.push_str(after);
    Some(sql)
}

/// `UPDATE t SET a = $3 WHERE b = $1` becomes `UPDATE t SET a = v.p3 FROM (VALUES ($1::…, …), …) AS v (p1, …) WHERE
/// b = v.p1`.
fn one_update(first: &Statement, others: usize, types: &[String]) -> Option<String> {
    let (set, guard) = first.sql.split_once(" WHERE ")?;
    let column = |text: &mut String, number: usize| write!(text, "v.p{number}");
    let mut sql = String::new();
    push_with(&mut sql, set, column);
    sql.push_str(" FROM (VALUES (");
    sql.push_str(&listed(types.iter().zip(1..).map(|(kind, number)| format!("${number}::{kind}"))));
    for row in 1..=others {
        let from = row * types.len() + 1;
        sql.push_str("), (");
        sql.push_str(&listed((from..from + types.len()).map(|number| format!("${number}"))));
    }
    sql.push_str(")) AS v (");
    sql.push_str(&listed((1..=types.len()).map(|number| format!("p{number}"))));
    sql.push_str(") WHERE ");
    push_with(&mut sql, guard, column);
    Some(sql)
}

fn listed(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

/// Appends the text with every placeholder written by `put`.
fn push_with(text: &mut String, sql: &str, put: impl Fn(&mut String, usize) -> std::fmt::Result) {
    let mut pieces = sql.split('$');
    text.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let digits = piece.find(|c: char| !c.is_ascii_digit()).unwrap_or(piece.len());
        let (number, rest) = piece.split_at(digits);
        // Writing into a String doesn't fail.
        let _ = put(text, number.parse().unwrap_or_default());
        text.push_str(rest);
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
        let written = together(&batch, &Types::new());
        let texts: Vec<_> = written.iter().map(|statement| statement.sql.as_ref()).collect();
        let [update, eight, one] = texts.as_slice() else { panic!("{texts:?}") };
        assert_eq!(*update, "UPDATE t SET a = $1");
        assert_eq!(*one, "INSERT INTO t (a, b, c) VALUES ($1, 0, $1, $2) ON CONFLICT DO NOTHING");
        assert!(
            eight.starts_with("INSERT INTO t (a, b, c) VALUES ($1, 0, $1, $2), ($3, 0, $3, $4), ($5, 0"),
            "{eight}"
        );
        assert!(eight.ends_with(", ($15, 0, $15, $16) ON CONFLICT DO NOTHING"), "{eight}");
        assert_eq!(written.iter().map(|statement| statement.values.len()).collect::<Vec<_>>(), [1, 16, 2]);
    }

    #[test]
    fn updates_of_many_rows_are_one_and_all_must_be_met() {
        const SQL: &str = "UPDATE t SET a = $3, n = n + 1 WHERE o = $1 AND id = $2";
        let update = |id: i64| Statement::row(SQL, p![7_i64, id, "x"]).expect_rows(1);
        let types = Types::from([(SQL.into(), ["int8", "int8", "text"].map(str::to_owned).to_vec())]);
        let few: Vec<_> = (0..7).map(update).collect();
        assert!(often(&few).is_empty());
        let mut many: Vec<_> = (0..9).map(update).collect();
        assert_eq!(often(&many), [SQL]);
        let written = together(&many, &types);
        let [eight, one] = written.as_slice() else { panic!("{written:?}") };
        assert_eq!((one.sql.as_ref(), one.rows), (SQL, Some(1)));
        assert_eq!((eight.rows, eight.values.len()), (Some(8), 24));
        let text = eight.sql.as_ref();
        let begins =
            "UPDATE t SET a = v.p3, n = n + 1 FROM (VALUES ($1::int8, $2::int8, $3::text), ($4, $5, $6), ";
        assert!(text.starts_with(begins), "{text}");
        assert!(
            text.ends_with(", ($22, $23, $24)) AS v (p1, p2, p3) WHERE o = v.p1 AND id = v.p2"),
            "{text}"
        );
        many.push(update(3));
        assert!(often(&many).is_empty(), "a row that comes twice keeps its order");
    }

    #[test]
    fn parts_have_few_sizes_and_leave_nothing_out() {
        let items: Vec<_> = (0..406).collect();
        let parts = in_few_sizes(&items);
        let sizes: Vec<_> = parts.iter().map(|part| part.len()).collect();
        assert_eq!(sizes, [256, 64, 64, 8, 8, 1, 1, 1, 1, 1, 1]);
        assert_eq!(parts.concat(), items);
        assert!(in_few_sizes::<u8>(&[]).is_empty());
    }
}
