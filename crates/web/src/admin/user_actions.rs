//! What is done to one user: each verb asks first and tells what it will do (S3.2, S4.12, S4.19).

use super::{change::named, confirm::Confirm, verb::Action};
use crate::{
    Web,
    chrome::{AdminChrome, Frame},
    error::PageError,
    flash,
    form::{Again, Field, Posted},
    view::{Link, page, render},
    visit::Admin,
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use claviger_app::{Refusal, session::SignedIn};
use claviger_domain::{
    account::Account,
    id::AccountId,
    mfa::{EnrollmentDays, Period, RunningPeriod, reset_terms},
    permission::{AssistUsers, ManageUsers, ViewUsers},
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Activate,
    Suspend,
    Delete,
    Unlock,
    ForgetDrift,
    Resend,
    ResetPassword,
    SetPassword,
    Require,
    Remove,
    Extend,
    Reset,
}

impl Verb {
    fn is_danger(self) -> bool {
        matches!(self, Self::Suspend | Self::Delete | Self::Reset)
    }

    fn changes_mfa(self) -> bool {
        matches!(self, Self::Require | Self::Remove | Self::Extend | Self::Reset)
    }

    fn takes_days(self) -> bool {
        matches!(self, Self::Require | Self::Extend | Self::Reset)
    }
}

const ACTIONS: &[Action<Verb>] = &[
    Action {
        verb: Verb::Activate,
        path: "activate",
        heading: "Activate",
        button: "Activate",
        done: "user_activated",
        effects: &[
            "They can sign in from now on.",
            "If they have no password yet, they get a mail with a link to choose one.",
            "If MFA is required, their time to set it up starts now or goes on.",
        ],
    },
    Action {
        verb: Verb::Suspend,
        path: "suspend",
        heading: "Suspend",
        button: "Suspend",
        done: "user_suspended",
        effects: &[
            "They can't sign in any more, and their sessions end now.",
            "Their MFA and password are kept; the clock of their enrollment period stops.",
        ],
    },
    Action {
        verb: Verb::Delete,
        path: "delete",
        heading: "Delete",
        button: "Delete user",
        done: "user_deleted",
        effects: &["Their account, MFA and sessions are gone for good.", "What the log says of them stays."],
    },
    Action {
        verb: Verb::Unlock,
        path: "unlock",
        heading: "Unlock",
        button: "Unlock",
        done: "user_unlocked",
        effects: &["The count of wrong codes starts again, and codes are taken at once."],
    },
    Action {
        verb: Verb::ForgetDrift,
        path: "mfa/forget-drift",
        heading: "Forget the clock drift of",
        button: "Forget drift",
        done: "drift_forgotten",
        effects: &[
            "Codes are taken around the server's own time again, as for a new authenticator.",
            "If the clock of their phone or token is still off, it is learned again or they resync it with two codes.",
        ],
    },
    Action {
        verb: Verb::Resend,
        path: "activation-email",
        heading: "Resend the activation e-mail to",
        button: "Resend e-mail",
        done: "activation_sent",
        effects: &["They get a new link to choose a password. The old link is dead."],
    },
    Action {
        verb: Verb::ResetPassword,
        path: "password-reset",
        heading: "Force a password change for",
        button: "Force change",
        done: "password_reset",
        effects: &[
            "They must choose a new password at their next sign-in, and get a link to do it by mail.",
            "Their sessions end now. Their code is asked for all the same.",
        ],
    },
    Action {
        verb: Verb::SetPassword,
        path: "password",
        heading: "Set a first password for",
        button: "Set password",
        done: "password_set",
        effects: &[
            "You tell them the password; no mail is sent, and the link of an earlier mail is dead.",
            "They must choose a password of their own at their first sign-in.",
        ],
    },
    Action {
        verb: Verb::Require,
        path: "mfa/require",
        heading: "Require MFA for",
        button: "Require MFA",
        done: "mfa_required",
        effects: &[
            "They are told by e-mail and prompted at every sign-in until they set it up.",
            "After the period they are locked out until you extend it or remove the requirement.",
        ],
    },
    Action {
        verb: Verb::Remove,
        path: "mfa/remove",
        heading: "Remove the MFA requirement for",
        button: "Remove requirement",
        done: "mfa_removed",
        effects: &["They need not set MFA up any more. If they have, they go on being asked for the code."],
    },
    Action {
        verb: Verb::Extend,
        path: "mfa/extend",
        heading: "Extend the enrollment period of",
        button: "Extend",
        done: "mfa_extended",
        effects: &[
            "The days are added to what is left; an expired period starts again from now.",
            "Nothing is deleted. They are told by e-mail.",
        ],
    },
    Action {
        verb: Verb::Reset,
        path: "mfa/reset",
        heading: "Reset MFA for",
        button: "Reset MFA",
        done: "mfa_reset",
        effects: &[
            "Their present authenticator stops working, and their sessions end now.",
            "They sign in without a code and are prompted to set MFA up again within these days.",
            "They are told by e-mail, and your reason is kept in the log.",
        ],
    },
];

/// Someone at the page of an action.
struct Asked {
    web: Web,
    me: SignedIn,
    frame: Frame,
    action: &'static Action<Verb>,
    id: AccountId,
}

impl Asked {
    fn new(web: Web, me: SignedIn, frame: Frame, path: &str, id: &str) -> Result<Self, PageError> {
        let asked = Self { web, me, frame, action: Action::at(ACTIONS, path)?, id: named(id)? };
        check(&asked.me, asked.action.verb)?;
        Ok(asked)
    }

    async fn account(&self) -> Result<Account, PageError> {
        Ok(self.web.app().user(&self.me.actor.granted::<ViewUsers>()?, self.id).await?)
    }

    async fn confirmation(self, account: &Account) -> Result<Confirm, PageError> {
        let action = self.action;
        let base = format!("/admin/users/{}", account.id);
        let name = account.name.shown(account.email.as_str());
        let default_days = self.web.app().organization().await?.settings.enrollment_days.get().to_string();
        let trail = vec![
            Link { href: "/admin/users".into(), label: "Users".into() },
            Link { href: base.clone(), label: name.clone() },
        ];
        let chrome = AdminChrome::new(&self.web, &self.me, self.frame, "users").await?;
        Ok(Confirm {
            heading: format!("{} {name}", action.heading),
            effects: action.told(),
            days: action.verb.takes_days().then(|| Field::of(default_days)),
            reason: (action.verb == Verb::Reset).then(Field::default),
            password: (action.verb == Verb::SetPassword).then(Field::default),
            danger: action.verb.is_danger(),
            verb: action.button.into(),
            ..Confirm::new(chrome, trail, format!("{base}/{}", action.path), base)
        })
    }

    async fn ask(self) -> Result<Response, PageError> {
        if self.action.verb.changes_mfa() {
            self.web.app().require_fresh_code(&self.me.actor)?;
        }
        let account = self.account().await?;
        Ok(page(&self.confirmation(&account).await?))
    }

    async fn act(self, form: &Posted) -> Result<Response, PageError> {
        let account = self.account().await?;
        let done = run(&self.web, &self.me, self.action.verb, self.id, form).await;
        let Again { status, errors, problem } = match done {
            Ok(()) => {
                let gone = self.action.verb == Verb::Delete;
                let back = if gone { "/admin/users".into() } else { format!("/admin/users/{}", self.id) };
                return Ok(flash::redirect(&back, self.action.done));
            }
            Err(refusal) => Again::after(refusal)?,
        };
        let mut again = self.confirmation(&account).await?;
        again.problem = problem.or_else(|| errors.of("require_mfa"));
        again.days = again.days.map(|_| form.field("enrollment_days", &errors));
        again.reason = again.reason.map(|_| form.field("reason", &errors));
        again.password = again.password.map(|_| Field::secret("password", &errors));
        Ok(render(status, &again))
    }
}

/// Asking needs the same permission as doing.
fn check(me: &SignedIn, verb: Verb) -> Result<(), PageError> {
    match verb {
        Verb::Unlock | Verb::ForgetDrift | Verb::ResetPassword | Verb::Extend | Verb::Reset => {
            drop(me.actor.granted::<AssistUsers>()?)
        }
        Verb::Activate
        | Verb::Suspend
        | Verb::Delete
        | Verb::Resend
        | Verb::SetPassword
        | Verb::Require
        | Verb::Remove => drop(me.actor.granted::<ManageUsers>()?),
    }
    Ok(())
}

async fn run(web: &Web, me: &SignedIn, verb: Verb, id: AccountId, form: &Posted) -> Result<(), Refusal> {
    let app = web.app();
    let days = || EnrollmentDays::parse("enrollment_days", form.text("enrollment_days"));
    let manage = || me.actor.granted::<ManageUsers>();
    let assist = || me.actor.granted::<AssistUsers>();
    match verb {
        Verb::Activate => app.activate_user(&manage()?, id).await.map(drop),
        Verb::Suspend => app.suspend_user(&manage()?, id).await.map(drop),
        Verb::Delete => app.delete_user(&manage()?, id).await,
        Verb::Unlock => app.unlock_user(&assist()?, id).await,
        Verb::ForgetDrift => app.forget_drift(&assist()?, id).await,
        Verb::Resend => app.resend_activation(&manage()?, id).await.map(drop),
        Verb::ResetPassword => app.force_password_change(&assist()?, id).await.map(drop),
        Verb::SetPassword => app.set_first_password(&manage()?, id, form.text("password")).await.map(drop),
        Verb::Require => {
            app.require_mfa(&manage()?, id, Period::Days(days()?), RunningPeriod::Restart).await.map(drop)
        }
        Verb::Remove => app.remove_requirement(&manage()?, id).await.map(drop),
        Verb::Extend => app.extend_period(&assist()?, id, days()?).await.map(drop),
        Verb::Reset => {
            let (days, reason) = reset_terms(days(), form.text("reason"))?;
            app.reset_mfa(&assist()?, id, days, &reason).await.map(drop)
        }
    }
}

type At = Path<(String, String)>;

pub(super) async fn ask(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path((id, action)): At,
) -> Result<Response, PageError> {
    Asked::new(web, me, frame, &action, &id)?.ask().await
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

pub(super) async fn ask_mfa(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path((id, action)): At,
) -> Result<Response, PageError> {
    Asked::new(web, me, frame, &format!("mfa/{action}"), &id)?.ask().await
}

pub(super) async fn act_mfa(
    State(web): State<Web>,
    Admin(me): Admin,
    frame: Frame,
    Path((id, action)): At,
    form: Posted,
) -> Result<Response, PageError> {
    Asked::new(web, me, frame, &format!("mfa/{action}"), &id)?.act(&form).await
}
