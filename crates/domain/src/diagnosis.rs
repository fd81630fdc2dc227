//! Why a first code was wrong, told at the set-up only (S4.6). Nothing here accepts a code.

use crate::{
    field::FieldError,
    secret::Secret,
    time::Timestamp,
    totp::{Code, Digest, PERIOD, TotpSecret, hotp},
};

/// A first code as a person typed it.
#[derive(Clone, Debug)]
pub enum Typed {
    /// Six digits, which can be right.
    Six(Code),
    /// Eight digits, which never are.
    Eight(Secret<u32>),
}

impl Typed {
    /// Drops spaces and takes six ASCII digits, or eight.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        match (Code::parse(field, text), eight(text)) {
            (Ok(code), _) => Ok(Self::Six(code)),
            (Err(_), Some(digits)) => Ok(Self::Eight(digits)),
            (Err(refused), None) => Err(refused),
        }
    }
}

fn eight(text: &str) -> Option<Secret<u32>> {
    let digits: Secret<String> = Secret::new(text.chars().filter(|c| !c.is_whitespace()).collect());
    let digits = digits.expose();
    let is_eight = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_eight { digits.parse().ok().map(Secret::new) } else { None }
}

/// The secrets that a person was shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The one that is being set up.
    pub secret: &'a TotpSecret,
    /// The one of the QR code before it.
    pub earlier: Option<&'a TotpSecret>,
}

/// Which way a clock is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// It runs ahead.
    Fast,
    /// It runs behind.
    Slow,
}

/// S4.6: what makes codes that are not ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The app takes another digest.
    WrongDigest(Digest),
    /// The app shows eight digits.
    EightDigits,
    /// The app shows a new code every minute.
    SixtySeconds,
    /// The clock is off by about so many seconds.
    ClockOff {
        /// How many.
        seconds: i64,
        /// Which way.
        clock: Clock,
    },
    /// The code is that of the QR code before.
    EarlierQr,
    /// None of these.
    Unknown,
}

/// How an app makes its codes.
#[derive(Clone, Copy)]
struct Maker {
    digest: Digest,
    digits: u32,
    period: i64,
}

impl Maker {
    const OURS: Self = Self { digest: Digest::Sha1, digits: 6, period: PERIOD };
    /// Ten minutes either way: twenty steps of ours.
    const REACH: i64 = 20 * PERIOD;

    /// How many of its steps from now it shows a code that `reads` as what was typed, the nearest first.
    fn offset(self, secret: &TotpSecret, now: Timestamp, reads: impl Fn(u32) -> bool) -> Option<i64> {
        let center = now.seconds().div_euclid(self.period);
        (0..=Self::REACH / self.period).flat_map(|steps| [-steps, steps]).find(|offset| {
            let counter = center.saturating_add(*offset).cast_unsigned();
            reads(hotp(self.digest, secret.expose(), counter, self.digits))
        })
    }

    fn makes(self, secret: &TotpSecret, now: Timestamp, reads: impl Fn(u32) -> bool) -> bool {
        self.offset(secret, now, reads).is_some()
    }
}

/// What is wrong with a code that was refused at `now`. One thing at a time is looked for: of two that are wrong
/// one is told now and the other at the next try.
pub fn diagnose(typed: &Typed, shown: Shown<'_>, now: Timestamp) -> Finding {
    match typed {
        Typed::Six(code) => six(code.value(), shown, now),
        Typed::Eight(digits) => eight_digits(*digits.expose(), shown, now),
    }
}

