//! What is laid down for one device: its name, its rules, and the MFA switch with what goes with it (S8.3, S8.7a,
//! S8.9).

use super::list::ListedDevice;
use crate::{
    App, Refusal,
    draft::{Draft, Target, nothing},
    until_decided,
};
use claviger_domain::{
    device::{
        Device, FirstFactor, NotEnrolled, Revert, Rules, SshChange, SshConflict, Stage, Switch, WhenDown,
        parse_name,
    },
    id::DeviceId,
    permission::{Granted, ManageUsers, ViewUsers},
};
use claviger_store::{Commit, table};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What an administrator asks to change; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceChange {
    /// What it is to be called.
    pub name: Option<String>,
    /// S8.9.
    pub ssh: SshChange,
    /// Whether sudo and su ask for a code, too.
    pub sudo_asks: Option<Switch>,
    /// S8.14.
    pub when_down: Option<WhenDown>,
    /// S8.7b.
    pub not_enrolled: Option<NotEnrolled>,
    /// S8.13b.
    pub invites: Option<Switch>,
}

/// How MFA is switched on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MfaOn {
    /// The answer to the question of S8.9, if it was given.
    pub first_factor: Option<FirstFactor>,
    /// S8.7a.
    pub revert: Revert,
}

impl From<SshConflict> for Refusal {
    fn from(conflict: SshConflict) -> Self {
        Self::state("ssh_methods_conflict", conflict.to_string())
    }
}

impl DeviceChange {
    fn of(&self, before: &Device) -> Result<Device, Refusal> {
        let name = match &self.name {
            Some(name) => parse_name("name", name)?,
            None => before.name.clone(),
        };
        let rules = Rules {
            mfa: before.rules.mfa,
            ssh: before.rules.ssh.changed(&self.ssh, before.rules.mfa)?,
            sudo_asks: self.sudo_asks.unwrap_or(before.rules.sudo_asks),
            when_down: self.when_down.unwrap_or(before.rules.when_down),
            not_enrolled: self.not_enrolled.unwrap_or(before.rules.not_enrolled),
            invites: self.invites.unwrap_or(before.rules.invites),
        };
        Ok(Device { name, rules, ..before.clone() })
    }
}

/// Whether less is asked for than before.
fn weakens(before: &Rules, after: &Rules) -> bool {
    let opens = (before.when_down, after.when_down) == (WhenDown::Closed, WhenDown::Open);
    let admits =
        (before.not_enrolled, after.not_enrolled) == (NotEnrolled::Refused, NotEnrolled::FirstFactorAlone);
    let asks_less = (before.sudo_asks, after.sudo_asks) == (Switch::On, Switch::Off);
    opens || admits || asks_less
}

/// S8.3: the device with MFA switched on.
pub(super) fn mfa_on(before: &Device, on: &MfaOn) -> Result<Device, Refusal> {
    let change = SshChange { first_factor: on.first_factor, ..SshChange::default() };
    let ssh = before.rules.ssh.changed(&change, Switch::On)?;
    let rules = Rules { mfa: Switch::On, ssh, ..before.rules };
    Ok(Device { rules, proof: before.proof.begun(on.revert), ..before.clone() })
}

/// S8.3: the device with MFA switched off.
pub(super) fn mfa_off(before: &Device) -> Device {
    let rules = Rules { mfa: Switch::Off, ..before.rules };
    Device { rules, proof: before.proof.ended(), ..before.clone() }
}

/// Writes what became of a device, with the entry that tells of it; nothing if nothing did.
pub(super) fn write(draft: &mut Draft<'_>, before: &Device, after: &Device) -> Result<(), Refusal> {
    if before == after {
        return Ok(());
    }
    draft.write(table::device::save(draft.organization.id, after)?);
    let target = Target::from(after);
    if before.name != after.name {
        draft.log("device.rename", &target, "success", json!({ "before": before.name }));
    }
    let without_switch = Rules { mfa: before.rules.mfa, ..after.rules };
    if before.rules != without_switch {
        let details = json!({ "before": before.rules, "after": after.rules });
        draft.log("device.rules", &target, "success", details);
    }
    match (before.rules.mfa, after.rules.mfa) {
        (Switch::On, Switch::Off) => draft.log("device.mfa.off", &target, "success", nothing()),
        (_, Switch::On) if before.rules.mfa == Switch::Off || before.proof != after.proof => {
            let seconds = (after.proof.stage == Stage::Wanted).then_some(after.proof.seconds);
            let action =
                if after.proof.stage == Stage::Given { "device.mfa.confirm" } else { "device.mfa.on" };
            draft.log(action, &target, "success", json!({ "revert_unless_proven_seconds": seconds }));
        }
        (Switch::Off, Switch::Off) | (_, Switch::On) => {}
    }
    Ok(())
}

