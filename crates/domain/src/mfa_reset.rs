//! Resets of an administrator's MFA that don't happen at once: asked for by themselves over a mailed link, perhaps with
//! a delay (S6.8), or by another administrator where a second one must approve.

use crate::{
    administrator::{Change, Hand, Others, Refused, Subject},
    field::{FieldError, number},
    id::{AccountId, ResetId},
    sign_in::SETTING_UP,
    time::{Span, Timestamp},
};

/// How long a reset that has become ready, or waits for approval, can be carried out.
pub const OPEN_FOR: Span = Span::hours(24);

/// S6.8: whether administrators can reset their own MFA over a mailed link and their password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelfReset {
    /// At once.
    On,
    /// Not at all.
    Off,
    /// After so long, during which any administrator can cancel it.
    After(Span),
}

impl SelfReset {
    /// As the setting's text: `on`, `off`, or the hours of the delay.
    pub fn text(self) -> String {
        match self {
            Self::On => "on".into(),
            Self::Off => "off".into(),
            Self::After(delay) => (delay.micros() / Span::hours(1).micros()).to_string(),
        }
    }

    /// From the setting's text.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        match text.trim() {
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            hours => Ok(Self::After(Span::hours(number(field, "Hours", hours, 1, 72)?))),
        }
    }
}

/// Whether a second administrator must approve that one resets another's MFA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetApproval {
    /// One is enough.
    Off,
    /// It takes two.
    On,
}

impl ResetApproval {
    /// The word in forms and in the database.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On => "on",
        }
    }

    /// The setting of that word.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, FieldError> {
        match text {
            "off" => Ok(Self::Off),
            "on" => Ok(Self::On),
            _ => Err(FieldError::new(field, "Choose on or off.")),
        }
    }
}

/// Who asked for a reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asker {
    /// The person themselves.
    Themselves {
        /// From when it can be carried out.
        ready_at: Timestamp,
    },
    /// Another administrator.
    Other {
        /// Who.
        id: AccountId,
        /// Why; kept in the log.
        reason: String,
    },
}

/// What became of it, as far as it is stored: that its time has passed is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing yet.
    Pending,
    /// Carried out.
    Done,
    /// Canceled by an administrator.
    Canceled,
}

/// A reset that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MfaReset {
    /// Which.
    pub id: ResetId,
    /// Whose MFA.
    pub account: AccountId,
    /// By whom.
    pub asker: Asker,
    /// What became of it.
    pub stage: Stage,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Until when it can be carried out.
    pub expires_at: Timestamp,
}

/// How a reset stands at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its time has not come.
    Waits {
        /// When it comes.
        until: Timestamp,
    },
    /// It can be carried out.
    Ready,
    /// It was carried out.
    Done,
    /// An administrator canceled it.
    Canceled,
    /// Nobody carried it out in time.
    Expired,
}

/// What follows when the link's owner has shown their password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// MFA is set up anew now, until then.
    Now {
        /// From then on it is too late.
        expires_at: Timestamp,
    },
    /// It is asked for, and can be carried out later.
    Asked {
        /// From then on.
        ready_at: Timestamp,
        /// Until then.
        expires_at: Timestamp,
    },
    /// It was asked for before, and its time has not come.
    Waits {
        /// When it comes.
        until: Timestamp,
    },
    /// The organization doesn't allow it.
    Refused,
}

/// S6.8: what a mailed link opens for its owner. `pending` is what they asked for before and is neither done nor
/// canceled.
pub fn opened(setting: SelfReset, pending: Option<&MfaReset>, now: Timestamp) -> Opened {
    let delay = match setting {
        SelfReset::Off => return Opened::Refused,
        SelfReset::On => return Opened::Now { expires_at: now.plus(SETTING_UP) },
        SelfReset::After(delay) => delay,
    };
    match pending.map(|reset| (reset.standing(now), reset.expires_at)) {
        Some((Standing::Waits { until }, _)) => Opened::Waits { until },
        Some((Standing::Ready, expires_at)) => {
            // Whoever opens it in the last minute has the time that the wizard takes.
            Opened::Now { expires_at: expires_at.max(now.plus(SETTING_UP)) }
        }
        Some((Standing::Done | Standing::Canceled | Standing::Expired, _)) | None => {
            let ready_at = now.plus(delay);
            Opened::Asked { ready_at, expires_at: ready_at.plus(OPEN_FOR) }
        }
    }
}

