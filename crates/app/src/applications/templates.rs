//! Forms that are filled in as far as they are the same for everybody, for common applications (S10.1).

use super::form::{ApplicationForm, AttributeForm, ConsumerForm};
use claviger_domain::{
    application::saml::{NameId, Signed},
    field::{FieldError, Presence, line},
};

/// A common application. In its addresses `{}` stands for what is each organization's own.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// Its word in addresses and in the API.
    pub key: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// What `{}` stands for, such as "Workspace"; nothing where all addresses are the same for everybody.
    pub own: Option<Own>,
    entity_id: &'static str,
    consumer: &'static str,
    name_id: NameId,
    signed: Signed,
    attributes: &'static [(&'static str, &'static str)],
    /// What is to be done at the application.
    pub hint: &'static str,
}

/// What is each organization's own in a template.
#[derive(Clone, Copy, Debug)]
pub struct Own {
    /// What it is called.
    pub label: &'static str,
    /// One, to see what is meant.
    pub example: &'static str,
}

const fn own(label: &'static str, example: &'static str) -> Option<Own> {
    Some(Own { label, example })
}

const NAMES: &[(&str, &str)] = &[("email", "email"), ("firstName", "first_name"), ("lastName", "last_name")];

/// Every template, by name.
pub const ALL: &[Template] = &[
    Template {
        key: "atlassian",
        name: "Atlassian Cloud",
        own: own("Id of the SAML configuration", "2f4b1c3e-0000-0000-0000-000000000000"),
        entity_id: "https://auth.atlassian.com/saml/{}",
        consumer: "https://auth.atlassian.com/login/callback?connection=saml-{}",
        name_id: NameId::Email,
        signed: Signed::Both,
        attributes: &[
            ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", "first_name"),
            ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", "last_name"),
            ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name", "id"),
        ],
        hint: "Atlassian Administration, Security, Identity providers: it shows the addresses with the id.",
    },
    Template {
        key: "aws",
        name: "AWS (IAM)",
        own: None,
        entity_id: "urn:amazon:webservices",
        consumer: "https://signin.aws.amazon.com/saml",
        name_id: NameId::Persistent,
        signed: Signed::Both,
        attributes: &[("https://aws.amazon.com/SAML/Attributes/RoleSessionName", "email")],
        hint: "Add the attribute https://aws.amazon.com/SAML/Attributes/Role with the role's and the provider's ARN as \
               a constant, with a comma between.",
    },
    Template {
        key: "dropbox",
        name: "Dropbox",
        own: None,
        entity_id: "Dropbox",
        consumer: "https://www.dropbox.com/saml_login",
        name_id: NameId::Email,
        signed: Signed::Both,
        attributes: &[],
        hint: "Admin console, Settings, Single sign-on.",
    },
    Template {
        key: "github",
        name: "GitHub organization",
        own: own("Organization", "acme"),
        entity_id: "https://github.com/orgs/{}",
        consumer: "https://github.com/orgs/{}/saml/consume",
        name_id: NameId::Persistent,
        signed: Signed::Both,
        attributes: &[("emails", "email"), ("full_name", "display_name"), ("username", "username")],
        hint: "Organization settings, Authentication security. SAML needs GitHub Enterprise Cloud.",
    },
    Template {
        key: "gitlab",
        name: "GitLab group",
        own: own("Path of the group", "acme"),
        entity_id: "https://gitlab.com/groups/{}",
        consumer: "https://gitlab.com/groups/{}/-/saml/callback",
        name_id: NameId::Persistent,
        signed: Signed::Both,
        attributes: &[("email", "email"), ("first_name", "first_name"), ("last_name", "last_name")],
        hint: "Group, Settings, SAML SSO.",
    },
    Template {
        key: "gitlab_self_managed",
        name: "GitLab, self-managed",
        own: own("Host", "gitlab.example.com"),
        entity_id: "https://{}",
        consumer: "https://{}/users/auth/saml/callback",
        name_id: NameId::Persistent,
        signed: Signed::Both,
        attributes: &[
            ("email", "email"),
            ("first_name", "first_name"),
            ("last_name", "last_name"),
            ("groups", "groups"),
        ],
        hint: "In gitlab.rb, the provider saml of omniauth; its issuer is the entity ID.",
    },
    Template {
        key: "google_workspace",
        name: "Google Workspace",
        own: own("Domain", "example.com"),
        entity_id: "google.com/a/{}",
        consumer: "https://www.google.com/a/{}/acs",
        name_id: NameId::Email,
        signed: Signed::Both,
        attributes: &[],
        hint: "Admin console, Security, SSO with third-party IdP, with a domain-specific issuer.",
    },
    Template {
        key: "grafana",
        name: "Grafana",
        own: own("Host", "grafana.example.com"),
        entity_id: "https://{}/saml/metadata",
        consumer: "https://{}/saml/acs",
        name_id: NameId::Persistent,
        signed: Signed::Both,
        attributes: &[
            ("login", "username"),
            ("email", "email"),
            ("displayName", "display_name"),
            ("groups", "groups"),
        ],
        hint: "Section auth.saml; assertion_attribute_login, _email, _name and _groups name these attributes.",
    },
    Template {
        key: "jenkins",
        name: "Jenkins",
        own: own("Host", "jenkins.example.com"),
        entity_id: "https://{}/securityRealm/finishLogin",
        consumer: "https://{}/securityRealm/finishLogin",
        name_id: NameId::Username,
        signed: Signed::Both,
        attributes: &[("displayName", "display_name"), ("email", "email"), ("groups", "groups")],
        hint: "Plug-in SAML, Manage Jenkins, Security. Paste the metadata of this page there.",
    },
    Template {
        key: "mattermost",
        name: "Mattermost",
        own: own("Host", "chat.example.com"),
        entity_id: "https://{}/login/sso/saml",
        consumer: "https://{}/login/sso/saml",
        name_id: NameId::Email,
        signed: Signed::Both,
        attributes: &[
            ("Email", "email"),
            ("Username", "username"),
            ("FirstName", "first_name"),
            ("LastName", "last_name"),
            ("Id", "id"),
        ],
        hint: "System Console, Authentication, SAML 2.0.",
    },
    Template {
        key: "nextcloud",
        name: "Nextcloud",
        own: own("Host", "cloud.example.com"),
        entity_id: "https://{}/apps/user_saml/saml/metadata",
        consumer: "https://{}/apps/user_saml/saml/acs",
        name_id: NameId::Username,
        signed: Signed::Both,
        attributes: &[
            ("uid", "username"),
            ("email", "email"),
            ("displayName", "display_name"),
            ("groups", "groups"),
        ],
        hint: "App SSO & SAML authentication. The attribute for the user id is uid.",
    },
    Template {
        key: "salesforce",
        name: "Salesforce",
        own: own("My Domain", "acme"),
        entity_id: "https://{}.my.salesforce.com",
        consumer: "https://{}.my.salesforce.com",
        name_id: NameId::Email,
        signed: Signed::Both,
        attributes: NAMES,
        hint: "Setup, Single Sign-On Settings. The name is the Federation ID or the username there.",
    },
    Template {
        key: "slack",
        name: "Slack",
        own: own("Workspace", "acme"),
        entity_id: "https://slack.com",
        consumer: "https://{}.slack.com/sso/saml",
        name_id: NameId::Persistent,
        signed: Signed::Both,
        attributes: &[
            ("User.Email", "email"),
            ("User.Username", "username"),
            ("first_name", "first_name"),
            ("last_name", "last_name"),
        ],
        hint: "Settings, Authentication, SAML.",
    },
    Template {
        key: "zendesk",
        name: "Zendesk",
        own: own("Subdomain", "acme"),
        entity_id: "https://{}.zendesk.com",
        consumer: "https://{}.zendesk.com/access/saml",
        name_id: NameId::Email,
        signed: Signed::Both,
        attributes: &[("email", "email"), ("name", "display_name"), ("external_id", "id")],
        hint: "Admin Center, Account, Security, Single sign-on. Zendesk asks for the certificate's SHA-256.",
    },
    Template {
        key: "zoom",
        name: "Zoom",
        own: own("Vanity URL", "acme"),
        entity_id: "https://{}.zoom.us",
        consumer: "https://{}.zoom.us/saml/SSO",
        name_id: NameId::Email,
        signed: Signed::Both,
        attributes: NAMES,
        hint: "Advanced, Single Sign-On. Choose the SP Entity ID that begins with https:// there.",
    },
];

