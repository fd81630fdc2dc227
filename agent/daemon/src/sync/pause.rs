//! How long nothing is asked of a server that failed: longer each time, and never equally long on all devices.

use crate::entropy;
use std::time::Duration;

const LONGEST: Duration = Duration::from_secs(60);

/// The pauses after failures that follow each other.
#[derive(Debug)]
pub(super) struct Pause(Duration);

impl Pause {
    /// The shortest.
    pub(super) const FIRST: Duration = Duration::from_secs(1);

    /// Nothing has failed yet, or not since it last went well.
    pub(super) const fn none() -> Self {
        Self(Self::FIRST)
    }

    /// After one more failure.
    pub(super) fn next(&mut self) -> Duration {
        let longer = (self.0 * 2).min(LONGEST);
        entropy::jittered(std::mem::replace(&mut self.0, longer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pause_is_longer_up_to_a_minute() {
        let mut pause = Pause::none();
        for most in [1, 2, 4, 8, 16, 32, 60, 60] {
            let most = Duration::from_secs(most);
            let next = pause.next();
            assert!(next >= most / 2 && next <= most, "{next:?} of {most:?}");
        }
    }
}
