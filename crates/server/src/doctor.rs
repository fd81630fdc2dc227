//! `claviger doctor`: checks the installation and says what to mend.

use crate::{
    config::{Config, MasterKeys},
    logs::say,
    world,
};
use anyhow::Result;
use claviger_app::{App, set_up::Installation, stored::Delivery};
use claviger_domain::permission::ManageOrganization;
use std::{os::unix::fs::MetadataExt, path::Path, process::ExitCode};

/// How a check ended.
enum Finding {
    Good(String),
    Mind(String),
    Bad(String),
}

pub(crate) async fn run(config: &Config) -> Result<ExitCode> {
    let mut findings = vec![address(config), data_folder(&config.data_dir), key_file(config)];
    if world::is_untouched(config) {
        findings.push(Finding::Mind("there is no database yet: `claviger serve` makes it".into()));
        return Ok(report(findings));
    }
    match world::open(config).await {
        Ok(app) => findings.extend(installation(&app).await),
        Err(error) => findings.push(Finding::Bad(format!("{error:#}"))),
    }
    Ok(report(findings))
}

fn report(findings: Vec<Finding>) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for finding in findings {
        match finding {
            Finding::Good(text) => say(&format!("ok    {text}")),
            Finding::Mind(text) => say(&format!("mind  {text}")),
            Finding::Bad(text) => {
                say(&format!("BAD   {text}"));
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

fn address(config: &Config) -> Finding {
    let url = &config.public_url;
    if url.starts_with("https:") {
        Finding::Good(format!("links begin with {url}"))
    } else {
        Finding::Mind(format!(
            "links begin with {url}: people elsewhere need https; set public_url and TLS or a proxy"
        ))
    }
}

fn data_folder(path: &Path) -> Finding {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.mode() & 0o077 == 0 => {
            Finding::Good(format!("the data folder {} is private", path.display()))
        }
        Ok(_) => Finding::Bad(format!(
            "the data folder {} is open to others: chmod 700 {}",
            path.display(),
            path.display()
        )),
        Err(_) => Finding::Mind(format!(
            "the data folder {} does not exist yet; the first start makes it",
            path.display()
        )),
    }
}

fn key_file(config: &Config) -> Finding {
    match &config.master_keys {
        MasterKeys::File(path) => Finding::Mind(format!(
            "the master key is in {}: keep a copy of it apart from the database's backups",
            path.display()
        )),
        MasterKeys::Provided(path) => Finding::Good(format!("the master keys come from {}", path.display())),
        MasterKeys::Environment => Finding::Good("the master keys come from CLAVIGER_MASTER_KEYS".into()),
    }
}

async fn installation(app: &App) -> Vec<Finding> {
    let mut findings =
        vec![Finding::Good(format!("the {} database opens and the master key fits", app.store().name()))];
    match app.store().weaknesses().await {
        Ok(weaknesses) => {
            findings.extend(weaknesses.into_iter().map(|weakness| Finding::Bad(weakness.words().into())));
        }
        Err(error) => findings.push(Finding::Bad(error.to_string())),
    }
    match app.installation().await {
        Ok(Installation::SetUp) => findings.push(Finding::Good("Claviger is set up".into())),
        Ok(Installation::Fresh) => {
            findings.push(Finding::Mind(
                "Claviger is not set up: open the setup link (`claviger admin setup-link`)".into(),
            ));
            return findings;
        }
        Err(error) => findings.push(Finding::Bad(error.to_string())),
    }
    findings.push(match app.delivery().await {
        Ok(Delivery::On) => Finding::Good("mails go out".into()),
        Ok(Delivery::Off) => Finding::Mind("mails wait in the queue: set up Settings › E-mail".into()),
        Err(error) => Finding::Bad(error.to_string()),
    });
    findings.push(mails(app).await);
    findings
}

async fn mails(app: &App) -> Finding {
    let Ok(granted) = world::host().granted::<ManageOrganization>() else {
        return Finding::Bad("the command line lacks a permission".into());
    };
    match app.mail_counts(&granted).await {
        Ok((_, 0)) => Finding::Good("no mail was given up".into()),
        Ok((_, failed)) => {
            Finding::Mind(format!("{failed} mails were given up: see Settings › E-mail › Queue"))
        }
        Err(error) => Finding::Bad(error.to_string()),
    }
}
