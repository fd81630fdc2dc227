//! The form of a policy: one for each template, as it is filled and as it was typed.

use crate::form::{Errors, Field, Posted};
use claviger_domain::policy::{
    Kind, PolicyForm, Template, VALUES, ValueForm, ValuePart,
    sshd::{self, Takes},
};

/// Blank rows beside those that are filled.
const BLANK: usize = 3;

/// What the page of a policy shows of its form.
pub(super) struct PolicyFields {
    pub(super) template: String,
    pub(super) title: &'static str,
    pub(super) name: Field,
    pub(super) description: Field,
    pub(super) rows: Vec<ValueRow>,
    pub(super) kinds: Vec<(&'static str, &'static str)>,
    /// What is wrong with the values or the settings together, and with none of them alone.
    pub(super) problem: Option<String>,
    pub(super) settings: Vec<SettingRow>,
    pub(super) path: Field,
    pub(super) content: Field,
    pub(super) mode: Field,
    pub(super) text: Field,
}

pub(super) struct ValueRow {
    pub(super) number: usize,
    pub(super) location: Field,
    pub(super) name: Field,
    pub(super) kind: Field,
    pub(super) data: Field,
}

pub(super) struct SettingRow {
    pub(super) keyword: &'static str,
    pub(super) value: Field,
    /// The words that can be chosen; none where it is typed.
    pub(super) words: &'static [&'static str],
    pub(super) hint: String,
}

impl PolicyFields {
    /// Filled from a form, with what is wrong with it.
    pub(super) fn of(form: &PolicyForm, errors: &Errors) -> Self {
        let field = |name: &str, text: &str| Field { value: text.to_owned(), error: errors.of(name) };
        let filled = form.values.iter().cloned();
        let blank = VALUES.saturating_sub(form.values.len()).min(BLANK);
        let rows = filled.chain(std::iter::repeat_n(ValueForm::default(), blank));
        let rows: Vec<_> =
            rows.enumerate().map(|(number, value)| ValueRow::of(number, value, errors)).collect();
        let settings = settings(form, errors);
        let is_told =
            rows.iter().any(ValueRow::is_wrong) || settings.iter().any(|row| row.value.error.is_some());
        let together = errors.of("values").or_else(|| errors.of("settings"));
        Self {
            template: form.template.clone(),
            title: Template::words(&form.template).unwrap_or("Policy"),
            name: field("name", &form.name),
            description: field("description", &form.description),
            rows,
            kinds: Kind::ALL.iter().map(|kind| (kind.key(), kind.words())).collect(),
            problem: together.filter(|_| !is_told),
            settings,
            path: field("path", &form.path),
            content: field("content", &form.content),
            mode: field("mode", if form.mode.is_empty() { "0644" } else { &form.mode }),
            text: field("text", &form.text),
        }
    }
}

impl ValueRow {
    fn is_wrong(&self) -> bool {
        [&self.location, &self.name, &self.kind, &self.data].into_iter().any(|field| field.error.is_some())
    }

    /// A row with what is wrong beside the part that is; nothing is beside one that was left blank.
    fn of(number: usize, value: ValueForm, errors: &Errors) -> Self {
        let wrong = match errors.of("values") {
            Some(_) if is_filled(&value) => value.parse().err(),
            _ => None,
        };
        let kind = if value.kind.is_empty() { Kind::Dword.key().to_owned() } else { value.kind };
        let field = |part: ValuePart, text: String| {
            let error = wrong.as_ref().filter(|(wrong, _)| *wrong == part).map(|(_, why)| why.clone());
            Field { value: text, error }
        };
        Self {
            number,
            location: field(ValuePart::Location, value.location),
            name: field(ValuePart::Name, value.name),
            kind: field(ValuePart::Kind, kind),
            data: field(ValuePart::Data, value.data),
        }
    }
}

fn is_filled(row: &ValueForm) -> bool {
    !(row.location.trim().is_empty() && row.name.is_empty() && row.data.is_empty())
}

fn settings(form: &PolicyForm, errors: &Errors) -> Vec<SettingRow> {
    let row = |(keyword, takes): &(&'static str, Takes)| {
        let found = form.settings.iter().find(|(known, _)| known.eq_ignore_ascii_case(keyword));
        let value = found.map(|(_, value)| value.clone()).unwrap_or_default();
        let (words, hint): (&'static [&'static str], String) = match takes {
            Takes::Word(words) => (words, String::new()),
            Takes::Number { min, max } => (&[], format!("{min} to {max}")),
            Takes::Names => (&[], "Names with commas between".to_owned()),
        };
        let error = match errors.of("settings") {
            Some(_) if !value.trim().is_empty() => sshd::parse_value(*takes, &value).err(),
            _ => None,
        };
        let error = error.map(|why| format!("{keyword} {why}."));
        SettingRow { keyword, value: Field { value, error }, words, hint }
    };
    sshd::KEYWORDS.iter().map(row).collect()
}

/// What was typed. Rows without a location are left out.
pub(super) fn typed(form: &Posted, template: &str) -> PolicyForm {
    let row = |number: usize| {
        let part = |name: &str| form.owned(&format!("{name}.{number}"));
        ValueForm { location: part("location"), name: part("name"), kind: part("kind"), data: part("data") }
    };
    let settings = sshd::KEYWORDS
        .iter()
        .map(|(keyword, _)| ((*keyword).to_owned(), form.owned(&format!("sshd.{keyword}"))));
    PolicyForm {
        name: form.owned("name"),
        description: form.owned("description"),
        template: template.to_owned(),
        values: (0..VALUES).map(row).filter(is_filled).collect(),
        settings: settings.collect(),
        path: form.owned("path"),
        // Browsers send each end of a line as two characters.
        content: form.text("content").replace("\r\n", "\n"),
        mode: form.owned("mode"),
        text: form.owned("text"),
    }
}
