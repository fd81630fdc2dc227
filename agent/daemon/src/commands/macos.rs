//! What `claviger-agent` can be told on macOS: one daemon does it all.

use super::{
    common::{Enroll, enroll, must_be_root, now, show, show_json, start},
    single::{self, Folders},
};
use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use claviger_agent::{
    doctor,
    logs::{self, say},
    platform::macos::{Paths, journal, logins},
    status::Standing,
    uninstall::{self, Farewell},
};
use claviger_agent_ipc::{Listener, away};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The agent of Claviger: MFA at this Mac's login window.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// Where the agent's own files are.
    #[arg(long, global = true, value_name = "FOLDER", default_value = away::FOLDER)]
    folder: PathBuf,
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
    /// The daemon; launchd starts it.
    Run {
        /// Listen here instead of at the socket that launchd hands over.
        #[arg(long, value_name = "PATH")]
        socket: Option<PathBuf>,
    },
    /// Say how things are.
    Status {
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Check this device and say what to mend.
    Doctor {
        /// Whose login to look at.
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
    /// Say whether the login window has room for the code; the package asks before it installs anything.
    CheckLoginWindow,
    /// Put everything back as it was and forget the server. Accounts stay.
    Uninstall {
        /// Don't tell the server.
        #[arg(long)]
        keep_on_server: bool,
        /// Only put the login window, sudo and what policies changed back; stay enrolled.
        #[arg(long)]
        logins_only: bool,
    },
}

/// The socket's name in launchd's property list.
const SOCKET: &str = "Login";

/// Does what the command line says.
pub(crate) fn run() -> Result<ExitCode> {
    let Arguments { folder, command } = Arguments::parse();
    let folders = folders(&folder);
    match command {
        Command::Enroll { server, key, ca, no_start } => {
            must_be_root()?;
            enroll(Enroll { server, key, ca, folder: folders.own })?;
            if !no_start {
                start()?;
            }
        }
        Command::Run { socket } => work(&folders, socket.as_deref())?,
        Command::Status { json } => {
            let standing = Standing::read(&folders.standing)?;
            return if json { show_json(standing) } else { show(&folders.own, standing) };
        }
        Command::Doctor { user } => {
            must_be_root()?;
            let options = doctor::Options { folder: folders.own, standing: folders.standing, user };
            return Ok(doctor::run(&options, now()?));
        }
        Command::CheckLoginWindow => logins::check(&Paths::default())?,
        Command::Uninstall { logins_only: true, .. } => {
            must_be_root()?;
            uninstall::put_back(&folders.tasks)?;
        }
        Command::Uninstall { keep_on_server, logins_only: false } => {
            must_be_root()?;
            remove(&folders, if keep_on_server { Farewell::Unsaid } else { Farewell::Said })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn folders(folder: &Path) -> Folders {
    Folders {
        own: folder.join("etc"),
        vault: folder.join("data"),
        tasks: folder.join(away::TASKS),
        standing: folder.join("standing.json"),
    }
}

/// launchd starts it when the machine starts, and when somebody calls.
fn work(folders: &Folders, socket: Option<&Path>) -> Result<()> {
    journal::into(journal::FILE.as_ref());
    folders.wait_for_enrollment();
    let worked = single::work(folders, || listener(socket));
    worked.inspect_err(|error| logs::warn(&format!("{error:#}")))
}

fn listener(socket: Option<&Path>) -> Result<Listener> {
    match socket {
        Some(path) => Listener::bind(path).with_context(|| format!("{}", path.display())),
        None => {
            let socket = claviger_mac::launchd::socket(SOCKET);
            let handed =
                socket.context("no socket was handed over: let launchd start it, or say --socket")?;
            Ok(Listener::inherited(handed))
        }
    }
}

fn remove(folders: &Folders, farewell: Farewell) -> Result<()> {
    uninstall::uninstall(&folders.own, (&folders.vault, &folders.tasks), farewell)?;
    let _ = std::fs::remove_file(&folders.standing);
    claviger_mac::keychain::forget().context("the key in the System keychain")?;
    say(
        "The login window and sudo are as they were. Accounts were left as they are, the locked ones locked.",
    );
    Ok(())
}
