//! The roots of throw-away machines on which devices are tried: Debian's own packages, made once for a list of them.

use crate::{
    packages,
    run::{output, root, say, succeed},
};
use anyhow::{Context, Result, bail};
use std::{
    fs::File,
    hash::{DefaultHasher, Hash, Hasher},
    path::PathBuf,
    process::{Command, Stdio},
};

/// What a machine is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Logins, without an init system.
    Logins,
    /// Booted by systemd.
    Booted,
    /// Booted by systemd, with greeters and a screen.
    Desktop,
}

/// What signs in on the machine, and what drives it.
const PACKAGES: &[&str] = &[
    "expect",
    "faketime",
    "greetd",
    "iproute2",
    "openssh-client",
    "openssh-server",
    "procps",
    "python3-paramiko",
    "rsync",
    "sshpass",
    "sudo",
];

/// What boots it, and what keeps its sessions.
const SYSTEMD: &[&str] = &["dbus", "libpam-systemd", "polkitd", "systemd-sysv", "udev"];

/// The greeters, a screen in memory, and who looks at it and types.
const GREETERS: &[&str] = &[
    "accountsservice",
    "adwaita-icon-theme",
    "at-spi2-core",
    "dbus-x11",
    "fonts-cantarell",
    "fonts-dejavu-core",
    "gdm3",
    "gnome-session",
    "gnome-session-bin",
    "gnome-settings-daemon",
    "gnome-shell",
    "imagemagick",
    "libgl1-mesa-dri",
    "lightdm",
    "lightdm-gtk-greeter",
    "openbox",
    "qml-module-qtquick-controls2",
    "sddm",
    "tesseract-ocr",
    "x11-utils",
    "xdotool",
    "xterm",
    "xvfb",
];

/// Manuals and translations take longer to unpack than all the rest.
const LEFT_OUT: &[&str] =
    &["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*"];

impl Kind {
    fn packages(self) -> Vec<&'static str> {
        match self {
            Self::Logins => PACKAGES.to_vec(),
            Self::Booted => [PACKAGES, SYSTEMD].concat(),
            Self::Desktop => [PACKAGES, SYSTEMD, GREETERS].concat(),
        }
    }
}

/// The folder of such a root; made if it isn't there.
pub(crate) fn make(kind: Kind) -> Result<PathBuf> {
    let release = release()?;
    let wanted = kind.packages();
    let folder = root().join("target").join("rootfs");
    let made = folder.join(name(&release, &wanted));
    if made.exists() {
        return Ok(made);
    }
    if !packages::is_root()? {
        bail!("a machine for the devices' tests is made and started by root: run this as root");
    }
    std::fs::create_dir_all(&folder)?;
    let partial = made.with_extension("partial");
    succeed(Command::new("rm").args(["-rf", "--one-file-system"]).arg(&partial))?;
    let sources = folder.join("sources.list");
    std::fs::write(&sources, sources_of_host(&release)?)?;
    say(&format!("making {} of {} packages and what they need", made.display(), wanted.len()));
    let mut debstrap = Command::new("mmdebstrap");
    debstrap.args(["--quiet", "--mode=root", "--variant=minbase"]);
    debstrap.arg("--aptopt=APT::Install-Recommends \"false\"");
    debstrap.args(LEFT_OUT.iter().map(|path| format!("--dpkgopt=path-exclude={path}")));
    debstrap.arg(format!("--include={}", wanted.join(",")));
    debstrap.arg(&release).arg(&partial).arg("-").stdin(Stdio::from(File::open(&sources)?));
    succeed(&mut debstrap).context("the root of a test machine could not be made")?;
    std::fs::rename(&partial, &made)?;
    Ok(made)
}

/// A name for what is in it.
fn name(release: &str, wanted: &[&str]) -> String {
    let mut hasher = DefaultHasher::new();
    (release, wanted, LEFT_OUT).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Which Debian this is.
fn release() -> Result<String> {
    let text = std::fs::read_to_string("/etc/os-release").context("what system this is can't be read")?;
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.map(|value| value.trim_matches('"').to_owned())
    };
    match (value("ID").as_deref(), value("VERSION_CODENAME")) {
        (Some("debian"), Some(codename)) => Ok(codename),
        _ => bail!("the devices' test machine is a Debian, made by a Debian: this system isn't one"),
    }
}

/// The archives of Debian that this machine itself is installed from, as lines of sources.list. Mmdebstrap knows
/// Debian's keys.
fn sources_of_host(release: &str) -> Result<String> {
    let format = "$(CODENAME) deb $(REPO_URI) $(RELEASE) $(COMPONENT)";
    let targets = ["indextargets", "--format", format, "Created-By: Packages", "Origin: Debian"];
    let listed = output(Command::new("apt-get").args(targets))?;
    let own = listed.lines().filter(|line| line.starts_with(release)).filter_map(|line| line.split_once(' '));
    let mut sources: Vec<_> = own.map(|(_, source)| format!("{source}\n")).collect();
    sources.dedup();
    if sources.is_empty() {
        bail!(
            "apt knows of no archive with Debian {release}: run `apt-get update`, or add one to the sources"
        );
    }
    Ok(sources.concat())
}
