//! What is done to many users at once: chosen, foretold, and done as a job (S3.7, S4.4).

use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target},
    mfa::Reset,
    users::{deleted, suspended},
};
use claviger_domain::{
    account::{Account, State},
    id::{GroupId, JobId},
    mfa::{EnrollmentDays, Period, RunningPeriod},
    permission::{Actor, AssistUsers, Denied, Granted, ManageUsers, ViewUsers},
};
use claviger_store::table::{
    self, job,
    user_list::{Filter, Share},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What is to be done to each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Let them in.
    Activate,
    /// Bar them.
    Suspend,
    /// Mail the registration link again.
    ResendActivation,
    /// S4.4: require MFA.
    RequireMfa {
        /// Within which time.
        period: Period,
        /// What becomes of a period that runs already.
        running: RunningPeriod,
    },
    /// Withdraw the requirement.
    RemoveRequirement,
    /// S4.12: a later deadline for those who are not enrolled.
    Extend {
        /// By how many days.
        days: EnrollmentDays,
    },
    /// S4.12: delete the factor and start a new period.
    ResetMfa {
        /// Of how many days.
        days: EnrollmentDays,
        /// Why; kept in the log.
        reason: String,
    },
    /// Put them into a group.
    AddToGroup(GroupId),
    /// Take them out of a group.
    RemoveFromGroup(GroupId),
    /// Delete them.
    Delete,
}

/// Which of the verbs, whatever it is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`Verb::Activate`]
    Activate,
    /// [`Verb::Suspend`]
    Suspend,
    /// [`Verb::ResendActivation`]
    ResendActivation,
    /// [`Verb::RequireMfa`]
    RequireMfa,
    /// [`Verb::RemoveRequirement`]
    RemoveRequirement,
    /// [`Verb::Extend`]
    Extend,
    /// [`Verb::ResetMfa`]
    ResetMfa,
    /// [`Verb::AddToGroup`]
    AddToGroup,
    /// [`Verb::RemoveFromGroup`]
    RemoveFromGroup,
    /// [`Verb::Delete`]
    Delete,
}

/// A verb whose conditions were checked, as a job keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Checked {
    Activate,
    Suspend,
    ResendActivation,
    RequireMfa { period: Period, running: RunningPeriod },
    RemoveRequirement,
    Extend { days: EnrollmentDays },
    ResetMfa(Reset),
    AddToGroup(GroupId),
    RemoveFromGroup(GroupId),
    Delete,
}

/// What a bulk action will meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// How many are alike in state and status.
    pub shares: Vec<Share>,
}

impl Forecast {
    /// How many are chosen.
    pub fn total(&self) -> i64 {
        self.shares.iter().map(|share| share.count).sum()
    }

    /// How many of them are in this state.
    pub fn in_state(&self, state: State) -> i64 {
        self.sum(|share| share.state == state.key())
    }

    /// How many of them have one of these statuses of S4.14.
    pub fn with_status(&self, statuses: &[&str]) -> i64 {
        self.sum(|share| statuses.contains(&share.status.as_str()))
    }

    fn sum(&self, is_meant: impl Fn(&Share) -> bool) -> i64 {
        self.shares.iter().filter(|share| is_meant(share)).map(|share| share.count).sum()
    }
}

impl Kind {
    /// All of them, in the order of menus.
    pub const ALL: [Kind; 10] = [
        Self::RequireMfa,
        Self::RemoveRequirement,
        Self::Extend,
        Self::ResetMfa,
        Self::Activate,
        Self::Suspend,
        Self::ResendActivation,
        Self::AddToGroup,
        Self::RemoveFromGroup,
        Self::Delete,
    ];

    /// The word in the database and in the API.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Suspend => "suspend",
            Self::ResendActivation => "resend_activation",
            Self::RequireMfa => "require_mfa",
            Self::RemoveRequirement => "remove_requirement",
            Self::Extend => "extend",
            Self::ResetMfa => "reset_mfa",
            Self::AddToGroup => "add_to_group",
            Self::RemoveFromGroup => "remove_from_group",
            Self::Delete => "delete",
        }
    }

    /// The kind of that word.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// Whether it decides over who gets in, so that a fresh code is asked for.
    pub const fn changes_mfa(self) -> bool {
        matches!(self, Self::RequireMfa | Self::RemoveRequirement | Self::Extend | Self::ResetMfa)
    }

    /// S6.2: whether `actor` may do it.
    pub fn check(self, actor: &Actor) -> Result<(), Denied> {
        match self {
            Self::Extend | Self::ResetMfa => actor.granted::<AssistUsers>().map(drop),
            Self::Activate
            | Self::Suspend
            | Self::ResendActivation
            | Self::RequireMfa
            | Self::RemoveRequirement
            | Self::AddToGroup
            | Self::RemoveFromGroup
            | Self::Delete => actor.granted::<ManageUsers>().map(drop),
        }
    }
}

