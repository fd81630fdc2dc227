//! The form of an application: the same for a new one, however it was filled in, and for one that is there.

use crate::form::{Choice, Errors, Field, Posted};
use claviger_app::applications::{
    ApplicationForm, attribute_lines, attributes_from, certificate_lines, certificates_from, consumer_lines,
    consumers_from,
};

/// The form as it is shown.
pub(super) struct Shown {
    pub(super) name: Field,
    pub(super) description: Field,
    pub(super) access: Field,
    pub(super) tile: Field,
    pub(super) fresh_code: Field,
    pub(super) fresh_minutes: Field,
    pub(super) entity_id: Field,
    pub(super) consumers: Field,
    pub(super) log_out: Field,
    pub(super) log_out_binding: Field,
    pub(super) requests: Field,
    pub(super) certificates: Field,
    pub(super) signed: Field,
    pub(super) name_id: Field,
    pub(super) attributes: Field,
    pub(super) relay_state: Field,
    pub(super) accesses: Vec<Choice>,
    pub(super) tiles: Vec<Choice>,
    pub(super) fresh_codes: Vec<Choice>,
    pub(super) bindings: Vec<Choice>,
    pub(super) requests_of: Vec<Choice>,
    pub(super) signs: Vec<Choice>,
    pub(super) names: Vec<Choice>,
}

pub(super) fn choices(all: &[(&str, &str)]) -> Vec<Choice> {
    all.iter().map(|(value, label)| Choice::new(value, label)).collect()
}

pub(super) fn accesses() -> Vec<Choice> {
    choices(&[("enabled", "Whoever is assigned gets in"), ("disabled", "Nobody gets in")])
}

pub(super) fn tiles() -> Vec<Choice> {
    choices(&[("shown", "Shown on Home"), ("hidden", "Hidden: people begin at the application")])
}

pub(super) fn fresh_codes() -> Vec<Choice> {
    choices(&[
        ("not_asked", "The code at the User Portal will do"),
        ("every_time", "A fresh code each time"),
        ("older_than", "A fresh code where the last is older"),
    ])
}

impl Shown {
    pub(super) fn of(form: &ApplicationForm) -> Self {
        let usual = |text: &str, usual: &str| Field::of(if text.is_empty() { usual } else { text });
        Self {
            name: Field::of(&form.name),
            description: Field::of(&form.description),
            access: usual(&form.access, "enabled"),
            tile: usual(&form.tile, "shown"),
            fresh_code: usual(&form.fresh_code, "not_asked"),
            fresh_minutes: usual(&form.fresh_minutes, "15"),
            entity_id: Field::of(&form.entity_id),
            consumers: Field::of(consumer_lines(&form.consumers)),
            log_out: Field::of(&form.log_out),
            log_out_binding: usual(&form.log_out_binding, "redirect"),
            requests: usual(&form.requests, "may_be_unsigned"),
            certificates: Field::of(certificate_lines(&form.certificates)),
            signed: usual(&form.signed, "both"),
            name_id: usual(&form.name_id, "email"),
            attributes: Field::of(attribute_lines(&form.attributes)),
            relay_state: Field::of(&form.relay_state),
            accesses: accesses(),
            tiles: tiles(),
            fresh_codes: fresh_codes(),
            bindings: choices(&[("redirect", "Redirect"), ("post", "POST")]),
            requests_of: choices(&[
                ("may_be_unsigned", "May be unsigned"),
                ("must_be_signed", "Must be signed"),
            ]),
            signs: choices(&[
                ("both", "The assertion and the response"),
                ("assertion", "The assertion"),
                ("response", "The response"),
            ]),
            names: choices(&[
                ("email", "E-mail address"),
                ("username", "Username"),
                ("persistent", "A name that this application alone knows (persistent)"),
                ("transient", "Another name each time (transient)"),
            ]),
        }
    }

    /// Puts what was typed back, with what is wrong in it.
    pub(super) fn put_back(&mut self, posted: &Posted, errors: &Errors) {
        posted.put_back(
            errors,
            [
                ("name", &mut self.name),
                ("description", &mut self.description),
                ("access", &mut self.access),
                ("tile", &mut self.tile),
                ("fresh_code", &mut self.fresh_code),
                ("fresh_minutes", &mut self.fresh_minutes),
                ("entity_id", &mut self.entity_id),
                ("consumers", &mut self.consumers),
                ("log_out", &mut self.log_out),
                ("log_out_binding", &mut self.log_out_binding),
                ("requests", &mut self.requests),
                ("certificates", &mut self.certificates),
                ("signed", &mut self.signed),
                ("name_id", &mut self.name_id),
                ("attributes", &mut self.attributes),
                ("relay_state", &mut self.relay_state),
            ],
        );
    }
}

/// What was typed.
pub(super) fn typed(form: &Posted) -> ApplicationForm {
    ApplicationForm {
        name: form.owned("name"),
        description: form.owned("description"),
        access: form.owned("access"),
        tile: form.owned("tile"),
        fresh_code: form.owned("fresh_code"),
        fresh_minutes: form.owned("fresh_minutes"),
        entity_id: form.owned("entity_id"),
        consumers: consumers_from(form.text("consumers")),
        log_out: form.owned("log_out"),
        log_out_binding: form.owned("log_out_binding"),
        requests: form.owned("requests"),
        certificates: certificates_from(form.text("certificates")),
        signed: form.owned("signed"),
        name_id: form.owned("name_id"),
        attributes: attributes_from(form.text("attributes")),
        relay_state: form.owned("relay_state"),
    }
}
