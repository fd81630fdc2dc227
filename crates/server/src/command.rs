//! Commands on the server's own host: break-glass and keys (S2.1, S6.9, S6.10).

use crate::{config::Config, logs::say, world};
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use claviger_app::{
    App, Refusal,
    administrators::AdministratorForm,
    api_keys::KeyForm,
    audit::Verdict,
    demand::Ticked,
    evidence,
    stored::user_list::{Filter, Listing, Order, Page, Sort},
};
use claviger_domain::{
    account::{Account, Realm},
    mfa::EnrollmentDays,
    permission::{AssistUsers, Role, ViewUsers},
    status::Status,
};
use std::{path::PathBuf, process::ExitCode};

#[derive(Subcommand)]
pub(crate) enum Admin {
    /// Print a new setup link; only while no administrator exists.
    SetupLink,
    /// Break-glass: make an administrator and print a link to choose a password.
    Create {
        /// Their e-mail.
        #[arg(long)]
        email: String,
        /// Their role.
        #[arg(long, default_value = "administrator_with_billing")]
        role: String,
    },
    /// Break-glass: forget an administrator's factor. They set up a new one at their next sign-in.
    ResetMfa {
        /// Their e-mail.
        email: String,
    },
    /// Clear an administrator's wrong codes, and with them any lock.
    Unlock {
        /// Their e-mail.
        email: String,
    },
    /// Keys for the REST API.
    #[command(subcommand)]
    ApiKey(ApiKey),
}

