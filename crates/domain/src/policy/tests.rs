use super::*;
use crate::policy::sshd::Setting;

fn value(location: &str, name: &str, kind: &str, data: &str) -> ValueForm {
    ValueForm { location: location.into(), name: name.into(), kind: kind.into(), data: data.into() }
}

fn registry(values: Vec<ValueForm>) -> PolicyForm {
    PolicyForm { name: "P".into(), template: "registry".into(), values, ..PolicyForm::default() }
}

fn refused(form: &PolicyForm) -> Vec<(&'static str, String)> {
    form.parse().unwrap_err().into_iter().map(|error| (error.field, error.message)).collect()
}

#[test]
fn a_location_lies_under_hklm_in_software_or_system() {
    for (entered, kept) in [
        (r"SOFTWARE\Acme", r"SOFTWARE\Acme"),
        (r"HKLM\software\Acme\x y", r"software\Acme\x y"),
        (r"HKLM:\SYSTEM\CurrentControlSet\Services\Foo", r"SYSTEM\CurrentControlSet\Services\Foo"),
        (r"HKEY_LOCAL_MACHINE\SOFTWARE\Acme", r"SOFTWARE\Acme"),
    ] {
        let (_, _, template) = registry(vec![value(entered, "v", "dword", "1")]).parse().unwrap();
        let Template::Registry(values) = template else { panic!() };
        assert_eq!(values[0].location, kept);
    }
    for entered in [
        "",
        "SOFTWARE",
        r"HKLM\SOFTWARE",
        r"HKEY_CURRENT_USER\SOFTWARE\Acme",
        r"HKCU\SOFTWARE\Acme",
        r"SAM\SAM",
        r"HKLM\SECURITY\Policy",
        r"SOFTWARE\\Acme",
        r"SOFTWARE\..\SAM",
        r"SOFTWARE\.\x",
        "SOFTWARE/Acme",
        "SOFTWARE\\a\0b",
        "SOFTWARE\\a\nb",
        r"HKLM\HKLM\SOFTWARE\x",
        r"SOFTWARE\Claviger\Agent",
        r"SOFTWARE\WOW6432Node\Claviger\Agent",
        r"SOFTWARE\Microsoft\Windows\CurrentVersion\AUTHENTICATION\Credential Providers\x",
        r"SYSTEM\ControlSet001\Services\claviger-agent",
        r"SYSTEM\CurrentControlSet\Control\SafeBoot\Minimal",
    ] {
        let wrong = refused(&registry(vec![value(entered, "v", "dword", "1")]));
        assert_eq!(wrong[0].0, "values", "{entered}");
        assert!(wrong[0].1.starts_with("Value 1: "), "{entered}: {wrong:?}");
    }
}

#[test]
fn a_value_that_decides_who_gets_in_is_left_alone() {
    let system = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System";
    let narrow = r"SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\Policies\System";
    let winlogon = r"software\Microsoft\Windows NT\CurrentVersion\WINLOGON";
    for (location, name) in [
        (system, "ExcludedCredentialProviders"),
        (system, "HideFastUserSwitching"),
        (narrow, "HideFastUserSwitching"),
        (winlogon, "AutoAdminLogon"),
        (winlogon, "userinit"),
    ] {
        let wrong = refused(&registry(vec![value(location, name, "sz", "1")]));
        assert_eq!(wrong[0].0, "values");
        assert!(wrong[0].1.contains("decides who gets in"), "{wrong:?}");
    }
    for (location, name) in [(system, "LegalNoticeText"), (winlogon, "CachedLogonsCount")] {
        assert!(registry(vec![value(location, name, "sz", "1")]).parse().is_ok(), "{name}");
    }
}

