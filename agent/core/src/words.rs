//! What is said at a login.
//!
//! Programs show it differently. sshd joins a text to the next prompt and never shows one that no prompt follows;
//! LightDM hides the prompt behind a text; sudo drops texts. There all words are inside the prompt. GDM and the
//! console show an error beside a short prompt.

use claviger_domain::time::{Span, Timestamp};
use claviger_wire::{login::Turn, server::Invite, service::Service};

/// Asks for the code. GDM cuts longer ones.
const PROMPT: &str = "Verification code: ";
/// Asks for the password.
pub const PASSWORD: &str = "Password: ";

/// What went wrong, or what there is to know, before a prompt or at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Words {
    /// A wrong code.
    Wrong,
    /// Not six digits.
    NotACode,
    /// S4.17.
    AlreadyUsed,
    /// A break-glass code that was used before.
    BreakGlassUsed,
    /// A break-glass code whose time is over.
    BreakGlassExpired,
    /// S4.19: codes aren't looked at for so long; nothing if an administrator must act.
    Locked(Option<Span>),
    /// Passwords aren't looked at for so long.
    Wait(Span),
    /// MFA was reset a moment ago.
    Changed,
    /// S8.5: too many wrong codes without the server.
    TooManyWrong,
    /// S8.5: the offline window is over.
    WindowEnded,
    /// There is nothing to check a code by.
    NothingToCheckBy,
    /// S8.7b.
    NotEnrolled,
    /// The account is locked.
    AccountLocked,
    /// The device can't write.
    Broken,
    /// S8.5: until when codes work here.
    Until(Timestamp),
}

impl Words {
    /// On one line, with whom to turn to where somebody else must act.
    fn line(&self, support: &str) -> String {
        let ask = |text: &str| match support {
            "" => format!("{text} Ask an administrator."),
            support => format!("{text} Contact {support}."),
        };
        match self {
            Self::Wrong => "That code is not right.".into(),
            Self::NotACode => "The code has six digits.".into(),
            Self::AlreadyUsed => "This code was already used. Wait for the next one.".into(),
            Self::BreakGlassUsed => ask("This break-glass code was already used."),
            Self::BreakGlassExpired => ask("The time of this break-glass code is over."),
            Self::Locked(Some(wait)) => format!("Too many wrong codes. Try again in {}.", in_words(*wait)),
            Self::Locked(None) => ask("Too many wrong codes."),
            Self::Wait(wait) => format!("Too many wrong passwords. Try again in {}.", in_words(*wait)),
            Self::Changed => "Your MFA was changed just now. Sign in again in a moment.".into(),
            Self::TooManyWrong => {
                ask("Too many wrong codes today, and this computer can't reach its server.")
            }
            Self::WindowEnded => {
                ask("This computer has been without its server for too long to check codes.")
            }
            Self::NothingToCheckBy => ask("This computer can't check your codes without its server yet."),
            Self::NotEnrolled => "Set up MFA in the User Portal before you sign in here.".into(),
            Self::AccountLocked => ask("This account is locked."),
            Self::Broken => ask("This computer can't take codes at the moment."),
            Self::Until(end) => format!("Without the network, codes work here until {}.", moment(*end)),
        }
    }
}

/// How a program shows a text.
enum Manner {
    /// Above the prompt, as a part of it.
    Above,
    /// In front of the prompt, on its line.
    InFront,
    /// Beside it.
    Beside,
}

const fn manner(service: Service) -> Manner {
    match service {
        Service::Sshd => Manner::Above,
        Service::Lightdm | Service::Sudo => Manner::InFront,
        Service::Login
        | Service::Gdm
        | Service::Sddm
        | Service::Greetd
        | Service::Su
        | Service::Windows
        | Service::RemoteDesktop
        | Service::LoginWindow => Manner::Beside,
    }
}

/// Asks for a code, with what there is to say before.
pub fn prompt(service: Service, words: Option<&Words>, support: &str) -> Vec<Turn> {
    let Some(words) = words else { return vec![Turn::Prompt(PROMPT.into())] };
    let line = words.line(support);
    match manner(service) {
        Manner::Above => vec![Turn::Prompt(format!("{line}\n{PROMPT}"))],
        Manner::InFront => {
            let short = if *words == Words::Wrong { "Wrong code.".into() } else { line };
            vec![Turn::Prompt(format!("{short} {PROMPT}"))]
        }
        Manner::Beside => {
            let shown = if matches!(words, Words::Until(_)) { Turn::Info(line) } else { Turn::Error(line) };
            vec![shown, Turn::Prompt(PROMPT.into())]
        }
    }
}

