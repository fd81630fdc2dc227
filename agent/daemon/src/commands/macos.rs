//! What `claviger-agent` can be told on macOS: one daemon does it all.

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use claviger_agent::{
    clock::SystemClocks,
    config::{self, Enrollment},
    doctor, enroll,
    logs::{self, complain, say},
    platform::macos::{Paths, journal, logins, policies, service},
    run,
    status::Standing,
    tasks::{Direct, Root, Settings},
    uninstall::{self, Farewell},
};
use claviger_agent_core::port::Clock;
use claviger_agent_ipc::{Listener, away};
use claviger_domain::time::Timestamp;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    thread,
    time::Duration,
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
    match command {
        Command::Enroll { server, key, ca, no_start } => {
            must_be_root()?;
            let key = if key == "-" { std::io::read_to_string(std::io::stdin())? } else { key };
            let wish = enroll::Wish { server, key, certificate: ca, folder: own(&folder) };
            let enrollment = enroll::enroll(&wish)?;
            let server = enrollment.server.as_str();
            say(&format!("This device is enrolled at {server} ({}).", enrollment.organization));
            if !no_start {
                start()?;
            }
        }
        Command::Run { socket } => work(&folder, socket)?,
        Command::Status { json } => {
            let standing = Standing::read(&standing(&folder))?;
            return if json { show_json(standing) } else { show(&folder, standing) };
        }
        Command::Doctor { user } => {
            must_be_root()?;
            let options = doctor::Options { folder: own(&folder), standing: standing(&folder), user };
            return Ok(doctor::run(&options, now()?));
        }
        Command::CheckLoginWindow => logins::check(&Paths::default())?,
        Command::Uninstall { logins_only: true, .. } => {
            must_be_root()?;
            policies::put_back(&Paths::default(), &tasks(&folder))?;
            logins::put_back(&Paths::default())?;
        }
        Command::Uninstall { keep_on_server, logins_only: false } => {
            must_be_root()?;
            remove(&folder, if keep_on_server { Farewell::Unsaid } else { Farewell::Said })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What enrolling leaves.
fn own(folder: &Path) -> PathBuf {
    folder.join("etc")
}

fn standing(folder: &Path) -> PathBuf {
    folder.join("standing.json")
}

fn vault(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn tasks(folder: &Path) -> PathBuf {
    folder.join(away::TASKS)
}

fn now() -> Result<Timestamp> {
    Ok(SystemClocks::new()?.clocks().wall)
}

fn must_be_root() -> Result<()> {
    if rustix::process::geteuid().is_root() { Ok(()) } else { bail!("this needs root: run it with sudo") }
}

fn start() -> Result<()> {
    match service::start()? {
        service::Started::Running => say("The agent runs. `claviger-agent status` says how things are."),
        service::Started::ByHand => say(service::BY_HAND),
    }
    Ok(())
}

/// How often the daemon looks whether the device was enrolled.
const LOOK: Duration = Duration::from_secs(2);

/// launchd starts it when the machine starts, and when somebody calls; it waits there until the device is enrolled.
fn work(folder: &Path, socket: Option<PathBuf>) -> Result<()> {
    journal::into(journal::FILE.as_ref());
    let own = own(folder);
    let config = own.join(config::FILE);
    while !config.exists() {
        thread::sleep(LOOK);
    }
    let enrollment = Enrollment::load(&config)?;
    let (device, server_key) = (enrollment.device, enrollment.server_key);
    let root = tasks(folder);
    let open = move || {
        Root::open(Settings {
            device,
            server_key: server_key.clone(),
            folder: root.clone(),
            paths: Paths::default(),
            clock: Box::new(SystemClocks::new()?),
        })
    };
    let options = run::Options {
        config,
        key_file: own.join(config::KEY),
        data: vault(folder),
        standing: Some(standing(folder)),
    };
    let worked = run::run(&options, Arc::new(Direct::new(Box::new(open))), || listener(socket.as_deref()));
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

fn remove(folder: &Path, farewell: Farewell) -> Result<()> {
    uninstall::uninstall(&own(folder), (&vault(folder), &tasks(folder)), farewell)?;
    let _ = std::fs::remove_file(standing(folder));
    claviger_mac::keychain::forget().context("the key in the System keychain")?;
    say(
        "The login window and sudo are as they were. Accounts were left as they are, the locked ones locked.",
    );
    Ok(())
}

fn show(folder: &Path, standing: Option<Standing>) -> Result<ExitCode> {
    let enrollment = Enrollment::load(&own(folder).join(config::FILE))?;
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
