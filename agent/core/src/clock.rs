//! What time it is, as far as a device can know.

use claviger_domain::time::{Span, Timestamp};

/// How long the machine has been running since a boot, sleep included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uptime {
    /// Which boot; differs after each.
    pub boot: String,
    /// Since that boot.
    pub since: Span,
}

/// The server's time as it was told last, and when that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The server's time.
    pub server: Timestamp,
    /// When it was told.
    pub at: Uptime,
}

/// What the machine's own clocks show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// The clock that people can set.
    pub wall: Timestamp,
    /// The one that nobody can.
    pub uptime: Uptime,
}

impl Clocks {
    /// The best knowledge of time: what the server said, and what has passed since then, within one boot. A wall
    /// clock that jumps, either way, changes nothing. After a boot without a contact there is only the wall clock.
    pub fn best(&self, contact: Option<&Contact>) -> Timestamp {
        let same_boot = contact.filter(|contact| contact.at.boot == self.uptime.boot);
        same_boot.filter(|contact| contact.at.since <= self.uptime.since).map_or(self.wall, |contact| {
            let passed = self.uptime.since.micros() - contact.at.since.micros();
            contact.server.plus(Span::from_micros(passed))
        })
    }

    /// How far the wall clock is ahead of the best knowledge, in microseconds.
    pub fn ahead(&self, contact: Option<&Contact>) -> i64 {
        self.wall.0.saturating_sub(self.best(contact).0)
    }
}

impl Contact {
    /// Whether this tells something that `earlier` didn't: another boot, an hour later, or half a second off.
    pub fn is_news(&self, earlier: Option<&Contact>) -> bool {
        let clocks = Clocks { wall: self.server, uptime: self.at.clone() };
        earlier.is_none_or(|earlier| {
            earlier.at.boot != self.at.boot
                || self.server.since(earlier.server) >= Span::hours(1)
                || clocks.ahead(Some(earlier)).abs() > Span::seconds(1).micros() / 2
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn uptime(boot: &str, seconds: i64) -> Uptime {
        Uptime { boot: boot.into(), since: Span::seconds(seconds) }
    }

    fn clocks(wall: i64, boot: &str, seconds: i64) -> Clocks {
        Clocks { wall: Timestamp::from_seconds(wall), uptime: uptime(boot, seconds) }
    }

    fn contact() -> Contact {
        Contact { server: SERVER, at: uptime("a", 100) }
    }

    /// S8.5: jumps of the wall clock, both ways, and a sleep change nothing.
    #[test]
    fn time_goes_on_from_the_last_contact_whatever_the_wall_clock_says() {
        for wall in [0, 1_800_000_060, 4_000_000_000] {
            assert_eq!(clocks(wall, "a", 160).best(Some(&contact())), SERVER.plus(Span::seconds(60)));
        }
        assert_eq!(clocks(0, "a", 100 + 86_400).best(Some(&contact())), SERVER.plus(Span::days(1)));
    }

    #[test]
    fn without_a_contact_in_this_boot_there_is_the_wall_clock() {
        let now = clocks(1_700_000_000, "b", 160);
        assert_eq!(now.best(Some(&contact())), now.wall);
        assert_eq!(now.best(None), now.wall);
        // The same boot cannot have lasted for a shorter time: what is on the disk is of another machine.
        let copied = clocks(1_700_000_000, "a", 99);
        assert_eq!(copied.best(Some(&contact())), copied.wall);
    }

    #[test]
    fn a_contact_that_agrees_is_no_news() {
        let later =
            |server, seconds| Contact { server: Timestamp(SERVER.0 + server), at: uptime("a", seconds) };
        assert!(contact().is_news(None));
        assert!(!later(240_000_000, 340).is_news(Some(&contact())));
        assert!(later(240_600_000, 340).is_news(Some(&contact())));
        assert!(later(239_400_000, 340).is_news(Some(&contact())));
        assert!(later(3_600_000_000, 3_700).is_news(Some(&contact())));
        assert!(Contact { at: uptime("b", 1), ..contact() }.is_news(Some(&contact())));
    }
}
