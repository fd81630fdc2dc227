//! What is read and what is written: one SQL text with its parameters.

use crate::Value;
use std::borrow::Cow;

/// One guarded write, or a guard alone.
#[derive(Clone, Debug)]
pub struct Statement {
    pub(crate) sql: Cow<'static, str>,
    pub(crate) values: Vec<Value>,
    pub(crate) rows: Option<u64>,
    pub(crate) about: About,
    pub(crate) company: Company,
}

/// What a write is about, as far as somebody remembers what it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// Accounts: their counts are others now.
    Accounts,
    /// Something else.
    Others,
    /// Nothing: it only looks whether something is as it was.
    Guard,
}

/// Whether a write may share a statement with others of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Company {
    /// It keeps its place in the batch.
    Alone,
    /// It writes one row that nothing else in its batch reads or changes.
    ItsLike,
}

impl Statement {
    /// A write of however many rows.
    pub fn new(sql: &'static str, values: Vec<Value>) -> Self {
        Self { sql: Cow::Borrowed(sql), values, rows: None, about: About::Others, company: Company::Alone }
    }

    /// A `SELECT` that must find exactly one row, which then stays as it is until the batch is committed.
    pub fn guard(sql: &'static str, values: Vec<Value>) -> Self {
        Self { about: About::Guard, rows: Some(1), ..Self::new(sql, values) }
    }

    /// An `INSERT … VALUES (…)` or `UPDATE … SET … WHERE …` of one row that nothing else in its batch reads or
    /// changes. The first two values of an update tell its row.
    pub fn row(sql: &'static str, values: Vec<Value>) -> Self {
        Self { company: Company::ItsLike, ..Self::new(sql, values) }
    }

    /// A write whose text was put together.
    pub fn built(select: Select) -> Self {
        let (sql, values) = select.into_parts();
        Self { sql, values, rows: None, about: About::Others, company: Company::Alone }
    }

    /// The write changes what accounts are counted by.
    pub(crate) fn of_accounts(self) -> Self {
        Self { about: About::Accounts, ..self }
    }

    /// The write must change exactly `rows` rows, or its whole batch is rolled back.
    pub fn expect_rows(self, rows: u64) -> Self {
        Self { rows: Some(rows), ..self }
    }
}

/// Writes that are committed together or not at all.
#[derive(Clone, Debug, Default)]
#[must_use = "a batch does nothing until it is committed"]
pub struct Batch(pub(crate) Vec<Statement>);

impl Batch {
    /// No writes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// These writes.
    pub fn of(statements: impl IntoIterator<Item = Statement>) -> Self {
        Self(statements.into_iter().collect())
    }

    /// And these.
    pub fn and(mut self, statements: impl IntoIterator<Item = Statement>) -> Self {
        self.0.extend(statements);
        self
    }

    /// Adds one.
    pub fn push(&mut self, statement: Statement) {
        self.0.push(statement);
    }

    /// Whether it changes what accounts are counted by.
    pub(crate) fn changes_accounts(&self) -> bool {
        self.0.iter().any(|statement| statement.about == About::Accounts)
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How a batch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a conflict must be decided again"]
pub enum Commit {
    /// Everything is written and will survive a crash.
    Committed,
    /// A guard was not met, or another write came first: nothing is written.
    Conflict,
}

/// A read whose text is put together from parts with one parameter each: lists and filters.
#[derive(Clone, Debug)]
pub struct Select {
    sql: String,
    values: Vec<Value>,
}

impl Select {
    /// Starts with `sql`, whose placeholders are those of `values`.
    pub fn new(sql: &str, values: Vec<Value>) -> Self {
        Self { sql: sql.to_owned(), values }
    }

    /// Appends text without a parameter.
    pub fn text(mut self, sql: &str) -> Self {
        self.sql.push_str(sql);
        self
    }

    /// Appends `before`, a placeholder for each of `values` with commas between, and `after`.
    pub fn list(mut self, before: &str, values: impl IntoIterator<Item = Value>, after: &str) -> Self {
        self.sql.push_str(before);
        for (index, value) in values.into_iter().enumerate() {
            self.values.push(value);
            let comma = if index == 0 { "" } else { ", " };
            self.sql.push_str(&format!("{comma}${}", self.values.len()));
        }
        self.sql.push_str(after);
        self
    }

    /// Appends `sql`, in which every `$` stands for `value`.
    pub fn with(mut self, sql: &str, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self.sql.push_str(&sql.replace('$', &format!("${}", self.values.len())));
        self
    }

    pub(crate) fn into_parts(self) -> (Cow<'static, str>, Vec<Value>) {
        (Cow::Owned(self.sql), self.values)
    }
}

/// The `LIKE` pattern for a text that contains `needle`, whatever signs it has.
pub fn containing(needle: &str) -> String {
    let mut pattern = String::with_capacity(needle.len() + 2);
    pattern.push('%');
    for c in needle.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_number_their_parameters() {
        let (sql, values) = Select::new("SELECT 1 WHERE a = $1", vec![Value::Int(1)])
            .with(" AND (b = $ OR c = $)", "x")
            .text(" ORDER BY a")
            .into_parts();
        assert_eq!(sql, "SELECT 1 WHERE a = $1 AND (b = $2 OR c = $2) ORDER BY a");
        assert_eq!(values.len(), 2);
    }

    #[test]
    fn a_search_text_is_taken_literally() {
        assert_eq!(containing(r"50%_\"), r"%50\%\_\\%");
    }
}
