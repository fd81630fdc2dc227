//! The organization and its settings (S2.2–S2.5).

use crate::{
    account::Realm,
    attempt::CodeRules,
    field::{FieldError, Fields, Presence, line, number},
    id::OrganizationId,
    lockout::LockoutRules,
    mfa::EnrollmentDays,
    sign_in::TotpSwitch,
    time::Span,
    totp::Window,
};

/// The tenant that owns everything else, as loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Which one.
    pub id: OrganizationId,
    /// Counts every change.
    pub revision: i64,
    /// Whether TOTP is in force for users and devices.
    pub totp: TotpSwitch,
    /// What an administrator can set.
    pub settings: Settings,
}

/// S2.5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The organization's name.
    pub name: String,
    /// What authenticator apps show as the issuer; the name if empty.
    pub issuer: String,
    /// Whom locked-out people are told to contact.
    pub support_contact: String,
    /// IANA name of the zone that dates are shown in.
    pub time_zone: String,
    /// The number of days that forms propose.
    pub enrollment_days: EnrollmentDays,
    /// Which steps are accepted.
    pub window: Window,
    /// How many consecutive codes confirm a new factor.
    pub codes_at_setup: CodesAtSetup,
    /// The fewest characters of a password.
    pub password_min_length: usize,
    /// Idle time that ends an administrator's session.
    pub administrator_idle: Span,
    /// Idle time that ends a user's session.
    pub user_idle: Span,
    /// The longest a session lives.
    pub session_overall: Span,
}

/// How many consecutive codes confirm a new factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodesAtSetup {
    /// One.
    One,
    /// Two.
    Two,
}

impl Settings {
    /// The defaults of S2.5 for an organization of this name.
    pub fn new(name: String) -> Result<Self, FieldError> {
        Ok(Self {
            name,
            issuer: String::new(),
            support_contact: String::new(),
            time_zone: "UTC".into(),
            enrollment_days: EnrollmentDays::new("enrollment_days", 7)?,
            window: Window::Tolerant,
            codes_at_setup: CodesAtSetup::One,
            password_min_length: 12,
            administrator_idle: Span::minutes(15),
            user_idle: Span::hours(1),
            session_overall: Span::hours(12),
        })
    }

    /// What apps are told: the issuer or the name, without the colon that separates it from the account (S4.7).
    pub fn issuer(&self) -> String {
        let issuer = if self.issuer.is_empty() { &self.name } else { &self.issuer };
        issuer.replace(':', " ").trim().to_owned()
    }

    /// The idle time that ends a session of `realm`.
    pub const fn idle(&self, realm: Realm) -> Span {
        match realm {
            Realm::User => self.user_idle,
            Realm::Administrator => self.administrator_idle,
        }
    }

    /// What is laid down for codes.
    pub fn code_rules(&self) -> CodeRules {
        CodeRules { lockout: LockoutRules::default(), window: self.window }
    }
}

/// The organization's name as entered.
pub fn parse_name(field: &'static str, text: &str) -> Result<String, FieldError> {
    line(field, "Organization name", text, 100, Presence::Required)
}

/// The settings form as text, before it is checked.
#[derive(Clone, Debug, Default)]
pub struct Form<'a> {
    /// `name`.
    pub name: &'a str,
    /// `issuer`.
    pub issuer: &'a str,
    /// `support_contact`.
    pub support_contact: &'a str,
    /// `time_zone`; whether the zone exists is checked by the caller, who has the list.
    pub time_zone: &'a str,
    /// `enrollment_days`.
    pub enrollment_days: &'a str,
    /// `window`.
    pub window: &'a str,
    /// `codes_at_setup`.
    pub codes_at_setup: &'a str,
    /// `password_min_length`.
    pub password_min_length: &'a str,
    /// `admin_idle_minutes`.
    pub admin_idle_minutes: &'a str,
    /// `user_idle_minutes`.
    pub user_idle_minutes: &'a str,
    /// `session_hours`.
    pub session_hours: &'a str,
}