#[test]
fn data_is_of_its_type() {
    for (kind, data, expected) in [
        ("dword", "4294967295", Data::Dword(u32::MAX)),
        ("dword", " 0xFF ", Data::Dword(255)),
        ("qword", "18446744073709551615", Data::Qword(u64::MAX)),
        ("sz", "", Data::Sz(String::new())),
        ("expand_sz", "%ProgramFiles%", Data::ExpandSz("%ProgramFiles%".into())),
        ("multi_sz", "a\r\nb c\n", Data::MultiSz(vec!["a".into(), "b c".into()])),
        ("multi_sz", "", Data::MultiSz(Vec::new())),
    ] {
        let kind = Kind::from_key(kind).unwrap();
        assert_eq!(Data::parse(kind, data).as_ref(), Ok(&expected), "{data}");
        assert_eq!(Data::parse(kind, &expected.text()), Ok(expected));
    }
    for (kind, data) in [
        ("dword", "4294967296"),
        ("dword", "-1"),
        ("dword", "+1"),
        ("dword", ""),
        ("dword", "0x"),
        ("dword", "1.0"),
        ("qword", "18446744073709551616"),
        ("sz", "a\0b"),
        ("multi_sz", "a\0b"),
        ("multi_sz", "a\n\nb"),
    ] {
        assert!(Data::parse(Kind::from_key(kind).unwrap(), data).is_err(), "{kind} {data:?}");
    }
    let long = "x".repeat(2_049);
    assert!(Data::parse(Kind::Sz, &long).is_err() && Data::parse(Kind::MultiSz, &long).is_err());
    assert_eq!(refused(&registry(vec![value(r"SOFTWARE\a", "v", "binary", "1")]))[0].0, "values");
}

#[test]
fn one_policy_lays_a_value_down_once_and_not_too_many() {
    let twice = vec![value(r"SOFTWARE\Acme", "V", "dword", "1"), value(r"software\ACME", "v", "dword", "1")];
    assert_eq!(refused(&registry(twice)), [("values", "Value 2 is the same as value 1.".to_owned())]);
    assert_eq!(refused(&registry(Vec::new()))[0].0, "values");
    let many = (0..=VALUES).map(|n| value(r"SOFTWARE\Acme", &format!("v{n}"), "dword", "1")).collect();
    assert_eq!(refused(&registry(many))[0].0, "values");
}

#[test]
fn a_file_opens_no_door() {
    for open in ["/etc/motd", "/etc/acme/app.conf", "/opt/acme/x", "/srv/www/robots.txt", "/etc/hosts"] {
        assert_eq!(parse_path(open).as_deref(), Ok(open));
    }
    for closed in [
        "",
        "etc/motd",
        "/etc",
        "/etc/",
        "/etc/../etc/shadow",
        "/etc/./motd",
        "/etc//motd",
        "/etc/shadow",
        "/etc/SHADOW",
        "/etc/shadow-",
        "/etc/sudoers",
        "/etc/sudoers.d/x",
        "/etc/pam.d/sshd",
        "/etc/ssh/sshd_config.d/00-claviger.conf",
        "/etc/ssh/sshd_config.d/01-claviger-policies.conf",
        "/etc/claviger-agent/agent.toml",
        "/etc/cron.d/x",
        "/etc/systemd/system/x.service",
        "/etc/profile.d/x.sh",
        "/etc/ld.so.preload",
        "/etc/issue",
        "/opt/x/.ssh/authorized_keys",
        "/root/x",
        "/home/alice/x",
        "/usr/bin/x",
        "/tmp/x",
        "/var/lib/claviger-agent-tasks/book.json",
        "/proc/sys/kernel/core_pattern",
        "/private/etc/motd",
        "/private/etc/sudoers",
        "/private/var/db/auth.db",
        "/ETC/motd",
        "/etc/authorization",
        "/etc/kcpassword",
        "/etc/periodic/daily/900.x",
        "/etc/newsyslog.d/x.conf",
        "/Library/Claviger/etc/agent.toml",
        "/Library/LaunchDaemons/io.claviger.agent.plist",
        "/etc/a\nb",
        "/etc/a\0b",
        "/etc/ünicode",
    ] {
        assert_eq!(parse_path(closed).unwrap_err().field, "path", "{closed}");
    }
    let form = PolicyForm {
        name: String::new(),
        template: "file".into(),
        path: "/etc/shadow".into(),
        content: "a\0b".into(),
        mode: "4755".into(),
        ..PolicyForm::default()
    };
    let fields: Vec<_> = refused(&form).into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["name", "path", "content", "mode"]);
    let large = PolicyForm { content: "x".repeat(CONTENT + 1), ..form };
    assert!(refused(&large).iter().any(|(field, _)| *field == "content"));
}

