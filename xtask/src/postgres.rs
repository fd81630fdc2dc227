//! A PostgreSQL of the tests' own: on a free port, in a folder for what is thrown away, gone afterwards.

use crate::{
    packages::postgres_programs,
    run::{output, succeed},
    scratch,
};
use anyhow::{Context, Result};
use std::{net::TcpListener, path::PathBuf, process::Command};

pub(crate) struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    as_root: bool,
}

impl Postgres {
    pub(crate) fn start() -> Result<Self> {
        let programs = postgres_programs()
            .context("PostgreSQL is not installed: run `cargo xtask test`, or install postgresql")?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = scratch::folder()?.join("postgres");
        std::fs::create_dir_all(&folder)?;
        let as_root = output(Command::new("id").arg("-u"))?.trim() == "0";
        let server = Self { programs, folder, port, as_root };
        if as_root {
            succeed(Command::new("chown").arg("postgres").arg(&server.folder))?;
        }
        let data = server.folder.join("data");
        succeed(
            server
                .command("initdb")
                .arg("-D")
                .arg(&data)
                .args(["-A", "trust", "-U", "postgres", "-E", "UTF8"]),
        )?;
        let options = format!(
            "-p {port} -k {} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=500",
            server.folder.display()
        );
        let log = server.folder.join("log");
        succeed(
            server
                .command("pg_ctl")
                .arg("-D")
                .arg(&data)
                .args(["-w", "-o", &options])
                .arg("-l")
                .arg(&log)
                .arg("start"),
        )?;
        Ok(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// For what has a network of its own: by the socket in its folder.
    pub(crate) fn socket_url(&self) -> String {
        let folder = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{folder}:{}/postgres", self.port)
    }

    /// PostgreSQL refuses to run as root, so there it runs as its own user.
    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = if self.as_root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.stdout(std::process::Stdio::null());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.folder.join("data");
        let _ = succeed(self.command("pg_ctl").arg("-D").arg(data).args(["-m", "immediate", "stop"]));
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
