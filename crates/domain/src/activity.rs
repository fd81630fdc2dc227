//! The activity log in words: what an action and an outcome are called, which group an action is of, and how long
//! entries are kept (section 12).

use crate::{
    field::FieldError,
    time::{Span, Timestamp},
};

/// What an action is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Signing in and out, codes, sessions.
    SignIn,
    /// MFA, tokens, recovery codes.
    Mfa,
    /// Passwords.
    Passwords,
    /// Users, groups, jobs.
    Users,
    /// Devices, their groups and connect keys.
    Devices,
    /// Applications: who has them, and what is signed with for them.
    Applications,
    /// Administrators, their keys and roles.
    Administrators,
    /// The organization and its log.
    Organization,
    /// What is none of the others.
    Other,
}

impl Group {
    /// Every group, in the order of the filter.
    pub const ALL: [Group; 9] = [
        Self::SignIn,
        Self::Mfa,
        Self::Passwords,
        Self::Users,
        Self::Devices,
        Self::Applications,
        Self::Administrators,
        Self::Organization,
        Self::Other,
    ];

    /// The word in addresses and in the API.
    pub const fn key(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Mfa => "mfa",
            Self::Passwords => "passwords",
            Self::Users => "users",
            Self::Devices => "devices",
            Self::Applications => "applications",
            Self::Administrators => "administrators",
            Self::Organization => "organization",
            Self::Other => "other",
        }
    }

    /// The words on screens.
    pub const fn words(self) -> &'static str {
        match self {
            Self::SignIn => "Signing in",
            Self::Mfa => "MFA",
            Self::Passwords => "Passwords",
            Self::Users => "Users and groups",
            Self::Devices => "Devices",
            Self::Applications => "Applications",
            Self::Administrators => "Administrators",
            Self::Organization => "Organization",
            Self::Other => "Other",
        }
    }

    /// The group of that word.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.key() == key)
    }

    /// The group that the action is of, by its name.
    pub fn of(action: &str) -> Self {
        let within = |names: &[&str]| {
            names.iter().any(|name| {
                action.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        // A more particular name stands before the one that it begins with.
        let signing_in = ["sign_in", "sign_out", "session", "verify", "factor", "account.not_me", "step_up"];
        if within(&signing_in) || within(&["device.password", "device.code", "device.login"]) {
            Self::SignIn
        } else if within(&["user.mfa", "administrator.mfa", "mfa", "recovery_codes", "token"]) {
            Self::Mfa
        } else if within(&["password", "user.password", "user.register", "user.resend_activation"]) {
            Self::Passwords
        } else if within(&["user", "users", "group", "profile", "job"]) {
            Self::Users
        } else if within(&["device", "device_group", "connect_key", "policy", "command"]) {
            Self::Devices
        } else if within(&["application"]) {
            Self::Applications
        } else if within(&["administrator", "administrators", "api_key", "permission", "home"]) {
            Self::Administrators
        } else if within(&["organization", "activity"]) {
            Self::Organization
        } else {
            Self::Other
        }
    }
}

/// What the action is called on screens; one that has no words of its own is told by its name.
pub fn words(action: &str) -> String {
    let known = ACTIONS.iter().find(|(name, _)| *name == action).map(|(_, words)| *words);
    known.map_or_else(|| spoken(action), str::to_owned)
}

/// How it ended, on screens.
pub fn outcome_words(outcome: &str) -> String {
    match outcome {
        "success" => "Success".into(),
        "refused" => "Refused".into(),
        "wrong_code" => "Wrong code".into(),
        "already_used" => "Code already used".into(),
        "locked" => "Locked after wrong codes".into(),
        "closed" => "Closed after wrong codes".into(),
        "locked_out" => "Time to set up MFA has ended".into(),
        "barred" => "Not activated".into(),
        "delayed" => "Had to wait".into(),
        "wrong_message" => "Message not accepted".into(),
        "repeated" => "Answered before".into(),
        "no_factor" => "MFA not set up".into(),
        "no_such_context" => "Asked for more than the sign-in showed".into(),
        "other_person" => "Asked for somebody else".into(),
        "name_not_given" => "Asked for a name that it isn't given".into(),
        other => spoken(other),
    }
}

/// `user.mfa.reset` becomes "User mfa reset".
fn spoken(key: &str) -> String {
    let text = key.replace(['.', '_'], " ");
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// Every action that the server writes, with its words on screens.
pub const ACTIONS: &[(&str, &str)] = &[
    ("sign_in", "Signed in"),
    ("sign_in.password", "Sign-in, password"),
    ("sign_in.code", "Sign-in, code"),
    ("sign_in.resync", "Sign-in, two codes of a token out of step"),
    ("sign_in.recovery_code", "Sign-in, recovery code"),
    ("sign_in.application", "Sign-in to an application"),
    ("sign_out", "Signed out"),
    ("sign_out.application", "Application told of a sign-out"),
    ("application.create", "Application made"),
    ("application.edit", "Application changed"),
    ("application.delete", "Application deleted"),
    ("application.assign", "Application given to a group"),
    ("application.unassign", "Application taken from a group"),
    ("application.token", "Tokens for an application"),
    ("application.secret.make", "New secret for an application"),
    ("application.signing_key.make", "New keys that sign ID tokens"),
    ("application.certificate.make", "New certificate for an application"),
    ("application.certificate.switch", "Other certificate signs for an application"),
    ("application.certificate.remove", "Certificate of an application removed"),
    ("session.end", "Session ended"),
    ("session.end_all", "All sessions ended"),
    ("session.end_others", "Other sessions ended"),
    ("step_up", "Showed again who they are"),
    ("verify", "Code checked for another program"),
    ("device.password", "Device login, password"),
    ("device.code", "Device login, code"),
    ("device.code.offline", "Device login, code checked without the server"),
    ("device.code.replayed_offline", "Code used at a device without the server that was used here, too"),
    ("device.code.remembered", "Device login remembered"),
    ("device.login.remembered", "Device login without a code: remembered"),
    ("device.login.first_factor", "Device login without a code: MFA not set up"),
    ("device.login.let_in", "Device login without a code: the agent did not answer"),
    ("device.login.refused", "Device login refused"),
    ("device.enroll", "Device enrolled"),
    ("device.uninstall", "Agent uninstalled"),
    ("device.report", "Device told of somebody it does not know"),
    ("device.mfa.in_force", "MFA in force on a device"),
    ("device.mfa.not_in_force", "MFA no longer in force on a device"),
    ("device.mfa.blocked", "Device can't put MFA in force"),
    ("device.mfa.proven", "MFA proven on a device"),
    ("device.mfa.taken_back", "Device took MFA back: nobody proved it"),
    ("device.break_glass.use", "Break-glass code used"),
    ("device.break_glass", "Break-glass code made"),
    ("device.rename", "Device renamed"),
    ("device.rules", "Device's rules changed"),
    ("device.mfa.on", "MFA switched on for a device"),
    ("device.mfa.off", "MFA switched off for a device"),
    ("device.mfa.confirm", "MFA of a device confirmed by an administrator"),
    ("device.bind", "User bound to a device"),
    ("device.unbind", "User unbound from a device"),
    ("device.take_over", "Take-over of an account on a device confirmed"),
    ("device.join", "Device joined a group"),
    ("device.leave", "Device left a group"),
    ("device.delete", "Device deleted"),
    ("device_group.create", "Group of devices made"),
    ("device_group.edit", "Group of devices changed"),
    ("device_group.delete", "Group of devices deleted"),
    ("device_group.ask_once", "How often a group of devices asks for the code changed"),
    ("device_group.revoke_remembered", "Remembered logins of a group of devices revoked"),
    ("user.revoke_remembered", "Remembered logins of a user revoked"),
    ("device_group.bind", "Group of users bound to devices"),
    ("device_group.unbind", "Group of users unbound from devices"),
    ("device.policy.applied", "Device applied a policy"),
    ("device.policy.failed", "Device could not apply a policy"),
    ("device.policy.corrected", "Device put right what a policy lays down"),
    ("device.command.start", "Device began a command"),
    ("device.command.end", "Device ended a command"),
    ("policy.create", "Policy made"),
    ("policy.edit", "Policy changed"),
    ("policy.delete", "Policy deleted"),
    ("policy.bind", "Policy bound to a device or a group"),
    ("policy.unbind", "Policy unbound from a device or a group"),
    ("command.create", "Command made"),
    ("command.edit", "Command changed"),
    ("command.delete", "Command deleted"),
    ("command.bind", "Command given to a device or a group"),
    ("command.unbind", "Command taken from a device or a group"),
    ("command.run", "Command run"),
    ("command.cancel", "Run of a command canceled"),
    ("connect_key.create", "Connect key made"),
    ("connect_key.rotate", "Connect key rotated"),
    ("connect_key.revoke", "Connect key revoked"),
    ("factor.lock", "Locked after too many wrong codes"),
    ("account.not_me", "Locked: a change was reported as not theirs"),
    ("mfa.set_up.start", "MFA set-up started"),
    ("mfa.replace.start", "Replacing the authenticator"),
    ("mfa.resync", "Clock resynced"),
    ("user.mfa.require", "MFA required"),
    ("user.mfa.requirement.remove", "MFA requirement removed"),
    ("user.mfa.extend", "Enrollment period extended"),
    ("user.mfa.reset", "MFA reset"),
    ("user.mfa.set_up", "MFA set up"),
    ("user.mfa.replace", "Authenticator replaced"),
    ("user.mfa.remove", "MFA removed"),
    ("user.mfa.forget_drift", "Clock drift forgotten"),
    ("user.mfa.token.assign", "Hardware token assigned"),
    ("administrator.mfa.set_up", "Administrator's MFA set up"),
    ("administrator.mfa.replace", "Administrator's authenticator replaced"),
    ("administrator.mfa.reset", "Administrator's MFA reset"),
    ("administrator.mfa.reset.ask", "Reset of an administrator's MFA asked for"),
    ("administrator.mfa.reset.approve", "Reset of an administrator's MFA approved"),
    ("administrator.mfa.reset.cancel", "Reset of an administrator's MFA canceled"),
    ("administrator.mfa.reset.link", "Link to reset one's own MFA asked for"),
    ("administrator.mfa.reset.open", "Link to reset one's own MFA used"),
    ("administrator.mfa.reset.self", "Own MFA reset by mail"),
    ("administrator.mfa.require", "MFA required of an administrator"),
    ("administrator.mfa.requirement.remove", "MFA no longer required of an administrator"),
    ("administrator.mfa.remove", "Administrator's MFA removed"),
    ("recovery_codes.make", "New recovery codes"),
    ("token.import", "Hardware tokens imported"),
    ("token.delete", "Hardware token deleted"),
    ("token.take_back", "Hardware token taken back"),
    ("password.change", "Password changed"),
    ("password.reset", "Password reset by mailed link"),
    ("password.forgot", "New password asked for"),
    ("user.password.expire", "Made to choose a new password"),
    ("user.password.set", "Password set by an administrator"),
    ("user.register", "Password chosen by the activation link"),
    ("user.resend_activation", "Activation e-mail sent again"),
    ("user.create", "User created"),
    ("user.edit", "User's details changed"),
    ("user.activate", "User activated"),
    ("user.suspend", "User suspended"),
    ("user.delete", "User deleted"),
    ("user.unlock", "User unlocked"),
    ("user.posix", "User's account on devices changed"),
    ("user.ssh_key.add", "SSH key added"),
    ("user.ssh_key.remove", "SSH key removed"),
    ("users.upload", "File of users uploaded"),
    ("profile.change", "Profile changed"),
    ("group.create", "Group made"),
    ("group.edit", "Group changed"),
    ("group.delete", "Group deleted"),
    ("group.join", "Joined a group"),
    ("group.leave", "Left a group"),
    ("group.rule", "Group's MFA rule changed"),
    ("group.rule.pause", "Group's MFA rule paused"),
    ("job.start", "Job started"),
    ("job.done", "Job done"),
    ("job.cancel", "Job stopped"),
    ("administrator.create", "Administrator created"),
    ("administrator.edit", "Administrator changed"),
    ("administrator.activate", "Administrator activated"),
    ("administrator.suspend", "Administrator suspended"),
    ("administrator.delete", "Administrator deleted"),
    ("administrator.unlock", "Administrator unlocked"),
    ("administrator.register", "Administrator chose a password by the mailed link"),
    ("administrator.resend_activation", "Link to an administrator sent again"),
    ("organization.administrators_mfa", "MFA required of all administrators, or no longer"),
    ("api_key.create", "API key made"),
    ("api_key.revoke", "API key revoked"),
    ("api_key.refused", "API key refused"),
    ("permission.denied", "Refused: the role does not allow it"),
    ("home.widgets", "Widgets of Home chosen"),
    ("organization.set_up", "Organization set up"),
    ("organization.settings", "Settings changed"),
    ("organization.totp.enable", "TOTP enabled"),
    ("organization.totp.disable", "TOTP disabled"),
    ("organization.smtp", "Mail server changed"),
    ("organization.smtp.test", "Test mail sent"),
    ("organization.mail_text", "Text of a mail changed"),
    ("organization.logo", "Logo changed"),
    ("organization.logo.remove", "Logo removed"),
    ("report.evidence", "Evidence made"),
    ("activity.export", "Activity log exported"),
    ("activity.remove", "Old log entries removed"),
    ("activity.stream", "Log forwarding changed"),
    ("activity.stream.secret", "New secret for the log's webhook"),
    ("activity.stream.test", "Log forwarding tested"),
];

/// How long sealed entries are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// For ever.
    Forever,
    /// So many days, 30 to 3,650.
    Days(u16),
}

impl Retention {
    /// The name of the setting.
    pub const FIELD: &'static str = "log_days";

    /// `forever` or a number of days.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        match text.trim() {
            "forever" => Ok(Self::Forever),
            days => match days.parse() {
                Ok(days @ 30..=3_650) => Ok(Self::Days(days)),
                _ => Err(FieldError::new(Self::FIELD, "Days must be between 30 and 3650.")),
            },
        }
    }

    /// The text that [`Retention::parse`] takes.
    pub fn text(self) -> String {
        match self {
            Self::Forever => "forever".into(),
            Self::Days(days) => days.to_string(),
        }
    }

    /// What was written before is removed; nothing is if entries are kept for ever.
    pub fn edge(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Forever => None,
            Self::Days(days) => Some(now.minus(Span::days(i64::from(days)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_the_group_that_its_name_says() {
        for (action, group) in [
            ("sign_in", Group::SignIn),
            ("sign_in.code", Group::SignIn),
            ("verify", Group::SignIn),
            ("device.code.offline", Group::SignIn),
            ("device.mfa.on", Group::Devices),
            ("connect_key.create", Group::Devices),
            ("sign_in.application", Group::SignIn),
            ("application.certificate.make", Group::Applications),
            ("user.ssh_key.add", Group::Users),
            ("user.mfa.reset", Group::Mfa),
            ("administrator.mfa.reset", Group::Mfa),
            ("token.import", Group::Mfa),
            ("user.password.set", Group::Passwords),
            ("password.change", Group::Passwords),
            ("user.create", Group::Users),
            ("users.upload", Group::Users),
            ("administrator.create", Group::Administrators),
            ("api_key.create", Group::Administrators),
            ("activity.remove", Group::Organization),
            ("report.evidence", Group::Other),
            ("username.x", Group::Other),
            ("", Group::Other),
        ] {
            assert_eq!(Group::of(action), group, "{action}");
        }
        for group in Group::ALL {
            assert_eq!(Group::from_key(group.key()), Some(group));
        }
    }

    #[test]
    fn an_action_without_words_is_told_by_its_name() {
        assert_eq!(words("user.mfa.reset"), "MFA reset");
        assert_eq!(words("door.open_wide"), "Door open wide");
        assert_eq!(outcome_words("wrong_code"), "Wrong code");
        assert_eq!(outcome_words("unheard_of"), "Unheard of");
        let mut names: Vec<_> = ACTIONS.iter().map(|(name, _)| name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), ACTIONS.len(), "an action stands there twice");
    }

    #[test]
    fn entries_are_kept_for_a_month_to_ten_years_or_for_ever() {
        let now = Timestamp::from_seconds(86_400 * 100);
        assert_eq!(Retention::parse("forever").unwrap().edge(now), None);
        assert_eq!(Retention::parse(" 30 ").unwrap().edge(now), Some(Timestamp::from_seconds(86_400 * 70)));
        for kept in [Retention::Forever, Retention::Days(30), Retention::Days(3_650)] {
            assert_eq!(Retention::parse(&kept.text()), Ok(kept));
        }
        for bad in ["", "29", "3651", "-1", "abc", "70000"] {
            assert!(Retention::parse(bad).is_err(), "{bad}");
        }
    }
}
