//! The tile: what there is to see and to type, at which stage.

/// Its parts, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// What it is.
    Title,
    /// The name.
    User,
    /// The password.
    Password,
    /// What there is to say.
    Message,
    /// The code.
    Code,
    /// Goes on.
    Submit,
    /// Goes back to the name.
    Again,
}

impl Part {
    pub(crate) const ALL: [Self; 7] =
        [Self::Title, Self::User, Self::Password, Self::Message, Self::Code, Self::Submit, Self::Again];

    /// Its number for LogonUI.
    pub(crate) const fn id(self) -> u32 {
        match self {
            Self::Title => 0,
            Self::User => 1,
            Self::Password => 2,
            Self::Message => 3,
            Self::Code => 4,
            Self::Submit => 5,
            Self::Again => 6,
        }
    }

    pub(crate) fn of(id: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.id() == id)
    }

    /// What stands on it or, faintly, in it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Title => "Sign in",
            Self::User => "User name",
            Self::Password => "Password",
            Self::Message => "",
            Self::Code => "Verification code",
            Self::Submit => "Submit",
            Self::Again => "Sign in as somebody else",
        }
    }

    pub(crate) const fn is_typed(self) -> bool {
        matches!(self, Self::User | Self::Password | Self::Code)
    }
}

/// How far somebody has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Name and password are asked for.
    FirstFactor,
    /// The code is.
    Code,
}

/// How a part is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// On every tile.
    Always,
    /// On the tile that was chosen.
    Chosen,
    /// Not at all.
    Hidden,
}

impl Stage {
    pub(crate) const fn look(self, part: Part) -> Look {
        match (part, self) {
            (Part::Title, _) => Look::Always,
            (Part::Message | Part::Submit, _) => Look::Chosen,
            (Part::User | Part::Password, Self::FirstFactor) | (Part::Code | Part::Again, Self::Code) => {
                Look::Chosen
            }
            (Part::User | Part::Password, Self::Code) | (Part::Code | Part::Again, Self::FirstFactor) => {
                Look::Hidden
            }
        }
    }

    /// Where somebody types next.
    pub(crate) const fn focus(self, user: &str) -> Part {
        match self {
            Self::FirstFactor if user.is_empty() => Part::User,
            Self::FirstFactor => Part::Password,
            Self::Code => Part::Code,
        }
    }

    /// What the button that goes on stands beside.
    pub(crate) const fn last(self) -> Part {
        match self {
            Self::FirstFactor => Part::Password,
            Self::Code => Part::Code,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_has_its_own_number_and_place() {
        for (number, part) in Part::ALL.into_iter().enumerate() {
            assert_eq!(usize::try_from(part.id()).unwrap(), number);
            assert_eq!(Part::of(part.id()), Some(part));
        }
        assert_eq!(Part::of(7), None);
    }

    /// S8.15: first the password, then the code, on the same tile.
    #[test]
    fn at_each_stage_only_what_is_asked_for_can_be_typed() {
        let typed = |stage: Stage| {
            Part::ALL.into_iter().filter(move |part| part.is_typed() && stage.look(*part) == Look::Chosen)
        };
        assert!(typed(Stage::FirstFactor).eq([Part::User, Part::Password]));
        assert!(typed(Stage::Code).eq([Part::Code]));
        for stage in [Stage::FirstFactor, Stage::Code] {
            for user in ["", "alice"] {
                assert!(typed(stage).any(|part| part == stage.focus(user)));
            }
            assert!(typed(stage).any(|part| part == stage.last()));
        }
    }
}
