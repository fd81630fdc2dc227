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

/// Where a policy may lay down a file. On a Mac that leaves out `/Library` and `/var/db`, where it keeps who gets in.
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
    // The same on macOS.
    "/etc/authorization",
    "/etc/master.passwd",
    "/etc/kcpassword",
    "/etc/opendirectoryd",
    "/etc/openldap",
    "/etc/ttys",
    "/etc/gettytab",
    "/etc/periodic",
    "/etc/periodic.conf",
    "/etc/periodic.conf.local",
    "/etc/defaults",
    "/etc/newsyslog.conf",
    "/etc/newsyslog.d",
    "/etc/asl.conf",
    "/etc/asl",
    "/etc/emond.d",
    "/etc/launchd.conf",
    "/etc/rc.common",
    "/etc/rc.netboot",
    "/etc/auto_master",
    "/etc/auto_home",
    "/etc/autofs.conf",
    "/etc/paths",
    "/etc/paths.d",
    "/etc/bashrc_Apple_Terminal",
    "/etc/zshrc_Apple_Terminal",
    "/etc/zlogin",
    "/etc/zlogout",
    "/etc/csh.logout",
    "/etc/irbrc",
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
    if as_linked(text) != text {
        return refused("Name it without /private, as Linux has it, too.".into());
    }
    if let Some(why) = closed(text) {
        return refused(why);
    }
    Ok(text.to_owned())
}

/// The name that a file of `/etc` has on both systems. On a Mac `/etc` is a link, and what is in it lies in `/private/etc`.
pub(super) fn as_linked(path: &str) -> &str {
    match path.strip_prefix("/private") {
        Some(linked) if linked.starts_with("/etc/") => linked,
        _ => path,
    }
}

/// Why policies leave a path alone; an agent asks once more, with every link in it followed.
///
/// What is closed is closed whatever its case: on most Macs two spellings that differ in case alone are one file, and
/// `/etc/SUDOERS` would open the door that `/etc/sudoers` is. What is open is open as it is spelled.
pub fn closed(path: &str) -> Option<String> {
    let plain = as_linked(path);
    let lower = plain.to_ascii_lowercase();
    let is_below = |folder: &str| {
        let folder = folder.to_ascii_lowercase();
        lower.strip_prefix(&folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if !FOLDERS.iter().any(|folder| plain.starts_with(folder)) {
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

#[cfg(test)]
mod tests {
    use super::{super::is_banner, *};

    /// What an agent on a Mac asks, once it has followed the link that `/etc` is there, and as few spell it.
    #[test]
    fn a_mac_keeps_its_doors_elsewhere_and_minds_no_case() {
        for open in ["/etc/motd", "/private/etc/motd", "/private/etc/acme/app.conf", "/opt/acme/x"] {
            assert_eq!(closed(open), None, "{open}");
        }
        for shut in [
            "/etc/pam.d/authorization",
            "/private/etc/pam.d/authorization",
            "/private/etc/sudoers.d/x",
            "/private/etc/SUDOERS",
            "/etc/Pam.D/login",
            "/private/etc/ssh/sshd_config.d/x.conf",
            "/private/etc/authorization",
            "/private/etc/zshrc_apple_terminal",
            "/private/etc/paths.d/x",
            "/private/etc/issue.net",
            "/private/opt/x",
            "/private/private/etc/motd",
            "/PRIVATE/etc/motd",
            "/private/var/db/auth.db",
            "/private/var/db/dslocal/nodes/Default/users/alice.plist",
            "/private/var/root/x",
            "/private/tmp/x",
            "/private/opt/../etc/shadow",
            "/var/db/auth.db",
            "/var/db/dslocal/nodes/Default/users/alice.plist",
            "/Library/Claviger/claviger-agent",
            "/library/claviger/tasks/policies.json",
            "/Library/LaunchDaemons/io.claviger.agent.plist",
            "/Library/LaunchAgents/x.plist",
            "/Library/Security/SecurityAgentPlugins/Other.bundle/Contents/Info.plist",
            "/Library/Security/PolicyBanner.txt",
            "/Library/Keychains/System.keychain",
            "/System/Library/x",
            "/Users/alice/x",
            "/opt/x/.SSH/authorized_keys",
        ] {
            assert!(closed(shut).is_some(), "{shut}");
        }
        for ours in
            ["/etc/issue.net", "/private/etc/issue.net", "/etc/issue", "/Library/Security/PolicyBanner.txt"]
        {
            assert!(is_banner(ours) && closed(ours).is_some(), "{ours}");
        }
        for other in [
            "/etc/motd",
            "/etc/issue.net.d",
            "/Library/Security/x",
            "/private/Library/Security/PolicyBanner.txt",
        ] {
            assert!(!is_banner(other), "{other}");
        }
    }
}