impl App {
    async fn change<P>(
        &self,
        granted: &Granted<P>,
        id: DeviceId,
        change: impl Fn(&Device) -> Result<Device, Refusal>,
    ) -> Result<(), Refusal> {
        until_decided!({
            let before = self.load_device(id).await?.device;
            let after = change(&before)?;
            let mut draft = Draft::new(self, granted.actor()).await?;
            write(&mut draft, &before, &after)?;
            (draft.commit().await? == Commit::Committed).then_some(())
        })
    }

    async fn changed(&self, granted: &Granted<ManageUsers>, id: DeviceId) -> Result<ListedDevice, Refusal> {
        self.device(&granted.actor().granted::<ViewUsers>()?, id).await
    }

    /// S8.2: changes the name and the rules. `revision` is that of the page that the form was filled from, if it was.
    pub async fn change_device(
        &self,
        granted: &Granted<ManageUsers>,
        id: DeviceId,
        change: &DeviceChange,
        revision: Option<i64>,
    ) -> Result<ListedDevice, Refusal> {
        self.change(granted, id, |before| {
            if revision.is_some_and(|revision| revision != before.revision) {
                return Err(Refusal::Changed);
            }
            let after = change.of(before)?;
            if weakens(&before.rules, &after.rules) {
                self.require_fresh_code(granted.actor())?;
            }
            Ok(after)
        })
        .await?;
        self.changed(granted, id).await
    }

    /// S8.3, S8.9: switches a device's MFA on.
    pub async fn enable_device_mfa(
        &self,
        granted: &Granted<ManageUsers>,
        id: DeviceId,
        on: &MfaOn,
    ) -> Result<ListedDevice, Refusal> {
        self.needs_totp().await?;
        self.change(granted, id, |before| mfa_on(before, on)).await?;
        self.changed(granted, id).await
    }

    /// S8.3: switches a device's MFA off.
    pub async fn disable_device_mfa(
        &self,
        granted: &Granted<ManageUsers>,
        id: DeviceId,
    ) -> Result<ListedDevice, Refusal> {
        self.require_fresh_code(granted.actor())?;
        self.change(granted, id, |before| Ok(mfa_off(before))).await?;
        self.changed(granted, id).await
    }

    /// S8.7a: an administrator confirms that codes work there.
    pub async fn confirm_device_mfa(
        &self,
        granted: &Granted<ManageUsers>,
        id: DeviceId,
    ) -> Result<ListedDevice, Refusal> {
        self.change(granted, id, |before| match before.proof.confirmed() {
            Some(proof) => Ok(Device { proof, ..before.clone() }),
            None => Err(Refusal::state("no_proof_wanted", "No proof is waited for on this device.")),
        })
        .await?;
        self.changed(granted, id).await
    }

    /// Forgets a device; its agent learns that at its next call.
    pub async fn delete_device(&self, granted: &Granted<ManageUsers>, id: DeviceId) -> Result<(), Refusal> {
        self.require_fresh_code(granted.actor())?;
        until_decided!({
            let device = self.load_device(id).await?.device;
            let mut draft = Draft::new(self, granted.actor()).await?;
            deleted(&mut draft, &device);
            (draft.commit().await? == Commit::Committed).then_some(())
        })
    }
}

pub(super) fn deleted(draft: &mut Draft<'_>, device: &Device) {
    draft.write_all(table::device::delete(draft.organization.id, device));
    draft.log("device.delete", &Target::from(device), "success", nothing());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_for_less_asks_the_administrator_for_a_code() {
        let strict = Rules {
            sudo_asks: Switch::On,
            not_enrolled: NotEnrolled::Refused,
            when_down: WhenDown::Closed,
            ..Rules::default()
        };
        assert!(!weakens(&strict, &strict) && !weakens(&Rules::default(), &strict));
        for weaker in [
            Rules { sudo_asks: Switch::Off, ..strict },
            Rules { not_enrolled: NotEnrolled::FirstFactorAlone, ..strict },
            Rules { when_down: WhenDown::Open, ..strict },
        ] {
            assert!(weakens(&strict, &weaker), "{weaker:?}");
        }
    }
}
