//! Reads the metadata of applications.

use crate::{
    certificate::{Certificate, WrongCertificate},
    instant::Instant,
    names::{Binding, DS, MD, NameIdFormat, SAMLP},
    request::Consumer,
    xml::{Element, Limits, Shape, XmlError, read},
};

/// Why metadata is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongMetadata {
    /// The XML was not read.
    #[error("the XML is refused: {0}")]
    Xml(#[from] XmlError),
    /// It is no metadata.
    #[error("this is not metadata: {0}")]
    Shape(#[from] Shape),
    /// It describes no application that speaks SAML 2.0.
    #[error("there is no service provider of SAML 2.0 in it")]
    NoServiceProvider,
    /// What one application's description lacks or has wrong.
    #[error("{entity}: {problem}")]
    Entity {
        /// Which application.
        entity: String,
        /// What is wrong.
        problem: Problem,
    },
}

/// What is wrong with an application's description.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// It isn't built as it must be.
    #[error("{0}")]
    Shape(#[from] Shape),
    /// It is no longer valid.
    #[error("the metadata was valid until {0}")]
    Expired(Instant),
    /// No answer by POST is taken.
    #[error("it has no AssertionConsumerService with the binding HTTP-POST")]
    NoConsumer,
    /// Two places of one number.
    #[error("two AssertionConsumerServices have the index {0}")]
    SameIndex(u16),
    /// An address that no browser may be sent to.
    #[error("the address {0:?} is not an http or https address")]
    Address(String),
    /// A certificate that can't be used.
    #[error("a signing certificate can't be used: {0}")]
    Certificate(#[from] WrongCertificate),
    /// It stands there twice.
    #[error("it is described twice")]
    Twice,
}

/// Where an application takes part in logouts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logout {
    /// How.
    pub binding: Binding,
    /// Where requests go.
    pub location: String,
    /// Where responses go, if elsewhere.
    pub response_location: Option<String>,
}

/// An application, as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceProvider {
    /// Its name as an entity.
    pub entity_id: String,
    /// Where it takes answers, by POST; at least one.
    pub consumers: Vec<Consumer>,
    /// Where it takes part in logouts, by the bindings that we have.
    pub logout: Vec<Logout>,
    /// The certificates that it signs with.
    pub certificates: Vec<Certificate>,
    /// The kinds of names that it takes, of those that we give.
    pub name_ids: Vec<NameIdFormat>,
    /// Whether it says that it signs its requests.
    pub signs_requests: bool,
    /// Whether it wants assertions signed.
    pub wants_assertions_signed: bool,
    /// Until when its description may be relied on.
    pub valid_until: Option<Instant>,
}

/// Reads the applications that metadata describes: one, or those of an aggregate. Signatures are not looked at; an
/// administrator
/// answers for what they upload.
///
/// # Errors
/// If it is no metadata, one application's description is wrong, or there is none.
pub fn read_service_providers(bytes: &[u8], now: Instant) -> Result<Vec<ServiceProvider>, WrongMetadata> {
    let root = read(bytes, Limits::METADATA)?;
    let mut found: Vec<ServiceProvider> = Vec::new();
    let mut names = std::collections::HashSet::new();
    collect(&root, None, now, &mut |provider| {
        let entity = provider.entity_id.clone();
        found.push(provider);
        names
            .insert(entity.clone())
            .then_some(())
            .ok_or(WrongMetadata::Entity { entity, problem: Problem::Twice })
    })?;
    if found.is_empty() { Err(WrongMetadata::NoServiceProvider) } else { Ok(found) }
}

/// The end of validity that holds here: the earlier of what is said here and around.
fn until(element: &Element, around: Option<Instant>) -> Result<Option<Instant>, Shape> {
    let Some(text) = element.attribute("validUntil") else { return Ok(around) };
    let own = Instant::parse(text).ok_or_else(|| element.wrong_value("validUntil", text, "a time in UTC"))?;
    Ok(Some(around.map_or(own, |around| around.min(own))))
}

