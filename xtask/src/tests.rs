//! The tests: those of the crates on both databases, and the browser's.

use crate::{
    compiler, macos, packages, passed,
    postgres::Postgres,
    rootfs,
    run::{Beside, cargo, root, say, step, succeed},
    scratch, windows,
};
use anyhow::{Context, Result};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// How many of a crate's tests run at once: they wait for PostgreSQL more than they count.
const THREADS: &str = "4";

/// The crates' own tests.
pub(crate) fn rust() -> Result<()> {
    packages::install()?;
    let postgres = Postgres::start()?;
    rust_with(&postgres)
}

fn rust_with(postgres: &Postgres) -> Result<()> {
    let scratch = scratch::folder()?.display().to_string();
    let variables =
        [("CLAVIGER_TEST_POSTGRES", &*postgres.url()), ("TMPDIR", &scratch), ("RUST_TEST_THREADS", THREADS)];
    succeed(compiler::cargo(&["test", "--workspace"])?.envs(variables))
}

/// Builds them, with the lints and the docs of all that is in them; and everything as it runs, too, where what only tests
/// use is told.
pub(crate) fn build() -> Result<()> {
    succeed(&mut compiler::cargo(&["build", "--workspace", "--lib", "--bins", "--tests"])?)
}

/// Every test.
pub(crate) fn all() -> Result<()> {
    prepare()?;
    let postgres = Postgres::start()?;
    step("tests on both databases", || {
        if passed::take() {
            say("They passed on exactly these files in `cargo xtask check`, just before.");
            return Ok(());
        }
        rust_with(&postgres)
    })?;
    programs(Profile::Debug)?;
    // On a device much is waited for: the builds that are left, and then the browsers, have the processors meanwhile.
    let devices = Beside::start("devices", vec![end_to_end(&postgres, Files::Devices)?])?;
    let mac = Beside::start("what runs here of macOS", vec![macos::here::tests()?])?;
    windows::programs()?;
    let windows = Beside::start("Windows", windows::trials(&postgres)?)?;
    macos::link()?;
    step("browsers and kills", || succeed(&mut end_to_end(&postgres, Files::Others)?))?;
    Beside::end([devices, mac, windows])
}

/// What the tests need and isn't ours: from networks, and none of it built here.
pub(crate) fn prepare() -> Result<()> {
    step("packages", || {
        packages::install().and_then(|()| packages::install_wine()).and_then(|()| packages::install_macos())
    })?;
    step("the browsers' libraries", libraries)?;
    step("what calls the API, and what signs in by SAML", || {
        packages::schemathesis().and_then(|_| packages::saml_python()).map(drop)
    })?;
    step("the machine of devices", || rootfs::make(rootfs::Kind::Logins).map(drop))
}

/// The tests of devices alone.
pub(crate) fn devices() -> Result<()> {
    apart("devices", Files::Devices, "")
}

/// The tests of single sign-on alone.
pub(crate) fn applications() -> Result<()> {
    apart("single sign-on", Files::Applications, "")
}

/// The agent as it is released, under systemd: minutes of waiting, and no part of the gate.
pub(crate) fn booted() -> Result<()> {
    step("systemd-nspawn", packages::install_nspawn)?;
    apart("the agent under systemd", Files::Booted, "")
}

/// Logins at greeters with a screen, at those of these names or at all: gigabytes of packages, and no part of the gate.
pub(crate) fn desktop(names: &[String]) -> Result<()> {
    step("systemd-nspawn", packages::install_nspawn)?;
    apart("greeters", Files::Desktop, &names.join(","))
}

fn apart(name: &str, files: Files, greeters: &str) -> Result<()> {
    prepare()?;
    let postgres = Postgres::start()?;
    programs(files.profile())?;
    step(name, || succeed(end_to_end(&postgres, files)?.env("CLAVIGER_GREETERS", greeters)))
}

/// How the agent is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Debug,
    Release,
}

impl Profile {
    pub(crate) const fn folder(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Release => "release",
        }
    }

    /// Where its packages go.
    pub(crate) fn packages(self) -> PathBuf {
        root().join("target").join("packages").join(self.folder())
    }
}

/// What tests of a device need beside the agent.
pub(crate) fn server_program() -> Result<()> {
    step("the browsers' libraries", libraries)?;
    step("the server", || succeed(&mut compiler::cargo(&["build", "--package", "claviger"])?))
}

fn programs(profile: Profile) -> Result<()> {
    if profile == Profile::Debug {
        step("the programs of macOS, for this system", macos::here::build)?;
    }
    step("the programs", || {
        let (server, agent) =
            (["--package", "claviger"], ["--package", "claviger-agent", "--package", "claviger-pam"]);
        match profile {
            // What they have in common is built once.
            Profile::Debug => succeed(&mut compiler::cargo(&[&["build"][..], &server, &agent].concat())?),
            Profile::Release => cargo(&[&["build", "--locked"][..], &server].concat())
                .and_then(|()| cargo(&[&["build", "--locked", "--release"][..], &agent].concat())),
        }
    })?;
    step("the agent's packages", || {
        let built = root().join("target").join(profile.folder());
        let folder = profile.packages();
        std::fs::create_dir_all(&folder)?;
        let bare = |name: &str| {
            let to = folder.join(name);
            // As in a release; what is for debuggers alone takes longest to pack.
            succeed(Command::new("strip").arg("--strip-debug").arg("-o").arg(&to).arg(built.join(name)))?;
            anyhow::Ok(to)
        };
        let (program, module) = (bare("claviger-agent")?, bare("libpam_claviger.so")?);
        for kind in ["deb", "rpm"] {
            let mut pack = Command::new(root().join("packaging").join(kind).join("build"));
            // It is unpacked once, and thrown away.
            pack.arg(&folder).env("DPKG_DEB_COMPRESSOR_LEVEL", "1");
            succeed(pack.env("PROGRAM", &program).env("MODULE", &module))?;
        }
        Ok(())
    })
}