fn six(typed: u32, shown: Shown<'_>, now: Timestamp) -> Finding {
    let reads = |code| code == typed;
    let makes = |maker: Maker| maker.makes(shown.secret, now, reads);
    let with = |digest| Maker { digest, ..Maker::OURS };
    if let Some(offset) = Maker::OURS.offset(shown.secret, now, reads) {
        return clock(offset, now);
    }
    if shown.earlier.is_some_and(|earlier| Maker::OURS.makes(earlier, now, reads)) {
        return Finding::EarlierQr;
    }
    if let Some(digest) = [Digest::Sha256, Digest::Sha512].into_iter().find(|digest| makes(with(*digest))) {
        return Finding::WrongDigest(digest);
    }
    if makes(Maker { period: 60, ..Maker::OURS }) {
        return Finding::SixtySeconds;
    }
    // A code field takes six digits and sends them on.
    let begins = Maker { digits: 8, ..Maker::OURS };
    if begins.makes(shown.secret, now, |code| code / 100 == typed) {
        return Finding::EightDigits;
    }
    Finding::Unknown
}

/// That there are eight digits is wrong enough, unless they are those of the QR code before.
fn eight_digits(typed: u32, shown: Shown<'_>, now: Timestamp) -> Finding {
    let maker = Maker { digits: 8, ..Maker::OURS };
    match shown.earlier {
        Some(earlier) if maker.makes(earlier, now, |code| code == typed) => Finding::EarlierQr,
        Some(_) | None => Finding::EightDigits,
    }
}

/// From the middle of the step that the code belongs to; what every window takes says nothing of the clock.
fn clock(offset: i64, now: Timestamp) -> Finding {
    if matches!(offset, -1 | 0) {
        return Finding::Unknown;
    }
    let step = now.seconds().div_euclid(PERIOD).saturating_add(offset);
    let shows = step.saturating_mul(PERIOD).saturating_add(PERIOD / 2);
    let behind = now.seconds().saturating_sub(shows);
    let clock = if behind < 0 { Clock::Fast } else { Clock::Slow };
    Finding::ClockOff { seconds: behind.saturating_abs(), clock }
}

impl Finding {
    /// What is wrong and what to do, for the person who typed the code.
    pub fn words(self) -> String {
        match self {
            Self::WrongDigest(digest) => format!(
                "Your app or token makes its codes with {}, but SHA-1 is needed. Set it to SHA-1 or use another app, \
                 then try again.",
                match digest {
                    Digest::Sha1 => "SHA-1",
                    Digest::Sha256 => "SHA-256",
                    Digest::Sha512 => "SHA-512",
                }
            ),
            Self::EightDigits => {
                "Codes have six digits here. If your app or token shows eight, set it to six and try \
                                  again."
                    .into()
            }
            Self::SixtySeconds => {
                "Your app or token makes a new code every 60 seconds. Set it to 30 seconds and try \
                                   again."
                    .into()
            }
            Self::ClockOff { seconds, clock } => {
                let way = match clock {
                    Clock::Fast => "fast",
                    Clock::Slow => "slow",
                };
                format!(
                    "Your phone's clock is about {} {way}. Switch on automatic date and time, then try again.",
                    length(seconds)
                )
            }
            Self::EarlierQr => {
                "This is the code of the QR code that you were shown before. Delete that entry in your \
                                app and scan the newest QR code."
                    .into()
            }
            Self::Unknown => {
                "That code is not right. Check that it is for this account and type the newest one.".into()
            }
        }
    }
}

