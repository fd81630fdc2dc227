//! Files that a policy may lay down: root's, in a few folders, and none that opens a door (S9.1).

use crate::{
    device::words,
    field::{FieldError, Fields},
};
use serde::{Deserialize, Serialize};

/// The most bytes of a file's content.
pub const CONTENT: usize = 64 * 1024;
const PATH: usize = 255;

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileContent {
    /// Its absolute path.
    pub path: String,
    /// Byte for byte, in UTF-8.
    pub content: String,
    /// Who may read it.
    pub mode: Mode,
}

/// Who may read a file of root's. Nobody may run it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// 0644.
    Everybody,
    /// 0600.
    Root,
}
words!(Mode { Everybody => "0644", Root => "0600" });

impl Mode {
    /// As a number.
    pub const fn bits(self) -> u32 {
        match self {
            Self::Everybody => 0o644,
            Self::Root => 0o600,
        }
    }
}

/// Where a policy may lay down a file.
const FOLDERS: [&str; 3] = ["/etc/", "/opt/", "/srv/"];

/// What decides who gets in, and what is run by itself: the first is laid down elsewhere, the second is a command.
/// Each with everything below it.
const CLOSED: &[&str] = &[
    // Who there is, and who gets in.
    "/etc/passwd",
    "/etc/passwd-",
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/group",
    "/etc/group-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/subuid",
    "/etc/subgid",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/sudo.conf",
    "/etc/doas.conf",
    "/etc/doas.d",
    "/etc/pam.d",
    "/etc/pam.conf",
    "/etc/security",
    "/etc/ssh",
    "/etc/login.defs",
    "/etc/nsswitch.conf",
    "/etc/sssd",
    "/etc/krb5.conf",
    "/etc/krb5.keytab",
    "/etc/polkit-1",
    "/etc/dbus-1",
    "/etc/authselect",
    "/etc/securetty",
    "/etc/shells",
    "/etc/hosts.equiv",
    "/etc/gdm3",
    "/etc/gdm",
    "/etc/lightdm",
    "/etc/sddm.conf",
    "/etc/sddm.conf.d",
    "/etc/greetd",
    "/etc/selinux",
    "/etc/apparmor",
    "/etc/apparmor.d",
    "/etc/claviger",
    "/etc/claviger-agent",
    "/etc/machine-id",
    // What runs by itself, or is read by what does.
    "/etc/crontab",
    "/etc/anacrontab",
    "/etc/cron.d",
    "/etc/cron.hourly",
    "/etc/cron.daily",
    "/etc/cron.weekly",
    "/etc/cron.monthly",
    "/etc/cron.allow",
    "/etc/cron.deny",
    "/etc/systemd",
    "/etc/init",
    "/etc/init.d",
    "/etc/inittab",
    "/etc/rc.local",
    "/etc/rc.d",
    "/etc/default",
    "/etc/sysconfig",
    "/etc/udev",
    "/etc/modprobe.d",
    "/etc/modules",
    "/etc/modules-load.d",
    "/etc/sysctl.conf",
    "/etc/sysctl.d",
    "/etc/binfmt.d",
    "/etc/tmpfiles.d",
    "/etc/sysusers.d",
    "/etc/ld.so.preload",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/ld.so.cache",
    "/etc/profile",
    "/etc/profile.d",
    "/etc/bash.bashrc",
    "/etc/bashrc",
    "/etc/bash_completion.d",
    "/etc/zsh",
    "/etc/zshrc",
    "/etc/zshenv",
    "/etc/zprofile",
    "/etc/csh.cshrc",
    "/etc/csh.login",
    "/etc/fish",
    "/etc/inputrc",
    "/etc/environment",
    "/etc/environment.d",
    "/etc/skel",
    "/etc/xdg",
    "/etc/X11",
    "/etc/update-motd.d",
    "/etc/apt",
    "/etc/dpkg",
    "/etc/yum",
    "/etc/yum.conf",
    "/etc/yum.repos.d",
    "/etc/dnf",
    "/etc/rpm",
    "/etc/logrotate.conf",
    "/etc/logrotate.d",
    "/etc/network",
    "/etc/networkd-dispatcher",
    "/etc/NetworkManager",
    "/etc/netplan",
    "/etc/dhcp",
    "/etc/ppp",
    "/etc/kernel",
    "/etc/kernel-img.conf",
    "/etc/initramfs-tools",
    "/etc/dracut.conf",
    "/etc/dracut.conf.d",
    "/etc/grub.d",
    "/etc/fstab",
    "/etc/crypttab",
    "/etc/exports",
    "/etc/auto.master",
    "/etc/aliases",
    "/etc/audit",
    "/etc/rsyslog.conf",
    "/etc/rsyslog.d",
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/ca-certificates.conf",
    "/etc/ssl",
    "/etc/pki",
    "/etc/gss",
    "/etc/libnl-3",
    "/etc/python3",
    "/etc/perl",
    "/etc/gitconfig",
    "/etc/vim",
    "/etc/nanorc",
    "/etc/screenrc",
    "/etc/tmux.conf",
    "/etc/docker",
    "/etc/containers",
    "/etc/containerd",
    "/etc/cni",
    "/etc/xinetd.d",
    "/etc/inetd.conf",
    "/etc/at.allow",
    "/etc/at.deny",
    "/etc/resolvconf",
    "/etc/smartd.conf",
    "/etc/smartmontools",
    "/etc/acpi",
    "/etc/pm",
    // What the agent's other templates lay down.
    "/etc/issue",
    "/etc/issue.net",
];

