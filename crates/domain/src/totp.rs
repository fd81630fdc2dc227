//! One-time codes: HOTP (RFC 4226) and TOTP (RFC 6238), the window, and the clock drift of a factor.

mod drift;

pub use drift::Drift;

use crate::{field::FieldError, mac::keyed, secret::Secret, time::Timestamp};
use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use std::fmt;
use subtle::ConstantTimeEq;

/// Seconds in a step.
pub const PERIOD: i64 = 30;
/// Bytes of a new secret: 160 bits (S4.7).
pub const SECRET_BYTES: usize = 20;
const CODE_DIGITS: u32 = 6;
/// The farthest step from the server's own, or from where a resync put it, that is ever accepted (S4.18).
const REACH: i64 = 2;

/// The number of a 30-second interval since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step(pub i64);

impl Step {
    /// Before every step of our time: nothing was used yet.
    pub const NONE: Step = Step(-1);

    /// The step that `now` belongs to.
    pub const fn at(now: Timestamp) -> Self {
        Self(now.seconds().div_euclid(PERIOD))
    }

    /// When the step begins.
    pub const fn starts(self) -> Timestamp {
        Timestamp::from_seconds(self.0.saturating_mul(PERIOD))
    }
}

/// Six digits as a person typed them, normalized once.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(Secret<[u8; 6]>);

impl Code {
    /// Drops spaces and takes exactly six ASCII digits (S4.16).
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        let refused = || FieldError::new(field, "The code has six digits.");
        let mut digits = [0; 6];
        let mut typed = text.chars().filter(|c| !c.is_whitespace());
        for digit in &mut digits {
            *digit = match typed.next() {
                Some(c) if c.is_ascii_digit() => u8::try_from(c).map_err(|_| refused())?,
                _ => return Err(refused()),
            };
        }
        match typed.next() {
            None => Ok(Self(Secret::new(digits))),
            Some(_) => Err(refused()),
        }
    }

    /// The six ASCII digits, for what is computed from them.
    pub(crate) fn digits(&self) -> &[u8; 6] {
        self.0.expose()
    }

    pub(crate) fn value(&self) -> u32 {
        self.0.expose().iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'))
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

/// The digest under the HMAC. Factors use SHA-1, which every app and token takes (S4.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// HMAC-SHA-1.
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

/// RFC 4226 §5.3: the value of `digits` decimal digits (1 to 9) for `counter`.
pub fn hotp(digest: Digest, key: &[u8], counter: u64, digits: u32) -> u32 {
    match digest {
        Digest::Sha1 => value(keyed::<Hmac<Sha1>>(key), counter, digits),
        Digest::Sha256 => value(keyed::<Hmac<Sha256>>(key), counter, digits),
        Digest::Sha512 => value(keyed::<Hmac<Sha512>>(key), counter, digits),
    }
}

fn value<M: Mac>(keyed: Option<M>, counter: u64, digits: u32) -> u32 {
    let mac = keyed.map(|mac| mac.chain_update(counter.to_be_bytes()).finalize().into_bytes());
    mac.map(|mac| truncate(&mac)).unwrap_or_default() % 10_u32.pow(digits.clamp(1, 9))
}

/// RFC 4226 §5.3, dynamic truncation: 31 bits at the offset that the last four bits name.
fn truncate(mac: &[u8]) -> u32 {
    let offset = usize::from(mac.last().copied().unwrap_or_default() & 0xf);
    mac.iter().skip(offset).take(4).fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) & 0x7fff_ffff
}

/// A factor's shared secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TotpSecret(Secret<Vec<u8>>);

impl TotpSecret {
    /// A secret of these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Secret::new(bytes))
    }

    /// The bytes, for sealing.
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }

    /// Upper-case unpadded Base32, as apps take it (S4.7).
    pub fn base32(&self) -> Secret<String> {
        Secret::new(BASE32_NOPAD.encode(self.0.expose()))
    }

    /// The six digits of `step`.
    pub fn code(&self, step: Step) -> u32 {
        self.codes().of(step)
    }

    /// What makes its codes, where many are asked for.
    pub(crate) fn codes(&self) -> Codes {
        Codes(keyed(self.0.expose()))
    }

    /// Whether `code` is that of `step`.
    pub fn makes(&self, code: &Code, step: Step) -> bool {
        self.code(step).ct_eq(&code.value()).into()
    }

    /// S4.17: looks for `code` around now; steps up to `last` are used.
    pub fn matching(&self, code: &Code, around: Around, last: Step) -> Match {
        around.find(last, |step| self.makes(code, step))
    }
}