impl Verb {
    /// Which it is.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Activate => Kind::Activate,
            Self::Suspend => Kind::Suspend,
            Self::ResendActivation => Kind::ResendActivation,
            Self::RequireMfa { .. } => Kind::RequireMfa,
            Self::RemoveRequirement => Kind::RemoveRequirement,
            Self::Extend { .. } => Kind::Extend,
            Self::ResetMfa { .. } => Kind::ResetMfa,
            Self::AddToGroup(_) => Kind::AddToGroup,
            Self::RemoveFromGroup(_) => Kind::RemoveFromGroup,
            Self::Delete => Kind::Delete,
        }
    }
}

impl App {
    /// What a bulk action on those who match will meet.
    pub async fn forecast(&self, _: &Granted<ViewUsers>, filter: &Filter) -> Result<Forecast, Problem> {
        let organization = self.organization().await?;
        let shares = table::user_list::forecast(&self.0.store, organization.id, filter, self.now()).await?;
        Ok(Forecast { shares })
    }

    /// S3.7: starts a job that does `verb` to everyone who matches now.
    pub async fn start_bulk(&self, actor: &Actor, verb: &Verb, filter: &Filter) -> Result<JobId, Refusal> {
        verb.kind().check(actor)?;
        let checked = self.checked(actor, verb).await?;
        let draft = Draft::new(self, actor).await?;
        let organization = draft.organization.id;
        let forecast = Forecast {
            shares: table::user_list::forecast(&self.0.store, organization, filter, draft.now).await?,
        };
        if forecast.total() == 0 {
            return Err(Refusal::state("nobody", "Nobody is chosen. Choose at least one user."));
        }
        let parameters = to_json(&checked)?;
        self.queue_job(draft, verb.kind().key(), parameters, |organization, id, now| {
            job::fill(organization, id, filter, now).to_vec()
        })
        .await
    }

    async fn checked(&self, actor: &Actor, verb: &Verb) -> Result<Checked, Refusal> {
        if verb.kind().changes_mfa() {
            self.require_fresh_code(actor)?;
        }
        Ok(match verb {
            Verb::Activate => Checked::Activate,
            Verb::Suspend => Checked::Suspend,
            Verb::ResendActivation => Checked::ResendActivation,
            Verb::RequireMfa { period, running } => {
                self.needs_totp().await?;
                Checked::RequireMfa { period: *period, running: *running }
            }
            Verb::RemoveRequirement => Checked::RemoveRequirement,
            Verb::Extend { days } => Checked::Extend { days: *days },
            Verb::ResetMfa { days, reason } => Checked::ResetMfa(self.reset_of(actor, *days, reason).await?),
            Verb::AddToGroup(group) => Checked::AddToGroup(self.load_group(*group).await?.id),
            Verb::RemoveFromGroup(group) => Checked::RemoveFromGroup(self.load_group(*group).await?.id),
            Verb::Delete => Checked::Delete,
        })
    }

    /// Does it to one user, or says why not.
    pub(crate) fn apply(
        &self,
        draft: &mut Draft<'_>,
        verb: &Checked,
        before: &Account,
    ) -> Result<(), Refusal> {
        let organization = draft.organization.id;
        let after = match verb {
            Checked::Activate => self.activate(draft, before)?,
            Checked::Suspend => suspended(draft, before)?,
            Checked::ResendActivation => self.registration_again(draft, before)?,
            Checked::RequireMfa { period, running } => {
                let after = self.required(draft, before, *period, *running)?;
                if after == *before {
                    return Err(Refusal::state("required_already", already_required(before)));
                }
                after
            }
            Checked::RemoveRequirement => {
                let after = self.requirement_removed(draft, before)?;
                if after == *before {
                    return Err(Refusal::state("not_required", "MFA is not required of the user."));
                }
                after
            }
            Checked::Extend { days } => self.extended(draft, before, *days)?,
            Checked::ResetMfa(reset) => self.reset(draft, before, reset)?,
            Checked::AddToGroup(group) => {
                draft.write(table::group::join(organization, *group, before.id, draft.now));
                draft.log("group.join", &Target::from(before), "success", json!({ "group": group }));
                return Ok(());
            }
            Checked::RemoveFromGroup(group) => {
                draft.write(table::group::leave(organization, *group, before.id));
                draft.write(table::remembered_login::forget_account(organization, before.id));
                draft.log("group.leave", &Target::from(before), "success", json!({ "group": group }));
                return Ok(());
            }
            Checked::Delete => {
                deleted(draft, before);
                return Ok(());
            }
        };
        if after != *before {
            draft.write(table::account::change(organization, before, &after));
        }
        Ok(())
    }
}

const fn already_required(before: &Account) -> &'static str {
    match before.mfa.enrollment {
        claviger_domain::mfa::Enrollment::Enrolled(_) => "MFA is required and set up already.",
        claviger_domain::mfa::Enrollment::NotEnrolled => "MFA is required already, with an earlier deadline.",
    }
}

pub(crate) fn to_json(value: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| Problem::Internal(error.to_string()))
}

pub(crate) fn from_json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| Problem::Internal(format!("a job can't be read: {error}")))
}
