//! Parsing of what people and programs type: one message a field, in words for a person.

/// What is wrong with one field, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct FieldError {
    /// The field's name in forms and in the API.
    pub field: &'static str,
    /// A sentence for the person who typed it.
    pub message: String,
}

impl FieldError {
    /// An error of `field`.
    pub fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }
}

/// Gathers the errors of several fields, so that a person is told all at once.
#[derive(Debug, Default)]
pub struct Fields {
    errors: Vec<FieldError>,
}

impl Fields {
    /// Nothing gathered yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps the value, or notes the error.
    pub fn take<T>(&mut self, parsed: Result<T, FieldError>) -> Option<T> {
        parsed.map_err(|error| self.errors.push(error)).ok()
    }

    /// Notes an error.
    pub fn refuse(&mut self, error: FieldError) {
        self.errors.push(error);
    }

    /// `value` if no field was refused.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Vec<FieldError>> {
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ => Err(self.errors),
        }
    }
}

/// A single line of at most `max` characters, trimmed; empty is an error only when `required`.
pub fn line(
    field: &'static str,
    label: &str,
    text: &str,
    max: usize,
    required: Presence,
) -> Result<String, FieldError> {
    let text = text.trim();
    if text.is_empty() && required == Presence::Required {
        return Err(FieldError::new(field, format!("{label} is missing.")));
    }
    if text.chars().count() > max {
        return Err(FieldError::new(field, format!("{label} can have at most {max} characters.")));
    }
    if text.chars().any(char::is_control) {
        return Err(FieldError::new(
            field,
            format!("{label} can't contain line breaks or control characters."),
        ));
    }
    Ok(text.to_owned())
}

/// Whether a field must be filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Empty is an error.
    Required,
    /// Empty is a value.
    Optional,
}

/// A whole number within `min..=max`.
pub fn number(field: &'static str, label: &str, text: &str, min: i64, max: i64) -> Result<i64, FieldError> {
    match text.trim().parse::<i64>() {
        Ok(value) if (min..=max).contains(&value) => Ok(value),
        _ => Err(FieldError::new(field, format!("{label} must be between {min} and {max}."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_reported_at_once() {
        let mut fields = Fields::new();
        let name = fields.take(line("name", "Name", " ", 10, Presence::Required));
        let days = fields.take(number("days", "Days", "abc", 1, 365));
        let errors = fields.finish(name.zip(days)).unwrap_err();
        assert_eq!(errors.len(), 2);
        assert_eq!(errors[1].message, "Days must be between 1 and 365.");
    }

    #[test]
    fn a_line_is_trimmed_and_bounded() {
        assert_eq!(line("n", "Name", "  Ada ", 3, Presence::Required), Ok("Ada".into()));
        assert!(line("n", "Name", "Adam", 3, Presence::Required).is_err());
        assert!(line("n", "Name", "A\nb", 3, Presence::Optional).is_err());
        assert_eq!(line("n", "Name", "", 3, Presence::Optional), Ok(String::new()));
    }
}