/// Makes the codes of one secret, whose key is prepared once.
pub(crate) struct Codes(Option<Hmac<Sha1>>);

impl Codes {
    pub(crate) fn of(&self, step: Step) -> u32 {
        value(self.0.clone(), step.0.cast_unsigned(), CODE_DIGITS)
    }
}

/// The steps that are looked at: a window around now, shifted by the learned drift.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    /// Now.
    pub now: Timestamp,
    /// Which steps the organization accepts.
    pub window: Window,
    /// How far the factor's clock is from ours.
    pub drift: Drift,
}

/// What a code turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// The code of a step that is not used yet.
    Fresh(Step),
    /// The code of a step that is used or dead.
    Used,
    /// No step of the window has this code.
    None,
}

/// Which steps an organization accepts (S2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The step before, this one, and the one after.
    Tolerant,
    /// This step and the one before.
    Strict,
}

impl Around {
    /// Which step around now is the one that `makes` knows, first to last, telling used ones (up to `last`) from
    /// fresh ones. Every step is asked for, whatever matched before.
    pub fn find(self, last: Step, makes: impl Fn(Step) -> bool) -> Match {
        self.steps().fold(Match::None, |found, step| {
            let hit = makes(step);
            match (hit, step > last, found) {
                (true, true, Match::None | Match::Used) => Match::Fresh(step),
                (true, false, Match::None) => Match::Used,
                (_, _, found) => found,
            }
        })
    }

