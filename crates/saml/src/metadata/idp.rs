//! The provider's own metadata.

use crate::{
    binding::Demand,
    certificate::Certificate,
    instant::Instant,
    message::Id,
    names::{Binding, DS, MD, NameIdFormat, SAMLP},
    signature::{Signer, Unsendable, signed},
    xml::{Element, encode},
};

/// What the provider tells an application about itself.
#[derive(Clone, Copy, Debug)]
pub struct IdentityProvider<'a> {
    /// Its name as an entity.
    pub entity_id: &'a str,
    /// Where requests to sign in go, by either binding.
    pub sign_on: &'a str,
    /// Where logout requests and responses go, by either binding.
    pub logout: &'a str,
    /// The certificates that it signs with, the present one first; those of a rollover follow.
    pub certificates: &'a [Certificate],
    /// The kinds of names that it gives.
    pub name_ids: &'a [NameIdFormat],
    /// Whether requests must be signed.
    pub requests: Demand,
    /// Until when this may be relied on.
    pub valid_until: Option<Instant>,
}

impl IdentityProvider<'_> {
    /// The metadata, not signed: it is fetched over TLS.
    ///
    /// # Errors
    /// If XML can't carry something in it.
    pub fn write(&self) -> Result<String, Unsendable> {
        Ok(encode(&self.element())?)
    }

    /// The metadata, signed, for those who hand it on.
    ///
    /// # Errors
    /// If XML can't carry something in it.
    pub fn write_signed(&self, id: &Id, signer: &Signer) -> Result<String, Unsendable> {
        Ok(encode(&signed(self.element().with("ID", id.as_str()), signer)?)?)
    }

    fn element(&self) -> Element {
        let formats = self.name_ids.iter().map(|format| Element::new(MD, "NameIDFormat").text(format.uri()));
        let wants = match self.requests {
            Demand::Signed => "true",
            Demand::Either => "false",
        };
        let role = Element::new(MD, "IDPSSODescriptor")
            .with("WantAuthnRequestsSigned", wants)
            .with("protocolSupportEnumeration", SAMLP.uri)
            .children(self.certificates.iter().map(key))
            .children(endpoints("SingleLogoutService", self.logout))
            .children(formats)
            .children(endpoints("SingleSignOnService", self.sign_on));
        Element::new(MD, "EntityDescriptor")
            .with("entityID", self.entity_id)
            .with_some("validUntil", self.valid_until.map(|until| until.to_string()))
            .child(role)
    }
}

fn key(certificate: &Certificate) -> Element {
    let certificate = Element::new(DS, "X509Certificate").text(certificate.base64());
    let info = Element::new(DS, "KeyInfo").child(Element::new(DS, "X509Data").child(certificate));
    Element::new(MD, "KeyDescriptor").with("use", "signing").child(info)
}

fn endpoints(name: &'static str, location: &str) -> impl Iterator<Item = Element> {
    [Binding::Redirect, Binding::Post]
        .into_iter()
        .map(move |binding| Element::new(MD, name).with("Binding", binding.uri()).with("Location", location))
}