#[test]
fn settings_of_sshd_are_those_that_lock_nobody_out() {
    let form = |settings: &[(&str, &str)]| PolicyForm {
        name: "P".into(),
        template: "sshd".into(),
        settings: settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        ..PolicyForm::default()
    };
    let right = [
        ("maxauthtries", " 3 "),
        ("X11Forwarding", "NO"),
        ("Ciphers", "aes256-gcm@openssh.com"),
        ("UseDNS", ""),
    ];
    let (_, _, template) = form(&right).parse().unwrap();
    let setting = |keyword: &str, value: &str| Setting { keyword: keyword.into(), value: value.into() };
    assert_eq!(
        template,
        Template::Sshd(vec![
            setting("MaxAuthTries", "3"),
            setting("X11Forwarding", "no"),
            setting("Ciphers", "aes256-gcm@openssh.com")
        ])
    );
    for wrong in [
        [("PasswordAuthentication", "yes")],
        [("PermitRootLogin", "yes")],
        [("Match", "all")],
        [("Banner", "/etc/shadow")],
        [("MaxAuthTries", "0")],
        [("MaxAuthTries", "3\nPermitRootLogin yes")],
        [("Ciphers", "aes,")],
        [("Ciphers", "+aes256-ctr")],
        [("PermitEmptyPasswords", "yes")],
        [("UseDNS", "")],
    ] {
        assert_eq!(refused(&form(&wrong))[0].0, "settings", "{wrong:?}");
    }
    assert_eq!(refused(&form(&[("UseDNS", "no"), ("usedns", "no")]))[0].0, "settings");
}

#[test]
fn a_banner_is_shown_as_it_stands() {
    let form = |text: &str| PolicyForm {
        name: "P".into(),
        template: "banner".into(),
        text: text.into(),
        ..PolicyForm::default()
    };
    let (_, _, template) = form("Acme only.\r\nEverything is logged.\n\n").parse().unwrap();
    let Template::Banner(text) = &template else { panic!() };
    assert_eq!(text, "Acme only.\nEverything is logged.");
    let on =
        |platform| -> Vec<String> { template.effects_on(platform).iter().map(Effect::place_words).collect() };
    assert_eq!(on(Platform::Linux), ["/etc/issue", "/etc/issue.net", "Banner of sshd"]);
    let login_window = "/Library/Security/PolicyBanner.txt";
    assert_eq!(on(Platform::Macos), [login_window, "/etc/issue.net", "Banner of sshd"]);
    assert_eq!(on(Platform::Windows), [""; 0]);
    let places: Vec<_> = template.places();
    let (linux, both) = (("/etc/issue".into(), Some(Platform::Linux)), ("/etc/issue.net".into(), None));
    let macos = (login_window.into(), Some(Platform::Macos));
    assert_eq!(places, [linux, both, ("Banner of sshd".into(), None), macos]);
    for wrong in ["", " \n", "\\n", "a\u{1b}[31m", "a\0"] {
        assert_eq!(refused(&form(wrong))[0].0, "text", "{wrong:?}");
    }
    assert_eq!(refused(&form(&"x".repeat(4_001)))[0].0, "text");
}

/// S8.16, S8.17.
#[test]
fn ready_made_templates_lay_down_what_windows_documents() {
    for (template, name) in [
        (Template::DisableArso, "DisableAutomaticRestartSignOn"),
        (Template::BlockSafeMode, "SafeModeBlockNonAdmins"),
    ] {
        let location = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System".to_owned();
        let expected = RegistryValue { location, name: name.into(), data: Data::Dword(1) };
        assert_eq!(template.effects_on(Platform::Windows), [Effect::Registry(expected)]);
        assert_eq!(template.systems(), Systems::Windows);
        assert_eq!(template.places().into_iter().map(|(_, only)| only).collect::<Vec<_>>(), [None]);
    }
    for key in Template::KEYS {
        assert!(Template::words(key).is_some(), "{key}");
    }
}

