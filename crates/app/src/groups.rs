//! Groups of users, and the rule that membership requires MFA.

use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target, nothing},
    words,
};
use claviger_domain::{
    account::{Account, Realm},
    field::{FieldError, Fields},
    group::{Group, GroupName, Rule, RuleForm, Step, parse_description},
    id::{AccountId, GroupId},
    mfa::{EnrollmentDays, Period, RunningPeriod},
    permission::{Actor, Granted, ManageUsers, ViewUsers, Who},
    sign_in::TotpSwitch,
};
use claviger_store::{
    Commit,
    table::{self, group::Counted},
};
use serde_json::json;

/// Members required in one batch.
const AT_ONCE: i64 = 250;

/// A group's form as typed.
#[derive(Clone, Debug, Default)]
pub struct GroupForm {
    /// What it is to be called.
    pub name: String,
    /// What it is for.
    pub description: String,
}

impl GroupForm {
    pub(crate) fn parse(&self) -> Result<(GroupName, String), Vec<FieldError>> {
        let mut fields = Fields::new();
        let name = fields.take(GroupName::parse("name", &self.name));
        let description = fields.take(parse_description(&self.description));
        fields.finish(name.zip(description))
    }
}

/// How a group's rule goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Members whom it has required.
    pub required: i64,
    /// How many of them let their period pass.
    pub failed: i64,
}

impl App {
    pub(crate) async fn load_group(&self, id: GroupId) -> Result<Group, Refusal> {
        let organization = self.organization().await?;
        table::group::load(&self.0.store, organization.id, id).await?.ok_or(Refusal::NotFound("group"))
    }

    /// Every group with its size.
    pub async fn groups(&self, _: &Granted<ViewUsers>) -> Result<Vec<Counted>, Problem> {
        let organization = self.organization().await?;
        Ok(table::group::list(&self.0.store, organization.id).await?)
    }

    /// One group.
    pub async fn group(&self, _: &Granted<ViewUsers>, id: GroupId) -> Result<Group, Refusal> {
        self.load_group(id).await
    }

    /// The groups of a user.
    pub async fn groups_of(&self, _: &Granted<ViewUsers>, id: AccountId) -> Result<Vec<Group>, Problem> {
        let organization = self.organization().await?;
        Ok(table::group::of_account(&self.0.store, organization.id, id).await?)
    }

    /// The names of the groups of these users.
    pub async fn group_names(
        &self,
        _: &Granted<ViewUsers>,
        users: &[AccountId],
    ) -> Result<Vec<(AccountId, String)>, Problem> {
        let organization = self.organization().await?;
        Ok(table::group::names_of(&self.0.store, organization.id, users).await?)
    }

    /// How a group's rule goes.
    pub async fn rule_progress(&self, _: &Granted<ViewUsers>, id: GroupId) -> Result<Progress, Problem> {
        let organization = self.organization().await?;
        let (required, failed) =
            table::group::outcome(&self.0.store, organization.id, id, self.now()).await?;
        Ok(Progress { required, failed })
    }

    /// A new, empty group.
    pub async fn create_group(
        &self,
        granted: &Granted<ManageUsers>,
        form: &GroupForm,
    ) -> Result<Group, Refusal> {
        let (name, description) = form.parse()?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        self.refuse_taken_name(&name, None).await?;
        let group = Group {
            id: GroupId::new(draft.now, self.random()),
            revision: 1,
            name,
            description,
            rule: Rule::None,
            next_wave_at: None,
            created_at: draft.now,
        };
        draft.write(table::group::insert(draft.organization.id, &group));
        draft.log("group.create", &target(&group), "success", nothing());
        match draft.commit().await? {
            Commit::Committed => Ok(group),
            Commit::Conflict => Err(taken()),
        }
    }

