//! The organization: its row, its settings, and whether TOTP is in force (S2.2–S2.5).

use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target, nothing},
    mail::Facts,
    until_decided,
};
use claviger_domain::{
    field::FieldError,
    id::OrganizationId,
    mail::Kind,
    organization::{Organization, Settings},
    permission::{Granted, ManageOrganization},
    sign_in::TotpSwitch,
    time::Span,
};
use claviger_store::{Batch, Commit, StoreError, seal::Place, table};
use serde_json::json;
use std::sync::Arc;

/// How old a copy of the organization may be on a node that did not change it.
const FRESH: Span = Span::seconds(2);
const KEY_CHECK: &[u8] = b"claviger";

const fn key_check_place(id: OrganizationId) -> Place {
    Place { table: "key_check", column: "sealed", row: id.0 }
}

impl App {
    /// The organization, at most two seconds old.
    pub async fn organization(&self) -> Result<Arc<Organization>, Problem> {
        let now = self.now();
        if let Ok(cached) = self.0.organization.read()
            && let Some((at, organization)) = cached.as_ref()
            && (*at <= now && now.since(*at) < FRESH)
        {
            return Ok(Arc::clone(organization));
        }
        self.load_organization().await
    }

    /// The organization as it is at this moment.
    pub async fn load_organization(&self) -> Result<Arc<Organization>, Problem> {
        let stored = table::organization::load(&self.0.store).await?;
        let stored = stored.ok_or_else(|| Problem::Internal("the organization's row is missing".into()))?;
        let organization = Arc::new(stored.organization);
        if let Ok(mut cached) = self.0.organization.write() {
            *cached = Some((self.now(), Arc::clone(&organization)));
        }
        Ok(organization)
    }

    pub(crate) fn forget_organization(&self) {
        if let Ok(mut cached) = self.0.organization.write() {
            *cached = None;
        }
    }

    /// Makes the blank row of the first start, and refuses a master key that doesn't fit (S14.5).
    pub(crate) async fn ensure_organization(&self) -> Result<(), Problem> {
        if let Some(stored) = table::organization::load(&self.0.store).await? {
            let id = stored.organization.id;
            let sealed = table::organization::key_check(&self.0.store, id).await?;
            let sealed =
                sealed.ok_or_else(|| StoreError::WrongKey("the database has no key check".into()))?;
            self.0.sealer.open(key_check_place(id), &sealed)?;
            return Ok(());
        }
        let id = OrganizationId::new(self.now(), self.random());
        let check = self.0.sealer.seal(key_check_place(id), self.random(), KEY_CHECK)?;
        let settings = Settings::new(String::new()).map_err(|error| Problem::Internal(error.to_string()))?;
        match self.0.store.commit(Batch::of(table::organization::insert_blank(id, &settings, check))).await? {
            Commit::Committed => Ok(()),
            // Another server made it at the same moment: this one's key must fit that one's.
            Commit::Conflict => Box::pin(self.ensure_organization()).await,
        }
    }

    /// S2.5: saves the settings. `revision` is what the form was filled from, if it was.
    pub async fn save_settings(
        &self,
        granted: &Granted<ManageOrganization>,
        settings: Settings,
        revision: Option<i64>,
    ) -> Result<Arc<Organization>, Refusal> {
        self.require_fresh_code(granted.actor())?;
        let current = self.load_organization().await?;
        if revision.is_some_and(|revision| revision != current.revision) {
            return Err(Refusal::Changed);
        }
        // Of whom MFA is required changes with those people only (S6.4).
        let settings = Settings { admin_mfa: current.settings.admin_mfa, ..settings };
        let changed = Organization { settings, ..(*current).clone() };
        // S9.2: from when on scripts run on devices, and who said so.
        let details = match changed.settings.commands == current.settings.commands {
            true => nothing(),
            false => json!({ "commands": changed.settings.commands.key() }),
        };
        let mut draft = Draft::of(self, granted.actor(), current);
        draft.write(table::organization::save(&changed));
        let target = Target { id: changed.id.to_string(), name: changed.settings.name.clone() };
        draft.log("organization.settings", &target, "success", details);
        match draft.commit().await? {
            Commit::Committed => {
                self.forget_organization();
                Ok(self.load_organization().await?)
            }
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// S2.2, S2.3: puts TOTP in force or lets it rest. Factors, requirements and switches stay as they are.
    pub async fn switch_totp(
        &self,
        granted: &Granted<ManageOrganization>,
        to: TotpSwitch,
    ) -> Result<Arc<Organization>, Refusal> {
        self.require_fresh_code(granted.actor())?;
        let done: Result<(), Refusal> = until_decided!({
            let current = self.load_organization().await?;
            if current.totp == to {
                Some(())
            } else {
                let changed = Organization { totp: to, ..(*current).clone() };
                let mut draft = Draft::of(self, granted.actor(), current);
                draft.write(table::organization::save(&changed));
                let target = Target { id: changed.id.to_string(), name: changed.settings.name.clone() };
                let action = match to {
                    TotpSwitch::Enabled => "organization.totp.enable",
                    TotpSwitch::Disabled => "organization.totp.disable",
                };
                draft.log(action, &target, "success", nothing());
                if to == TotpSwitch::Disabled {
                    draft.write(table::remembered_login::forget_all(changed.id));
                    self.tell_administrators(&mut draft, &changed).await?;
                }
                (draft.commit().await? == Commit::Committed).then_some(())
            }
        });
        done?;
        self.forget_organization();
        Ok(self.load_organization().await?)
    }

    /// S2.4: every administrator is told that TOTP was disabled, and by whom.
    async fn tell_administrators(
        &self,
        draft: &mut Draft<'_>,
        changed: &Organization,
    ) -> Result<(), Problem> {
        let actor = draft.actor_name();
        for administrator in table::account::administrators(&self.0.store, changed.id).await? {
            let cause = format!("totp_disabled:{}:{}", administrator.id, changed.revision);
            let facts = Facts { actor: Some(actor.clone()), ..Facts::default() };
            draft.mail(Kind::TotpDisabled, &administrator, &cause, &facts)?;
        }
        Ok(())
    }

    /// S2.4: disables TOTP once the organization's name was typed.
    pub async fn disable_totp(
        &self,
        granted: &Granted<ManageOrganization>,
        typed_name: &str,
    ) -> Result<(), Refusal> {
        let organization = self.load_organization().await?;
        if typed_name.trim() != organization.settings.name {
            let message = format!("Type {} to confirm.", organization.settings.name);
            return Err(FieldError::new("organization", message).into());
        }
        self.switch_totp(granted, TotpSwitch::Disabled).await.map(drop)
    }

    /// How many users have a factor: who loses protection when TOTP is disabled.
    pub async fn protected_users(&self) -> Result<i64, Problem> {
        let counts = self.users_by_status().await?;
        Ok(counts
            .iter()
            .filter(|(key, _)| matches!(key.as_str(), "active" | "optional"))
            .map(|(_, n)| n)
            .sum())
    }
}