/// S9.1: the systems of each template, and that none comes to anything elsewhere.
#[test]
fn a_template_comes_to_effects_on_its_own_systems_alone() {
    let value =
        RegistryValue { location: r"SOFTWARE\A".into(), name: "v".into(), data: Data::Sz(String::new()) };
    let file = FileContent { path: "/etc/motd".into(), content: "x".into(), mode: Mode::Everybody };
    let setting = Setting { keyword: "UseDNS".into(), value: "no".into() };
    for (template, systems) in [
        (Template::Registry(vec![value]), Systems::Windows),
        (Template::DisableArso, Systems::Windows),
        (Template::BlockSafeMode, Systems::Windows),
        (Template::Sshd(vec![setting]), Systems::Unix),
        (Template::File(file), Systems::Unix),
        (Template::Banner("x".into()), Systems::Unix),
    ] {
        assert_eq!(template.systems(), systems, "{template:?}");
        for platform in Platform::ALL {
            let has_effects = !template.effects_on(*platform).is_empty();
            assert_eq!(has_effects, systems.has(*platform), "{template:?} on {platform:?}");
        }
    }
}

fn effect(location: &str, data: u32) -> Effect {
    Effect::Registry(RegistryValue { location: location.into(), name: "v".into(), data: Data::Dword(data) })
}

#[test]
fn policies_that_want_one_place_otherwise_are_both_named() {
    let id = |n: u8| PolicyId::new(Timestamp(0), [n; 10]);
    let (one, other, third) = (
        [effect(r"SOFTWARE\A", 1), effect(r"SOFTWARE\B", 1)],
        [effect(r"software\a", 2)],
        [effect(r"SOFTWARE\B", 1)],
    );
    let bound = [
        Bound { id: id(1), name: "One", effects: &one },
        Bound { id: id(2), name: "Other", effects: &other },
        Bound { id: id(3), name: "Third", effects: &third },
    ];
    let found = conflicts(&bound);
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), [id(1), id(2)]);
    assert_eq!(found[&id(1)].with, ["Other"]);
    assert_eq!(found[&id(2)].with, ["One"]);
    assert!(found[&id(1)].to_string().contains(r"HKLM\SOFTWARE\A\v"), "{}", found[&id(1)]);
    assert!(conflicts(&bound[1..]).is_empty());
}

#[test]
fn what_a_device_said_of_an_older_revision_counts_for_nothing() {
    let linux = (Systems::Unix, Platform::Linux);
    let said = |state, count| Reported {
        revision: 2,
        state,
        detail: "why".into(),
        corrected: Corrected { count, at: None },
        at: Timestamp(0),
    };
    let (applied, failed) = (said(State::Applied, 0), said(State::Failed, 3));
    assert_eq!(Standing::of(linux, 2, None), Standing::Pending);
    assert_eq!(Standing::of(linux, 3, Some(&applied)), Standing::Pending);
    assert_eq!(Standing::of(linux, 2, Some(&applied)), Standing::Applied);
    assert_eq!(Standing::of(linux, 2, Some(&said(State::Applied, 1))).key(), "corrected");
    assert_eq!(Standing::of(linux, 2, Some(&failed)), Standing::Failed("why".into()));
    let other = |systems, platform| Standing::of((systems, platform), 2, Some(&applied));
    assert_eq!(other(Systems::Unix, Platform::Macos), Standing::Applied);
    assert_eq!(other(Systems::Windows, Platform::Linux), Standing::OtherSystem);
    assert_eq!(other(Systems::Windows, Platform::Macos), Standing::OtherSystem);
    assert_eq!(other(Systems::Unix, Platform::Windows), Standing::OtherSystem);
}

#[test]
fn a_form_is_filled_from_what_it_came_to() {
    let file = FileContent { path: "/etc/motd".into(), content: "x\n".into(), mode: Mode::Root };
    let setting = Setting { keyword: "UseDNS".into(), value: "no".into() };
    for template in [
        Template::Registry(vec![RegistryValue {
            location: r"SOFTWARE\A".into(),
            name: String::new(),
            data: Data::MultiSz(vec!["a".into()]),
        }]),
        Template::DisableArso,
        Template::BlockSafeMode,
        Template::Sshd(vec![setting]),
        Template::File(file),
        Template::Banner("x".into()),
    ] {
        let name = PolicyName::parse("name", "P").unwrap();
        let again = PolicyForm::of(&name, "about", &template).parse().unwrap();
        assert_eq!(again, (name, "about".to_owned(), template.clone()));
    }
}
