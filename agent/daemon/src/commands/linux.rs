//! What `claviger-agent` can be told on Linux: two processes, one with a network and one that is root.

use super::common::{Enroll, enroll, must_be_root, now, show, show_json, start};
use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use claviger_agent::{
    clock::SystemClocks,
    config::Enrollment,
    doctor, files,
    logs::{say, warn},
    platform::linux::{FOLDER, Paths, STANDING, accounts},
    run,
    status::Standing,
    tasks::{self, Root, Settings, socket::Tasks},
    uninstall::{self, Farewell},
};
use claviger_agent_core::plan;
use claviger_agent_ipc::Listener;
use rustix::net::sockopt::socket_acceptconn;
use std::{
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixListener,
    },
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

/// The agent of Claviger: MFA at this device's logins.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What the root half keeps.
const TASKS_DATA: &str = "/var/lib/claviger-agent-tasks";

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
        /// Where the agent's own files go.
        #[arg(long, value_name = "FOLDER", default_value = FOLDER)]
        folder: PathBuf,
        /// Don't start the agent afterwards.
        #[arg(long)]
        no_start: bool,
    },
    /// The half with the network; its unit starts it.
    Run {
        #[arg(long, value_name = "FILE", default_value = "/etc/claviger-agent/agent.toml")]
        config: PathBuf,
        #[arg(long, value_name = "FILE", default_value = "/etc/claviger-agent/key")]
        key_file: PathBuf,
        #[arg(long, value_name = "FOLDER", default_value = "/var/lib/claviger-agent")]
        data: PathBuf,
        /// Listen here instead of at the socket that systemd hands over.
        #[arg(long, value_name = "PATH")]
        socket: Option<PathBuf>,
        #[arg(long, value_name = "PATH", default_value = tasks::socket::SOCKET)]
        tasks_socket: PathBuf,
        /// Write down how things are, for `claviger-agent status`.
        #[arg(long, value_name = "FILE")]
        standing: Option<PathBuf>,
    },
    /// The half that is root; its unit starts it.
    Tasks {
        #[arg(long, value_name = "FILE", default_value = "/etc/claviger-agent/agent.toml")]
        config: PathBuf,
        #[arg(long, value_name = "FOLDER", default_value = TASKS_DATA)]
        data: PathBuf,
        /// Listen here instead of at the socket that systemd hands over.
        #[arg(long, value_name = "PATH")]
        socket: Option<PathBuf>,
        /// Who may ask, beside root.
        #[arg(long, value_name = "USER", default_value = "claviger")]
        peer: String,
        /// This program, as sshd is to run it.
        #[arg(long, value_name = "FILE")]
        program: Option<PathBuf>,
    },
    /// Say how things are.
    Status {
        /// For programs.
        #[arg(long)]
        json: bool,
        #[arg(long, value_name = "FOLDER", default_value = FOLDER)]
        folder: PathBuf,
        #[arg(long, value_name = "FILE", default_value = STANDING)]
        standing: PathBuf,
    },
    /// Check this device and say what to mend.
    Doctor {
        /// Whose login to look at.
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// Coming from this address.
        #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
        address: String,
        #[arg(long, value_name = "FOLDER", default_value = FOLDER)]
        folder: PathBuf,
        #[arg(long, value_name = "FILE", default_value = STANDING)]
        standing: PathBuf,
        #[arg(long, value_name = "PATH", default_value = "/run/claviger-agent/login.sock")]
        socket: PathBuf,
    },
    /// Put everything back as it was and forget the server. Accounts stay.
    Uninstall {
        /// Don't tell the server.
        #[arg(long)]
        keep_on_server: bool,
        /// Only put sshd, PAM, sudo and groups back; stay enrolled.
        #[arg(long)]
        logins_only: bool,
        #[arg(long, value_name = "FOLDER", default_value = FOLDER)]
        folder: PathBuf,
    },
    /// Print the SSH keys of a user, for sshd.
    AuthorizedKeys {
        /// The account's name.
        user: String,
        #[arg(long, value_name = "FILE")]
        keys: Option<PathBuf>,
    },
}

