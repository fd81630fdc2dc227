//! Apps and tokens that are out of step: two consecutive codes, and what is known of their clocks (S4.18).

use crate::{
    App, Problem, Refusal,
    beside::{Read, trim},
    draft::{Draft, Target},
    session::{HalfSignedIn, SignedIn},
    sign_in::CodeOutcome,
    until_decided,
    verify::{Presented, Told},
};
use claviger_domain::{
    account::Realm,
    factor::Factor,
    id::{AccountId, FactorId},
    permission::{AssistUsers, Granted, ViewUsers},
    resync::Pair,
    totp::Drift,
};
use claviger_store::{
    Commit,
    table::{self, report::Drifting, user_list::Page},
};
use serde_json::json;

/// One page of the factors near the edge.
#[derive(Clone, Debug)]
pub struct DriftingPage {
    /// Whose.
    pub factors: Vec<Drifting>,
    /// Whether there are rows before the first.
    pub has_newer: bool,
    /// Whether there are rows after the last.
    pub has_older: bool,
}

impl App {
    /// S4.18: two consecutive codes on the way in, for someone whose single codes are refused because the clock is
    /// off. They go in by the same door as a code.
    pub async fn submit_pair(
        &self,
        half: &HalfSignedIn,
        factor: FactorId,
        pair: &Pair,
    ) -> Result<CodeOutcome, Problem> {
        let actor = half.actor();
        until_decided!({
            let Some((account, sealed)) = self.asked_of(half, factor).await? else {
                return Ok(CodeOutcome::StartAgain);
            };
            let mut draft = Draft::new(self, &actor).await?;
            let presented = Presented { account: &account, sealed: &sealed, action: "sign_in.resync" };
            let told = self.judge_pair(&mut draft, &presented, pair).await?;
            self.follow_up(draft, half, &account, told).await?
        })
    }

    /// S4.18: the same from within, before somebody is locked out.
    pub async fn resync_own(&self, me: &SignedIn, pair: &Pair) -> Result<Told, Refusal> {
        let realm = me.account.kind.realm();
        until_decided!({
            let organization = self.organization().await?;
            let holder = table::factor::holder(&self.0.store, organization.id, realm, me.account.id).await?;
            let holder = holder.ok_or(Refusal::NotFound(realm.key()))?;
            let Some(sealed) = holder.factor else {
                return Err(Refusal::state("not_enrolled", "MFA is not set up, so no code is out of step."));
            };
            let mut draft = Draft::of(self, &me.actor, organization);
            let presented = Presented { account: &holder.account, sealed: &sealed, action: "mfa.resync" };
            let told = self.judge_pair(&mut draft, &presented, pair).await?;
            (draft.commit().await? == Commit::Committed).then_some(told)
        })
    }

    /// S4.18: forgets what was learned of a user's clock, a resync included.
    pub async fn forget_drift(&self, granted: &Granted<AssistUsers>, id: AccountId) -> Result<(), Refusal> {
        until_decided!({
            let organization = self.organization().await?;
            let holder = table::factor::holder(&self.0.store, organization.id, Realm::User, id).await?;
            let holder = holder.ok_or(Refusal::NotFound("user"))?;
            let Some(sealed) = holder.factor else {
                let message = "MFA is not set up, so there is no clock drift to forget.";
                return Err(Refusal::state("not_enrolled", message));
            };
            let before = sealed.factor.drift.thousandths();
            let after = Factor { drift: Drift::default(), ..sealed.factor };
            let mut draft = Draft::of(self, granted.actor(), organization);
            draft.write(table::factor::save(draft.organization.id, &after));
            let details = json!({ "before": { "thousandths_of_a_step": before } });
            draft.log("user.mfa.forget_drift", &Target::from(&holder.account), "success", details);
            (draft.commit().await? == Commit::Committed).then_some(())
        })
    }

    /// S4.18: the users whose clocks are off by a step or more, the farthest first.
    pub async fn drifting(
        &self,
        _: &Granted<ViewUsers>,
        page: &Page,
        limit: i64,
    ) -> Result<DriftingPage, Problem> {
        let organization = self.organization().await?;
        let mut factors = table::report::drifting(&self.0.store, organization.id, page, limit + 1).await?;
        let (has_newer, has_older) = trim(&mut factors, Read::from(page), limit);
        Ok(DriftingPage { factors, has_newer, has_older })
    }
}
