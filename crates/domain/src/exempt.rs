//! Of whom no MFA is demanded, and why: what evidence tells beside the status (S4.14).

use crate::{account::State, mfa::Requirement, sign_in::TotpSwitch};

/// Why no MFA is demanded of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exempt {
    /// They were never activated and can't sign in (S3.2).
    Staged,
    /// They are barred and can't sign in (S3.2).
    Suspended,
    /// The organization's TOTP is disabled, and all requirements rest (S2.3).
    TotpDisabled,
    /// Nobody requires it of them.
    NotRequired,
}

impl Exempt {
    /// The reason that weighs most; nothing if MFA is demanded.
    pub const fn of(state: State, totp: TotpSwitch, requirement: Requirement) -> Option<Self> {
        match (state, totp, requirement) {
            (State::Staged, _, _) => Some(Self::Staged),
            (State::Suspended, _, _) => Some(Self::Suspended),
            (State::Activated, TotpSwitch::Disabled, _) => Some(Self::TotpDisabled),
            (State::Activated, TotpSwitch::Enabled, Requirement::NotRequired) => Some(Self::NotRequired),
            (
                State::Activated,
                TotpSwitch::Enabled,
                Requirement::AtOnce | Requirement::By(_) | Requirement::Paused(_),
            ) => None,
        }
    }

    /// The word in exports.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Staged => "staged",
            Self::Suspended => "suspended",
            Self::TotpDisabled => "totp_disabled",
            Self::NotRequired => "not_required",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Span, Timestamp};

    #[test]
    fn whoever_can_sign_in_and_is_required_is_not_exempt() {
        let requirements = [
            Requirement::NotRequired,
            Requirement::AtOnce,
            Requirement::By(Timestamp(0)),
            Requirement::Paused(Span::days(1)),
        ];
        let table = [
            (State::Staged, TotpSwitch::Enabled, [Some(Exempt::Staged); 4]),
            (State::Staged, TotpSwitch::Disabled, [Some(Exempt::Staged); 4]),
            (State::Suspended, TotpSwitch::Enabled, [Some(Exempt::Suspended); 4]),
            (State::Suspended, TotpSwitch::Disabled, [Some(Exempt::Suspended); 4]),
            (State::Activated, TotpSwitch::Disabled, [Some(Exempt::TotpDisabled); 4]),
            (State::Activated, TotpSwitch::Enabled, [Some(Exempt::NotRequired), None, None, None]),
        ];
        for (state, totp, expected) in table {
            let got = requirements.map(|requirement| Exempt::of(state, totp, requirement));
            assert_eq!(got, expected, "{state:?} {totp:?}");
        }
    }

    #[test]
    fn each_reason_has_a_word() {
        let words =
            [Exempt::Staged, Exempt::Suspended, Exempt::TotpDisabled, Exempt::NotRequired].map(Exempt::key);
        assert_eq!(words, ["staged", "suspended", "totp_disabled", "not_required"]);
    }
}
