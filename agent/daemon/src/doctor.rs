//! `claviger-agent doctor` (S8.13a): what would happen at a login, why, and what to mend.

#[cfg(all(unix, not(mac)))]
mod linux;
#[cfg(mac)]
mod macos;
#[cfg(windows)]
mod windows;

#[cfg(all(unix, not(mac)))]
use linux as system;
#[cfg(mac)]
use macos as system;
#[cfg(windows)]
use windows as system;

use crate::{
    config::{self, Enrollment},
    logs::say,
    platform::system::journal,
    server::Server,
    status::{Link, Standing, in_words},
    tasks::Outcome,
    trust,
};
use anyhow::Result;
use claviger_domain::{
    device::Applied,
    time::{Span, Timestamp},
};
use claviger_wire::server::AccountState;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

/// What is looked at.
pub struct Options {
    /// The agent's folder.
    pub folder: PathBuf,
    /// Where the agent writes how things are.
    pub standing: PathBuf,
    /// Where login programs call.
    #[cfg(all(unix, not(mac)))]
    pub socket: PathBuf,
    /// Whose login.
    pub user: Option<String>,
    /// Coming from where.
    #[cfg(all(unix, not(mac)))]
    pub address: String,
}

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    Good(String),
    Mind(String),
    Bad(String),
}

use Finding::{Bad, Good, Mind};

/// A clock that is further off than this makes codes fail after a restart without the server.
const CLOCK_OFF: Span = Span::seconds(20);
const COVERED: Span = Span::days(5);

/// Looks at everything and says what it found.
pub fn run(options: &Options, now: Timestamp) -> ExitCode {
    let mut findings = enrolled(options);
    match Standing::read(&options.standing) {
        Ok(Some(standing)) => findings.extend(standing_of(&standing, now)),
        Ok(None) => {
            findings.push(Bad(journal::AWAY.into()));
        }
        Err(error) => findings.push(Bad(format!("{error:#}"))),
    }
    findings.extend(system::of(options));
    report(&findings)
}

fn report(findings: &[Finding]) -> ExitCode {
    for finding in findings {
        match finding {
            Good(text) => say(&format!("ok    {text}")),
            Mind(text) => say(&format!("mind  {text}")),
            Bad(text) => say(&format!("BAD   {text}")),
        }
    }
    let is_bad = findings.iter().any(|finding| matches!(finding, Bad(_)));
    if is_bad { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn enrolled(options: &Options) -> Vec<Finding> {
    let enrollment = match Enrollment::load(&options.folder.join(config::FILE)) {
        Ok(enrollment) => enrollment,
        Err(error) => return vec![Bad(format!("{error:#}"))],
    };
    let mut findings = vec![Good(format!(
        "enrolled at {} ({}) as {}",
        enrollment.server.as_str(),
        enrollment.organization,
        enrollment.device
    ))];
    let key = options.folder.join(config::KEY);
    findings.push(system::private(&key));
    findings.push(match reach(&enrollment, &key) {
        Ok(()) => Good("the server answers, and knows this device".into()),
        Err(error) => Bad(format!("{error:#}")),
    });
    findings
}

fn reach(enrollment: &Enrollment, key: &Path) -> Result<()> {
    let key = Arc::new(config::load_key(key)?);
    let tls = trust::config(enrollment.certificate.as_deref())?;
    Ok(Server::new(enrollment, key, tls).reach()?)
}

fn standing_of(standing: &Standing, now: Timestamp) -> Vec<Finding> {
    let mut findings = vec![match &standing.link {
        Link::Up { .. } => Good("the agent is connected".into()),
        Link::Unknown => Mind("the agent has not reached the server yet".into()),
        Link::Down { since, why } => {
            let ago = in_words(now.0.saturating_sub(*since));
            Mind(format!("the agent has been without the server for {ago}: {why}"))
        }
    }];
    findings.push(clock(standing.clock_ahead));
    findings.extend(match &standing.outcome {
        None => vec![Mind("the root half of the agent has not been asked yet".into())],
        Some(Err(why)) => {
            vec![Bad(format!("the root half of the agent: {why}. {}", system::WHY))]
        }
        Some(Ok(outcome)) => applied(outcome),
    });
    findings.push(match standing.covered_until {
        None => Mind(
            "nobody's codes can be checked without the server: nobody is enrolled, or none were fetched"
                .into(),
        ),
        Some(until) if Timestamp(until).since(now) > COVERED => Good(format!(
            "everybody's codes can be checked for {} without the server",
            in_words(until - now.0)
        )),
        Some(until) => Bad(format!(
            "codes can be checked for {} without the server, then enrolled users are refused: connect it",
            in_words(until - now.0)
        )),
    });
    findings
}

fn clock(ahead: Option<i64>) -> Finding {
    match ahead {
        None => Mind("the clock was not compared with the server's yet".into()),
        Some(ahead) if ahead.unsigned_abs() <= CLOCK_OFF.micros().unsigned_abs() => {
            Good("the clock agrees with the server's".into())
        }
        Some(ahead) => Bad(format!(
            "the clock is {} {} the server's: codes fail here after a restart without the server. Set it, and switch NTP on",
            in_words(ahead.abs()),
            if ahead > 0 { "ahead of" } else { "behind" }
        )),
    }
}

fn applied(outcome: &Outcome) -> Vec<Finding> {
    let mut findings = vec![match outcome.applied {
        Applied::InForce => Good("MFA is in force".into()),
        Applied::Off => Mind("MFA is off for this device: nobody is asked for a code".into()),
        Applied::Blocked(why) => Bad(format!("MFA is blocked: {}", why.words())),
    }];
    findings.extend(outcome.detail.lines().map(|line| Mind(line.to_owned())));
    let waiting = outcome.accounts.iter().filter(|(_, state)| *state == AccountState::NeedsTakeOver).count();
    if waiting > 0 {
        findings.push(Mind(format!(
            "{waiting} accounts were there before: confirm in the portal that they are taken over, they are left alone until then"
        )));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_bad() {
        assert!(matches!(clock(Some(-19_000_000)), Good(_)));
        assert!(matches!(clock(None), Mind(_)));
        let Bad(text) = clock(Some(-95_000_000)) else { panic!("good") };
        assert!(text.contains("95 seconds behind"), "{text}");
        let Bad(text) = clock(Some(i64::MAX)) else { panic!("good") };
        assert!(text.contains("ahead of"), "{text}");
    }

    #[test]
    fn a_window_that_ends_soon_is_bad() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let of = |days: i64| {
            let standing =
                Standing { covered_until: Some(now.0 + days * 86_400_000_000), ..Standing::default() };
            standing_of(&standing, now).pop().unwrap()
        };
        assert!(matches!(of(30), Good(_)) && matches!(of(4), Bad(_)) && matches!(of(-1), Bad(_)));
    }
}
