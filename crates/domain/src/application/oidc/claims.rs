//! What an application is told of a user: the same in the ID token, at `userinfo` and in the administrator's test.

use super::{Scope, Settings};
use crate::{
    account::Account,
    application::{
        release::By,
        saml::{Attribute, Fact, MOST_ATTRIBUTES, Source},
    },
    field::FieldError,
};
use serde::Serialize;

/// The value of a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// A text.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// Several texts.
    Texts(Vec<String>),
}

/// Claims that say what a token is; nothing about a user is told under these names.
const RESERVED: [&str; 18] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "nonce",
    "auth_time",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "s_hash",
    "sid",
    "events",
    "cnf",
];

impl Settings {
    /// What the application is told of that user under these scopes. Nothing that is unknown is said. The
    /// organization's own claims stand last, and in the place of a scope's of the same name.
    pub fn claims(&self, scopes: &[Scope], account: &Account, groups: &[String]) -> Vec<(String, Value)> {
        let mut all: Vec<(String, Value)> = Vec::new();
        for scope in scopes {
            all.extend(of_scope(*scope, account, groups).map(|(name, value)| (name.to_owned(), value)));
        }
        for claim in &self.claims {
            all.retain(|(name, _)| *name != claim.name);
            if let Some(value) = value(claim, account, groups) {
                all.push((claim.name.clone(), value));
            }
        }
        all
    }
}

fn of_scope<'a>(
    scope: Scope,
    account: &Account,
    groups: &[String],
) -> impl Iterator<Item = (&'a str, Value)> + use<'a> {
    let fact = |name: &'a str, fact: Fact| fact.of(account).map(|text| (name, Value::Text(text)));
    let told = match scope {
        Scope::Openid | Scope::OfflineAccess => Vec::new(),
        Scope::Profile => vec![
            fact("name", Fact::DisplayName),
            fact("given_name", Fact::FirstName),
            fact("family_name", Fact::LastName),
            fact("preferred_username", Fact::Username),
        ],
        // Administrators enter e-mail addresses and vouch for them: nobody changes their own.
        Scope::Email => {
            vec![fact("email", Fact::Email), Some(("email_verified", Value::Flag(true)))]
        }
        Scope::Groups => vec![Some(("groups", Value::Texts(groups.to_vec())))],
    };
    told.into_iter().flatten()
}

fn value(claim: &Attribute, account: &Account, groups: &[String]) -> Option<Value> {
    match &claim.source {
        Source::Of(fact) => fact.of(account).map(Value::Text),
        Source::Groups => Some(Value::Texts(groups.to_vec())),
        Source::Constant(text) => Some(Value::Text(text.clone())),
    }
}

/// What an organization tells beside the scopes, each claim once and none that says what a token is.
pub fn own_claims(field: &'static str, all: Vec<Attribute>) -> Result<Vec<Attribute>, FieldError> {
    if all.len() > MOST_ATTRIBUTES {
        return Err(FieldError::new(field, format!("Enter at most {MOST_ATTRIBUTES} claims.")));
    }
    for (place, claim) in all.iter().enumerate() {
        let name = claim.name.as_str();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/');
        let message = if RESERVED.contains(&name) {
            format!("{name} says what a token is. Choose another name.")
        } else if !name.chars().all(is_plain) {
            format!("{name} can have letters without accents, digits and _ - . : / only.")
        } else if all.iter().take(place).any(|other| other.name == name) {
            format!("{name} stands there twice.")
        } else {
            continue;
        };
        return Err(FieldError::new(field, message));
    }
    Ok(all)
}

/// RFC 8176: how the person was recognized, and nothing more.
pub const fn methods(by: By) -> &'static [&'static str] {
    match by {
        By::Password => &["pwd"],
        By::PasswordAndCode => &["pwd", "otp", "mfa"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::{Email, Kind, Password, PasswordHash, PersonName, State, Username},
        application::oidc::{Algorithm, Client, Refresh},
        id::AccountId,
        mfa::{Enrollment, Mfa, Requirement},
        time::Timestamp,
    };

    fn alice() -> Account {
        let now = Timestamp::from_seconds(1_000);
        Account {
            id: AccountId::new(now, [2; 10]),
            revision: 1,
            kind: Kind::User { username: Username::parse("username", "alice").unwrap() },
            email: Email::parse("email", "alice@example.com").unwrap(),
            name: PersonName { first: "Alice".into(), ..PersonName::default() },
            state: State::Activated,
            password: Password::Active(PasswordHash(String::new())),
            mfa: Mfa { requirement: Requirement::NotRequired, enrollment: Enrollment::NotEnrolled },
            created_at: now,
            last_sign_in_at: None,
        }
    }

    fn settings(claims: Vec<Attribute>) -> Settings {
        Settings {
            client: Client::Public,
            redirects: Vec::new(),
            after_log_out: Vec::new(),
            scopes: Scope::ALL.to_vec(),
            refresh: Refresh::None,
            claims,
            signed: Algorithm::Rs256,
            start: None,
        }
    }

    #[test]
    fn each_scope_tells_its_claims_and_nothing_unknown() {
        let groups = ["Staff".to_owned()];
        let text = |text: &str| Value::Text(text.into());
        let told = |scopes: &[Scope]| settings(Vec::new()).claims(scopes, &alice(), &groups);
        assert_eq!(told(&[Scope::Openid, Scope::OfflineAccess]), []);
        assert_eq!(
            told(&[Scope::Profile]).iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            ["name", "given_name", "preferred_username"],
            "there is no last name"
        );
        let email =
            [("email".into(), text("alice@example.com")), ("email_verified".into(), Value::Flag(true))];
        assert_eq!(told(&[Scope::Email]), email);
        assert_eq!(told(&[Scope::Groups]), [("groups".into(), Value::Texts(groups.to_vec()))]);
    }

    #[test]
    fn an_own_claim_stands_in_the_place_of_a_scopes() {
        let own = |name: &str, source: &str| Attribute::parse(name, source, "x").unwrap();
        let settings =
            settings(vec![own("email", "username"), own("family", "last_name"), own("realm", "constant")]);
        let told = settings.claims(&[Scope::Email], &alice(), &[]);
        let names: Vec<_> = told.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["email_verified", "email", "realm"], "what is unknown is left out");
        assert_eq!(told[1].1, Value::Text("alice".into()));
    }

    #[test]
    fn no_claim_can_say_what_a_token_is() {
        let own = |name: &str| own_claims("claims", vec![Attribute::parse(name, "email", "").unwrap()]);
        for name in RESERVED {
            assert!(own(name).is_err(), "{name}");
        }
        assert!(own("a b").is_err() && own("é").is_err());
        assert!(own("https://acme.example/role").is_ok());
        let twice = vec![Attribute::parse("a", "email", "").unwrap(); 2];
        assert!(own_claims("claims", twice).is_err());
    }

    #[test]
    fn a_password_alone_is_never_called_more() {
        assert_eq!(methods(By::Password), ["pwd"]);
        assert_eq!(methods(By::PasswordAndCode), ["pwd", "otp", "mfa"]);
    }
}
