//! The agent for macOS, built here: with Debian's compiler, whose sources of the standard library lie beside it, with zig for
//! what is written in C, and with LLVM's linker. Nothing of it can be run on this system: what came out is looked
//! at. [`here`] is what can.

pub(crate) mod here;

use crate::{
    debians::{self, linting},
    packages,
    run::{output, root, say, step, succeed},
    tests::Profile,
};
use anyhow::{Context, Result, bail};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const STANDARD: &str = "std,panic_unwind";
const PACKAGES: [&str; 4] = ["--package", "claviger-agent", "--package", "claviger-authplugin"];
/// The oldest macOS that it is for.
const OLDEST: &str = "11.0";
const AGENT: &str = "claviger-agent";
const PLUG_IN: &str = "libclaviger_authplugin.dylib";

/// What both load of macOS. A library that is missing here would keep a program from starting, and one too many is one
/// more that is loaded into the login window.
const LIBRARIES: [&str; 7] = [
    "CoreFoundation",
    "Foundation",
    "OpenDirectory",
    "Security",
    "libSystem.B.dylib",
    "libiconv.2.dylib",
    "libobjc.A.dylib",
];

/// A processor that Macs have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Processor {
    Arm,
    Intel,
}

impl Processor {
    const fn target(self) -> &'static str {
        match self {
            Self::Arm => "aarch64-apple-darwin",
            Self::Intel => "x86_64-apple-darwin",
        }
    }

    fn built(self, profile: Profile, file: &str) -> PathBuf {
        debians::built(self.target(), profile).join(file)
    }
}

/// Builds it, and tests what runs here, and nothing else.
pub(crate) fn all() -> Result<()> {
    step("packages for macOS", packages::install_macos)?;
    link()?;
    step("tests of what runs here of macOS", || succeed(&mut here::tests()?))
}

/// The programs for the Macs of today, their lints, and what the installer is made of.
pub(crate) fn link() -> Result<()> {
    let processor = Processor::Arm;
    step("the programs for macOS, and their lints", || build(processor, Profile::Debug))?;
    step("what macOS will load", || look(processor, Profile::Debug))?;
    step("the installer of macOS", || {
        let file = |name| processor.built(Profile::Debug, name);
        pack(Profile::Debug, "arm64", &file(AGENT), &file(PLUG_IN))
    })
}

/// What the installer is made of as it is released, for all Macs.
pub(crate) fn release() -> Result<()> {
    step("packages for macOS", packages::install_macos)?;
    for processor in [Processor::Arm, Processor::Intel] {
        step("the programs for macOS", || build(processor, Profile::Release))?;
        step("what macOS will load", || look(processor, Profile::Release))?;
    }
    step("the installer of macOS", || {
        pack(Profile::Release, "universal", &universal(AGENT)?, &universal(PLUG_IN)?)?;
        say("It is neither signed nor made yet: see docs/macos.md");
        Ok(())
    })
}

/// What is needed and made beside the programs.
fn target() -> PathBuf {
    root().join("target").join("macos")
}

fn packaging(program: &str) -> PathBuf {
    root().join("packaging").join("macos").join(program)
}

fn build(processor: Processor, profile: Profile) -> Result<()> {
    let (zig, sdk) = (packages::zig()?, target().join("sdk"));
    succeed(Command::new(packaging("make-sdk")).arg(&sdk).env("ZIG", &zig))?;
    let mut cargo = cargo(processor);
    cargo.args(PACKAGES).env("SDKROOT", sdk);
    cargo.env("ZIG", zig).env("ZIG_GLOBAL_CACHE_DIR", target().join("zig"));
    match profile {
        Profile::Debug => {
            linting(&mut cargo);
        }
        Profile::Release => {
            cargo.arg("--release");
        }
    }
    succeed(&mut cargo)?;
    if profile == Profile::Release {
        for file in [AGENT, PLUG_IN] {
            succeed(Command::new("llvm-strip-19").arg("-x").arg(processor.built(profile, file)))?;
        }
    }
    Ok(())
}

