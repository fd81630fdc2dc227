//! Recovery codes: ten single-use codes for someone whose authenticator is not at hand (S4.9).

use crate::{
    factor::Factor,
    field::FieldError,
    lockout::{Consequence, Lock, LockoutRules},
    secret::Secret,
    time::Timestamp,
};
use sha2::{Digest as _, Sha256};

/// S4.9: how many are made at once.
pub const CODES: usize = 10;
/// Random bytes of one code: 80 bits, where S4.9 asks for 64.
pub const CODE_BYTES: usize = 10;

const SIGNS: usize = 16;
const GROUP: usize = 4;
const BITS_OF_A_SIGN: usize = 5;
/// So few left are worth a warning (S4.9).
const FEW: i64 = 3;
/// Crockford's Base32: without I, L, O and U, which are read as 1, 0 and V.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// S4.9: a code, normalized once: sixteen signs of Crockford's Base32.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryCode(Secret<[u8; SIGNS]>);

impl RecoveryCode {
    /// The code of these random bytes.
    pub fn new(random: [u8; CODE_BYTES]) -> Self {
        let bits = random.iter().fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte));
        let mut signs = [b'0'; SIGNS];
        for (place, sign) in (0..SIGNS).rev().zip(&mut signs) {
            let value = usize::try_from((bits >> (place * BITS_OF_A_SIGN)) & 31).unwrap_or_default();
            *sign = ALPHABET.get(value).copied().unwrap_or(b'0');
        }
        Self(Secret::new(signs))
    }

    /// Takes what a person copies off paper: spaces, dashes, either case, I and L for 1, O for 0.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        let refused =
            || FieldError::new(field, "A recovery code has 16 letters and digits, in groups of four.");
        let mut signs = [b'0'; SIGNS];
        let mut typed = text.chars().filter(|c| !c.is_whitespace() && !is_dash(*c));
        for sign in &mut signs {
            *sign = typed.next().and_then(sign_of).ok_or_else(refused)?;
        }
        match typed.next() {
            None => Ok(Self(Secret::new(signs))),
            Some(_) => Err(refused()),
        }
    }

    /// As it is shown, once: `XXXX-XXXX-XXXX-XXXX`.
    pub fn shown(&self) -> Secret<String> {
        let mut text = String::with_capacity(SIGNS + SIGNS / GROUP);
        for (index, sign) in self.0.expose().iter().enumerate() {
            if index > 0 && index.is_multiple_of(GROUP) {
                text.push('-');
            }
            text.push(char::from(*sign));
        }
        Secret::new(text)
    }

    /// What is stored: SHA-256. The code is random, so that nothing slower is needed.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.expose()).into()
    }
}

/// What phones make of a typed dash is one, too.
const fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn sign_of(c: char) -> Option<u8> {
    let read = match c.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    };
    u8::try_from(read).ok().filter(|sign| ALPHABET.contains(sign))
}

/// S4.9: whether the portal warns that so many unused codes are few.
pub const fn is_few(left: i64) -> bool {
    left <= FEW
}

/// What the account's codes say of one that is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// One of them, and not used yet.
    Unused,
    /// One of them, used before.
    Used,
    /// None of them.
    Unknown,
}

/// What a presented code led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Right, and now used up.
    Accepted,
    /// Right once.
    AlreadyUsed,
    /// Wrong, and this is what it led to.
    Wrong(Consequence),
    /// The factor takes no codes at present.
    Locked(Lock),
}

/// An outcome and the factor as it is after it. It counts only once it is committed on the factor's revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What to tell.
    pub outcome: Outcome,
    /// The factor afterwards.
    pub after: Factor,
}

