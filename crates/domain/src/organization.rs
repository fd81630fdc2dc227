//! The organization and its settings (S2.2–S2.5).

use crate::{
    account::Realm,
    activity::Retention,
    administrator::Demanded,
    attempt::CodeRules,
    command::Commands,
    field::{FieldError, Fields, Presence, line, number},
    id::OrganizationId,
    lockout::LockoutRules,
    mail,
    mfa::EnrollmentDays,
    mfa_reset::{ResetApproval, SelfReset},
    reminder::Reminders,
    sign_in::TotpSwitch,
    time::{Span, Timestamp},
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
    /// Section 11: the kinds of mail that were switched off.
    pub mails_off: Vec<mail::Kind>,
    /// When the logo was put in its place; nothing without one.
    pub logo: Option<Timestamp>,
}

impl Organization {
    /// Section 11: whether mails of that kind go out.
    pub fn sends(&self, kind: mail::Kind) -> bool {
        !kind.may_be_off() || !self.mails_off.contains(&kind)
    }
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
    /// When people are reminded of their deadline (S4.10).
    pub reminders: Reminders,
    /// Which steps are accepted.
    pub window: Window,
    /// How many consecutive codes confirm a new factor.
    pub codes_at_setup: CodesAtSetup,
    /// Whether people have recovery codes (S4.9).
    pub recovery_codes: RecoveryCodes,
    /// Of which administrators MFA is required (S6.4).
    pub admin_mfa: Demanded,
    /// Whether administrators reset their own MFA by mail (S6.8).
    pub self_reset: SelfReset,
    /// Whether it takes two administrators to reset another's MFA.
    pub reset_approval: ResetApproval,
    /// When wrong codes lock a factor.
    pub lockout: LockoutRules,
    /// The fewest characters of a password.
    pub password_min_length: usize,
    /// Idle time that ends an administrator's session.
    pub administrator_idle: Span,
    /// Idle time that ends a user's session.
    pub user_idle: Span,
    /// The longest a session lives.
    pub session_overall: Span,
    /// How long entries of the activity log are kept.
    pub log_kept: Retention,
    /// S8.5: for how many days devices check codes without the server.
    pub offline_days: u16,
    /// S9.2: whether commands run on devices at all.
    pub commands: Commands,
}

/// How many consecutive codes confirm a new factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodesAtSetup {
    /// One.
    One,
    /// Two.
    Two,
}

/// S4.9: whether people have recovery codes. Those that were made rest while it is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryCodes {
    /// They are made at the end of a set-up and let people in.
    On,
    /// None are made and none are taken.
    Off,
}