/// The package of this kind in the folder that was made last.
fn agent_package(folder: &Path, kind: &str) -> Result<PathBuf> {
    let made = std::fs::read_dir(folder)?.filter_map(|entry| entry.ok());
    let ours = made.filter(|entry| entry.path().extension().is_some_and(|found| found == kind));
    let newest = ours.max_by_key(|entry| entry.metadata().and_then(|about| about.modified()).ok());
    Ok(newest.with_context(|| format!("packaging/{kind}/build made no package"))?.path())
}

/// Where a test run puts its pictures.
fn pictures() -> PathBuf {
    root().join("target").join("images")
}

/// Takes the pictures of the last test run into the docs.
pub(crate) fn images() -> Result<()> {
    let to = root().join("docs").join("images");
    std::fs::create_dir_all(&to)?;
    let made = std::fs::read_dir(pictures()).context("there are no pictures yet: run `cargo xtask test`")?;
    for picture in made {
        let picture = picture?;
        // Pictures of all components are for comparing, not for the docs.
        if picture.file_type()?.is_dir() {
            continue;
        }
        std::fs::copy(picture.path(), to.join(picture.file_name()))?;
    }
    Ok(())
}

/// Which of the end-to-end files run. Those of devices make interfaces, and a browser that sees one come or go drops what
/// it is loading: they have a network of their own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Files {
    Applications,
    Devices,
    Booted,
    Desktop,
    /// Under wine: see `windows.rs`.
    Windows,
    Others,
}

impl Files {
    fn of(name: &str) -> Self {
        let named = [
            ("applications", Self::Applications),
            ("devices", Self::Devices),
            ("booted", Self::Booted),
            ("desktop", Self::Desktop),
            ("windows", Self::Windows),
        ];
        named.into_iter().find(|(first, _)| name.starts_with(first)).map_or(Self::Others, |(_, files)| files)
    }

    /// Whether the file is one of them. What needs nothing of its own runs with the others, too.
    fn has(self, name: &str) -> bool {
        let of = Self::of(name);
        of == self || (self == Self::Others && of == Self::Applications)
    }

    /// The machine that they run on.
    const fn machine(self) -> rootfs::Kind {
        match self {
            Self::Applications | Self::Devices | Self::Windows | Self::Others => rootfs::Kind::Logins,
            Self::Booted => rootfs::Kind::Booted,
            Self::Desktop => rootfs::Kind::Desktop,
        }
    }

    /// How many of them run at once. Some of the others wait for most of their time.
    const fn at_once(self) -> &'static str {
        match self {
            Self::Others => "3",
            Self::Applications | Self::Devices | Self::Windows | Self::Booted | Self::Desktop => "2",
        }
    }

    /// How the agent is built for them.
    const fn profile(self) -> Profile {
        match self {
            Self::Applications | Self::Devices | Self::Windows | Self::Others => Profile::Debug,
            Self::Booted | Self::Desktop => Profile::Release,
        }
    }
}

/// Joins a network of its own, in which only it is reached.
const ALONE: [&str; 4] = ["--net", "sh", "-c", "ip link set lo up && exec node \"$@\""];

/// The run of these files, ready to be started.
fn end_to_end(postgres: &Postgres, which: Files) -> Result<Command> {
    let folder = root().join("tests").join("e2e");
    let mut files: Vec<_> = std::fs::read_dir(&folder)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            which.has(&name) && name.ends_with(".test.mjs")
        })
        .collect();
    files.sort();
    let mut run = match which {
        Files::Applications | Files::Booted | Files::Desktop | Files::Windows | Files::Others => {
            Command::new("node")
        }
        Files::Devices => {
            let mut alone = Command::new("unshare");
            alone.args(ALONE).arg("node");
            alone
        }
    };
    run.arg(folder.join("run.mjs")).args(files).env("CLAVIGER_AT_ONCE", which.at_once());
    run.env("TMPDIR", scratch::folder()?);
    run.env("CLAVIGER_BINARY", root().join("target").join("debug").join("claviger"));
    run.env(
        "CLAVIGER_TEST_POSTGRES",
        if which == Files::Devices { postgres.socket_url() } else { postgres.url() },
    );
    run.env("CLAVIGER_IMAGES", pictures());
    run.env("CLAVIGER_SCHEMATHESIS", packages::schemathesis()?);
    run.env("CLAVIGER_SAML_PYTHON", packages::saml_python()?);
    run.env("CLAVIGER_ROOTFS", rootfs::make(which.machine())?);
    let packages = which.profile().packages();
    run.env("CLAVIGER_AGENT_DEB", agent_package(&packages, "deb")?);
    run.env("CLAVIGER_AGENT_RPM", agent_package(&packages, "rpm")?);
    run.env("CLAVIGER_AGENT_MACOS", macos::here::folder());
    Ok(run)
}

/// What the browser's tests are written with.
fn libraries() -> Result<()> {
    let folder = root().join("tests").join("e2e");
    succeed(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"])
            .arg(&folder),
    )
}
