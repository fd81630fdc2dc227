//! What a code at a login takes: Claviger's module and agent against libpam-google-authenticator and libpam-oath.
//!
//! Each round logs one user in at every stack, in an order by chance, each in a process of its own, each with the first
//! code of a secret of their own. The services are those of a throw-away folder, and so are the users: nothing of the
//! machine's is read or changed but the modules. What the stacks keep is on the same disk.

mod device;
mod stack;

use crate::{
    Place,
    paired::{Chance, Difference, Series},
    report::say,
    seed::{self, People, Seeded, User, now},
    server::Server,
};
use anyhow::{Context, Result, ensure};
use claviger_domain::totp::Step;
use device::Device;
use stack::{Kind, Stack};
use std::{
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
};
use tokio::time::{Duration, sleep};

/// Users, each of whom logs in once at each stack.
const ROUNDS: usize = 300;

/// What is measured, and by whom.
pub(crate) struct Programs {
    agent: PathBuf,
    module: PathBuf,
    login: PathBuf,
    google: PathBuf,
    oath: PathBuf,
}

/// Where the modules of a distribution are.
const MODULES: [&str; 6] = [
    "/usr/lib/x86_64-linux-gnu/security",
    "/usr/lib/aarch64-linux-gnu/security",
    "/usr/lib64/security",
    "/usr/lib/security",
    "/lib64/security",
    "/lib/security",
];

impl Programs {
    /// They, or in words what is missing.
    pub(crate) fn find(server: &Path) -> Result<Self, String> {
        let built = |name: &str| {
            let path = server.with_file_name(name);
            if path.exists() {
                Ok(path)
            } else {
                Err(format!("{} is missing: cargo build --release --workspace", path.display()))
            }
        };
        let installed = |package: &str, name: &str| {
            let mut paths = MODULES.iter().map(|folder| Path::new(folder).join(name));
            paths.find(|path| path.exists()).ok_or(format!("the package {package} is missing"))
        };
        // A module trusts only an agent that root runs.
        if std::fs::metadata("/proc/self").map_or(1, |process| process.uid()) != 0 {
            return Err("it must be run as root".into());
        }
        Ok(Self {
            agent: built("claviger-agent")?,
            module: built("libpam_claviger.so")?,
            login: built("claviger-login-once")?,
            google: installed("libpam-google-authenticator", "pam_google_authenticator.so")?,
            oath: installed("libpam-oath", "pam_oath.so")?,
        })
    }
}

pub(crate) async fn measure(server: &Path, programs: &Programs, place: &Place, number: u64) -> Result<()> {
    let disk = disk(&place.folder)?;
    say(&format!("  {ROUNDS} rounds, seed {number}, everything kept on {disk}"));
    let seeded = seed::seed(place, ROUNDS, People::Enrolled).await?;
    let running = Server::start(server, &seeded).await?;
    let device = Device::enroll(programs, &running, &seeded).await?;
    let mut chance = Chance::new(number);
    running.rest().await;
    rounds(programs, &seeded, &device, "with the server on the loopback", &mut chance).await?;
    running.stop().await?;
    next_step().await;
    rounds(programs, &seeded, &device, "without the server", &mut chance).await
}

/// The file system, which must be one that a crash leaves there.
fn disk(folder: &Path) -> Result<String> {
    let output = Command::new("stat").args(["--file-system", "--format=%T"]).arg(folder).output()?;
    let name = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    ensure!(
        output.status.success() && !["tmpfs", "ramfs"].contains(&name.as_str()),
        "{} is on {name}: run this from a folder on a disk",
        folder.display()
    );
    Ok(name)
}

/// Until the codes that were used are those of an older step.
async fn next_step() {
    let used = Step::at(now());
    while Step::at(now()) <= used {
        sleep(Duration::from_millis(100)).await;
    }
}

async fn rounds(
    programs: &Programs,
    seeded: &Seeded,
    device: &Device,
    how: &str,
    chance: &mut Chance,
) -> Result<()> {
    let folder = device.folder().join("stacks");
    let stacks = Stack::all(&folder, programs, &device.socket(), &seeded.users)?;
    let mut series: Vec<Series> = stacks.iter().map(|stack| Series::new(stack.kind.name())).collect();
    for user in &seeded.users {
        for index in chance.order(stacks.len()) {
            let (Some(stack), Some(series)) = (stacks.get(index), series.get_mut(index)) else { continue };
            series.rounds.push(stack.run(programs, user).await?);
        }
    }
    std::fs::remove_dir_all(&folder)?;
    say(&format!("  {how}:"));
    series.iter().for_each(Series::tell);
    compare(&series, chance).context("no round has every login")?;
    let failed: usize = series.iter().map(Series::failed).sum();
    ensure!(failed == 0, "{failed} logins failed, so the figures are good for nothing");
    Ok(())
}

/// What each stack adds, and what Claviger takes more than the others.
fn compare(series: &[Series], chance: &mut Chance) -> Option<()> {
    let of = |kind: Kind| series.iter().find(|series| series.name == kind.name());
    let (nothing, ours) = (of(Kind::Nothing)?, of(Kind::Claviger)?);
    for stack in series.iter().filter(|series| ![nothing.name, Kind::Flush.name()].contains(&series.name)) {
        let added = Difference::of(stack, nothing, chance)?;
        say(&format!("    {} adds {added}", stack.name));
    }
    let (flush, added) = (of(Kind::Flush)?.median()?, Difference::of(ours, nothing, chance)?.median);
    say(&format!("    of that one flush alone would take {flush:.2} ms, {:.0} %", flush / added * 100.0));
    for kind in [Kind::Google, Kind::Oath] {
        let more = Difference::of(ours, of(kind)?, chance)?;
        say(&format!("    {} against {}: {more}, {}", ours.name, kind.name(), more.verdict()));
    }
    Some(())
}

/// The code of a user at the moment.
fn code(user: &User) -> String {
    format!("{:06}", user.secret.code(Step::at(now())))
}