fn length(seconds: i64) -> String {
    match seconds {
        ..=150 => format!("{seconds} seconds"),
        more => format!("{} minutes", (more + 30) / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::totp::Step;

    /// Twenty seconds into its step, and into its minute.
    const NOW: Timestamp = Timestamp::from_seconds(1_500_000_020);

    fn secret() -> TotpSecret {
        TotpSecret::new((0..20).collect())
    }

    fn earlier() -> TotpSecret {
        TotpSecret::new((100..120).collect())
    }

    fn typed(code: u32, digits: usize) -> Typed {
        Typed::parse("code", &format!("{code:0digits$}")).unwrap()
    }

    fn found(typed: &Typed) -> Finding {
        diagnose(typed, Shown { secret: &secret(), earlier: Some(&earlier()) }, NOW)
    }

    fn made(digest: Digest, digits: u32, period: i64, offset: i64) -> u32 {
        let counter = (NOW.seconds() / period + offset).cast_unsigned();
        hotp(digest, secret().expose(), counter, digits)
    }

    #[test]
    fn six_digits_and_eight_are_taken_and_nothing_else() {
        assert!(matches!(typed(123_456, 6), Typed::Six(_)));
        assert!(matches!(Typed::parse("code", " 0012 3456 "), Ok(Typed::Eight(_))));
        for refused in ["", "12345", "1234567", "123456789", "1234567x", "１２３４５６７８", "+1234567"]
        {
            let error = Typed::parse("code", refused).unwrap_err();
            assert_eq!(error.message, "The code has six digits.", "{refused}");
        }
        assert_eq!(format!("{:?}", typed(12_345_678, 8)), "Eight(Secret(…))");
    }

    #[test]
    fn a_clock_that_is_off_is_measured_up_to_ten_minutes() {
        let table = [
            (-2, Some((65, Clock::Slow))),
            (-3, Some((95, Clock::Slow))),
            (-20, Some((605, Clock::Slow))),
            (1, Some((25, Clock::Fast))),
            (2, Some((55, Clock::Fast))),
            (20, Some((595, Clock::Fast))),
            (-21, None),
            (21, None),
            (0, None),
            (-1, None),
        ];
        for (offset, expected) in table {
            let code = secret().code(Step(Step::at(NOW).0 + offset));
            let expected = match expected {
                Some((seconds, clock)) => Finding::ClockOff { seconds, clock },
                None => Finding::Unknown,
            };
            assert_eq!(found(&typed(code, 6)), expected, "{offset}");
        }
    }

    #[test]
    fn every_way_of_making_codes_that_is_not_ours_is_found() {
        for offset in [-4, 0, 3] {
            let digest = |digest| found(&typed(made(digest, 6, 30, offset), 6));
            assert_eq!(digest(Digest::Sha256), Finding::WrongDigest(Digest::Sha256));
            assert_eq!(digest(Digest::Sha512), Finding::WrongDigest(Digest::Sha512));
            assert_eq!(found(&typed(made(Digest::Sha1, 6, 60, offset), 6)), Finding::SixtySeconds);
            let eight = made(Digest::Sha1, 8, 30, offset);
            assert_eq!(found(&typed(eight, 8)), Finding::EightDigits);
            assert_eq!(found(&typed(eight / 100, 6)), Finding::EightDigits);
        }
        assert_eq!(found(&typed(12_345_678, 8)), Finding::EightDigits);
        assert_eq!(found(&typed(123_456, 6)), Finding::Unknown);
    }

    #[test]
    fn the_code_of_the_qr_code_before_is_known_while_there_was_one() {
        let step = Step::at(NOW);
        let six = typed(earlier().code(step), 6);
        let eight = typed(hotp(Digest::Sha1, earlier().expose(), step.0.cast_unsigned(), 8), 8);
        assert_eq!(found(&six), Finding::EarlierQr);
        assert_eq!(found(&eight), Finding::EarlierQr);
        let alone = |typed: &Typed| diagnose(typed, Shown { secret: &secret(), earlier: None }, NOW);
        assert_eq!((alone(&six), alone(&eight)), (Finding::Unknown, Finding::EightDigits));
    }

    #[test]
    fn every_finding_says_what_to_do() {
        let slow = Finding::ClockOff { seconds: 95, clock: Clock::Slow };
        assert_eq!(
            slow.words(),
            "Your phone's clock is about 95 seconds slow. Switch on automatic date and time, then try again."
        );
        assert!(Finding::ClockOff { seconds: 595, clock: Clock::Fast }.words().contains("10 minutes fast"));
        assert!(Finding::WrongDigest(Digest::Sha512).words().contains("SHA-512"));
        for (finding, part) in [
            (Finding::EightDigits, "six"),
            (Finding::SixtySeconds, "30 seconds"),
            (Finding::EarlierQr, "newest QR code"),
            (Finding::Unknown, "newest one"),
        ] {
            assert!(finding.words().contains(part), "{finding:?}");
        }
    }
}
