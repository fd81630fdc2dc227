//! How things are: written down by the half with the network at each change, read by `claviger-agent status`.

use crate::{config::Enrollment, files, tasks::Outcome};
use anyhow::{Context, Result};
use claviger_domain::{
    device::{Applied, Blocked},
    policy::State as PolicyState,
    time::Timestamp,
};
use claviger_wire::{
    orders::PolicySaid,
    server::{AccountState, Presence},
};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// How things are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// With the server.
    pub link: Link,
    /// With what it wants; an error where the root half didn't do it, nothing before it was asked.
    pub outcome: Option<Result<Outcome, String>>,
    /// Until when everybody's codes can be checked without the server, in microseconds; nothing if nobody's can.
    pub covered_until: Option<i64>,
    /// What the server hasn't been told yet.
    pub waiting: usize,
    /// How far the machine's clock is ahead of the server's, in microseconds, when this was written.
    pub clock_ahead: Option<i64>,
}

/// Whether the server answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "server")]
pub enum Link {
    /// Not known yet.
    #[default]
    Unknown,
    /// It does.
    Up {
        /// In microseconds.
        since: i64,
    },
    /// It doesn't.
    Down {
        /// In microseconds.
        since: i64,
        /// Why.
        why: String,
    },
}

impl Standing {
    /// Writes it where everybody can read it: there are no secrets in it.
    pub fn write(&self, path: &Path) -> Result<()> {
        Ok(files::replace(path, &serde_json::to_string(self)?, 0o644)?)
    }

    /// Reads it; nothing while the agent doesn't run.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        match files::read(path)? {
            Some(text) => {
                serde_json::from_str(&text).map(Some).with_context(|| format!("{}", path.display()))
            }
            None => Ok(None),
        }
    }

    /// In lines for a person.
    pub fn lines(&self, enrollment: &Enrollment, now: Timestamp) -> Vec<String> {
        let mut lines = vec![
            format!("Organization   {}", enrollment.organization),
            format!("Server         {}", enrollment.server.as_str()),
            format!("Device         {}", enrollment.device),
        ];
        let ago = |since: i64| in_words(now.0.saturating_sub(since));
        lines.push(match &self.link {
            Link::Unknown => "Connection     not known yet".into(),
            Link::Up { since } => format!("Connection     up for {}", ago(*since)),
            Link::Down { since, why } => format!("Connection     down for {}: {why}", ago(*since)),
        });
        match &self.outcome {
            None => lines.push("MFA            not known yet".into()),
            Some(Err(why)) => lines.push(format!("MFA            not known: {why}")),
            Some(Ok(outcome)) => lines.extend(of_outcome(outcome)),
        }
        lines.push(match self.covered_until {
            Some(until) if until > now.0 => {
                format!("Offline        codes work for {} without the server", in_words(until - now.0))
            }
            _ => "Offline        no codes can be checked without the server".into(),
        });
        lines.push(format!("Events         {} not told to the server yet", self.waiting));
        lines
    }
}

fn of_outcome(outcome: &Outcome) -> Vec<String> {
    let mfa = match outcome.applied {
        Applied::Off => "off".to_owned(),
        Applied::InForce => "in force".to_owned(),
        Applied::Blocked(why) => format!("blocked: {}", blocked(why)),
    };
    let mut lines = vec![format!("MFA            {mfa} (revision {})", outcome.revision)];
    if let Some(seconds) = outcome.due {
        lines.push(format!(
            "               taken back in {} unless somebody signs in with a code",
            in_words(seconds * 1_000_000)
        ));
    }
    let count =
        |wanted: &[AccountState]| outcome.accounts.iter().filter(|(_, state)| wanted.contains(state)).count();
    lines.push(format!(
        "Accounts       {} ready, {} locked, {} not ours, {} failed",
        count(&[AccountState::Ready]),
        count(&[AccountState::Locked]),
        count(&[AccountState::NeedsTakeOver, AccountState::NameRefused]),
        count(&[AccountState::Failed]),
    ));
    lines.extend(of_policies(&outcome.policies));
    if cfg!(unix) && outcome.ssh_server == Presence::Missing {
        lines.push("SSH server     not installed; it is taken up when it appears".into());
    }
    lines.extend(outcome.detail.lines().map(|line| format!("               {line}")));
    lines
}

fn of_policies(policies: &[PolicySaid]) -> Vec<String> {
    let failed: Vec<_> = policies.iter().filter(|said| said.state == PolicyState::Failed).collect();
    if policies.is_empty() {
        return Vec::new();
    }
    let counts = format!("Policies       {} applied, {} failed", policies.len() - failed.len(), failed.len());
    let why = failed.iter().map(|said| format!("               {}: {}", said.policy, said.detail));
    std::iter::once(counts).chain(why).collect()
}

fn blocked(why: Blocked) -> &'static str {
    why.words()
}

/// A length of time as people say it.
pub fn in_words(micros: i64) -> String {
    let seconds = micros.max(0) / 1_000_000;
    let (count, unit) = match seconds {
        0..=119 => (seconds, "second"),
        120..=7_199 => (seconds / 60, "minute"),
        7_200..=172_799 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::ServerUrl,
        identity::tests::{NOW, device, server},
    };

    #[test]
    fn how_things_are_is_said_in_words() {
        let enrollment = Enrollment {
            server: ServerUrl::parse("https://x").unwrap(),
            device: device(1),
            server_key: server(1).1,
            organization: "Acme".into(),
            certificate: None,
        };
        let mut standing = Standing {
            link: Link::Down { since: NOW.0 - 300_000_000, why: "no route".into() },
            outcome: Some(Ok(Outcome {
                revision: 7,
                applied: Applied::Blocked(Blocked::Unproven),
                detail: "alice: an account of this name was there before".into(),
                ssh_server: Presence::Missing,
                accounts: Vec::new(),
                taken_back: 1,
                due: None,
                policies: Vec::new(),
                runs: Vec::new(),
                again: None,
            })),
            covered_until: Some(NOW.0 + 86_400_000_000 * 30),
            waiting: 2,
            clock_ahead: Some(0),
        };
        let text = standing.lines(&enrollment, NOW).join("\n");
        for part in [
            "down for 5 minutes: no route",
            "blocked: Nobody signed in",
            "(revision 7)",
            if cfg!(unix) { "not installed" } else { "revision" },
            "for 30 days",
            "alice: ",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        standing.covered_until = Some(NOW.0);
        assert!(standing.lines(&enrollment, NOW).join("\n").contains("no codes can be checked"));
        assert_eq!(
            serde_json::from_str::<Standing>(&serde_json::to_string(&standing).unwrap()).unwrap(),
            standing
        );
    }

    #[test]
    fn lengths_are_short() {
        let table = [
            (0, "0 seconds"),
            (1, "1 second"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (7_200, "2 hours"),
            (172_800, "2 days"),
        ];
        for (seconds, words) in table {
            assert_eq!(in_words(seconds * 1_000_000), words);
        }
    }
}