impl RecoveryCodes {
    /// The word in forms and in the database.
    pub const fn key(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
        }
    }

    fn parse(text: &str) -> Result<Self, FieldError> {
        match text {
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => Err(FieldError::new("recovery_codes", "Choose on or off.")),
        }
    }
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
            reminders: Reminders::default(),
            window: Window::Tolerant,
            codes_at_setup: CodesAtSetup::One,
            recovery_codes: RecoveryCodes::On,
            admin_mfa: Demanded::OfEach,
            self_reset: SelfReset::On,
            reset_approval: ResetApproval::Off,
            lockout: LockoutRules::default(),
            password_min_length: 12,
            administrator_idle: Span::minutes(15),
            user_idle: Span::hours(1),
            session_overall: Span::hours(12),
            log_kept: Retention::Forever,
            offline_days: 30,
            commands: Commands::Off,
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
        CodeRules { lockout: self.lockout, window: self.window }
    }

    /// Every setting but the name, under its name, as the text that [`Settings::changed`] takes: what forms are
    /// filled with and what is stored.
    pub fn texts(&self) -> [(&'static str, String); 22] {
        let hours = |span: Span| span.micros() / Span::hours(1).micros();
        let minutes = |span: Span| span.micros() / Span::minutes(1).micros();
        [
            ("issuer", self.issuer.clone()),
            ("support_contact", self.support_contact.clone()),
            ("time_zone", self.time_zone.clone()),
            ("enrollment_days", self.enrollment_days.get().to_string()),
            ("reminders", self.reminders.text()),
            ("window", window_key(self.window).to_owned()),
            ("codes_at_setup", self.codes_at_setup.count().to_string()),
            ("recovery_codes", self.recovery_codes.key().to_owned()),
            ("admin_mfa", self.admin_mfa.key().to_owned()),
            ("self_reset", self.self_reset.text()),
            ("reset_approval", self.reset_approval.key().to_owned()),
            ("lockout_per_sign_in", self.lockout.per_sign_in.to_string()),
            ("lockout_codes", self.lockout.in_row.to_string()),
            ("lockout_minutes", minutes(self.lockout.first).to_string()),
            ("lockout_close", self.lockout.close_at.to_string()),
            ("password_min_length", self.password_min_length.to_string()),
            ("admin_idle_minutes", minutes(self.administrator_idle).to_string()),
            ("user_idle_minutes", minutes(self.user_idle).to_string()),
            ("session_hours", hours(self.session_overall).to_string()),
            (Retention::FIELD, self.log_kept.text()),
            ("offline_days", self.offline_days.to_string()),
            ("commands", self.commands.key().to_owned()),
        ]
    }

    /// These settings with what `text` has another text for; all that is wrong is reported at once.
    /// `zone_exists` knows the IANA names.
    pub fn changed<'a>(
        &self,
        text: impl Fn(&'static str) -> Option<&'a str>,
        zone_exists: impl Fn(&str) -> bool,
    ) -> Result<Self, Vec<FieldError>> {
        let mut settings = self.clone();
        let mut change = Change { text: &text, fields: Fields::new() };
        change.to("name", &mut settings.name, |text| parse_name("name", text));
        change.to("issuer", &mut settings.issuer, |text| {
            line("issuer", "Issuer", text, 60, Presence::Optional)
        });
        change.to("support_contact", &mut settings.support_contact, |text| {
            line("support_contact", "Support contact", text, 200, Presence::Optional)
        });
        change.to("time_zone", &mut settings.time_zone, |text| match text.trim() {
            zone if zone_exists(zone) => Ok(zone.to_owned()),
            _ => Err(FieldError::new("time_zone", "Choose a time zone such as Europe/Berlin.")),
        });
        change.to("enrollment_days", &mut settings.enrollment_days, |text| {
            EnrollmentDays::parse("enrollment_days", text)
        });
        change.to("reminders", &mut settings.reminders, |text| Reminders::parse("reminders", text));
        change.to("window", &mut settings.window, parse_window);
        change.to("codes_at_setup", &mut settings.codes_at_setup, parse_codes);
        change.to("recovery_codes", &mut settings.recovery_codes, RecoveryCodes::parse);
        change.to("admin_mfa", &mut settings.admin_mfa, |text| Demanded::parse("admin_mfa", text));
        change.to("self_reset", &mut settings.self_reset, |text| SelfReset::parse("self_reset", text));
        change.to("reset_approval", &mut settings.reset_approval, |text| {
            ResetApproval::parse("reset_approval", text)
        });
        let lockout = &mut settings.lockout;
        change.to("lockout_per_sign_in", &mut lockout.per_sign_in, |text| {
            number("lockout_per_sign_in", "Wrong codes", text, 1, 10)
        });
        change.to("lockout_codes", &mut lockout.in_row, |text| {
            count(number("lockout_codes", "Wrong codes", text, 3, 20))
        });
        change.to("lockout_minutes", &mut lockout.first, |text| {
            number("lockout_minutes", "Minutes", text, 5, 1440).map(Span::minutes)
        });
        change.to("lockout_close", &mut lockout.close_at, |text| {
            count(number("lockout_close", "Wrong codes", text, 20, 1000))
        });
        change.to("password_min_length", &mut settings.password_min_length, |text| {
            count(number("password_min_length", "Password length", text, 8, 64))
        });
        change.to("admin_idle_minutes", &mut settings.administrator_idle, |text| {
            number("admin_idle_minutes", "Minutes", text, 1, 720).map(Span::minutes)
        });
        change.to("user_idle_minutes", &mut settings.user_idle, |text| {
            number("user_idle_minutes", "Minutes", text, 1, 720).map(Span::minutes)
        });
        change.to("session_hours", &mut settings.session_overall, |text| {
            number("session_hours", "Hours", text, 1, 168).map(Span::hours)
        });
        change.to(Retention::FIELD, &mut settings.log_kept, Retention::parse);
        change.to("offline_days", &mut settings.offline_days, |text| {
            count(number("offline_days", "Days", text, 1, 365))
        });
        change.to("commands", &mut settings.commands, Commands::parse);
        change.fields.finish(Some(settings))
    }
}

/// Puts each text that is there in the place of the setting it stands for.
struct Change<'a, Text> {
    text: &'a Text,
    fields: Fields,
}

impl<'t, Text: Fn(&'static str) -> Option<&'t str>> Change<'_, Text> {
    fn to<T>(
        &mut self,
        name: &'static str,
        setting: &mut T,
        parse: impl FnOnce(&str) -> Result<T, FieldError>,
    ) {
        let Some(text) = (self.text)(name) else { return };
        if let Some(value) = self.fields.take(parse(text)) {
            *setting = value;
        }
    }
}

/// A checked number as a count.
fn count<T: TryFrom<i64> + Default>(number: Result<i64, FieldError>) -> Result<T, FieldError> {
    number.map(|number| T::try_from(number).unwrap_or_default())
}

/// The organization's name as entered.
pub fn parse_name(field: &'static str, text: &str) -> Result<String, FieldError> {
    line(field, "Organization name", text, 100, Presence::Required)
}

/// `tolerant` or `strict`.
fn parse_window(text: &str) -> Result<Window, FieldError> {
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
mod tests;