/// Why somebody can't approve a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotApproved {
    /// There is nothing to approve.
    #[error(
        "This reset needs no approval any more: it was carried out or canceled, or nobody approved it in time."
    )]
    Over,
    /// They asked for it.
    #[error("You asked for this reset. Another administrator must approve it.")]
    OwnRequest,
    /// It is not theirs to make (S6.3).
    #[error(transparent)]
    Hand(#[from] Refused),
}

impl NotApproved {
    /// The word for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Over => "reset_over",
            Self::OwnRequest => "own_request",
            Self::Hand(refused) => refused.code(),
        }
    }
}

impl MfaReset {
    /// How it stands at `now`.
    pub fn standing(&self, now: Timestamp) -> Standing {
        match (self.stage, &self.asker) {
            (Stage::Done, _) => Standing::Done,
            (Stage::Canceled, _) => Standing::Canceled,
            (Stage::Pending, _) if self.expires_at <= now => Standing::Expired,
            (Stage::Pending, Asker::Themselves { ready_at }) if *ready_at > now => {
                Standing::Waits { until: *ready_at }
            }
            (Stage::Pending, _) => Standing::Ready,
        }
    }

    /// Whether `hand` can be the second who says yes, where it is about `subject`: not who asked, not the one it is about,
    /// and somebody who could reset their MFA alone if one were enough.
    pub fn approve(&self, hand: Hand, subject: Subject, now: Timestamp) -> Result<(), NotApproved> {
        match (&self.asker, self.standing(now)) {
            (Asker::Themselves { .. }, _) => Err(NotApproved::Over),
            (_, Standing::Waits { .. } | Standing::Done | Standing::Canceled | Standing::Expired) => {
                Err(NotApproved::Over)
            }
            (Asker::Other { id, .. }, Standing::Ready) if hand.own == Some(*id) => {
                Err(NotApproved::OwnRequest)
            }
            (Asker::Other { .. }, Standing::Ready) => {
                Ok(hand.may(subject, Change::ResetMfa, Others::Some)?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{account::State, administrator::Reach, permission::Role};

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
    const HOUR: Span = Span::hours(1);

    fn person(n: u8) -> AccountId {
        AccountId::new(NOW, [n; 10])
    }

    fn reset(asker: Asker, stage: Stage, expires_at: Timestamp) -> MfaReset {
        let (id, account) = (ResetId::new(NOW, [9; 10]), person(1));
        MfaReset { id, account, asker, stage, created_at: NOW, expires_at }
    }

    fn own(ready_at: Timestamp, expires_at: Timestamp) -> MfaReset {
        reset(Asker::Themselves { ready_at }, Stage::Pending, expires_at)
    }

    #[test]
    fn the_setting_is_on_off_or_a_delay_of_1_to_72_hours() {
        for (text, expected) in [
            ("on", Some(SelfReset::On)),
            ("off", Some(SelfReset::Off)),
            ("1", Some(SelfReset::After(HOUR))),
            (" 72 ", Some(SelfReset::After(Span::hours(72)))),
            ("0", None),
            ("73", None),
            ("", None),
            ("1.5", None),
            ("yes", None),
        ] {
            let parsed = SelfReset::parse("self_reset", text).ok();
            assert_eq!(parsed, expected, "{text:?}");
            assert!(parsed.is_none_or(|setting| setting.text() == text.trim()), "{text:?}");
        }
        for setting in [ResetApproval::On, ResetApproval::Off] {
            assert_eq!(ResetApproval::parse("reset_approval", setting.key()), Ok(setting));
        }
        assert!(ResetApproval::parse("reset_approval", "").is_err());
    }

    #[test]
    fn a_link_opens_what_the_setting_and_an_earlier_request_say() {
        let delay = SelfReset::After(HOUR);
        let asked = Opened::Asked { ready_at: NOW.plus(HOUR), expires_at: NOW.plus(HOUR).plus(OPEN_FOR) };
        let now = |expires_at| Opened::Now { expires_at };
        let at_once = now(NOW.plus(SETTING_UP));
        let (later, open) = (NOW.plus(HOUR), NOW.plus(OPEN_FOR));
        let waiting = own(later, open);
        let ready = own(NOW, open);
        let closing = own(NOW.minus(OPEN_FOR), NOW.plus(Span::seconds(1)));
        let expired = own(NOW.minus(OPEN_FOR), NOW);
        let canceled = MfaReset { stage: Stage::Canceled, ..waiting.clone() };
        for (setting, pending, expected) in [
            (SelfReset::Off, None, Opened::Refused),
            (SelfReset::Off, Some(&ready), Opened::Refused),
            (SelfReset::On, None, at_once),
            (SelfReset::On, Some(&waiting), at_once),
            (delay, None, asked),
            (delay, Some(&waiting), Opened::Waits { until: later }),
            (delay, Some(&ready), now(open)),
            (delay, Some(&closing), at_once),
            (delay, Some(&expired), asked),
            (delay, Some(&canceled), asked),
        ] {
            assert_eq!(opened(setting, pending, NOW), expected, "{setting:?} {pending:?}");
        }
    }

    #[test]
    fn a_reset_stands_as_its_stage_and_the_time_say() {
        let (before, after) = (NOW.minus(HOUR), NOW.plus(HOUR));
        for (ready_at, expires_at, expected) in [
            (after, after.plus(HOUR), Standing::Waits { until: after }),
            (NOW, after, Standing::Ready),
            (before, NOW, Standing::Expired),
        ] {
            let pending = own(ready_at, expires_at);
            assert_eq!(pending.standing(NOW), expected);
            for (stage, ended) in [(Stage::Done, Standing::Done), (Stage::Canceled, Standing::Canceled)] {
                assert_eq!(MfaReset { stage, ..pending.clone() }.standing(NOW), ended);
            }
        }
    }

    #[test]
    fn the_second_is_neither_the_one_who_asked_nor_the_one_it_is_about() {
        use Role::{Administrator as Plain, AdministratorWithBilling as Billing, HelpDesk, Manager};
        let asked = Asker::Other { id: person(2), reason: "lost phone".into() };
        let waiting = reset(asked.clone(), Stage::Pending, NOW.plus(HOUR));
        let hand = |n, role| Hand { own: Some(person(n)), reach: Reach::of(role) };
        let about = |role| Subject { id: person(1), role, state: State::Activated };
        let beyond = Err(NotApproved::Hand(Refused::BeyondReach));
        for (approver, role, of, expected) in [
            (3, Billing, Billing, Ok(())),
            (3, Billing, Plain, Ok(())),
            (3, Plain, Plain, Ok(())),
            (3, Plain, HelpDesk, Ok(())),
            (3, Plain, Billing, beyond),
            (3, Manager, HelpDesk, beyond),
            (2, Billing, Plain, Err(NotApproved::OwnRequest)),
            (1, Billing, Billing, Err(NotApproved::Hand(Refused::OwnMfa))),
        ] {
            let got = waiting.approve(hand(approver, role), about(of), NOW);
            assert_eq!(got, expected, "{approver} {role:?} {of:?}");
        }
        for over in [
            reset(asked.clone(), Stage::Pending, NOW),
            reset(asked.clone(), Stage::Done, NOW.plus(HOUR)),
            reset(asked.clone(), Stage::Canceled, NOW.plus(HOUR)),
            own(NOW, NOW.plus(HOUR)),
        ] {
            assert_eq!(over.approve(hand(3, Billing), about(Plain), NOW), Err(NotApproved::Over), "{over:?}");
        }
        assert_eq!(NotApproved::Over.code(), "reset_over");
        assert_eq!(NotApproved::OwnRequest.code(), "own_request");
        assert_eq!(NotApproved::Hand(Refused::OwnMfa).code(), "own_account");
    }
}
