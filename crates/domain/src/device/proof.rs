//! S8.7a: MFA that a device takes back unless somebody proves that codes work there.

use super::{PROOF_DEFAULT, words};
use crate::{
    field::{FieldError, number},
    time::Span,
};
use serde::{Deserialize, Serialize};

/// How far the proof is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Not asked for.
    #[default]
    None,
    /// Asked for; nobody has signed in with a code yet.
    Wanted,
    /// Somebody has, or an administrator confirmed it.
    Given,
    /// Nobody has in time: the device took MFA back.
    TakenBack,
}
words!(Stage { None => "none", Wanted => "wanted", Given => "given", TakenBack => "taken_back" });

/// The proof of one device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Counts how often it was asked for; a device that took MFA back waits for the next one.
    pub attempt: i64,
    /// Seconds that the device waits from the moment at which MFA is in force.
    pub seconds: i64,
    /// How far it is.
    pub stage: Stage,
}

/// What an administrator asks for who switches MFA on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revert {
    /// It stays.
    #[default]
    Never,
    /// It is taken back unless it is proven within this time.
    Unproven(Span),
}

impl Revert {
    /// The minutes that forms propose.
    pub const MINUTES: i64 = PROOF_DEFAULT.micros() / Span::minutes(1).micros();

    /// From the minutes that stand beside the tick: 5 to 1440.
    pub fn parse(field: &'static str, minutes: &str) -> Result<Self, FieldError> {
        number(field, "Minutes", minutes, 5, 1440).map(|minutes| Self::Unproven(Span::minutes(minutes)))
    }
}

impl Proof {
    /// The proof after MFA was switched on in this way.
    pub const fn begun(self, revert: Revert) -> Self {
        match revert {
            Revert::Never => Self { stage: Stage::None, ..self },
            Revert::Unproven(within) => {
                Self { attempt: self.attempt + 1, seconds: within.seconds_rounded_up(), stage: Stage::Wanted }
            }
        }
    }

    /// The proof after MFA was switched off; the count goes on, so that no attempt is taken for another.
    pub const fn ended(self) -> Self {
        Self { stage: Stage::None, ..self }
    }

    /// The proof after an administrator confirmed it; nothing where none is wanted.
    pub fn confirmed(self) -> Option<Self> {
        (self.stage == Stage::Wanted).then_some(Self { stage: Stage::Given, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_attempt_has_another_number() {
        let first = Proof::default().begun(Revert::Unproven(Span::minutes(30)));
        assert_eq!(first, Proof { attempt: 1, seconds: 1_800, stage: Stage::Wanted });
        let taken_back = Proof { stage: Stage::TakenBack, ..first };
        assert_eq!(taken_back.begun(Revert::Unproven(Span::minutes(5))).attempt, 2);
        let plain = taken_back.begun(Revert::Never);
        assert_eq!((plain.attempt, plain.stage), (1, Stage::None));
        assert_eq!(plain.ended().begun(Revert::Unproven(Span::minutes(5))).attempt, 2);
    }

    #[test]
    fn only_what_is_wanted_is_confirmed() {
        let wanted = Proof::default().begun(Revert::Unproven(Span::minutes(30)));
        assert_eq!(wanted.confirmed().unwrap().stage, Stage::Given);
        for stage in [Stage::None, Stage::Given, Stage::TakenBack] {
            assert_eq!(Proof { stage, ..wanted }.confirmed(), None, "{stage:?}");
        }
    }

    #[test]
    fn minutes_are_in_range() {
        assert_eq!(Revert::MINUTES, 30);
        assert_eq!(Revert::parse("minutes", "30"), Ok(Revert::Unproven(PROOF_DEFAULT)));
        for bad in ["", "4", "1441", "x"] {
            assert!(Revert::parse("minutes", bad).is_err(), "{bad}");
        }
    }
}
