//! A policy as somebody enters it; everything that is wrong is told at once.

use super::{
    FileContent, Kind, PolicyName, RegistryValue, Template, banner,
    file::parse_file,
    registry::{Data, parse_location, parse_name, parse_values, refuse_ours},
    sshd,
};
use crate::field::{FieldError, Fields, Presence, line};

/// What was entered. Of the fields below `template` only those of its template count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyForm {
    /// 1 to 100 characters.
    pub name: String,
    /// Up to 300 characters.
    pub description: String,
    /// One of [`Template::KEYS`].
    pub template: String,
    /// Of `registry`.
    pub values: Vec<ValueForm>,
    /// Of `sshd`: keyword and value.
    pub settings: Vec<(String, String)>,
    /// Of `file`.
    pub path: String,
    /// Of `file`.
    pub content: String,
    /// Of `file`.
    pub mode: String,
    /// Of `banner`.
    pub text: String,
}

/// A value of the registry as entered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueForm {
    /// Under `HKEY_LOCAL_MACHINE`.
    pub location: String,
    /// Empty for the default value.
    pub name: String,
    /// One of the words of [`Kind`].
    pub kind: String,
    /// As [`Data::parse`] takes it.
    pub data: String,
}

impl ValueForm {
    /// The value, or which of its parts is wrong, and why.
    pub fn parse(&self) -> Result<RegistryValue, (ValuePart, String)> {
        let kind = Kind::from_key(&self.kind).ok_or("Choose DWORD, QWORD, SZ, EXPAND_SZ or MULTI_SZ.");
        let kind = kind.map_err(|why| (ValuePart::Kind, why.to_owned()))?;
        let location = parse_location(&self.location).map_err(|why| (ValuePart::Location, why))?;
        let name = parse_name(&self.name).and_then(|name| refuse_ours(&location, &name).map(|()| name));
        let name = name.map_err(|why| (ValuePart::Name, why))?;
        let data = Data::parse(kind, &self.data).map_err(|why| (ValuePart::Data, why.to_owned()))?;
        Ok(RegistryValue { location, name, data })
    }
}

/// A part of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValuePart {
    /// Its key.
    Location,
    /// Its name.
    Name,
    /// Its type.
    Kind,
    /// What it holds.
    Data,
}

impl From<&RegistryValue> for ValueForm {
    fn from(value: &RegistryValue) -> Self {
        Self {
            location: value.location.clone(),
            name: value.name.clone(),
            kind: value.data.kind().key().to_owned(),
            data: value.data.text(),
        }
    }
}

impl PolicyForm {
    /// What was entered, checked.
    pub fn parse(&self) -> Result<(PolicyName, String, Template), Vec<FieldError>> {
        let mut fields = Fields::new();
        let name = fields.take(PolicyName::parse("name", &self.name));
        let description =
            fields.take(line("description", "Description", &self.description, 300, Presence::Optional));
        let template = match self.template() {
            Ok(template) => Some(template),
            Err(errors) => {
                errors.into_iter().for_each(|error| fields.refuse(error));
                None
            }
        };
        fields
            .finish(name.zip(description).zip(template))
            .map(|((name, about), template)| (name, about, template))
    }

    fn template(&self) -> Result<Template, Vec<FieldError>> {
        let alone = |error: FieldError| vec![error];
        match self.template.as_str() {
            "registry" => parse_values(&self.values).map(Template::Registry).map_err(alone),
            "disable_arso" => Ok(Template::DisableArso),
            "block_safe_mode" => Ok(Template::BlockSafeMode),
            "sshd" => sshd::parse(&self.settings).map(Template::Sshd).map_err(alone),
            "file" => parse_file(&self.path, &self.content, &self.mode).map(Template::File),
            "banner" => banner::parse(&self.text).map(Template::Banner).map_err(alone),
            _ => Err(alone(FieldError::new("template", "Choose a template."))),
        }
    }

    /// A form that comes to that policy.
    pub fn of(name: &PolicyName, description: &str, template: &Template) -> Self {
        let blank = Self {
            name: name.as_str().to_owned(),
            description: description.to_owned(),
            template: template.key().to_owned(),
            ..Self::default()
        };
        match template {
            Template::Registry(values) => {
                Self { values: values.iter().map(ValueForm::from).collect(), ..blank }
            }
            Template::DisableArso | Template::BlockSafeMode => blank,
            Template::Sshd(settings) => {
                let settings = settings.iter().map(|one| (one.keyword.clone(), one.value.clone()));
                Self { settings: settings.collect(), ..blank }
            }
            Template::File(FileContent { path, content, mode }) => {
                let (path, content) = (path.clone(), content.clone());
                Self { path, content, mode: mode.key().to_owned(), ..blank }
            }
            Template::Banner(text) => Self { text: text.clone(), ..blank },
        }
    }
}