/// Does what the command line says.
pub(crate) fn run() -> Result<ExitCode> {
    dispatch(Arguments::parse().command)
}

fn dispatch(command: Command) -> Result<ExitCode> {
    match command {
        Command::Enroll { server, key, ca, folder, no_start } => {
            enroll(Enroll { server, key, ca, folder })?;
            if !no_start {
                start()?;
            }
        }
        Command::Run { config, key_file, data, socket, tasks_socket, standing } => {
            let options = run::Options { config, key_file, data, standing };
            run::run(&options, Arc::new(Tasks::at(&tasks_socket)), || listener(socket))?;
        }
        Command::Tasks { config, data, socket, peer, program } => {
            run_tasks(&config, data, socket.as_deref(), &peer, program)?;
        }
        Command::Status { json, folder, standing } => {
            let standing = Standing::read(&standing)?;
            return if json { show_json(standing) } else { show(&folder, standing) };
        }
        Command::Doctor { user, address, folder, standing, socket } => {
            must_be_root()?;
            let options = doctor::Options { folder, standing, socket, user, address };
            return Ok(doctor::run(&options, now()?));
        }
        Command::Uninstall { keep_on_server, logins_only, folder } => {
            must_be_root()?;
            if logins_only {
                uninstall::put_back(Path::new(TASKS_DATA))?;
            } else {
                remove(&folder, if keep_on_server { Farewell::Unsaid } else { Farewell::Said })?;
            }
        }
        Command::AuthorizedKeys { user, keys } => print_keys(&user, keys)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn remove(folder: &Path, farewell: Farewell) -> Result<()> {
    uninstall::uninstall(folder, (Path::new("/var/lib/claviger-agent"), Path::new(TASKS_DATA)), farewell)?;
    say(
        "sshd, PAM, sudo and groups are as they were. Accounts were left as they are, the locked ones locked.",
    );
    Ok(())
}

fn listener(socket: Option<PathBuf>) -> Result<Listener> {
    match &socket {
        Some(path) => Listener::bind(path).with_context(|| format!("{}", path.display())),
        None => Ok(Listener::inherited(inherited()?)),
    }
}

/// The socket that systemd listens on: `StandardInput=socket` makes it the standard input.
fn inherited() -> Result<OwnedFd> {
    let socket = std::io::stdin().as_fd().try_clone_to_owned()?;
    if !socket_acceptconn(&socket).unwrap_or(false) {
        bail!("no socket was handed over: start the agent through its units, or say --socket");
    }
    Ok(socket)
}

fn run_tasks(
    config: &Path,
    data: PathBuf,
    socket: Option<&Path>,
    peer: &str,
    program: Option<PathBuf>,
) -> Result<()> {
    let enrollment = Enrollment::load(config)?;
    let mut paths = Paths::default();
    if let Some(program) = program {
        paths.program = program;
    }
    let number = accounts::number_of(&paths, peer)?;
    let listener = match socket {
        Some(path) => {
            // Whoever may ask is told by the kernel; the file's mode only keeps noise away.
            let _ = std::fs::remove_file(path);
            UnixListener::bind(path).with_context(|| format!("{}", path.display()))?
        }
        None => UnixListener::from(inherited()?),
    };
    let mut root = Root::open(Settings {
        device: enrollment.device,
        server_key: enrollment.server_key,
        folder: data,
        paths,
        clock: Box::new(SystemClocks::new()?),
    })?;
    if number.is_none() {
        warn(&format!("there is no account {peer}: only root may ask"));
    }
    Ok(tasks::serve(&mut root, &listener, number.unwrap_or(0))?)
}

fn print_keys(user: &str, keys: Option<PathBuf>) -> Result<()> {
    let text = files::read(&keys.unwrap_or(Paths::default().keys))?.unwrap_or_default();
    plan::files::keys_of(&text, user).for_each(say);
    Ok(())
}