impl Form<'_> {
    /// Checks every field and reports all that is wrong at once. `zone_exists` knows the IANA names.
    pub fn parse(&self, zone_exists: impl Fn(&str) -> bool) -> Result<Settings, Vec<FieldError>> {
        let mut fields = Fields::new();
        let name = fields.take(parse_name("name", self.name));
        let issuer = fields.take(line("issuer", "Issuer", self.issuer, 60, Presence::Optional));
        let contact = fields.take(line(
            "support_contact",
            "Support contact",
            self.support_contact,
            200,
            Presence::Optional,
        ));
        let zone = self.time_zone.trim();
        let time_zone = fields.take(if zone_exists(zone) {
            Ok(zone.to_owned())
        } else {
            Err(FieldError::new("time_zone", "Choose a time zone such as Europe/Berlin."))
        });
        let days = fields.take(EnrollmentDays::parse("enrollment_days", self.enrollment_days));
        let window = fields.take(parse_window(self.window));
        let codes = fields.take(parse_codes(self.codes_at_setup));
        let length =
            fields.take(number("password_min_length", "Password length", self.password_min_length, 8, 64));
        let admin_idle =
            fields.take(number("admin_idle_minutes", "Minutes", self.admin_idle_minutes, 1, 720));
        let user_idle = fields.take(number("user_idle_minutes", "Minutes", self.user_idle_minutes, 1, 720));
        let hours = fields.take(number("session_hours", "Hours", self.session_hours, 1, 168));
        let settings = (|| {
            Some(Settings {
                name: name?,
                issuer: issuer?,
                support_contact: contact?,
                time_zone: time_zone?,
                enrollment_days: days?,
                window: window?,
                codes_at_setup: codes?,
                password_min_length: usize::try_from(length?).ok()?,
                administrator_idle: Span::minutes(admin_idle?),
                user_idle: Span::minutes(user_idle?),
                session_overall: Span::hours(hours?),
            })
        })();
        fields.finish(settings)
    }
}

/// `tolerant` or `strict`.
pub fn parse_window(text: &str) -> Result<Window, FieldError> {
    match text {
        "tolerant" => Ok(Window::Tolerant),
        "strict" => Ok(Window::Strict),
        _ => Err(FieldError::new("window", "Choose tolerant or strict.")),
    }
}

/// The word for a window.
pub const fn window_key(window: Window) -> &'static str {
    match window {
        Window::Tolerant => "tolerant",
        Window::Strict => "strict",
    }
}

fn parse_codes(text: &str) -> Result<CodesAtSetup, FieldError> {
    match text {
        "1" => Ok(CodesAtSetup::One),
        "2" => Ok(CodesAtSetup::Two),
        _ => Err(FieldError::new("codes_at_setup", "Choose one or two codes.")),
    }
}

impl CodesAtSetup {
    /// As a number.
    pub const fn count(self) -> i64 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form<'static> {
        Form {
            name: "Acme",
            issuer: "",
            support_contact: "help@acme.test",
            time_zone: "UTC",
            enrollment_days: "7",
            window: "tolerant",
            codes_at_setup: "1",
            password_min_length: "12",
            admin_idle_minutes: "15",
            user_idle_minutes: "60",
            session_hours: "12",
        }
    }

    #[test]
    fn the_form_of_the_defaults_gives_the_defaults() {
        let mut expected = Settings::new("Acme".into()).unwrap();
        expected.support_contact = "help@acme.test".into();
        assert_eq!(form().parse(|zone| zone == "UTC"), Ok(expected));
    }

    #[test]
    fn all_errors_are_reported_at_once() {
        let bad = Form {
            name: "",
            enrollment_days: "0",
            window: "wide",
            codes_at_setup: "3",
            session_hours: "1000",
            time_zone: "Mars",
            ..form()
        };
        let fields: Vec<_> =
            bad.parse(|zone| zone == "UTC").unwrap_err().into_iter().map(|error| error.field).collect();
        assert_eq!(
            fields,
            ["name", "time_zone", "enrollment_days", "window", "codes_at_setup", "session_hours"]
        );
    }

    #[test]
    fn an_issuer_has_no_colon() {
        let mut settings = Settings::new("Acme: Tools".into()).unwrap();
        assert_eq!(settings.issuer(), "Acme  Tools");
        settings.issuer = "Acme".into();
        assert_eq!(settings.issuer(), "Acme");
        assert_eq!(settings.idle(Realm::Administrator), Span::minutes(15));
        assert_eq!(settings.idle(Realm::User), Span::hours(1));
    }
}
