//! An administrator sets their own MFA up anew, with a mailed link and their password (S6.8).

use crate::{
    App, Problem, Refusal,
    draft::{Draft, Target, nothing},
    enrollment::Enroller,
    hashing::Verdict,
    mail::Facts,
    session::{HalfSignedIn, NewSession, Origin},
    throttle, token, until_decided,
};
use claviger_domain::{
    account::{Account, Kind, Realm, State},
    administrator::Hand,
    factor::Factor,
    id::{LinkId, ResetId},
    mail,
    mfa_reset::{Asker, MfaReset, Opened, SelfReset, Stage, Standing, opened},
    organization::Organization,
    permission::{Role, Who},
    secret::Secret,
    sign_in::Proven,
    time::{Span, Timestamp},
};
use claviger_store::{
    Commit,
    table::{
        self,
        link::{Link, Purpose},
        mfa_reset::{AskedBy, Begun},
        throttle::Subjects,
    },
};
use serde_json::json;

/// A live link and whose MFA it is about.
#[derive(Clone, Debug)]
pub struct ResetLink {
    link: Link,
    /// Whose.
    pub account: Account,
}

/// What e-mail and password led to behind a link.
#[derive(Clone, Debug)]
pub enum ResetOutcome {
    /// The wizard goes on with this session.
    Wizard(NewSession),
    /// It is asked for.
    Asked {
        /// From when it can be carried out.
        ready_at: Timestamp,
    },
    /// It was asked for before.
    Waits {
        /// From when it can be carried out.
        until: Timestamp,
    },
    /// The e-mail is not that of the link's account, or the password is wrong.
    Refused,
    /// Too many wrong passwords: wait so long.
    Wait(Span),
}

fn switched_off() -> Refusal {
    let message =
        "Your organization doesn't let administrators reset their own MFA. Ask another administrator.";
    Refusal::state("self_reset_off", message)
}

/// S6.8: whether it is offered at all.
fn offered(organization: &Organization) -> Result<(), Refusal> {
    match organization.settings.self_reset {
        SelfReset::On | SelfReset::After(_) => Ok(()),
        SelfReset::Off => Err(switched_off()),
    }
}

/// Mails those among `administrators` who have billing, but the person that it is about and whoever did it.
pub(crate) fn tell_those_with_billing(
    draft: &mut Draft<'_>,
    administrators: &[Account],
    kind: mail::Kind,
    (person, cause): (&Account, &str),
    facts: Facts,
) -> Result<(), Problem> {
    let actor = Hand::of(draft.actor().who).own;
    let facts = Facts { person: Some(person.email.to_string()), ..facts };
    for other in administrators {
        let has_billing = matches!(other.kind, Kind::Administrator { role: Role::AdministratorWithBilling });
        if has_billing && other.id != person.id && Some(other.id) != actor {
            draft.mail(kind, other, &format!("{cause}:{}", other.id), &facts)?;
        }
    }
    Ok(())
}

impl App {
    /// S6.8: mails a link to whoever has shown their password. One mail in five minutes; and whoever asks too often is
    /// no longer listened to for a while.
    pub async fn ask_for_reset(&self, half: &HalfSignedIn) -> Result<(), Refusal> {
        let organization = self.organization().await?;
        let account = &half.account;
        let realm = account.kind.realm();
        if realm != Realm::Administrator {
            return Err(Refusal::NotFound("page"));
        }
        offered(&organization)?;
        let asked = throttle::subjects("mfa_reset", realm, account.email.as_str(), &half.origin.address);
        if self.wait_for(&asked).await? > Span::ZERO {
            return Ok(());
        }
        let actor = half.actor();
        let mut draft = Draft::of(self, &actor, organization);
        draft.write_all(table::throttle::count(draft.organization.id, &asked, draft.now));
        draft.log("administrator.mfa.reset.link", &Target::from(account), "success", nothing());
        let token = draft.link(account, Purpose::MfaReset);
        let link = Some(format!("{}/admin/reset-mfa/{}", self.0.public_url, token.expose()));
        let cause = format!("mfa_reset_link:{}:{}", account.id, draft.now.seconds() / 300);
        draft.mail_once(mail::Kind::MfaResetLink, account, &cause, &Facts { link, ..Facts::default() })?;
        // A conflict says that a link was mailed a moment ago: it stays alive.
        let _ = draft.commit().await?;
        Ok(())
    }

