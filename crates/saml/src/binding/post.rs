//! HTTP-POST: the message is a field of a form, and carries its signature inside.

use super::{
    Field, LONGEST_ENCODED, LONGEST_RELAY_STATE,
    inbound::{Arrival, Inbound},
};
use crate::{
    base64,
    refusal::Refusal,
    signature::Unsendable,
    xml::{Element, Limits, encode, read},
};
use data_encoding::BASE64;

/// Reads the field of a form, once the form itself was decoded.
///
/// # Errors
/// If the message can't be read, or RelayState is too long.
pub fn receive(field: Field, value: &str, relay_state: Option<&str>) -> Result<Inbound, Refusal> {
    if value.len() > LONGEST_ENCODED {
        return Err(Refusal::TooLong { what: field.name(), limit: LONGEST_ENCODED });
    }
    if relay_state.is_some_and(|state| state.len() > LONGEST_RELAY_STATE) {
        return Err(Refusal::TooLong { what: "RelayState", limit: LONGEST_RELAY_STATE });
    }
    let bytes = base64::decode(value).ok_or(Refusal::Base64(field.name()))?;
    let root = read(&bytes, Limits::MESSAGE)?;
    Ok(Inbound { field, root, relay_state: relay_state.map(str::to_owned), arrival: Arrival::Post })
}

/// A form for the browser to post. Its values are to be escaped for HTML, and it holds what identifies a person: it
/// is for them alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostForm {
    /// Where to.
    pub action: String,
    /// Whether it asks or answers; its name is the field's.
    pub field: Field,
    /// The field's value.
    pub value: String,
    /// The value of `RelayState`, if there is to be one.
    pub relay_state: Option<String>,
}

impl PostForm {
    pub(crate) fn new(
        message: &Element,
        field: Field,
        action: &str,
        relay_state: Option<&str>,
    ) -> Result<Self, Unsendable> {
        let value = BASE64.encode(encode(message)?.as_bytes());
        Ok(Self { action: action.to_owned(), field, value, relay_state: relay_state.map(str::to_owned) })
    }

    /// The message in it.
    pub fn message(&self) -> Option<String> {
        String::from_utf8(base64::decode(&self.value)?).ok()
    }
}
