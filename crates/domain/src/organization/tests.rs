use super::*;

fn change(text: &[(&'static str, &'static str)]) -> Result<Settings, Vec<FieldError>> {
    let settings = Settings::new("Acme".into()).unwrap();
    let find = |name| text.iter().find(|(field, _)| *field == name).map(|(_, text)| *text);
    settings.changed(find, |zone| ["UTC", "Europe/Berlin"].contains(&zone))
}

#[test]
fn the_texts_of_settings_give_the_same_settings() {
    let settings = change(&[
        ("name", "Acme Tools"),
        ("issuer", "Acme"),
        ("support_contact", "help@acme.test"),
        ("time_zone", "Europe/Berlin"),
        ("enrollment_days", "30"),
        ("reminders", "168 24 2"),
        ("window", "strict"),
        ("codes_at_setup", "2"),
        ("recovery_codes", "off"),
        ("admin_mfa", "everyone"),
        ("self_reset", "24"),
        ("reset_approval", "on"),
        ("lockout_per_sign_in", "3"),
        ("lockout_codes", "6"),
        ("lockout_minutes", "30"),
        ("lockout_close", "50"),
        ("password_min_length", "16"),
        ("admin_idle_minutes", "5"),
        ("user_idle_minutes", "90"),
        ("session_hours", "8"),
        ("log_days", "365"),
        ("offline_days", "365"),
        ("commands", "on"),
    ])
    .unwrap();
    let texts = settings.texts();
    let find = |name: &str| texts.iter().find(|(field, _)| *field == name).map(|(_, text)| text.as_str());
    assert!(texts.iter().all(|(name, text)| {
        let default = Settings::new("Acme".into()).unwrap().texts();
        default.iter().any(|(field, was)| field == name && was != text)
    }));
    let again = Settings::new("Acme Tools".into()).unwrap().changed(find, |_| true);
    assert_eq!(again, Ok(settings));
}

#[test]
fn what_is_not_named_stays() {
    assert_eq!(change(&[]), Ok(Settings::new("Acme".into()).unwrap()));
    let strict = change(&[("window", "strict")]).unwrap();
    assert_eq!((strict.window, strict.password_min_length), (Window::Strict, 12));
}

#[test]
fn all_errors_are_reported_at_once() {
    let bad = change(&[
        ("name", ""),
        ("enrollment_days", "0"),
        ("reminders", "48"),
        ("window", "wide"),
        ("codes_at_setup", "3"),
        ("recovery_codes", "maybe"),
        ("lockout_codes", "21"),
        ("lockout_minutes", "4"),
        ("session_hours", "1000"),
        ("time_zone", "Mars"),
        ("offline_days", "366"),
    ]);
    let fields: Vec<_> = bad.unwrap_err().into_iter().map(|error| error.field).collect();
    assert_eq!(
        fields,
        [
            "name",
            "time_zone",
            "enrollment_days",
            "reminders",
            "window",
            "codes_at_setup",
            "recovery_codes",
            "lockout_codes",
            "lockout_minutes",
            "session_hours",
            "offline_days"
        ]
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
