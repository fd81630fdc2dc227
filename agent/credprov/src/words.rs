//! What the provider says where the agent has no words: because Windows said no, or because the agent is away.

/// A wrong name or password, as Windows says it.
pub(crate) const INCORRECT: &str = "The user name or password is incorrect. Try again.";
/// Windows locked the account.
pub(crate) const LOCKED_OUT: &str = "This account is locked after too many wrong passwords. Try again later.";
/// The agent refused without a word.
pub(crate) const REFUSED: &str = "You can't sign in here. Ask an administrator.";
/// The agent can't be asked, and this is somebody whom it would ask.
pub(crate) const AWAY: &str = "This computer can't take codes at the moment. Ask an administrator.";
/// The conversation broke off, or took too long.
pub(crate) const BROKEN_OFF: &str = "That took too long. Sign in again.";
/// A name that can't be looked up.
pub(crate) const UNKNOWN_NAME: &str = "This computer can't look that name up at the moment. Try again.";
/// Nothing in a field.
pub(crate) const EMPTY: &str = "Enter your user name and password.";
/// More than Windows takes.
pub(crate) const TOO_LONG: &str = "The user name or password is too long.";

/// What there is to say of a status of Windows after the logon; nothing where Windows has better words, or asks on.
pub(crate) const fn of_status(status: u32, sub_status: u32) -> Option<&'static str> {
    Some(match (status, sub_status) {
        // STATUS_ACCOUNT_RESTRICTION, for an account that is disabled.
        (0xC000_006E, 0xC000_0072) | (0xC000_0072, _) => "This account is disabled. Ask an administrator.",
        // STATUS_LOGON_FAILURE, STATUS_WRONG_PASSWORD, STATUS_NO_SUCH_USER
        (0xC000_006D | 0xC000_006A | 0xC000_0064, _) => INCORRECT,
        // STATUS_ACCOUNT_LOCKED_OUT
        (0xC000_0234, _) => LOCKED_OUT,
        // STATUS_INVALID_LOGON_HOURS
        (0xC000_006F, _) | (0xC000_006E, 0xC000_006F) => "This account can't sign in at this time.",
        // STATUS_INVALID_WORKSTATION
        (0xC000_0070, _) | (0xC000_006E, 0xC000_0070) => "This account can't sign in at this computer.",
        // STATUS_LOGON_TYPE_NOT_GRANTED
        (0xC000_015B, _) => "This account may not sign in this way. Ask an administrator.",
        // STATUS_NO_LOGON_SERVERS
        (0xC000_005E, _) => "No server of the domain can be reached.",
        // STATUS_PASSWORD_EXPIRED and STATUS_PASSWORD_MUST_CHANGE: Windows asks for a new one.
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_windows_says_has_words_and_a_password_to_change_is_left_to_windows() {
        for status in [0xC000_006D, 0xC000_0234, 0xC000_0072, 0xC000_005E] {
            assert!(of_status(status, 0).is_some_and(|words| words.ends_with('.')), "{status:x}");
        }
        assert_eq!(of_status(0xC000_006E, 0xC000_0072), of_status(0xC000_0072, 0));
        for status in [0xC000_0071, 0xC000_0224, 0xC000_006E, 0] {
            assert_eq!(of_status(status, 0), None, "{status:x}");
        }
    }
}