/// Ends it, with why; sshd would never show that.
pub fn end(service: Service, words: &Words, support: &str, verdict: Turn) -> Vec<Turn> {
    match manner(service) {
        Manner::Above => vec![verdict],
        Manner::InFront | Manner::Beside => vec![Turn::Error(words.line(support)), verdict],
    }
}

/// How to set MFA up, and how much time there is.
pub fn invitation(invite: &Invite, left: Span) -> Vec<Turn> {
    let days = match left.days_rounded_up() {
        ..=1 => "within a day".into(),
        days => format!("within {days} days"),
    };
    let words = format!("\nSet up MFA {days}:\n{}\n", invite.link);
    let picture = Some(&invite.picture).filter(|picture| !picture.is_empty());
    [Turn::Info(words)].into_iter().chain(picture.map(|picture| Turn::Info(format!("{picture}\n")))).collect()
}

fn in_words(wait: Span) -> String {
    let minutes = (wait.seconds_rounded_up() + 59) / 60;
    match minutes {
        ..=1 => "a minute".into(),
        2..=120 => format!("{minutes} minutes"),
        _ => format!("{} hours", (minutes + 59) / 60),
    }
}

/// Day, month and time of day, in UTC: a login program knows no other zone.
fn moment(at: Timestamp) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (day, second) = (at.seconds().div_euclid(86_400), at.seconds().rem_euclid(86_400));
    let (month, day) = month_and_day(day);
    let month = MONTHS.get(month).copied().unwrap_or_default();
    format!("{day} {month}, {:02}:{:02} UTC", second / 3_600, second / 60 % 60)
}

/// The month, from 0, and the day of it. Years are counted from March here, so that the odd day is their last.
fn month_and_day(days: i64) -> (usize, i64) {
    let of_era = (days + 719_468).rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    (usize::try_from((month + 2) % 12).unwrap_or_default(), day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sshd_is_told_nothing_but_prompts() {
        let wrong = prompt(Service::Sshd, Some(&Words::Wrong), "");
        assert_eq!(wrong, [Turn::Prompt("That code is not right.\nVerification code: ".into())]);
        assert_eq!(end(Service::Sshd, &Words::WindowEnded, "", Turn::Deny), [Turn::Deny]);
    }

    #[test]
    fn lightdm_has_it_in_the_prompt_and_gdm_beside_it() {
        let lightdm = prompt(Service::Lightdm, Some(&Words::Wrong), "");
        assert_eq!(lightdm, [Turn::Prompt("Wrong code. Verification code: ".into())]);
        let gdm = prompt(Service::Gdm, Some(&Words::Wrong), "");
        assert_eq!(
            gdm,
            [Turn::Error("That code is not right.".into()), Turn::Prompt("Verification code: ".into())]
        );
        assert_eq!(prompt(Service::Gdm, None, ""), [Turn::Prompt("Verification code: ".into())]);
    }

    #[test]
    fn whom_to_turn_to_is_said_where_somebody_must_act() {
        assert!(Words::Locked(None).line("it@acme.test").ends_with("Contact it@acme.test."));
        assert!(Words::WindowEnded.line("").ends_with("Ask an administrator."));
        assert_eq!(
            Words::Locked(Some(Span::seconds(61))).line("x"),
            "Too many wrong codes. Try again in 2 minutes."
        );
    }

    #[test]
    fn an_invitation_says_how_and_by_when() {
        let invite = Invite { link: "https://sso.acme.test/enroll".into(), picture: "█▀".into() };
        let turns = invitation(&invite, Span::days(3));
        let [Turn::Info(words), Turn::Info(picture)] = turns.as_slice() else { panic!("{turns:?}") };
        assert_eq!(words, "\nSet up MFA within 3 days:\nhttps://sso.acme.test/enroll\n");
        assert_eq!(picture, "█▀\n");
        let alone = Invite { picture: String::new(), ..invite };
        let last = invitation(&alone, Span::hours(5));
        assert_eq!(last, [Turn::Info("\nSet up MFA within a day:\nhttps://sso.acme.test/enroll\n".into())]);
    }

    #[test]
    fn moments_are_days_of_the_calendar() {
        for (seconds, shown) in [
            (0, "1 Jan, 00:00 UTC"),
            (951_782_400 - 1, "28 Feb, 23:59 UTC"),
            (951_782_400, "29 Feb, 00:00 UTC"),
            (951_868_800, "1 Mar, 00:00 UTC"),
            (1_798_725_900, "31 Dec, 14:05 UTC"),
            (4_107_542_400, "1 Mar, 00:00 UTC"),
        ] {
            assert_eq!(moment(Timestamp::from_seconds(seconds)), shown);
        }
    }
}
