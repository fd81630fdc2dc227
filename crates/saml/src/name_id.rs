//! The name that an application knows a person by.

use crate::{
    names::{NameIdFormat, SAML},
    refusal::Refusal,
    xml::Element,
};

/// The most bytes of a name (SAML core 8.3.7 says 256 characters for persistent ones).
const LONGEST: usize = 1_024;

/// A name, with what makes it one person's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NameId {
    /// The name itself, whole.
    pub value: String,
    /// Its kind.
    pub format: NameIdFormat,
    /// The provider that gave it, if it says.
    pub name_qualifier: Option<String>,
    /// The application that it was given to, if it says.
    pub sp_name_qualifier: Option<String>,
}

impl NameId {
    /// A name of that kind from `provider` for `application`. Opaque ones say so, as they mean nothing elsewhere.
    pub fn new(format: NameIdFormat, value: impl Into<String>, provider: &str, application: &str) -> Self {
        let (name_qualifier, sp_name_qualifier) = match format {
            NameIdFormat::Persistent | NameIdFormat::Transient => {
                (Some(provider.to_owned()), Some(application.to_owned()))
            }
            NameIdFormat::Email | NameIdFormat::Unspecified => (None, None),
        };
        Self { value: value.into(), format, name_qualifier, sp_name_qualifier }
    }

    /// The `NameID` within an element.
    pub(crate) fn read_from(around: &Element) -> Result<Self, Refusal> {
        if around.one(SAML, "EncryptedID")?.is_some() {
            return Err(Refusal::Encrypted);
        }
        let element = around.need(SAML, "NameID")?;
        let value = element.only_text()?;
        if value.is_empty() || value.len() > LONGEST {
            return Err(element.wrong_value("text", value, "a name of 1 to 1,024 bytes").into());
        }
        let format = match element.attribute("Format") {
            None => NameIdFormat::Unspecified,
            Some(uri) => NameIdFormat::from_uri(uri)
                .ok_or_else(|| Refusal::NameIdFormat(uri.chars().take(200).collect()))?,
        };
        let qualifier = |name| element.attribute(name).map(str::to_owned);
        Ok(Self {
            value: value.to_owned(),
            format,
            name_qualifier: qualifier("NameQualifier"),
            sp_name_qualifier: qualifier("SPNameQualifier"),
        })
    }

    pub(crate) fn element(&self) -> Element {
        Element::new(SAML, "NameID")
            .with("Format", self.format.uri())
            .with_some("NameQualifier", self.name_qualifier.as_deref())
            .with_some("SPNameQualifier", self.sp_name_qualifier.as_deref())
            .text(&self.value)
    }
}
