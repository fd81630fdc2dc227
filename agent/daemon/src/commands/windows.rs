//! What `claviger-agent` can be told on Windows: one service does it all.

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use claviger_agent::{
    clock::SystemClocks,
    config::{self, Enrollment},
    doctor, enroll,
    logs::{self, complain, say},
    platform::windows::{Paths, journal, logins, policies, service},
    run,
    status::Standing,
    tasks::{Direct, Root, Settings},
    uninstall::{self, Farewell},
};
use claviger_agent_core::port::Clock;
use claviger_agent_ipc::{Listener, PIPE, away};
use claviger_domain::time::Timestamp;
use claviger_win32::{
    event_log::{self, Level},
    folder::make_private,
};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    thread,
    time::Duration,
};

/// The agent of Claviger: MFA at this device's logons.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// Where the agent's own files are: beside those of other programs of the machine, if nothing is said.
    #[arg(long, global = true, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make this device known to a server.
    Enroll {
        /// The server's address, such as https://claviger.example.com.
        #[arg(long, value_name = "URL")]
        server: String,
        /// The connect key from the Devices page; - reads it from standard input.
        #[arg(long, value_name = "KEY")]
        key: String,
        /// Trust this certificate, or what it signed, and no other.
        #[arg(long, value_name = "FILE")]
        ca: Option<PathBuf>,
        /// Don't start the agent afterwards.
        #[arg(long)]
        no_start: bool,
    },
    /// The service; Windows starts it.
    Run {
        /// Not as a service, but from a terminal.
        #[arg(long)]
        console: bool,
    },
    /// Say how things are.
    Status {
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Check this device and say what to mend.
    Doctor {
        /// Whose logon to look at.
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
    /// Put everything back as it was and forget the server. Accounts stay.
    Uninstall {
        /// Don't tell the server.
        #[arg(long)]
        keep_on_server: bool,
        /// Only show the other ways in again; stay enrolled.
        #[arg(long)]
        logons_only: bool,
    },
}

/// Does what the command line says.
pub(crate) fn run() -> Result<ExitCode> {
    let Arguments { folder, command } = Arguments::parse();
    let folder = match folder {
        Some(folder) => folder,
        None => away::folder().context("the system's folders are not known")?,
    };
    match command {
        Command::Enroll { server, key, ca, no_start } => {
            if claviger_win32::system::is_domain_controller() {
                bail!("this is a domain controller: it has no local accounts");
            }
            let key = if key == "-" { std::io::read_to_string(std::io::stdin())? } else { key };
            let enrollment = enroll::enroll(&enroll::Wish { server, key, certificate: ca, folder })?;
            let server = enrollment.server.as_str();
            say(&format!("This device is enrolled at {server} ({}).", enrollment.organization));
            if !no_start {
                start()?;
            }
        }
        Command::Run { console: true } => work(&folder)?,
        Command::Run { console: false } => serve(folder)?,
        Command::Status { json } => {
            let standing = Standing::read(&standing(&folder))?;
            return if json { show_json(standing) } else { show(&folder, standing) };
        }
        Command::Doctor { user } => {
            let options = doctor::Options { standing: standing(&folder), user, folder };
            return Ok(doctor::run(&options, now()?));
        }
        Command::Uninstall { logons_only: true, .. } => {
            policies::put_back(&Paths, &tasks(&folder))?;
            logins::put_back(&Paths)?;
        }
        Command::Uninstall { keep_on_server, logons_only: false } => {
            remove(&folder, if keep_on_server { Farewell::Unsaid } else { Farewell::Said })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn standing(folder: &Path) -> PathBuf {
    folder.join("standing.json")
}

fn vault(folder: &Path) -> PathBuf {
    folder.join("vault")
}

fn tasks(folder: &Path) -> PathBuf {
    folder.join(away::TASKS)
}

fn now() -> Result<Timestamp> {
    Ok(SystemClocks::new()?.clocks().wall)
}

fn start() -> Result<()> {
    match service::start()? {
        service::Started::Running => say("The agent runs. `claviger-agent status` says how things are."),
        service::Started::ByHand => say(service::BY_HAND),
    }
    Ok(())
}

/// How often the service looks whether the device was enrolled.
const LOOK: Duration = Duration::from_secs(2);

/// As Windows has it: it starts when the machine does, and waits there until the device is enrolled.
fn serve(folder: PathBuf) -> Result<()> {
    make_private(&folder).inspect_err(|error| {
        let _ = event_log::write(Level::Warning, &error.to_string());
    })?;
    journal::into(&folder.join("agent.log"));
    let work = move || {
        if let Err(error) = claviger_win32::service::restart_when_it_fails(service::NAME) {
            logs::note(&format!("Windows would not start the service again after a failure: {error}"));
        }
        while !folder.join(config::FILE).exists() {
            thread::sleep(LOOK);
        }
        work(&folder).map_err(|error| {
            let error = format!("{error:#}");
            logs::warn(&error);
            error
        })
    };
    Ok(claviger_win32::service::serve(service::NAME, Box::new(work))?)
}

fn work(folder: &Path) -> Result<()> {
    let enrollment = Enrollment::load(&folder.join(config::FILE))?;
    let (device, server_key) = (enrollment.device, enrollment.server_key);
    let root = tasks(folder);
    let open = move || {
        Root::open(Settings {
            device,
            server_key: server_key.clone(),
            folder: root.clone(),
            paths: Paths,
            clock: Box::new(SystemClocks::new()?),
        })
    };
    let options = run::Options {
        config: folder.join(config::FILE),
        key_file: folder.join(config::KEY),
        data: vault(folder),
        standing: Some(standing(folder)),
    };
    run::run(&options, Arc::new(Direct::new(Box::new(open))), || {
        Listener::bind(PIPE.as_ref())
            .with_context(|| format!("{PIPE} is somebody else's, or can't be offered"))
    })
}

fn remove(folder: &Path, farewell: Farewell) -> Result<()> {
    uninstall::uninstall(folder, (&vault(folder), &tasks(folder)), farewell)?;
    let _ = std::fs::remove_file(standing(folder));
    say("The other ways in are shown again. Accounts were left as they are, the locked ones disabled.");
    Ok(())
}

fn show(folder: &Path, standing: Option<Standing>) -> Result<ExitCode> {
    let enrollment = Enrollment::load(&folder.join(config::FILE))?;
    let Some(standing) = standing else {
        complain(journal::AWAY);
        return Ok(ExitCode::FAILURE);
    };
    standing.lines(&enrollment, now()?).iter().for_each(|line| say(line));
    Ok(ExitCode::SUCCESS)
}

fn show_json(standing: Option<Standing>) -> Result<ExitCode> {
    say(&serde_json::to_string_pretty(&standing)?);
    Ok(if standing.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