/// The path of a file as entered: absolute, plain, in a folder that policies may write to.
pub fn parse_path(text: &str) -> Result<String, FieldError> {
    let refused = |message: String| Err(FieldError::new("path", message));
    let text = text.trim();
    if text.is_empty() || text.len() > PATH {
        return refused("Name a file by its whole path, in at most 255 characters.".into());
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@ ".contains(c);
    if !text.starts_with('/') || !text.chars().all(is_plain) {
        return refused(
            "Name a file by its whole path: letters, digits and . _ - + @ between slashes.".into(),
        );
    }
    let is_name = |part: &str| !matches!(part, "" | "." | "..");
    if !text.split('/').skip(1).all(is_name) {
        return refused("The path can't contain empty parts, . or .. .".into());
    }
    if let Some(why) = closed(text) {
        return refused(why);
    }
    Ok(text.to_owned())
}

/// Why policies leave a path alone; an agent asks once more, with every link in it followed.
pub fn closed(path: &str) -> Option<String> {
    let lower = path.to_ascii_lowercase();
    let is_below = |folder: &str| {
        let folder = folder.to_ascii_lowercase();
        lower.strip_prefix(&folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if !FOLDERS.iter().any(|folder| path.starts_with(folder)) {
        return Some("Policies lay down files in /etc, /opt and /srv only.".into());
    }
    let is_key = lower.contains("/.ssh/") || lower.ends_with("/authorized_keys") || lower.ends_with("/.ssh");
    if CLOSED.iter().any(|folder| is_below(folder)) || is_key {
        return Some(format!("{path} decides who gets in or what is run. Policies leave it alone."));
    }
    None
}

/// A file as entered.
pub(super) fn parse_file(path: &str, content: &str, mode: &str) -> Result<FileContent, Vec<FieldError>> {
    let mut fields = Fields::new();
    let path = fields.take(parse_path(path));
    let content = fields.take(parse_content(content));
    let mode = Mode::from_key(mode).ok_or_else(|| FieldError::new("mode", "Choose 0644 or 0600."));
    let mode = fields.take(mode);
    let all = path.zip(content).zip(mode);
    fields.finish(all).map(|((path, content), mode)| FileContent { path, content, mode })
}

fn parse_content(content: &str) -> Result<String, FieldError> {
    if content.len() > CONTENT {
        return Err(FieldError::new("content", "The content can have at most 64 KiB."));
    }
    if content.contains('\0') {
        return Err(FieldError::new("content", "The content can't contain NUL."));
    }
    Ok(content.to_owned())
}