/// S4.9, S4.19: judges a recovery code by the factor it stands in for. A wrong one counts as a wrong code of that
/// factor; a right one leaves the count as it is; a locked factor takes none.
pub fn judge(factor: &Factor, standing: Standing, rules: &LockoutRules, now: Timestamp) -> Judged {
    let mut after = factor.clone();
    let outcome = match (factor.failures.lock_at(now), standing) {
        (lock @ (Lock::Until(_) | Lock::Closed), _) => Outcome::Locked(lock),
        (Lock::Open, Standing::Unused) => Outcome::Accepted,
        (Lock::Open, Standing::Used) => Outcome::AlreadyUsed,
        (Lock::Open, Standing::Unknown) => {
            let (failures, consequence) = factor.failures.clone().wrong(rules, now);
            after.failures = failures;
            Outcome::Wrong(consequence)
        }
    };
    Judged { outcome, after }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::{AccountId, FactorId},
        lockout::Failures,
        time::Span,
        totp::{Drift, Step},
    };
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_500_000_000);

    fn factor(lock: Lock) -> Factor {
        Factor {
            id: FactorId::new(NOW, [1; 10]),
            account: AccountId::new(NOW, [2; 10]),
            revision: 1,
            last_step: Step(7),
            drift: Drift::default(),
            failures: Failures { in_row: 4, recent: vec![NOW; 4], locks: 0, lock },
            confirmed_at: NOW,
            last_used_at: NOW,
        }
    }

    fn parsed(text: &str) -> Option<RecoveryCode> {
        RecoveryCode::parse("recovery_code", text).ok()
    }

    #[test]
    fn a_code_is_shown_in_groups_of_four_of_signs_that_are_not_mistaken() {
        let shown = |random| RecoveryCode::new(random).shown().expose().clone();
        assert_eq!(shown([0; 10]), "0000-0000-0000-0000");
        assert_eq!(shown([0xff; 10]), "ZZZZ-ZZZZ-ZZZZ-ZZZZ");
        assert_eq!(shown([0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), "0000-0000-0000-0001");
        assert_eq!(
            shown([0x08, 0x42, 0x10, 0x84, 0x21, 0x08, 0x42, 0x10, 0x84, 0x21]),
            "1111-1111-1111-1111"
        );
    }

    #[test]
    fn a_code_is_taken_as_people_type_it() {
        let code = parsed("1A2B-3C4D-50FG-7HJK");
        assert!(code.is_some());
        for typed in [
            "1a2b3c4d50fg7hjk",
            " 1A2B 3C4D 50FG 7HJK ",
            "ia2b-3c4d-5ofg-7hjk",
            "LA2B\u{2013}3C4D\u{2212}5OFG\u{2011}7HJK",
            "1-a-2-b-3-c-4-d-5-0-f-g-7-h-j-k",
        ] {
            assert_eq!(parsed(typed), code, "{typed}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for typed in [
            "",
            "123456",
            "1A2B-3C4D-50FG-7HJ",
            "1A2B-3C4D-50FG-7HJKM",
            "UUUU-UUUU-UUUU-UUUU",
            "1A2B_3C4D_50FG_7HJK",
            "ÄÖÜß-ÄÖÜß-ÄÖÜß-ÄÖÜß",
        ] {
            assert_eq!(parsed(typed), None, "{typed}");
        }
    }

    #[test]
    fn a_code_says_nothing_of_itself() {
        let code = RecoveryCode::new([7; 10]);
        assert!(!format!("{code:?}").contains(code.shown().expose().as_str()));
        assert_ne!(code.hash(), RecoveryCode::new([8; 10]).hash());
    }

    #[test]
    fn three_or_fewer_are_few() {
        assert_eq!([0, 3, 4, 10].map(is_few), [true, true, false, false]);
    }

    #[test]
    fn a_right_code_leaves_the_count_of_wrong_ones_and_a_wrong_one_adds_to_it() {
        let rules = LockoutRules::default();
        let judged = |standing| judge(&factor(Lock::Open), standing, &rules, NOW);
        for (standing, outcome) in
            [(Standing::Unused, Outcome::Accepted), (Standing::Used, Outcome::AlreadyUsed)]
        {
            assert_eq!(judged(standing), Judged { outcome, after: factor(Lock::Open) });
        }
        let wrong = judged(Standing::Unknown);
        assert_eq!(wrong.outcome, Outcome::Wrong(Consequence::Counted));
        assert_eq!(wrong.after.failures.in_row, 5);
    }

    #[test]
    fn the_tenth_wrong_code_locks_and_a_locked_factor_takes_none() {
        let rules = LockoutRules::default();
        let mut now = factor(Lock::Open);
        for n in 5..=10 {
            let judged = judge(&now, Standing::Unknown, &rules, NOW);
            assert_eq!(matches!(judged.outcome, Outcome::Wrong(Consequence::Locked(_))), n == 10, "{n}");
            now = judged.after;
        }
        let passed = NOW.plus(Span::minutes(15));
        for standing in [Standing::Unused, Standing::Used, Standing::Unknown] {
            let judged = judge(&now, standing, &rules, NOW);
            assert_eq!((judged.outcome, &judged.after), (Outcome::Locked(Lock::Until(passed)), &now));
            let closed = judge(&factor(Lock::Closed), standing, &rules, NOW);
            assert_eq!(closed.outcome, Outcome::Locked(Lock::Closed));
        }
        assert_eq!(judge(&now, Standing::Unused, &rules, passed).outcome, Outcome::Accepted);
    }

    proptest! {
        #[test]
        fn every_code_survives_its_text(random: [u8; CODE_BYTES]) {
            let code = RecoveryCode::new(random);
            prop_assert_eq!(parsed(code.shown().expose()), Some(code));
        }
    }
}