    /// The link, if it is alive. Looking changes nothing: mail scanners follow links.
    pub async fn reset_link(&self, token: &str) -> Result<ResetLink, Refusal> {
        let organization = self.organization().await?;
        let dead = || Refusal::NotFound("link");
        let link =
            table::link::find(&self.0.store, organization.id, token::hash(token)).await?.ok_or_else(dead)?;
        if link.purpose != Purpose::MfaReset || link.used_at.is_some() || link.expires_at <= self.now() {
            return Err(dead());
        }
        let id = link.account.ok_or_else(dead)?;
        let account = table::account::by_id(&self.0.store, organization.id, Realm::Administrator, id).await?;
        match account {
            Some(account) if account.state == State::Activated => Ok(ResetLink { link, account }),
            _ => Err(dead()),
        }
    }

    /// S6.8: e-mail and password of the link's own account lead to the wizard, or to when it can be opened. Wrong ones
    /// count as those of a sign-in.
    pub async fn open_reset(
        &self,
        token: &str,
        identifier: &str,
        password: &Secret<String>,
        origin: &Origin,
    ) -> Result<ResetOutcome, Refusal> {
        let subjects =
            throttle::subjects("password", Realm::Administrator, identifier.trim(), &origin.address);
        until_decided!({
            let found = self.reset_link(token).await?;
            let wait = self.wait_for(&subjects).await?;
            if wait > Span::ZERO {
                return Ok(ResetOutcome::Wait(wait));
            }
            let is_owner = found.account.email.key() == identifier.trim().to_ascii_lowercase();
            let hash = found.account.password.hash().filter(|_| is_owner);
            if self.check_password(password, hash).await? == Verdict::Wrong {
                return Ok(self.wrong_for_reset(&found.account, &subjects, origin).await?);
            }
            self.opened_reset(&found, &subjects, origin).await?
        })
    }

    async fn wrong_for_reset(
        &self,
        account: &Account,
        subjects: &Subjects,
        origin: &Origin,
    ) -> Result<ResetOutcome, Problem> {
        let actor = origin.visitor();
        let mut draft = Draft::new(self, &actor).await?;
        draft.write_all(table::throttle::count(draft.organization.id, subjects, draft.now));
        draft.log("administrator.mfa.reset.open", &Target::from(account), "refused", nothing());
        draft.settle().await?;
        Ok(ResetOutcome::Refused)
    }

    /// Nothing if something was changed meanwhile.
    async fn opened_reset(
        &self,
        found: &ResetLink,
        subjects: &Subjects,
        origin: &Origin,
    ) -> Result<Option<ResetOutcome>, Refusal> {
        let ResetLink { link, account } = found;
        let actor = origin.actor(account);
        let mut draft = Draft::new(self, &actor).await?;
        let (store, id, now) = (&self.0.store, draft.organization.id, draft.now);
        let before = table::mfa_reset::of_account(store, id, account.id, AskedBy::Themselves).await?;
        draft.write(table::account::unchanged(id, account));
        draft.write(table::throttle::clear(id, subjects));
        draft.write(table::mfa_reset::drop_expired(id, account.id, now));
        let setting = draft.organization.settings.self_reset;
        let outcome = match opened(setting, before.as_ref(), now) {
            Opened::Refused => return Err(switched_off()),
            Opened::Waits { until } => ResetOutcome::Waits { until },
            Opened::Asked { ready_at, expires_at } => {
                draft.write(table::link::take(id, link, now));
                self.new_own_reset(&mut draft, account, ready_at, expires_at);
                self.tell_of_delay(&mut draft, account, link.id, ready_at).await?;
                ResetOutcome::Asked { ready_at }
            }
            Opened::Now { expires_at } => {
                let live = before
                    .filter(|reset| matches!(reset.standing(now), Standing::Waits { .. } | Standing::Ready));
                let reset = match live {
                    Some(reset) => reset.id,
                    None => self.new_own_reset(&mut draft, account, now, expires_at),
                };
                let (session, name) = self.session_after(&mut draft, account, (Proven::Reset, now), origin);
                draft.write(table::mfa_reset::begin(id, reset, name, link.id, expires_at));
                ResetOutcome::Wizard(session)
            }
        };
        let word = match &outcome {
            ResetOutcome::Asked { .. } => "asked",
            ResetOutcome::Waits { .. } => "waits",
            ResetOutcome::Wizard(_) | ResetOutcome::Refused | ResetOutcome::Wait(_) => "success",
        };
        draft.log("administrator.mfa.reset.open", &Target::from(account), word, nothing());
        Ok((draft.commit().await? == Commit::Committed).then_some(outcome))
    }

