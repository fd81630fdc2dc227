//! Policies and runs of commands on their way to a device, and what it says of them (S9).

use crate::{
    App, Problem,
    draft::{Draft, Target},
};
use claviger_domain::{
    command::{Commands, KEPT, Reported as RunReported, Stage, State as RunState},
    device::{Device, Platform},
    policy::{Corrected, Reported, State},
    time::Timestamp,
};
use claviger_store::{
    Statement,
    table::{self, command_run::RunOnDevice, policy_bound::OnDevice},
};
use claviger_wire::{
    orders::{PolicyOrder, PolicySaid, RunOrder, RunSaid, Wish},
    server::Report,
};
use serde_json::json;

const DETAIL: usize = 500;
/// Characters of an output: what is kept, the sentence about what is left out, and not more.
const OUTPUT: usize = KEPT + 200;

/// The policies that are made for the device's system, with what they come to there.
pub(super) fn policies(platform: Platform, bound: &[OnDevice]) -> Vec<PolicyOrder> {
    let meant = bound.iter().filter(|one| one.policy.template.systems().has(platform));
    meant
        .map(|OnDevice { policy, .. }| PolicyOrder {
            id: policy.id,
            revision: policy.revision,
            name: policy.name.as_str().to_owned(),
            effects: policy.template.effects_on(platform),
        })
        .collect()
}

/// The runs that the device has not ended. What is canceled, too late or switched off is not to begin; the device still
/// says what became of it, because it may have begun before it heard that.
pub(super) fn runs(commands: Commands, open: &[RunOnDevice], now: Timestamp) -> Vec<RunOrder> {
    let order = |RunOnDevice { run, state, .. }: &RunOnDevice| {
        let is_late = *state == RunState::Waiting && run.expires_at <= now;
        let wish = match (commands, run.canceled_at) {
            (Commands::On, None) if !is_late => Wish::Begin,
            (Commands::On | Commands::Off, _) => Wish::End,
        };
        RunOrder {
            id: run.id,
            wish,
            shell: run.shell,
            script: match wish {
                Wish::Begin => run.script.clone(),
                Wish::End => String::new(),
            },
            timeout_seconds: run.timeout_seconds,
            asked_at: run.asked_at,
            expires_at: run.expires_at,
        }
    };
    open.iter().map(order).collect()
}

impl App {
    /// What a report says of policies and runs that the device has; what it says of others is left alone.
    pub(super) async fn said(
        &self,
        draft: &mut Draft<'_>,
        device: &Device,
        report: &Report,
    ) -> Result<Vec<Statement>, Problem> {
        let (store, organization) = (&self.0.store, draft.organization.id);
        let mut statements = Vec::new();
        if !report.policies.is_empty() {
            let bound = table::policy_bound::of_device(store, organization, device.id).await?;
            for said in &report.policies {
                let Some(known) = bound.iter().find(|one| one.policy.id == said.policy) else { continue };
                let Some(now) = policy_said(said, known, draft.now) else { continue };
                log_policy(draft, device, known, &now);
                statements.push(table::policy_bound::say(organization, (device.id, said.policy), &now));
            }
        }
        if !report.runs.is_empty() {
            let open = table::command_run::open_on(store, organization, device.id, draft.now).await?;
            for said in &report.runs {
                let Some(known) = open.iter().find(|one| one.run.id == said.run) else { continue };
                let now = run_said(said);
                log_run(draft, device, known, &now);
                statements.push(table::command_run::say(organization, (said.run, device.id), &now));
            }
        }
        Ok(statements)
    }
}

/// What is new of a policy; nothing if the device said the same before, or speaks of a revision that there is not.
fn policy_said(said: &PolicySaid, known: &OnDevice, now: Timestamp) -> Option<Reported> {
    let reported = Reported {
        revision: said.revision,
        state: said.state,
        detail: lines(&said.detail, DETAIL),
        corrected: Corrected { count: said.corrected.count.max(0), at: said.corrected.at },
        at: now,
    };
    let is_known =
        known.reported.as_ref().is_some_and(|before| Reported { at: now, ..before.clone() } == reported);
    let is_sensible = (1..=known.policy.revision).contains(&said.revision);
    (is_sensible && !is_known).then_some(reported)
}

fn log_policy(draft: &mut Draft<'_>, device: &Device, known: &OnDevice, now: &Reported) {
    let target = Target::from(device);
    let policy = known.policy.name.as_str();
    let before = known.reported.as_ref().filter(|before| before.revision == now.revision);
    if before.is_none_or(|before| before.state != now.state) {
        let (action, outcome) = match now.state {
            State::Applied => ("device.policy.applied", "success"),
            State::Failed => ("device.policy.failed", "refused"),
        };
        let details = json!({ "policy": policy, "revision": now.revision, "detail": now.detail });
        draft.log(action, &target, outcome, details);
    }
    let counted = before.map_or(0, |before| before.corrected.count);
    if now.corrected.count > counted {
        let details = json!({ "policy": policy, "times": now.corrected.count - counted });
        draft.log("device.policy.corrected", &target, "success", details);
    }
}

fn run_said(said: &RunSaid) -> RunReported {
    RunReported {
        stage: said.stage,
        exit_code: said.exit_code,
        output: lines(&said.output, OUTPUT),
        detail: lines(&said.detail, DETAIL),
        started_at: said.started_at,
        ended_at: said.ended_at,
    }
}

/// What a device said in several lines, without what is no text.
fn lines(text: &str, most: usize) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).take(most).collect()
}

fn log_run(draft: &mut Draft<'_>, device: &Device, known: &RunOnDevice, now: &RunReported) {
    let (action, outcome) = match (now.stage, known.state) {
        (Stage::Running, RunState::Running) => return,
        (Stage::Running, _) => ("device.command.start", "success"),
        (Stage::Ended(_), _) if now.exit_code == Some(0) => ("device.command.end", "success"),
        (Stage::Ended(_), _) => ("device.command.end", "refused"),
    };
    let details = json!({
        "run": known.run.id.to_string(),
        "command": known.run.name,
        "state": RunState::from(now.stage).key(),
        "exit_code": now.exit_code,
    });
    draft.log(action, &Target::from(device), outcome, details);
}
