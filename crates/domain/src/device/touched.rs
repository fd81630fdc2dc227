//! Which devices may have to do something else after what an entry of the activity log tells.

use uuid::Uuid;

/// Whom an entry concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Touched {
    /// No device.
    Nobody,
    /// The device of that id, or every device of the account of that id.
    One(Uuid),
    /// Any device.
    Everybody,
}

/// Actions that change nothing for a device, each with all that begin like it and a dot.
const NOBODY: &[&str] = &[
    "sign_in",
    "sign_out",
    "session",
    "verify",
    "factor",
    "step_up",
    "password",
    "user.password",
    "user.register",
    "user.resend_activation",
    "user.unlock",
    "user.mfa.extend",
    "users",
    "mfa.set_up",
    "mfa.replace",
    "recovery_codes",
    "token.import",
    "token.delete",
    "group.create",
    "group.edit",
    "group.rule",
    "job",
    "administrator",
    "administrators",
    "api_key",
    "permission",
    "home",
    "activity",
    "report",
    "mail",
    "connect_key",
    "application",
    "organization.set_up",
    "organization.smtp",
    "organization.mail_text",
    "organization.logo",
    "organization.administrators_mfa",
    "device.enroll",
    "device.uninstall",
    "device.code",
    "device.password",
    "device.login",
    "device.report",
    "device.policy",
    "device.command",
    "device_group.create",
    "policy.create",
    "command.create",
    "command.edit",
    "command.bind",
    "command.unbind",
    "device_group.revoke_remembered",
    "user.revoke_remembered",
];

/// Actions whose target is the device or the account that they concern.
const ONE: &[&str] =
    &["sign_in", "user", "account", "profile", "mfa", "group.join", "group.leave", "device", "break_glass"];

/// Whom an entry concerns; one that isn't known may concern everybody.
pub fn touched(action: &str, target: &str) -> Touched {
    let within = |names: &[&str]| {
        names.iter().any(|name| {
            action.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    };
    // A resync moves the clock that devices look around, wherever it was made.
    if within(NOBODY) && action != "sign_in.resync" {
        Touched::Nobody
    } else if within(ONE) {
        target.parse().map_or(Touched::Everybody, Touched::One)
    } else {
        Touched::Everybody
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_change_a_devices_orders_reaches_it_and_signing_in_reaches_nobody() {
        let id = "0190a000-0000-7000-8000-000000000000";
        let one = Touched::One(id.parse().unwrap());
        for (action, expected) in [
            ("verify", Touched::Nobody),
            ("sign_in.code", Touched::Nobody),
            ("device.code", Touched::Nobody),
            ("device.code.offline", Touched::Nobody),
            ("device.login.remembered", Touched::Nobody),
            ("user.revoke_remembered", Touched::Nobody),
            ("device_group.ask_once", Touched::Everybody),
            ("organization.logo.remove", Touched::Nobody),
            ("administrator.mfa.reset", Touched::Nobody),
            ("user.mfa.extend", Touched::Nobody),
            ("user.mfa.require", one),
            ("user.mfa.reset", one),
            ("user.mfa.set_up", one),
            ("mfa.resync", one),
            ("sign_in.resync", one),
            ("user.suspend", one),
            ("account.not_me", one),
            ("group.join", one),
            ("device.mfa", one),
            ("device.bind", one),
            ("organization.settings", Touched::Everybody),
            ("organization.totp.disable", Touched::Everybody),
            ("group.delete", Touched::Everybody),
            ("device_group.bind", Touched::Everybody),
            ("device.policy.corrected", Touched::Nobody),
            ("command.edit", Touched::Nobody),
            ("command.run", Touched::Everybody),
            ("policy.bind", Touched::Everybody),
            ("door.open", Touched::Everybody),
            ("", Touched::Everybody),
        ] {
            assert_eq!(touched(action, id), expected, "{action}");
        }
        // What names nobody in particular may concern anybody.
        assert_eq!(touched("user.delete", ""), Touched::Everybody);
        assert_eq!(touched("verify", ""), Touched::Nobody);
    }
}