    fn new_own_reset(
        &self,
        draft: &mut Draft<'_>,
        account: &Account,
        ready_at: Timestamp,
        expires_at: Timestamp,
    ) -> ResetId {
        let reset = MfaReset {
            id: ResetId::new(draft.now, self.random()),
            account: account.id,
            asker: Asker::Themselves { ready_at },
            stage: Stage::Pending,
            created_at: draft.now,
            expires_at,
        };
        draft.write(table::mfa_reset::insert(draft.organization.id, &reset));
        reset.id
    }

    async fn tell_of_delay(
        &self,
        draft: &mut Draft<'_>,
        account: &Account,
        link: LinkId,
        ready_at: Timestamp,
    ) -> Result<(), Problem> {
        let person = Some(account.email.to_string());
        let facts =
            Facts { link: Some(self.resets_page()), until: Some(ready_at), person, ..Facts::default() };
        let cause = format!("mfa_reset_delayed:{link}");
        // The page is for those who manage administrators.
        let own = Facts { link: None, ..facts.clone() };
        draft.mail_of_change(mail::Kind::MfaResetDelayed, account, &cause, own)?;
        self.tell_billing(draft, mail::Kind::MfaResetDelayed, (account, &cause), facts).await
    }

    /// S6.9: whoever makes an administrator on the server's host doesn't do it unseen.
    pub(crate) async fn tell_of_new_administrator(
        &self,
        draft: &mut Draft<'_>,
        account: &Account,
    ) -> Result<(), Problem> {
        if draft.actor().who != Who::Host {
            return Ok(());
        }
        let cause = format!("administrator_created:{}", account.id);
        let facts = Facts { actor: Some(draft.actor_name()), ..Facts::default() };
        self.tell_billing(draft, mail::Kind::AdministratorCreated, (account, &cause), facts).await
    }

    pub(crate) fn resets_page(&self) -> String {
        format!("{}/admin/resets", self.0.public_url)
    }

    /// Mails every activated Administrator with Billing but the person that it is about and whoever did it.
    pub(crate) async fn tell_billing(
        &self,
        draft: &mut Draft<'_>,
        kind: mail::Kind,
        about: (&Account, &str),
        facts: Facts,
    ) -> Result<(), Problem> {
        let administrators = table::account::administrators(&self.0.store, draft.organization.id).await?;
        tell_those_with_billing(draft, &administrators, kind, about, facts)
    }

    /// Whom [`tell_those_with_billing`] chooses from.
    pub(crate) async fn activated_administrators(&self) -> Result<Vec<Account>, Problem> {
        let organization = self.organization().await?;
        Ok(table::account::administrators(&self.0.store, organization.id).await?)
    }

    /// The reset that the wizard of `who` carries out, if it still may.
    pub(crate) async fn begun_reset(&self, who: &Enroller) -> Result<Begun, Refusal> {
        let organization = self.organization().await?;
        offered(&organization)?;
        let over = || {
            let message = "This reset took too long, was begun again elsewhere, or is done. Start again with your password.";
            Refusal::state("reset_over", message)
        };
        let found =
            table::mfa_reset::of_session(&self.0.store, organization.id, who.account.id, who.session.id)
                .await?;
        let begun = found.ok_or_else(over)?;
        match (begun.reset.standing(self.now()), organization.settings.self_reset) {
            (Standing::Ready, _) | (Standing::Waits { .. }, SelfReset::On) => Ok(begun),
            (Standing::Canceled, _) => Err(Refusal::state(
                "reset_canceled",
                "An administrator canceled this reset. Your present authenticator goes on working.",
            )),
            (Standing::Waits { .. } | Standing::Done | Standing::Expired, _) => Err(over()),
        }
    }

    /// S6.8: at the end of the wizard: the link is used up, and everybody is told who should know.
    pub(crate) async fn reset_done(
        &self,
        draft: &mut Draft<'_>,
        who: &Enroller,
        begun: &Begun,
        factor: &Factor,
    ) -> Result<(), Problem> {
        let (id, now, account) = (draft.organization.id, draft.now, &who.account);
        draft.write(table::link::finish(id, account.id, begun.link, now));
        let by = account.email.as_str();
        draft.write(table::mfa_reset::finish(id, begun.reset.id, who.session.id, by, now));
        draft.write(table::mfa_reset::drop_pending(id, account.id));
        let details = json!({ "reset": begun.reset.id });
        draft.log("administrator.mfa.reset.self", &Target::from(account), "success", details);
        let cause = format!("mfa_reset_done:{}", factor.id);
        draft.mail_of_change(mail::Kind::MfaResetDone, account, &cause, Facts::default())?;
        let facts = Facts { actor: Some(account.email.to_string()), ..Facts::default() };
        self.tell_billing(draft, mail::Kind::AdministratorReset, (account, &cause), facts).await
    }
}
