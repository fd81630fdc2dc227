//! What is done to one administrator: each verb asks first and tells what it will do (S6.1, S6.3, S6.5).

use super::{
    administrators::{LIST, administrator_id},
    confirm::Confirm,
    verb::Action,
};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Field, Posted},
    view::{Link, page, render, state_words},
    visit::Admin,
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use claviger_app::{
    Problem, Refusal, reset_approval::AdministratorReset, session::SignedIn, stored::Holder, words,
};
use claviger_domain::{
    account::{Kind, Password, State as AccountState},
    administrator::Change,
    id::AccountId,
    mfa::Enrollment,
    permission::{Granted, ManageAdministrators, Role},
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Activate,
    Suspend,
    Delete,
    Invite,
    Unlock,
    ResetMfa,
}

const ACTIONS: &[Action<Verb>] = &[
    Action {
        verb: Verb::Activate,
        path: "activate",
        heading: "Activate",
        button: "Activate",
        done: "administrator_activated",
        effects: &[
            "They can sign in to the Admin Portal from now on, and their API keys work again.",
            "If they have no password yet, they get a mail with a link to choose one.",
        ],
    },
    Action {
        verb: Verb::Suspend,
        path: "suspend",
        heading: "Suspend",
        button: "Suspend",
        done: "administrator_suspended",
        effects: &[
            "They can't sign in any more, their sessions end now, and their API keys stop working.",
            "Their MFA, password and role are kept.",
        ],
    },
    Action {
        verb: Verb::Delete,
        path: "delete",
        heading: "Delete",
        button: "Delete administrator",
        done: "administrator_deleted",
        effects: &[
            "Their account, MFA, sessions and API keys are gone for good.",
            "What the log says of them stays.",
        ],
    },
    Action {
        verb: Verb::Invite,
        path: "activation-email",
        heading: "Send the password link again to",
        button: "Send link",
        done: "administrator_invited",
        effects: &["They get a new link to choose a password, good for 7 days. The old link is dead."],
    },
    Action {
        verb: Verb::Unlock,
        path: "unlock",
        heading: "Unlock",
        button: "Unlock",
        done: "administrator_unlocked",
        effects: &["The count of wrong codes starts again, and codes are taken at once."],
    },
    Action {
        verb: Verb::ResetMfa,
        path: "reset-mfa",
        heading: "Reset MFA for",
        button: "Reset MFA",
        done: "administrator_mfa_reset",
        effects: &[
            "Their present authenticator and recovery codes stop working, and their sessions end now.",
            "They sign in with their password. If MFA is required of them, they set it up again there.",
            "They are told by e-mail who did it, and your reason is kept in the log.",
        ],
    },
];

/// The head of an administrator's page, with the verbs that are possible.
pub(super) struct AdministratorMenu {
    pub(super) base: String,
    pub(super) name: String,
    pub(super) initials: String,
    pub(super) email: String,
    pub(super) role: &'static str,
    pub(super) state: &'static str,
    pub(super) state_words: String,
    pub(super) can_edit: bool,
    pub(super) can_activate: bool,
    pub(super) can_invite: bool,
    pub(super) can_suspend: bool,
    pub(super) can_unlock: bool,
    pub(super) can_reset: bool,
    pub(super) can_delete: bool,
}

impl AdministratorMenu {
    pub(super) async fn of(web: &Web, me: &SignedIn, holder: &Holder) -> Result<Self, Problem> {
        let account = &holder.account;
        let wrong_codes = holder.factor.as_ref().map_or(0, |sealed| sealed.factor.failures.in_row);
        let role = match account.kind {
            Kind::Administrator { role } => role,
            Kind::User { .. } => Role::ReadOnly,
        };
        let may = async |change| {
            let allowed = web.app().may_change_administrator(&me.actor, account, change).await?;
            Ok::<_, Problem>(allowed.is_ok())
        };
        let activated = account.state == AccountState::Activated;
        let enrolled = account.mfa.enrollment != Enrollment::NotEnrolled;
        let name = account.name.shown(account.email.as_str());
        Ok(Self {
            base: format!("{LIST}/{}", account.id),
            initials: words::initials(&name),
            name,
            email: account.email.to_string(),
            role: role.words(),
            state: account.state.key(),
            state_words: state_words(account),
            can_edit: may(Change::Details(role)).await?,
            can_activate: !activated && may(Change::Activate).await?,
            can_invite: activated && account.password == Password::Pending && may(Change::Invite).await?,
            can_suspend: activated && may(Change::Suspend).await?,
            can_unlock: wrong_codes > 0 && may(Change::Unlock).await?,
            can_reset: enrolled && may(Change::ResetMfa).await?,
            can_delete: may(Change::Delete).await?,
        })
    }
}

