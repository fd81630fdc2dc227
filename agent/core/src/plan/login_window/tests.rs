//! The right as macOS gives it, with ours, with others', and as it was.

use super::*;

/// As `security authorizationdb read system.login.console` prints it.
const FRESH: &str = include_str!("fresh.plist");

fn apples() -> BTreeSet<String> {
    BTreeSet::from(["DiskUnlock".to_owned()])
}

#[test]
fn ours_stand_around_the_password_and_nothing_else_moves() {
    let text = Right::parse(FRESH).unwrap().with_ours().unwrap();
    let right = Right::parse(&text).unwrap();
    let mechanisms = right.mechanisms();
    let at = mechanisms.iter().position(|one| *one == "builtin:authenticate,privileged").unwrap();
    assert_eq!(
        &mechanisms[at - 2..at + 4],
        [
            "builtin:auto-login,privileged",
            PASSWORD,
            "builtin:authenticate,privileged",
            CODE,
            ENTERED,
            "PKINITMechanism:auth,privileged"
        ]
    );
    let others = mechanisms.into_iter().filter(|one| !one.starts_with("Claviger:"));
    assert!(others.eq(Right::parse(FRESH).unwrap().mechanisms()));
    assert!(right.has_ours() && !Right::parse(FRESH).unwrap().has_ours());
    assert!(text.contains(
        "\n\t\t<string>Claviger:code</string>\n\t\t<string>Claviger:entered,privileged</string>\n"
    ));
}

/// S8.18: put in twice they are there once, and taken out every byte is as it was.
#[test]
fn put_in_twice_is_put_in_once_and_undone_byte_for_byte() {
    let once = Right::parse(FRESH).unwrap().with_ours().unwrap();
    let twice = Right::parse(&once).unwrap().with_ours().unwrap();
    assert_eq!(twice, once);
    assert_eq!(Right::parse(&once).unwrap().without_ours(), FRESH);
    assert_eq!(Right::parse(FRESH).unwrap().without_ours(), FRESH);
    // However it is laid out: on one line, with other line ends, with a comment in between.
    let line = FRESH.replace(['\n', '\t'], "");
    let windows = FRESH.replace('\n', "\r\n");
    let told =
        FRESH.replace("\t\t<string>builtin:authenticate", "\t\t<!-- look -->  <string>builtin:authenticate");
    for text in [line, windows, told] {
        let with = Right::parse(&text).unwrap().with_ours().unwrap();
        assert!(Right::parse(&with).unwrap().has_ours());
        assert_eq!(Right::parse(&with).unwrap().without_ours(), text);
    }
}

/// What somebody moved, doubled or took away is put right.
#[test]
fn ours_are_put_where_they_belong() {
    let once = Right::parse(FRESH).unwrap().with_ours().unwrap();
    let code = format!("\t\t<string>{CODE}</string>\n");
    let lost = once.replacen(&code, "", 1);
    let doubled = once.replacen(&code, &[code.as_str(), &code].concat(), 1);
    let moved = lost.replacen(
        "\t\t<string>loginwindow:done</string>\n",
        &format!("\t\t<string>loginwindow:done</string>\n{code}"),
        1,
    );
    for text in [lost, doubled, moved] {
        let right = Right::parse(&text).unwrap();
        assert!(!right.has_ours());
        assert_eq!(right.with_ours().unwrap(), once);
        assert_eq!(right.without_ours(), FRESH);
    }
}

/// Somebody else changed the list after us: theirs stays.
#[test]
fn what_others_put_in_afterwards_stays() {
    let with = Right::parse(FRESH).unwrap().with_ours().unwrap();
    let later = "\t\t<string>Later:check</string>\n\t\t<string>loginwindow:done</string>\n";
    let with = with.replace("\t\t<string>loginwindow:done</string>\n", later);
    let expected = FRESH.replace("\t\t<string>loginwindow:done</string>\n", later);
    assert_eq!(Right::parse(&with).unwrap().without_ours(), expected);
}

/// S8.18: another one's plug-in is named.
#[test]
fn mechanisms_of_others_are_named() {
    assert!(Right::parse(FRESH).unwrap().foreign(&apples()).is_empty());
    for (theirs, plug_in) in [
        ("<string>JumpCloudAuth:mfa</string>", "JumpCloudAuth:mfa"),
        ("<string>XCredsLoginPlugin:UserSetUp,privileged</string>", "XCredsLoginPlugin:UserSetUp,privileged"),
        ("<string>claviger:code</string>", "claviger:code"),
        ("<string>NoColon</string>", "NoColon"),
    ] {
        let text = FRESH.replace("<string>loginwindow:success</string>", theirs);
        assert_eq!(Right::parse(&text).unwrap().foreign(&apples()), [plug_in]);
    }
    let own = FRESH.replace("loginwindow:success", "DiskUnlock:unlock");
    assert!(Right::parse(&own).unwrap().foreign(&apples()).is_empty());
    let ours = Right::parse(FRESH).unwrap().with_ours().unwrap();
    assert!(Right::parse(&ours).unwrap().foreign(&apples()).is_empty());
}

/// Smart cards: macOS names the password without `privileged`, or not at all.
#[test]
fn a_right_without_the_password_has_no_place_for_ours() {
    let plain = FRESH.replace("builtin:authenticate,privileged", "builtin:authenticate");
    assert!(Right::parse(&plain).unwrap().with_ours().is_ok());
    for other in ["Foreign:authenticate", "builtin:authenticate-nocred"] {
        let text = FRESH.replace("builtin:authenticate,privileged", other);
        assert_eq!(Right::parse(&text).unwrap().with_ours(), Err(Unfit::WithoutPassword));
    }
}

#[test]
fn what_is_no_right_is_refused() {
    let bomb = FRESH.replace(
        "<plist version",
        "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><plist version",
    );
    let many = FRESH.replace("<key>shared</key>", &"<key>x</key>".repeat(20_000));
    for text in [
        "",
        "bplist00",
        "YES (0)",
        "<plist/>",
        "<plist><dict/></plist>",
        "<plist><dict><key>mechanisms</key></dict></plist>",
        "<plist><dict><key>mechanisms</key><string>x</string></dict></plist>",
        "<plist><dict><key>mechanisms</key><array><integer>1</integer></array></dict></plist>",
        &FRESH[..FRESH.len() / 2],
        &bomb,
        &many,
    ] {
        assert_eq!(Right::parse(text).err(), Some(Unfit::Unreadable), "{}", &text[..text.len().min(80)]);
    }
}
