//! The server under test: the real program, watched from outside.

use crate::{http::Connection, seed::Seeded};
use anyhow::{Context, Result, ensure};
use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Stdio,
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    time::{Instant, sleep},
};

/// Clock ticks of /proc a second, the same on every Linux.
const TICKS: f64 = 100.0;

pub(crate) struct Server {
    child: Child,
    pid: u32,
    pub(crate) address: SocketAddr,
    pub(crate) ready_after: Duration,
}

/// In MiB.
pub(crate) struct Memory {
    pub(crate) resident: u64,
    pub(crate) peak: u64,
}

/// Counts since the start.
#[derive(Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) cpu_seconds: f64,
    pub(crate) syncs: f64,
}

impl Server {
    pub(crate) async fn start(binary: &Path, seeded: &Seeded) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let begun = Instant::now();
        let child = Command::new(binary)
            .arg("serve")
            .env("CLAVIGER_DATA_DIR", &seeded.folder)
            .env("CLAVIGER_DATABASE_URL", &seeded.database_url)
            .env("CLAVIGER_LISTEN", address.to_string())
            .env("CLAVIGER_LOG_LEVEL", "warn")
            .env("CLAVIGER_API_CALLS_PER_MINUTE", "0")
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let pid = child.id().context("the server ended at once")?;
        loop {
            ensure!(begun.elapsed() < Duration::from_secs(20), "the server did not become ready");
            if let Ok(mut connection) = Connection::open(address).await
                && connection
                    .send("GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n")
                    .await
                    .is_ok_and(|answer| answer.status == 200)
            {
                break;
            }
            sleep(Duration::from_millis(2)).await;
        }
        Ok(Self { child, pid, address, ready_after: begun.elapsed() })
    }

    /// Long enough for memory of the start to be given back.
    pub(crate) async fn rest(&self) {
        sleep(Duration::from_secs(4)).await;
    }

    pub(crate) fn memory(&self) -> Result<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib / 1024)
        };
        Ok(Memory { resident: of("VmRSS:").context("VmRSS")?, peak: of("VmHWM:").context("VmHWM")? })
    }

    pub(crate) async fn counts(&self) -> Result<Counts> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks =
            |index: usize| fields.get(index).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(0.0);
        let mut connection = Connection::open(self.address).await?;
        let metrics = connection.send("GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n").await?.body;
        let of = |name: &str| {
            let line = metrics.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|count| count.trim().parse().ok()).unwrap_or(0.0)
        };
        let cpu_seconds = (ticks(11) + ticks(12)) / TICKS;
        Ok(Counts { cpu_seconds, syncs: of("store_syncs_total ") })
    }

    pub(crate) async fn stop(mut self) -> Result<()> {
        self.child.kill().await?;
        Ok(())
    }
}