/// Someone at the page of an action.
struct Asked {
    web: Web,
    me: SignedIn,
    frame: Frame,
    granted: Granted<ManageAdministrators>,
    action: &'static Action<Verb>,
    id: AccountId,
}

impl Asked {
    fn new(web: Web, me: SignedIn, frame: Frame, path: &str, id: &str) -> Result<Self, PageError> {
        let granted = me.actor.granted()?;
        Ok(Self { web, me, frame, granted, action: Action::at(ACTIONS, path)?, id: administrator_id(id)? })
    }

    async fn confirmation(self) -> Result<Confirm, PageError> {
        let action = self.action;
        let account = self.web.app().administrator(&self.granted, self.id).await?.account;
        let base = format!("{LIST}/{}", account.id);
        let name = account.name.shown(account.email.as_str());
        let trail = vec![
            Link { href: LIST.into(), label: "Administrators".into() },
            Link { href: base.clone(), label: name.clone() },
        ];
        let chrome = AdminChrome::new(&self.web, &self.me, self.frame, "administrators").await?;
        Ok(Confirm {
            heading: format!("{} {name}", action.heading),
            effects: action.told(),
            reason: (action.verb == Verb::ResetMfa).then(Field::default),
            danger: matches!(action.verb, Verb::Suspend | Verb::Delete | Verb::ResetMfa),
            verb: action.button.into(),
            ..Confirm::new(chrome, trail, format!("{base}/{}", action.path), base)
        })
    }

    /// Does it, and says which sentence tells of it.
    async fn run(&self, form: &Posted) -> Result<&'static str, Refusal> {
        let (app, granted, id) = (self.web.app(), &self.granted, self.id);
        match self.action.verb {
            Verb::Activate => drop(app.activate_administrator(granted, id).await?),
            Verb::Suspend => drop(app.suspend_administrator(granted, id).await?),
            Verb::Delete => app.delete_administrator(granted, id).await?,
            Verb::Invite => drop(app.invite_administrator_again(granted, id).await?),
            Verb::Unlock => app.unlock_administrator(granted, id).await?,
            Verb::ResetMfa => match app.reset_or_ask(granted, id, form.text("reason")).await? {
                AdministratorReset::Done(_) => {}
                AdministratorReset::Asked(_) => return Ok("reset_asked"),
            },
        }
        Ok(self.action.done)
    }

    async fn act(self, form: &Posted) -> Result<Response, PageError> {
        let Again { status, errors, problem } = match self.run(form).await {
            Ok(done) => {
                let one = format!("{LIST}/{}", self.id);
                let back = if self.action.verb == Verb::Delete { LIST } else { one.as_str() };
                return Ok(flash::redirect(back, done));
            }
            Err(refusal) => Again::after(refusal)?,
        };
        let mut again = self.confirmation().await?;
        again.problem = problem;
        again.reason = again.reason.map(|_| form.field("reason", &errors));
        Ok(render(status, &again))
    }
}

type At = Path<(String, String)>;

pub(super) async fn ask(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path((id, action)): At,
) -> Result<Response, PageError> {
    let asked = Asked::new(web, me, frame, &action, &id)?;
    asked.web.app().require_fresh_code(&asked.me.actor)?;
    Ok(page(&asked.confirmation().await?))
}

pub(super) async fn act(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path((id, action)): At,
    form: Posted,
) -> Result<Response, PageError> {
    Asked::new(web, me, frame, &action, &id)?.act(&form).await
}