    /// Renames a group.
    pub async fn edit_group(
        &self,
        granted: &Granted<ManageUsers>,
        id: GroupId,
        form: &GroupForm,
    ) -> Result<Group, Refusal> {
        let (name, description) = form.parse()?;
        let before = self.load_group(id).await?;
        self.refuse_taken_name(&name, Some(id)).await?;
        self.save_group(granted.actor(), Group { name, description, ..before }, "group.edit").await
    }

    async fn refuse_taken_name(&self, name: &GroupName, own: Option<GroupId>) -> Result<(), Refusal> {
        let organization = self.organization().await?;
        match table::group::by_name(&self.0.store, organization.id, name).await? {
            Some(group) if Some(group.id) != own => Err(taken()),
            _ => Ok(()),
        }
    }

    async fn save_group(&self, actor: &Actor, group: Group, action: &str) -> Result<Group, Refusal> {
        let mut draft = Draft::new(self, actor).await?;
        draft.write(table::group::save(draft.organization.id, &group));
        let (rule, terms) = group.rule.texts();
        draft.log(action, &target(&group), "success", json!({ "rule": rule, "terms": terms }));
        match draft.commit().await? {
            Commit::Committed => Ok(Group { revision: group.revision + 1, ..group }),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// Says whether membership requires MFA. `start` is a day such as 2026-12-01 in the organization's time zone;
    /// empty for at once.
    pub async fn set_rule(
        &self,
        granted: &Granted<ManageUsers>,
        id: GroupId,
        form: &RuleForm<'_>,
        start: &str,
    ) -> Result<Group, Refusal> {
        self.require_fresh_code(granted.actor())?;
        let before = self.load_group(id).await?;
        let organization = self.organization().await?;
        let starts_at = match start.trim() {
            "" => Ok(self.now()),
            day => words::start_of_day(day, &organization.settings.time_zone)
                .ok_or_else(|| FieldError::new("start", "Choose a day such as 2026-12-01.")),
        };
        let rule = form.parse(starts_at)?;
        if rule != Rule::None {
            self.needs_totp().await?;
        }
        let next_wave_at = rule.terms().map(|terms| terms.starts_at);
        self.save_group(granted.actor(), Group { rule, next_wave_at, ..before }, "group.rule").await
    }

    /// Pauses a rule that runs, or lets a paused one run on.
    pub async fn toggle_rule(&self, granted: &Granted<ManageUsers>, id: GroupId) -> Result<Group, Refusal> {
        self.require_fresh_code(granted.actor())?;
        let before = self.load_group(id).await?;
        let (rule, next_wave_at) = match before.rule {
            Rule::None => return Err(Refusal::state("no_rule", "Membership in the group requires nothing.")),
            Rule::Running(terms) => (Rule::Paused(terms), None),
            Rule::Paused(terms) => (Rule::Running(terms), Some(self.now().max(terms.starts_at))),
        };
        self.save_group(granted.actor(), Group { rule, next_wave_at, ..before }, "group.rule").await
    }

    /// Deletes a group; its members and what is required of them stay.
    pub async fn delete_group(&self, granted: &Granted<ManageUsers>, id: GroupId) -> Result<(), Refusal> {
        let group = self.load_group(id).await?;
        if group.rule != Rule::None {
            self.require_fresh_code(granted.actor())?;
        }
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write_all(table::group::delete(draft.organization.id, &group));
        draft.log("group.delete", &target(&group), "success", nothing());
        match draft.commit().await? {
            Commit::Committed => Ok(()),
            Commit::Conflict => Err(Refusal::Changed),
        }
    }

    /// Puts one user, by e-mail or username, into a group.
    pub async fn add_member(
        &self,
        granted: &Granted<ManageUsers>,
        id: GroupId,
        identifier: &str,
    ) -> Result<(), Refusal> {
        let group = self.load_group(id).await?;
        let found = self.find_account(Realm::User, identifier.trim()).await?;
        let account = found.ok_or_else(|| FieldError::new("user", "No user has that e-mail or username."))?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write(table::group::join(draft.organization.id, id, account.id, draft.now));
        draft.log("group.join", &Target::from(&account), "success", json!({ "group": group.name.as_str() }));
        Ok(draft.settle().await?)
    }

    /// Takes one user out of a group.
    pub async fn remove_member(
        &self,
        granted: &Granted<ManageUsers>,
        id: GroupId,
        user: AccountId,
    ) -> Result<(), Refusal> {
        let group = self.load_group(id).await?;
        let account = self.load_account(Realm::User, user).await?;
        let mut draft = Draft::new(self, granted.actor()).await?;
        draft.write(table::group::leave(draft.organization.id, id, account.id));
        // S8.13b: it may have bound them to devices.
        draft.write(table::remembered_login::forget_account(draft.organization.id, account.id));
        draft.log("group.leave", &Target::from(&account), "success", json!({ "group": group.name.as_str() }));
        Ok(draft.settle().await?)
    }

    /// Requires MFA of the members whose turn it is, in every group whose rule is due.
    pub(crate) async fn send_waves(&self) -> Result<(), Problem> {
        let organization = self.organization().await?;
        if organization.totp == TotpSwitch::Disabled {
            return Ok(());
        }
        for group in table::group::waves_due(&self.0.store, organization.id, self.now()).await? {
            self.send_wave(group).await?;
        }
        Ok(())
    }

    /// One wave, some members at a time. Those and the group's revision are one batch, and who was required since
    /// the wave was due is counted, so that a crash or another node makes no wave larger.
    async fn send_wave(&self, mut group: Group) -> Result<(), Problem> {
        while let Some(after) = self.send_part(group).await? {
            group = after;
        }
        Ok(())
    }

    /// The group as it is now, if its wave goes on.
    async fn send_part(&self, group: Group) -> Result<Option<Group>, Problem> {
        let actor = Actor { who: Who::System, name: "scheduler".into(), address: String::new() };
        let mut draft = Draft::new(self, &actor).await?;
        let (store, organization, now) = (&self.0.store, draft.organization.id, draft.now);
        let (Rule::Running(terms), Some(due)) = (group.rule, group.next_wave_at) else { return Ok(None) };
        let (required, failed) = table::group::outcome(store, organization, group.id, now).await?;
        let after = match terms.step(required, failed, now) {
            Step::Pause => {
                let details = json!({ "required": required, "failed": failed });
                draft.log("group.rule.pause", &target(&group), "success", details);
                Group { rule: Rule::Paused(terms), next_wave_at: None, ..group }
            }
            Step::Require(size, next) => {
                let sent = table::group::required_since(store, organization, group.id, due).await?;
                let part = size.saturating_sub(sent).clamp(0, AT_ONCE);
                let members = table::group::still_to_require(store, organization, group.id, part).await?;
                for member in &members {
                    self.require_member(&mut draft, &group, (terms.days, member))?;
                }
                let is_over = members.len() < usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
                Group { next_wave_at: Some(if is_over { next } else { due }), ..group }
            }
        };
        draft.write(table::group::save(organization, &after));
        // A conflict says that a member or the group was changed beside this: the next turn does it.
        let goes_on = draft.commit().await? == Commit::Committed && after.next_wave_at == Some(due);
        Ok(goes_on.then(|| Group { revision: after.revision + 1, ..after }))
    }

    fn require_member(
        &self,
        draft: &mut Draft<'_>,
        group: &Group,
        (days, member): (EnrollmentDays, &Account),
    ) -> Result<(), Problem> {
        let organization = draft.organization.id;
        let after = self.required(draft, member, Period::Days(days), RunningPeriod::Keep)?;
        draft.write(if after == *member {
            table::account::unchanged(organization, member)
        } else {
            table::account::change(organization, member, &after)
        });
        draft.write(table::group::required(organization, group.id, member.id, draft.now));
        Ok(())
    }
}

fn taken() -> Refusal {
    FieldError::new("name", "Another group has this name.").into()
}

fn target(group: &Group) -> Target {
    Target { id: group.id.to_string(), name: group.name.as_str().to_owned() }
}
