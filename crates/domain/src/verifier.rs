//! What a device checks codes with instead of a secret (S8.5, S8.6).
//!
//! For each user a device has a key and, for each step of the offline window, eight bytes that only the code of that
//! step gives under that key. Whoever reads them learns the codes of those steps by trying, and nothing of any other
//! step, of another device, or of the secret.

use crate::{
    id::{DeviceId, FactorId},
    mac::{SHA256_BYTES, keyed, sha256},
    secret::Secret,
    time::Timestamp,
    totp::{Around, Code, Match, Step, TotpSecret},
};
use hmac::Hmac;
use sha2::Sha256;
use std::ops::Range;
use subtle::ConstantTimeEq;

/// Bytes of a key.
pub const KEY_BYTES: usize = SHA256_BYTES;
/// Bytes of one verifier.
pub const VERIFIER_BYTES: usize = 8;
/// Steps of a day.
pub const STEPS_A_DAY: i64 = 2_880;

/// Steps of one answer at most: 32 days, so that the default window is one.
const STEPS_AT_ONCE: i64 = 32 * STEPS_A_DAY;
/// Steps before and after that a code may be of (S4.17, S4.18).
const AROUND: i64 = 3;

/// S8.5: the steps that a device checks codes of on its own from now on, beginning with `from`, as many as one answer
/// holds. `resynced` is where a resync found the factor's clock.
pub fn offline_window(resynced: i64, days: u16, from: Step, now: Timestamp) -> Range<i64> {
    let center = Step::at(now).0.saturating_add(resynced);
    let end = center.saturating_add(i64::from(days).saturating_mul(STEPS_A_DAY)).saturating_add(AROUND);
    let first = from.0.clamp(center.saturating_sub(AROUND), end);
    first..end.min(first.saturating_add(STEPS_AT_ONCE))
}

/// What the codes of one step look like under a device's key.
pub type Verifier = [u8; VERIFIER_BYTES];

/// What one user's codes are verified with on one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceKey(Secret<[u8; KEY_BYTES]>);

impl DeviceKey {
    /// A key of these bytes.
    pub const fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The key of a factor on a device. HMAC doesn't give the secret away, and gives every device and every factor
    /// another key, so that the server has none to keep.
    pub fn of(secret: &TotpSecret, device: DeviceId, factor: FactorId) -> Self {
        let parts: [&[u8]; 3] = [b"claviger device key 1", device.0.as_bytes(), factor.0.as_bytes()];
        Self::new(sha256(keyed(secret.expose()), &parts))
    }

    /// The bytes, for the device's own memory.
    pub const fn expose(&self) -> &[u8; KEY_BYTES] {
        self.0.expose()
    }

    /// The verifier of what is typed in that step.
    pub fn verifier(&self, step: Step, code: &Code) -> Verifier {
        verifier(keyed(self.0.expose()), step, code.digits())
    }

    /// The verifiers of consecutive steps, for the device.
    pub fn verifiers(&self, secret: &TotpSecret, steps: Range<i64>) -> Vec<Verifier> {
        let (codes, key) = (secret.codes(), keyed::<Hmac<Sha256>>(self.0.expose()));
        steps.map(Step).map(|step| verifier(key.clone(), step, &digits(codes.of(step)))).collect()
    }

    /// S4.17 on a device: looks for `code` around now among the verifiers it has; steps up to `last` are used.
    pub fn matching(
        &self,
        code: &Code,
        around: Around,
        last: Step,
        stored: impl Fn(Step) -> Option<Verifier>,
    ) -> Match {
        around.find(last, |step| {
            let expected = stored(step);
            let typed = self.verifier(step, code);
            expected.is_some_and(|expected| expected.ct_eq(&typed).into())
        })
    }
}

/// Six decimal digits, as they are typed.
fn digits(mut value: u32) -> [u8; 6] {
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(value % 10).unwrap_or_default();
        value /= 10;
    }
    digits
}

fn verifier(key: Option<Hmac<Sha256>>, step: Step, digits: &[u8; 6]) -> Verifier {
    let [a, b, c, d, e, f, g, h, ..] = sha256(key, &[&step.0.to_be_bytes(), digits]);
    [a, b, c, d, e, f, g, h]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::totp::{Drift, Window};

    const NOW: Timestamp = Timestamp::from_seconds(1_500_000_015);

    fn secret() -> TotpSecret {
        TotpSecret::new((0..20).collect())
    }

    fn key(device: u8) -> DeviceKey {
        DeviceKey::of(&secret(), DeviceId::new(NOW, [device; 10]), FactorId::new(NOW, [7; 10]))
    }

    fn typed(step: i64) -> Code {
        Code::parse("code", &format!("{:06}", secret().code(Step(step)))).unwrap()
    }

    fn found(code: &Code, now: Timestamp, last: Step) -> Match {
        let (key, first) = (key(1), Step::at(NOW).0 - 100);
        let verifiers = key.verifiers(&secret(), first..first + 200);
        let around = Around { now, window: Window::Tolerant, drift: Drift::default() };
        key.matching(code, around, last, |step| {
            verifiers.get(usize::try_from(step.0 - first).unwrap_or(usize::MAX)).copied()
        })
    }

    /// S4.17 is the same rule on a device as on the server, for every distance and every last step.
    #[test]
    fn a_device_finds_what_the_server_finds() {
        let center = Step::at(NOW).0;
        for offset in -4..=4 {
            for last in -3..=3 {
                let (code, last) = (typed(center + offset), Step(center + last));
                let around = Around { now: NOW, window: Window::Tolerant, drift: Drift::default() };
                assert_eq!(
                    found(&code, NOW, last),
                    secret().matching(&code, around, last),
                    "{offset} {last:?}"
                );
            }
        }
    }

    #[test]
    fn outside_of_what_a_device_has_nothing_is_right() {
        let center = Step::at(NOW).0;
        let after = Step(center + 150).starts();
        assert_eq!(found(&typed(center + 150), after, Step::NONE), Match::None);
    }

    #[test]
    fn another_device_has_other_verifiers_and_no_key_is_the_secret() {
        let code = typed(Step::at(NOW).0);
        assert_ne!(key(1).verifier(Step::at(NOW), &code), key(2).verifier(Step::at(NOW), &code));
        assert_ne!(key(1).expose().get(..20), Some(secret().expose()));
    }

    #[test]
    fn a_window_has_the_days_ahead_and_is_sent_in_parts() {
        let center = Step::at(NOW).0;
        let month = offline_window(0, 30, Step::NONE, NOW);
        assert_eq!(month, center - AROUND..center + 30 * STEPS_A_DAY + AROUND);
        assert_eq!(offline_window(0, 30, Step(center + 100), NOW), center + 100..month.end);
        assert_eq!(offline_window(0, 30, Step(i64::MAX), NOW), month.end..month.end);
        assert_eq!(offline_window(-20, 30, Step::NONE, NOW), month.start - 20..month.end - 20);
        let mut year = offline_window(0, 365, Step::NONE, NOW);
        let (mut parts, end) = (1, center + 365 * STEPS_A_DAY + AROUND);
        while year.end < end {
            year = offline_window(0, 365, Step(year.end), NOW);
            assert!(!year.is_empty() && year.end - year.start <= STEPS_AT_ONCE);
            parts += 1;
        }
        assert_eq!(parts, 12);
    }

    #[test]
    fn a_code_with_zeros_in_front_has_its_six_digits() {
        assert_eq!(&digits(42), b"000042");
        assert_eq!(&digits(999_999), b"999999");
    }
}