fn collect(
    element: &Element,
    around: Option<Instant>,
    now: Instant,
    take: &mut impl FnMut(ServiceProvider) -> Result<(), WrongMetadata>,
) -> Result<(), WrongMetadata> {
    let valid_until = until(element, around)?;
    if element.is(MD, "EntitiesDescriptor") {
        let inner =
            element.elements().filter(|e| e.is(MD, "EntitiesDescriptor") || e.is(MD, "EntityDescriptor"));
        for inner in inner {
            collect(inner, valid_until, now, take)?;
        }
        return Ok(());
    }
    if !element.is(MD, "EntityDescriptor") {
        let wanted = "EntityDescriptor or EntitiesDescriptor".to_owned();
        return Err(Shape::Other { found: element.written_name(), wanted }.into());
    }
    let entity = element.need_attribute("entityID")?;
    let wrong = |problem| WrongMetadata::Entity { entity: entity.chars().take(300).collect(), problem };
    if entity.trim().is_empty() || entity.len() > 1_024 {
        return Err(wrong(element.wrong_value("entityID", entity, "a name of 1 to 1,024 bytes").into()));
    }
    let speaks = |role: &&Element| {
        let protocols = role.attribute("protocolSupportEnumeration").unwrap_or_default();
        protocols.split_ascii_whitespace().any(|protocol| protocol == SAMLP.uri)
    };
    let mut roles = element.all(MD, "SPSSODescriptor").filter(speaks);
    let Some(role) = roles.next() else { return Ok(()) };
    if roles.next().is_some() {
        return Err(wrong(Problem::Twice));
    }
    let valid_until = until(role, valid_until).map_err(|shape| wrong(shape.into()))?;
    if let Some(ended) = valid_until.filter(|until| *until <= now) {
        return Err(wrong(Problem::Expired(ended)));
    }
    take(describe(entity, role, valid_until).map_err(wrong)?)
}

fn describe(entity: &str, role: &Element, valid_until: Option<Instant>) -> Result<ServiceProvider, Problem> {
    let mut name_ids = Vec::new();
    for listed in role.all(MD, "NameIDFormat") {
        name_ids.extend(NameIdFormat::from_uri(listed.only_text()?));
    }
    Ok(ServiceProvider {
        entity_id: entity.to_owned(),
        consumers: consumers_of(role)?,
        logout: logout_of(role)?,
        certificates: certificates_of(role)?,
        name_ids,
        signs_requests: role.flag("AuthnRequestsSigned")?,
        wants_assertions_signed: role.flag("WantAssertionsSigned")?,
        valid_until,
    })
}

fn consumers_of(role: &Element) -> Result<Vec<Consumer>, Problem> {
    let mut consumers: Vec<Consumer> = Vec::new();
    for service in role.all(MD, "AssertionConsumerService") {
        if Binding::from_uri(service.need_attribute("Binding")?) != Some(Binding::Post) {
            continue;
        }
        let written = service.need_attribute("index")?;
        let index = written
            .trim()
            .parse()
            .map_err(|_| service.wrong_value("index", written, "a number from 0 to 65,535"))?;
        if consumers.iter().any(|known| known.index == index) {
            return Err(Problem::SameIndex(index));
        }
        let is_default = match service.attribute("isDefault") {
            None => None,
            Some(_) => Some(service.flag("isDefault")?),
        };
        consumers.push(Consumer { location: address_of(service, "Location")?, index, is_default });
    }
    if consumers.is_empty() { Err(Problem::NoConsumer) } else { Ok(consumers) }
}

fn logout_of(role: &Element) -> Result<Vec<Logout>, Problem> {
    let mut services = Vec::new();
    for service in role.all(MD, "SingleLogoutService") {
        let Some(binding) = Binding::from_uri(service.need_attribute("Binding")?) else { continue };
        let response_location = match service.attribute("ResponseLocation") {
            None => None,
            Some(_) => Some(address_of(service, "ResponseLocation")?),
        };
        services.push(Logout { binding, location: address_of(service, "Location")?, response_location });
    }
    Ok(services)
}

fn certificates_of(role: &Element) -> Result<Vec<Certificate>, Problem> {
    let mut certificates: Vec<Certificate> = Vec::new();
    for key in role.all(MD, "KeyDescriptor") {
        match key.attribute("use") {
            None | Some("signing") => {}
            Some("encryption") => continue,
            Some(other) => return Err(key.wrong_value("use", other, "signing or encryption").into()),
        }
        for held in key.need(DS, "KeyInfo")?.all(DS, "X509Data") {
            for written in held.all(DS, "X509Certificate") {
                let certificate = Certificate::from_text(written.only_text()?)?;
                if !certificates.contains(&certificate) {
                    certificates.push(certificate);
                }
            }
        }
    }
    Ok(certificates)
}

fn address_of(service: &Element, attribute: &str) -> Result<String, Problem> {
    let text = service.need_attribute(attribute)?.trim();
    if is_address(text) {
        Ok(text.to_owned())
    } else {
        Err(Problem::Address(text.chars().take(400).collect()))
    }
}

/// Whether a browser may be sent there: an absolute address of the web, of visible ASCII characters, without user
/// or fragment.
pub fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
    let plain = |c: char| {
        c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}' | '#')
    };
    !host.is_empty() && !host.contains('@') && text.len() <= 2_048 && text.chars().all(plain)
}
