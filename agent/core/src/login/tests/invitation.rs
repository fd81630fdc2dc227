//! S8.13b: who is shown how to set MFA up.

use super::{
    device::{Device, NOW},
    *,
};
use claviger_wire::server::Invite;

fn device(change: impl FnOnce(&mut State)) -> Device {
    Device::with(|state| {
        state.invite =
            Some(Invite { link: "https://sso.acme.test/enroll".into(), picture: "\u{2588}".into() });
        state.users[1].enrolls_until = Some(NOW.plus(Span::days(3)).0);
        change(state);
    })
}

#[test]
fn whoever_has_to_by_a_date_is_shown_how_at_ssh_and_nowhere_else() {
    let shown = device(|_| {});
    let turns = shown.first(Phase::Account, "sshd", "bob");
    let [Turn::Info(words), Turn::Info(picture), Turn::Skip] = turns.as_slice() else { panic!("{turns:?}") };
    assert!(words.contains("within 3 days") && words.contains("https://sso.acme.test/enroll"), "{words}");
    assert!(picture.contains('\u{2588}'));
    assert_eq!(shown.events(), [What::FirstFactorAlone]);
    for (what, device, service) in [
        ("at a console", device(|_| {}), "login"),
        ("at a greeter", device(|_| {}), "gdm-password"),
        ("after a change of user", device(|_| {}), "su"),
        ("where nobody wants it", device(|state| state.invite = None), "sshd"),
        ("without a date", device(|state| state.users[1].enrolls_until = None), "sshd"),
        ("too late", device(|state| state.users[1].enrolls_until = Some(NOW.0)), "sshd"),
        ("where no codes are asked for", device(|state| state.codes = Codes::NotAsked), "sshd"),
    ] {
        assert_eq!(device.first(Phase::Account, service, "bob"), [Turn::Skip], "{what}");
    }
    assert_eq!(device(|_| {}).first(Phase::Code, "sshd", "bob"), [Turn::Skip], "nothing before the login");
    let refused = device(|state| state.rules.not_enrolled = NotEnrolled::Refused);
    assert_eq!(refused.first(Phase::Account, "sshd", "bob"), [Turn::Deny]);
}
