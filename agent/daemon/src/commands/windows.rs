//! What `claviger-agent` can be told on Windows: one service does it all.

use super::{
    common::{Enroll, enroll, now, show, show_json, start},
    single::{self, Folders},
};
use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use claviger_agent::{
    doctor,
    logs::{self, say},
    platform::windows::{journal, service},
    status::Standing,
    uninstall::{self, Farewell},
};
use claviger_agent_ipc::{Listener, PIPE, away};
use claviger_win32::{
    event_log::{self, Level},
    folder::make_private,
};
use std::{path::PathBuf, process::ExitCode};

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
        /// The server's address, as a browser has it.
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
    let folders = folders(folder);
    match command {
        Command::Enroll { server, key, ca, no_start } => {
            if claviger_win32::system::is_domain_controller() {
                bail!("this is a domain controller: it has no local accounts");
            }
            enroll(Enroll { server, key, ca, folder: folders.own })?;
            if !no_start {
                start()?;
            }
        }
        Command::Run { console: true } => work(&folders)?,
        Command::Run { console: false } => serve(folders)?,
        Command::Status { json } => {
            let standing = Standing::read(&folders.standing)?;
            return if json { show_json(standing) } else { show(&folders.own, standing) };
        }
        Command::Doctor { user } => {
            let options = doctor::Options { folder: folders.own, standing: folders.standing, user };
            return Ok(doctor::run(&options, now()?));
        }
        Command::Uninstall { logons_only: true, .. } => {
            uninstall::put_back(&folders.tasks)?;
        }
        Command::Uninstall { keep_on_server, logons_only: false } => {
            remove(&folders, if keep_on_server { Farewell::Unsaid } else { Farewell::Said })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn folders(folder: PathBuf) -> Folders {
    Folders {
        vault: folder.join("vault"),
        tasks: folder.join(away::TASKS),
        standing: folder.join("standing.json"),
        own: folder,
    }
}

/// As Windows has it: it starts when the machine does, and waits there until the device is enrolled.
fn serve(folders: Folders) -> Result<()> {
    make_private(&folders.own).inspect_err(|error| {
        let _ = event_log::write(Level::Warning, &error.to_string());
    })?;
    journal::into(&folders.own.join("agent.log"));
    let work = move || {
        if let Err(error) = claviger_win32::service::restart_when_it_fails(service::NAME) {
            logs::note(&format!("Windows would not start the service again after a failure: {error}"));
        }
        folders.wait_for_enrollment();
        work(&folders).map_err(|error| {
            let error = format!("{error:#}");
            logs::warn(&error);
            error
        })
    };
    Ok(claviger_win32::service::serve(service::NAME, Box::new(work))?)
}

fn work(folders: &Folders) -> Result<()> {
    single::work(folders, || {
        Listener::bind(PIPE.as_ref())
            .with_context(|| format!("{PIPE} is somebody else's, or can't be offered"))
    })
}

fn remove(folders: &Folders, farewell: Farewell) -> Result<()> {
    uninstall::uninstall(&folders.own, (&folders.vault, &folders.tasks), farewell)?;
    let _ = std::fs::remove_file(&folders.standing);
    say("The other ways in are shown again. Accounts were left as they are, the locked ones disabled.");
    Ok(())
}
