//! The `claviger` program: configuration, wiring, command line, shutdown.

mod command;
mod config;
mod courier;
mod doctor;
mod logs;
mod master_key;
mod serve;
mod smtp;
mod tls;
mod world;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

/// TOTP multi-factor authentication for an organization.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// The configuration file. Every setting can also be given as CLAVIGER_… in the environment.
    #[arg(long, global = true, env = "CLAVIGER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server (also without any command).
    Serve,
    /// Administrators: setup link, break-glass, API keys.
    #[command(subcommand)]
    Admin(command::Admin),
    /// Users, from the server's host.
    #[command(subcommand)]
    User(command::User),
    /// The activity log.
    #[command(subcommand)]
    Audit(command::Audit),
    /// Check the installation and say what to mend.
    Doctor,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            logs::complain(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    let config = match config::load(arguments.config.as_deref()) {
        Ok(config) => config,
        Err(errors) => {
            logs::complain(&format!("the configuration can't be used:\n{errors}"));
            return Ok(ExitCode::from(2));
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match arguments.command.unwrap_or(Command::Serve) {
            Command::Serve => serve::run(config).await.map(|()| ExitCode::SUCCESS),
            Command::Admin(admin) => command::admin(&config, admin).await,
            Command::User(user) => command::user(&config, user).await,
            Command::Audit(audit) => command::audit(&config, audit).await,
            Command::Doctor => doctor::run(&config).await,
        }
    })
}