#[derive(Subcommand)]
pub(crate) enum ApiKey {
    /// Print a new key with the role of its administrator. It is shown this once.
    Create {
        /// The administrator's e-mail.
        #[arg(long)]
        email: String,
        /// What the key is called in the log.
        #[arg(long)]
        name: String,
        /// When it dies: a number of days, a day such as 2027-01-31, or never.
        #[arg(long, default_value = "never")]
        expires: String,
        /// An address or network that it may be used from, such as 203.0.113.0/24; can be given up to 20 times.
        #[arg(long)]
        allow: Vec<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum User {
    /// List users with their state and MFA status.
    List {
        /// A part of a name, login name or e-mail.
        #[arg(long, default_value = "")]
        search: String,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: i64,
    },
    /// Clear a user's wrong codes, and with them any lock.
    Unlock {
        /// E-mail or login name.
        user: String,
    },
    /// Delete a user's factor and start a new enrollment period.
    ResetMfa {
        /// E-mail or login name.
        user: String,
        /// Days to set MFA up again.
        #[arg(long, default_value_t = 7)]
        days: i64,
        /// Why; kept in the log.
        #[arg(long)]
        reason: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum Audit {
    /// Prove that no sealed entry was changed, removed or moved.
    Verify,
    /// Prove that a file of evidence is as this server signed it.
    VerifyEvidence {
        /// The CSV or HTML file, just as it was downloaded.
        file: PathBuf,
    },
    /// Print the public key that evidence is verified with elsewhere.
    EvidenceKey,
}

/// A refusal in words for a terminal.
fn told<T>(result: Result<T, Refusal>) -> Result<T> {
    result.map_err(|refusal| match refusal {
        Refusal::Fields(errors) => {
            let lines: Vec<_> = errors.into_iter().map(|error| error.message).collect();
            anyhow::anyhow!(lines.join(" "))
        }
        other => other.into(),
    })
}

pub(crate) async fn admin(config: &Config, command: Admin) -> Result<ExitCode> {
    let app = world::open(config).await?;
    let host = world::host();
    match command {
        Admin::SetupLink => match app.setup_link().await? {
            Some(link) => say(&format!("Setup link: {link}")),
            None => bail!("Claviger is set up already. `claviger admin create` makes another administrator."),
        },
        Admin::Create { email, role } => {
            let role = Role::from_key(&role).with_context(|| format!("there is no role {role:?}"))?;
            let form = AdministratorForm { email, role: role.key().into(), ..AdministratorForm::default() };
            let made = app.create_administrator(&host.granted()?, &form, Ticked::Yes).await;
            say(&format!("Link to choose a password, works once and for 7 days: {}", told(made)?.link));
        }
        Admin::ResetMfa { email } => {
            told(app.reset_administrator_mfa(&host, &email).await)?;
            say("The factor is gone. MFA is set up anew at the next sign-in.");
        }
        Admin::Unlock { email } => {
            let found = app.find_account(Realm::Administrator, &email).await?;
            let administrator = found.with_context(|| format!("there is no administrator {email:?}"))?;
            told(app.unlock_administrator(&host.granted()?, administrator.id).await)?;
            say("The administrator is unlocked.");
        }
        Admin::ApiKey(ApiKey::Create { email, name, expires, allow }) => {
            let form = KeyForm { name, expires, addresses: allow.join(" "), ..KeyForm::default() };
            say(told(app.create_api_key_of(&host, &email, &form).await)?.token.expose());
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn find(app: &App, name: &str) -> Result<Account> {
    app.find_account(Realm::User, name).await?.with_context(|| format!("there is no user {name:?}"))
}

pub(crate) async fn user(config: &Config, command: User) -> Result<ExitCode> {
    let app = world::open(config).await?;
    let host = world::host();
    match command {
        User::List { search, limit } => {
            let filter = Filter { search, ..Filter::default() };
            let listing =
                Listing { filter, sort: Sort::Name, order: Order::Ascending, page: Page::First, limit };
            let page = app.users(&host.granted::<ViewUsers>()?, &listing).await?;
            for account in &page.users {
                let username = account.username().map(ToString::to_string).unwrap_or_default();
                let status = Status::words(account.mfa.status(app.now()).key());
                say(&format!("{username}\t{}\t{}\t{status}", account.email, account.state.key()));
            }
            if page.has_older {
                say(&format!("… and more: raise --limit above {limit} or narrow --search"));
            }
        }
        User::Unlock { user } => {
            let account = find(&app, &user).await?;
            told(app.unlock_user(&host.granted::<AssistUsers>()?, account.id).await)?;
            say("The user is unlocked.");
        }
        User::ResetMfa { user, days, reason } => {
            let account = find(&app, &user).await?;
            let days = told(EnrollmentDays::new("days", days).map_err(Refusal::from))?;
            told(app.reset_mfa(&host.granted::<AssistUsers>()?, account.id, days, &reason).await)?;
            say("MFA was reset. The user is told by e-mail.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn audit(config: &Config, command: Audit) -> Result<ExitCode> {
    let app = world::open(config).await?;
    match command {
        Audit::Verify => match app.verify_log().await? {
            Verdict::Whole { entries, removed } => {
                say(&format!("The log is whole: {entries} entries."));
                if removed > 0 {
                    say(&format!(
                        "It begins at entry {}: the {removed} before were removed by the retention setting.",
                        removed + 1
                    ));
                }
                Ok(ExitCode::SUCCESS)
            }
            Verdict::Broken { sequence, what } => {
                say(&format!("The log is broken at entry {sequence}: {what}."));
                Ok(ExitCode::FAILURE)
            }
        },
        Audit::VerifyEvidence { file } => {
            let document =
                std::fs::read(&file).with_context(|| format!("{} can't be read", file.display()))?;
            let verdict = app.verify_evidence(&world::host().granted::<ViewUsers>()?, &document).await?;
            let (words, code) = match verdict {
                evidence::Verdict::Genuine => {
                    ("The evidence is genuine: it is as this server signed it.", ExitCode::SUCCESS)
                }
                evidence::Verdict::NotGenuine => (
                    "The evidence is NOT genuine: it was changed, or another server signed it.",
                    ExitCode::FAILURE,
                ),
                evidence::Verdict::Unsigned => (
                    "The file's last line is no signature: it was cut off, or is no evidence.",
                    ExitCode::FAILURE,
                ),
            };
            say(words);
            Ok(code)
        }
        Audit::EvidenceKey => {
            say(app.evidence_key(&world::host().granted::<ViewUsers>()?).await?.trim_end());
            Ok(ExitCode::SUCCESS)
        }
    }
}