/// The template of that word.
pub fn template(key: &str) -> Option<&'static Template> {
    ALL.iter().find(|template| template.key == key)
}

impl Template {
    /// The form that it fills in with what is the organization's own.
    pub fn filled(&self, own: &str) -> Result<ApplicationForm, FieldError> {
        let own = match self.own {
            None => String::new(),
            Some(what) => line("own", what.label, own, 200, Presence::Required)?,
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | ':');
        if !own.chars().all(is_plain) {
            let message = "Enter it without https:// and spaces: letters, digits, dots, dashes.";
            return Err(FieldError::new("own", message));
        }
        let attribute = |(name, source): &(&str, &str)| AttributeForm {
            name: (*name).to_owned(),
            source: (*source).to_owned(),
            constant: String::new(),
        };
        Ok(ApplicationForm {
            name: self.name.to_owned(),
            entity_id: self.entity_id.replace("{}", &own),
            consumers: vec![ConsumerForm {
                address: self.consumer.replace("{}", &own),
                index: "0".to_owned(),
            }],
            name_id: self.name_id.key().to_owned(),
            signed: self.signed.key().to_owned(),
            attributes: self.attributes.iter().map(attribute).collect(),
            ..ApplicationForm::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_makes_a_form_that_is_taken() {
        for template in ALL {
            let example = template.own.map_or("", |own| own.example);
            let form = template.filled(example).unwrap();
            assert!(form.parse().is_ok(), "{}: {:?}", template.key, form.parse().err());
            assert!(!form.consumers[0].address.contains('{') && !form.entity_id.contains('{'));
            if template.own.is_some() {
                for bad in ["", "https://x y", "a\"b", "x#y"] {
                    assert!(template.filled(bad).is_err(), "{}: {bad}", template.key);
                }
            }
        }
        let mut keys: Vec<_> = ALL.iter().map(|template| template.key).collect();
        keys.dedup();
        assert!(keys.is_sorted() && keys.len() == ALL.len() && keys.len() >= 12);
        assert_eq!(template("slack").map(|one| one.name), Some("Slack"));
    }
}
