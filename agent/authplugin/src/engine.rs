//! The authorization engine, as a mechanism sees it.

use zeroize::Zeroizing;

/// How a mechanism ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// On to the next one.
    Allow,
    /// From the start.
    Deny,
    /// From the start, because somebody wanted it.
    Canceled,
}

/// What is known of whoever signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// The name that was typed, or that macOS made of it.
    Name,
    /// The password that was typed.
    Password,
    /// The account's number, once macOS has looked at the password.
    Number,
    /// How they came past [`crate::code`]: ours.
    WayIn,
}

/// The engine.
pub(crate) trait Engine {
    /// What is known.
    fn known(&self, what: Known) -> Option<Zeroizing<Vec<u8>>>;
    /// Lets the mechanisms that come after know something.
    fn tell(&self, what: Known, value: &[u8]);
    /// Ends this mechanism.
    fn end(&self, verdict: Verdict);
    /// Says that this mechanism does nothing any more.
    fn rest(&self);
}

/// How somebody came past the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WayIn {
    /// With it.
    WithCode,
    /// None is asked of them.
    NotAsked,
    /// Without one, because the agent could not be asked (S8.14).
    LetIn,
}

impl WayIn {
    const ALL: [Self; 3] = [Self::WithCode, Self::NotAsked, Self::LetIn];

    pub(crate) const fn key(self) -> &'static [u8] {
        match self {
            Self::WithCode => b"with_code",
            Self::NotAsked => b"not_asked",
            Self::LetIn => b"let_in",
        }
    }

    pub(crate) fn of(key: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.key() == key)
    }
}

/// Whoever signs in: the account's own name, once macOS has looked at the password, or else what was typed.
pub(crate) fn name(engine: &impl Engine) -> Option<String> {
    let number = engine.known(Known::Number).and_then(|bytes| bytes.as_slice().try_into().ok());
    let number = number.map(u32::from_ne_bytes);
    let account = number.and_then(|uid| claviger_mac::account::by_number(uid).ok().flatten());
    if let Some(account) = account {
        return Some(account.name);
    }
    typed_name(engine)
}

/// Whom the typed name stands for. Before macOS has looked at the password a number would be of an earlier try.
pub(crate) fn typed_name(engine: &impl Engine) -> Option<String> {
    let typed = text(&engine.known(Known::Name)?)?;
    let account = claviger_mac::account::by_name(&typed).ok().flatten();
    Some(account.map_or(typed, |account| account.name))
}

/// A text as the login window hands it over: with a zero at its end, or without.
pub(crate) fn text(bytes: &[u8]) -> Option<String> {
    let end = bytes.iter().rposition(|byte| *byte != 0)?;
    String::from_utf8(bytes.get(..=end)?.to_vec()).ok()
}
