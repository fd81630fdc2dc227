//! The stacks, each in a folder of services of its own, with what each user has there.

use super::{Programs, code};
use crate::seed::User;
use anyhow::{Context, Result};
use data_encoding::{BASE32_NOPAD, HEXLOWER};
use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicU64, Ordering},
};
use tokio::{
    io::AsyncWriteExt,
    process::Command,
    time::{Duration, Instant},
};

/// What every program that logs in is called: one that the agent asks at.
const SERVICE: &str = "login";
/// About what the agent writes for a login, and what is there already before it.
const WRITTEN: usize = 512;
const ROOM: usize = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Nothing,
    Google,
    Oath,
    Claviger,
    Flush,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "pam_permit",
            Self::Google => "pam_google_authenticator",
            Self::Oath => "pam_oath",
            Self::Claviger => "pam_claviger",
            Self::Flush => "one write of 512 bytes and its flush",
        }
    }
}

pub(super) struct Stack {
    pub(super) kind: Kind,
    services: PathBuf,
    file: Option<Flushed>,
}

/// A file with room, which is written and flushed line by line.
struct Flushed {
    file: File,
    end: AtomicU64,
}

impl Stack {
    /// All of them, everybody's state fresh.
    pub(super) fn all(
        folder: &Path,
        programs: &Programs,
        socket: &Path,
        users: &[User],
    ) -> Result<Vec<Self>> {
        let kinds = [Kind::Nothing, Kind::Google, Kind::Oath, Kind::Claviger, Kind::Flush];
        let stacks = kinds.map(|kind| -> Result<Self> {
            let services = folder.join(format!("{kind:?}"));
            let secrets = services.join("secrets");
            fs::create_dir_all(&secrets)?;
            let line = match kind {
                Kind::Nothing | Kind::Oath | Kind::Flush => "pam_permit.so".to_owned(),
                Kind::Google => {
                    format!("{} user=root secret={}/${{USER}}", programs.google.display(), secrets.display())
                }
                Kind::Claviger => format!("{} socket={}", programs.module.display(), socket.display()),
            };
            write_service(&services.join(SERVICE), &line)?;
            for user in users {
                let secret = secrets.join(&user.name);
                if let Some(text) = kept(kind, user) {
                    write_private(&secret, text.as_bytes())?;
                }
                if kind == Kind::Oath {
                    let line = format!(
                        "{} digits=6 window=5 usersfile={}",
                        programs.oath.display(),
                        secret.display()
                    );
                    write_service(&services.join(&user.name), &line)?;
                }
            }
            let file = if kind == Kind::Flush { Some(Flushed::new(&services.join("file"))?) } else { None };
            Ok(Self { kind, services, file })
        });
        stacks.into_iter().collect()
    }

    /// pam_oath looks people who have a file of their own up among the machine's accounts, so its service names the file.
    fn service<'a>(&self, user: &'a User) -> &'a str {
        match self.kind {
            Kind::Oath => &user.name,
            Kind::Nothing | Kind::Google | Kind::Claviger | Kind::Flush => SERVICE,
        }
    }

    /// How long it took; nothing if somebody was refused.
    pub(super) async fn run(&self, programs: &Programs, user: &User) -> Result<Option<Duration>> {
        if let Some(file) = &self.file {
            return file.write().map(Some);
        }
        let mut child = Command::new(&programs.login)
            .arg(&self.services)
            .args([self.service(user), &user.name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut typed = child.stdin.take().context("no standard input")?;
        typed.write_all(code(user).as_bytes()).await?;
        drop(typed);
        let output = child.wait_with_output().await?;
        let said = String::from_utf8_lossy(&output.stdout);
        let (verdict, nanos) = said.trim().split_once(' ').context("a login said nothing")?;
        let took = Duration::from_nanos(nanos.parse()?);
        Ok((verdict == "0").then_some(took))
    }
}

/// What a user has at the others' modules, as their own programs set it up: `google-authenticator` asked for its
/// defaults, with every code good once and a limit of three tries in thirty seconds; one users file a person, the
/// least that pam_oath can have to rewrite.
fn kept(kind: Kind, user: &User) -> Option<String> {
    let secret = user.secret.expose();
    match kind {
        Kind::Google => Some(format!(
            "{}\n\" RATE_LIMIT 3 30\n\" WINDOW_SIZE 3\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n12345678\n23456789\n34567890\n\
             45678901\n56789012\n",
            BASE32_NOPAD.encode(secret)
        )),
        Kind::Oath => Some(format!("HOTP/T30/6 {} - {}\n", user.name, HEXLOWER.encode(secret))),
        Kind::Nothing | Kind::Claviger | Kind::Flush => None,
    }
}

fn write_service(path: &Path, line: &str) -> std::io::Result<()> {
    fs::write(path, format!("auth required {line}\n"))
}

fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(bytes)
}

impl Flushed {
    fn new(path: &Path) -> Result<Self> {
        write_private(path, &[0; ROOM])?;
        let file = OpenOptions::new().write(true).open(path)?;
        file.sync_all()?;
        Ok(Self { file, end: AtomicU64::new(0) })
    }

    fn write(&self) -> Result<Duration> {
        let at = self.end.fetch_add(WRITTEN as u64, Ordering::Relaxed);
        let begun = Instant::now();
        self.file.write_all_at(&[b'x'; WRITTEN], at)?;
        self.file.sync_data()?;
        Ok(begun.elapsed())
    }
}