/// There is nothing here that strips what is built for a Mac.
fn cargo(processor: Processor) -> Command {
    let mut cargo = debians::cargo(&["build"], STANDARD, processor.target());
    cargo.env("MACOSX_DEPLOYMENT_TARGET", OLDEST);
    cargo.env("CARGO_PROFILE_RELEASE_STRIP", "none");
    let name = processor.target().replace('-', "_");
    cargo.env(format!("CC_{name}"), packaging("cc")).env(format!("AR_{name}"), "llvm-ar-19");
    cargo.env(format!("CARGO_TARGET_{}_LINKER", name.to_uppercase()), packaging("ld"));
    cargo
}

/// One file for all processors.
fn universal(file: &str) -> Result<PathBuf> {
    let folder = target().join("universal");
    fs::create_dir_all(&folder)?;
    let made = folder.join(file);
    let mut lipo = Command::new("llvm-lipo-19");
    lipo.arg("-create").arg("-output").arg(&made);
    succeed(lipo.args([Processor::Arm, Processor::Intel].map(|one| one.built(Profile::Release, file))))?;
    Ok(made)
}

fn pack(profile: Profile, architecture: &str, agent: &Path, plug_in: &Path) -> Result<()> {
    let mut pack = Command::new(packaging("build"));
    pack.arg(profile.packages()).env("ARCHITECTURE", architecture);
    succeed(pack.env("AGENT", agent).env("PLUG_IN", plug_in))
}

/// What can be told of the two files without a Mac.
fn look(processor: Processor, profile: Profile) -> Result<()> {
    let agent = processor.built(profile, AGENT);
    loads(processor, &agent, &[])?;
    names(&agent, "--undefined-only")?
        .contains("_launch_activate_socket")
        .then_some(())
        .context("the agent doesn't ask launchd for its socket")?;

    let plug_in = processor.built(profile, PLUG_IN);
    loads(processor, &plug_in, &["AppKit", "SecurityInterface"])?;
    let exported = names(&plug_in, "--defined-only")?;
    // The others are the class that macOS is told of when it is used.
    let (ours, others): (Vec<_>, Vec<_>) =
        exported.iter().partition(|name| !name.ends_with("_ClavigerPrompt"));
    if ours != ["_AuthorizationPluginCreate"] {
        bail!("the plug-in offers {ours:?}, and should offer AuthorizationPluginCreate alone");
    }
    if !headers(&plug_in)?.lines().any(|line| line.contains(" BUNDLE ")) {
        bail!("the plug-in is not a bundle");
    }
    say(&format!("the plug-in offers AuthorizationPluginCreate, and {others:?} of its view"));
    Ok(())
}

/// Which libraries are loaded with a file, from which macOS on, and that it is signed as far as Arm needs it.
fn loads(processor: Processor, file: &Path, more: &[&str]) -> Result<()> {
    let listed = output(Command::new("llvm-objdump-19").args(["--macho", "--dylibs-used"]).arg(file))?;
    let found: BTreeSet<_> = (listed.lines().skip(1))
        .filter_map(|line| line.split_whitespace().next()?.rsplit('/').next().map(str::to_owned))
        .collect();
    let wanted: BTreeSet<_> = LIBRARIES.iter().chain(more).map(|name| (*name).to_owned()).collect();
    if found != wanted {
        bail!("{} loads {found:?}, and should load {wanted:?}", file.display());
    }
    let headers = headers(file)?;
    let oldest = headers.lines().find_map(|line| line.trim().strip_prefix("minos "));
    if oldest != Some(OLDEST) {
        bail!("{} is for macOS {oldest:?}, and should be for {OLDEST}", file.display());
    }
    if processor == Processor::Arm && !headers.contains("LC_CODE_SIGNATURE") {
        bail!("{} is not signed: no Mac of today would run it", file.display());
    }
    say(&format!("{} loads {}", file.display(), found.into_iter().collect::<Vec<_>>().join(", ")));
    Ok(())
}

fn headers(file: &Path) -> Result<String> {
    output(Command::new("llvm-objdump-19").args(["--macho", "--private-headers"]).arg(file))
}

/// The names that others see, or that it needs of others.
fn names(file: &Path, which: &str) -> Result<BTreeSet<String>> {
    let mut nm = Command::new("llvm-nm-19");
    let listed = output(nm.args(["--extern-only", "--format=just-symbols", which]).arg(file))?;
    Ok(listed.lines().map(str::to_owned).collect())
}
