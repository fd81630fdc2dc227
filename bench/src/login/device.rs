//! A device with the real agent, to which every seeded user is bound.

use super::Programs;
use crate::{
    api::{Api, text},
    report::say,
    seed::Seeded,
    server::Server,
};
use anyhow::{Context, Result, ensure};
use serde_json::json;
use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{
    process::{Child, Command},
    time::{Duration, Instant, sleep},
};

/// How long the agent may take to fetch what codes are checked with.
const PATIENCE: Duration = Duration::from_secs(300);

pub(super) struct Device {
    folder: PathBuf,
    _agent: Child,
}

impl Device {
    /// Enrolls it, binds everybody, switches MFA on, and waits until codes can be checked there without the server. The
    /// root half is not started: it would make accounts on this machine.
    pub(super) async fn enroll(programs: &Programs, server: &Server, seeded: &Seeded) -> Result<Self> {
        let folder = seeded.folder.join("device");
        std::fs::create_dir_all(&folder)?;
        let api = Api::of(server, seeded);
        let key = api.call("POST", "/connect-keys", &json!({ "name": "Login" })).await?;
        // By name, as servers are called.
        let url = format!("http://localhost:{}", server.address.port());
        let enrolled = Command::new(&programs.agent)
            .args(["enroll", "--no-start", "--server", &url])
            .args(["--key", &text(&key, "secret")?, "--folder"])
            .arg(&folder)
            .output()
            .await?;
        ensure!(enrolled.status.success(), "{}", String::from_utf8_lossy(&enrolled.stderr));
        let devices = api.call("GET", "/devices", &json!({})).await?;
        let device = devices.pointer("/items/0").context("no device")?;
        let device = text(device, "id")?;
        for user in &seeded.users {
            api.call("PUT", &format!("/devices/{device}/users/{}", user.id), &json!({ "sudo": "none" }))
                .await?;
        }
        let on = json!({ "enabled": true, "ssh_first_factors": "password" });
        api.call("PUT", &format!("/devices/{device}/mfa"), &on).await?;
        let begun = Instant::now();
        let started = Self { _agent: start(programs, &folder)?, folder };
        started.until_covered(seeded.users.len()).await?;
        say(&format!("  everybody's codes were there after {:.0} s", begun.elapsed().as_secs_f64()));
        Ok(started)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.folder.join("login.sock")
    }

    async fn until_covered(&self, count: usize) -> Result<()> {
        let begun = Instant::now();
        let data = self.folder.join("data");
        while begun.elapsed() < PATIENCE {
            sleep(Duration::from_millis(500)).await;
            let Ok(entries) = std::fs::read_dir(&data) else { continue };
            let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
            if names.filter(|name| name.ends_with(".verifiers")).count() == count && self.socket().exists() {
                return Ok(());
            }
        }
        let said = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        anyhow::bail!("the agent did not fetch what codes are checked with: {said}")
    }
}

fn start(programs: &Programs, folder: &Path) -> Result<Child> {
    let path = |name: &str| folder.join(name);
    let agent = Command::new(&programs.agent)
        .arg("run")
        .arg("--config")
        .arg(path("agent.toml"))
        .arg("--key-file")
        .arg(path("key"))
        .arg("--data")
        .arg(path("data"))
        .arg("--socket")
        .arg(path("login.sock"))
        .arg("--tasks-socket")
        .arg(path("tasks.sock"))
        .stdin(Stdio::null())
        .stderr(File::create(path("log"))?)
        .kill_on_drop(true)
        .spawn()?;
    Ok(agent)
}