    fn steps(self) -> impl Iterator<Item = Step> {
        let center = Step::at(self.now).0.saturating_add(self.drift.resynced);
        let drift = self.drift.steps();
        let ahead = match self.window {
            Window::Tolerant => 1,
            Window::Strict => 0,
        };
        let first = (drift - 1).max(-REACH);
        let last = (drift + ahead).min(REACH);
        (first..=last).map(move |offset| Step(center.saturating_add(offset)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;
    use proptest::prelude::*;

    fn secret() -> TotpSecret {
        TotpSecret::new(b"12345678901234567890".to_vec())
    }

    fn code(text: &str) -> Code {
        Code::parse("code", text).unwrap()
    }

    fn learned(learned: i32) -> Drift {
        Drift { learned, ..Drift::default() }
    }

    fn around(now: Timestamp) -> Around {
        Around { now, window: Window::Tolerant, drift: Drift::default() }
    }

    #[test]
    fn rfc_4226_appendix_d_holds() {
        let expected =
            [755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871, 520_489];
        for (counter, value) in (0..).zip(expected) {
            assert_eq!(hotp(Digest::Sha1, b"12345678901234567890", counter, 6), value);
        }
    }

    #[test]
    fn rfc_6238_appendix_b_holds() {
        let sha256 = b"12345678901234567890123456789012";
        let sha512 = b"1234567890123456789012345678901234567890123456789012345678901234";
        let table = [
            (59, 94_287_082, 46_119_246, 90_693_936),
            (1_111_111_109, 7_081_804, 68_084_774, 25_091_201),
            (1_111_111_111, 14_050_471, 67_062_674, 99_943_326),
            (1_234_567_890, 89_005_924, 91_819_424, 93_441_116),
            (2_000_000_000, 69_279_037, 90_698_825, 38_618_901),
            (20_000_000_000, 65_353_130, 77_737_706, 47_863_826),
        ];
        for (seconds, one, two, five) in table {
            let step = Step::at(Timestamp::from_seconds(seconds)).0.cast_unsigned();
            assert_eq!(hotp(Digest::Sha1, b"12345678901234567890", step, 8), one);
            assert_eq!(hotp(Digest::Sha256, sha256, step, 8), two);
            assert_eq!(hotp(Digest::Sha512, sha512, step, 8), five);
        }
    }

    #[test]
    fn a_code_is_six_ascii_digits_and_spaces_are_dropped() {
        assert_eq!(code(" 123 456 ").value(), 123_456);
        assert_eq!(code("000001").value(), 1);
        for refused in ["", "12345", "1234567", "12345a", "12345６", "１２３４５６", "12-456", "+12345"]
        {
            assert!(Code::parse("code", refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_code_lives_in_its_own_step_the_next_and_when_tolerant_the_one_before() {
        let secret = secret();
        let step = Step(50_000_000);
        let typed = code(&format!("{:06}", secret.code(step)));
        let table =
            [(-2, false, false), (-1, true, false), (0, true, true), (1, true, true), (2, false, false)];
        for (offset, tolerant, strict) in table {
            let now = Step(step.0 + offset).starts();
            for (window, accepted) in [(Window::Tolerant, tolerant), (Window::Strict, strict)] {
                let found =
                    secret.matching(&typed, Around { now, window, drift: Drift::default() }, Step::NONE);
                assert_eq!(found == Match::Fresh(step), accepted, "{window:?} at {offset}");
            }
        }
    }

    #[test]
    fn a_used_step_and_every_earlier_one_are_dead() {
        let secret = secret();
        let step = Step(50_000_000);
        let typed = code(&format!("{:06}", secret.code(step)));
        for last in [step, Step(step.0 + 1)] {
            let found = secret.matching(&typed, around(step.starts()), last);
            assert_eq!(found, Match::Used);
        }
    }

    #[test]
    fn a_slow_clock_is_followed_and_a_slow_typist_is_not() {
        let now = Step(50_000_000).starts();
        let late = Step(50_000_000 - 1);
        let slow_clock = (0..12).fold(Drift::default(), |drift, _| drift.learn(late, now));
        assert_eq!(slow_clock.steps(), -1);
        let typist = (0..40).fold(Drift::default(), |drift, n| {
            drift.learn(if n % 2 == 0 { late } else { Step::at(now) }, now)
        });
        assert_eq!(typist.steps(), 0);
        assert_eq!(slow_clock.faded(Span::days(90)).steps(), 0);
        assert_eq!(slow_clock.faded(Span::days(89)), slow_clock);
    }

    #[test]
    fn drift_never_reaches_past_two_steps() {
        let now = Step(50_000_000).starts();
        for (drift, window) in [(-1000, Window::Tolerant), (1000, Window::Tolerant), (1000, Window::Strict)] {
            let reach = Around { now, window, drift: learned(drift) }
                .steps()
                .map(|step| (step.0 - 50_000_000).abs())
                .max();
            assert!(reach <= Some(2), "{drift} {window:?}");
        }
    }

    #[test]
    fn a_resynced_clock_moves_the_window_and_learns_around_it() {
        let now = Step(50_000_000).starts();
        let drift = Drift { resynced: -10, learned: 0 };
        let steps: Vec<_> = Around { drift, ..around(now) }.steps().map(|step| step.0 - 50_000_000).collect();
        assert_eq!(steps, [-11, -10, -9]);
        assert_eq!(drift.learn(Step(50_000_000 - 10), now), drift);
        let slower = (0..12).fold(drift, |drift, _| drift.learn(Step(50_000_000 - 11), now));
        assert_eq!((slower.resynced, slower.steps()), (-10, -1));
        assert_eq!(Drift { learned: -400, ..drift }.thousandths(), -10_400);
        assert_eq!(slower.faded(Span::days(900)), drift);
    }

    proptest! {
        #[test]
        fn no_mean_of_offsets_leaves_the_reach(offsets in prop::collection::vec(-10_i64..10, 0..60)) {
            let now = Step(1_000).starts();
            let drift = offsets.iter().fold(Drift::default(), |drift, offset| drift.learn(Step(1_000 + offset), now));
            prop_assert!(drift.learned.abs() <= 2_000);
            prop_assert!(drift.steps().abs() <= 1);
        }

        #[test]
        fn what_is_found_is_the_code_of_its_step(bytes in prop::collection::vec(any::<u8>(), 20), at in 0_i64..4_000_000_000, digits in 0_u32..1_000_000) {
            let secret = TotpSecret::new(bytes);
            let typed = code(&format!("{digits:06}"));
            let now = Timestamp::from_seconds(at);
            match secret.matching(&typed, around(now), Step::NONE) {
                Match::Fresh(step) => prop_assert_eq!(secret.code(step), digits),
                Match::None => prop_assert!((-1..=1).all(|o| secret.code(Step(Step::at(now).0 + o)) != digits)),
                Match::Used => prop_assert!(Step::at(now).0 <= 0),
            }
        }
    }

    #[test]
    fn a_secret_is_told_in_base32_and_a_code_never() {
        assert_eq!(secret().base32().expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(secret().expose(), b"12345678901234567890");
        let shown = format!("{:?} {:?}", code("755224"), secret());
        assert!(shown.contains("Code") && !shown.contains("755") && !shown.contains("49, 50"), "{shown}");
    }

    #[test]
    fn a_drift_counts_as_a_step_from_nine_tenths_on() {
        let steps = [-2000, -900, -899, 0, 899, 900, 2000].map(|drift| learned(drift).steps());
        assert_eq!(steps, [-1, -1, 0, 0, 0, 1, 1]);
    }

    #[test]
    fn nothing_was_used_before_the_first_step() {
        assert!(Step::NONE < Step::at(Timestamp(0)));
    }
}
