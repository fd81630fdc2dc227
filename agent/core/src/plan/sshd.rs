//! The drop-in of sshd, and what sshd must make of it (S8.9, S8.10).
//!
//! What is asked of enrolled users stands in a block for their group, so that nothing changes for anybody else. The
//! switches change more than that only when they are off: without password login nobody signs in with one, without
//! root login root doesn't. Keys that are switched off are the directory's and those of enrolled users; other local
//! accounts keep theirs (S8.4), they are the way back in.

use super::{GROUP, files::HEADER};
use claviger_domain::device::{FirstFactor, Ssh, Switch};
use claviger_wire::server::Codes;
use std::collections::BTreeMap;

/// How the directory's keys get to sshd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// There are none, or somebody else's command is in the way.
    NotServed,
    /// By this program.
    Served {
        /// Its path.
        program: String,
    },
}

/// What is wanted of sshd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Whether codes are asked for.
    pub codes: Codes,
    /// The settings.
    pub ssh: Ssh,
    /// The directory's keys.
    pub keys: Keys,
}

impl Wanted {
    /// The drop-in; nothing if there is nothing to say.
    pub fn text(&self) -> Option<String> {
        let mut lines: Vec<String> =
            self.for_everybody().iter().map(|(key, value)| format!("{key} {value}")).collect();
        if self.codes == Codes::Asked {
            lines.push(format!("Match Group {GROUP}"));
            lines.extend(self.for_members().iter().map(|(key, value)| format!("    {key} {value}")));
        }
        (!lines.is_empty()).then(|| format!("{HEADER}{}\n", lines.join("\n")))
    }

    fn for_everybody(&self) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        if self.ssh.root_login == Switch::Off {
            lines.push(("PermitRootLogin", "no".to_owned()));
        }
        if self.ssh.password_login == Switch::Off {
            lines.push(("PasswordAuthentication", "no".to_owned()));
            lines.push(("KbdInteractiveAuthentication", "no".to_owned()));
        }
        if let Keys::Served { program } = &self.keys {
            lines.push(("AuthorizedKeysCommand", format!("{program} authorized-keys %u")));
            lines.push(("AuthorizedKeysCommandUser", "nobody".to_owned()));
        }
        lines
    }

    fn for_members(&self) -> Vec<(&'static str, String)> {
        let lines: &[(&'static str, &str)] = match self.ssh.first_factor() {
            Some(FirstFactor::Password) => &[
                ("PasswordAuthentication", "no"),
                ("KbdInteractiveAuthentication", "yes"),
                ("AuthenticationMethods", "keyboard-interactive:pam"),
            ],
            Some(FirstFactor::PublicKey) => &[
                ("PasswordAuthentication", "no"),
                ("PubkeyAuthentication", "yes"),
                ("KbdInteractiveAuthentication", "yes"),
                ("AuthenticationMethods", "publickey,keyboard-interactive:pam"),
            ],
            Some(FirstFactor::Both) => &[
                ("PasswordAuthentication", "no"),
                ("PubkeyAuthentication", "yes"),
                ("KbdInteractiveAuthentication", "yes"),
                ("AuthenticationMethods", "publickey,keyboard-interactive:pam keyboard-interactive:pam"),
            ],
            None => &[
                ("PasswordAuthentication", "no"),
                ("PubkeyAuthentication", "no"),
                ("KbdInteractiveAuthentication", "no"),
            ],
        };
        lines.iter().map(|(key, value)| (*key, (*value).to_owned())).collect()
    }

    /// What sshd must say of an enrolled user; the code is PAM's, so PAM must be used.
    pub fn expected_of_members(&self) -> Vec<(String, String)> {
        match self.codes {
            Codes::NotAsked => Vec::new(),
            Codes::Asked => {
                let pam = std::iter::once(("UsePAM", "yes".to_owned()));
                lowered(pam.chain(self.for_members()))
            }
        }
    }

    /// What sshd must say of anybody else.
    pub fn expected_of_others(&self) -> Vec<(String, String)> {
        lowered(self.for_everybody())
    }
}

fn lowered(lines: impl IntoIterator<Item = (&'static str, String)>) -> Vec<(String, String)> {
    lines.into_iter().map(|(key, value)| (key.to_ascii_lowercase(), value)).collect()
}

/// What `sshd -T` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effective(BTreeMap<String, Vec<String>>);

impl Effective {
    /// From the lines it prints.
    pub fn parse(text: &str) -> Self {
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, value) in text.lines().filter_map(|line| line.trim().split_once(' ')) {
            values.entry(key.to_ascii_lowercase()).or_default().push(value.trim().to_owned());
        }
        Self(values)
    }

    /// The first value of a setting.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.all(key).first().map(String::as_str)
    }

    /// All values of a setting.
    pub fn all(&self, key: &str) -> &[String] {
        self.0.get(key).map(Vec::as_slice).unwrap_or_default()
    }

    /// The first setting that is not as expected, in words.
    pub fn differs_from(&self, expected: &[(String, String)]) -> Option<String> {
        expected.iter().find_map(|(key, value)| match self.get(key) {
            Some(found) if found == value => None,
            found => Some(format!("{key} should be {value} and is {}", found.unwrap_or("not set"))),
        })
    }
}

/// Whether somebody else sets `AuthorizedKeysCommand`, in any of these files.
pub fn has_other_keys_command<'a>(files: impl IntoIterator<Item = &'a str>) -> bool {
    files.into_iter().flat_map(str::lines).any(|line| {
        let mut words = line.split(|c: char| c.is_whitespace() || c == '=').filter(|word| !word.is_empty());
        let is_it = words.next().is_some_and(|key| key.eq_ignore_ascii_case("AuthorizedKeysCommand"));
        is_it && words.next().is_some_and(|value| !value.eq_ignore_ascii_case("none"))
    })
}

/// Whether `sshd_config` reads the drop-ins of `folder`, and for everybody.
pub fn reads_drop_ins(main: &str, folder: &str) -> bool {
    let mut is_for_everybody = true;
    for line in main.lines() {
        let line = line.trim().to_ascii_lowercase();
        if let Some(criteria) = line.strip_prefix("match ") {
            is_for_everybody = criteria.trim() == "all";
        }
        let names = line.strip_prefix("include").filter(|_| is_for_everybody).unwrap_or_default();
        // A name without a folder is one in sshd's own.
        let reads =
            |name: &str| name.starts_with(&folder.to_ascii_lowercase()) || name.starts_with("sshd_config.d/");
        if names.split_whitespace().any(reads) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(first_factor: FirstFactor) -> Wanted {
        let (password_login, public_keys) = match first_factor {
            FirstFactor::Password => (Switch::On, Switch::Off),
            FirstFactor::PublicKey => (Switch::Off, Switch::On),
            FirstFactor::Both => (Switch::On, Switch::On),
        };
        let ssh = Ssh { password_login, public_keys, ..Ssh::default() };
        Wanted { codes: Codes::Asked, ssh, keys: Keys::NotServed }
    }

    /// S8.10 in its three shapes.
    #[test]
    fn each_first_factor_is_followed_by_the_code() {
        let methods = |first_factor| {
            wanted(first_factor)
                .expected_of_members()
                .into_iter()
                .find(|(key, _)| key == "authenticationmethods")
                .map(|(_, value)| value)
        };
        assert_eq!(methods(FirstFactor::Password).unwrap(), "keyboard-interactive:pam");
        assert_eq!(methods(FirstFactor::PublicKey).unwrap(), "publickey,keyboard-interactive:pam");
        assert_eq!(
            methods(FirstFactor::Both).unwrap(),
            "publickey,keyboard-interactive:pam keyboard-interactive:pam"
        );
    }

    #[test]
    fn nothing_is_said_where_nothing_is_wanted() {
        let found = Wanted { codes: Codes::NotAsked, ssh: Ssh::default(), keys: Keys::NotServed };
        assert_eq!(found.text(), None);
        assert_eq!(found.expected_of_members(), []);
    }

    #[test]
    fn enrolled_users_have_their_block_and_others_nothing_new() {
        let text = wanted(FirstFactor::Password).text().unwrap();
        assert_eq!(
            text,
            format!(
                "{HEADER}Match Group claviger-mfa\n    PasswordAuthentication no\n    \
                 KbdInteractiveAuthentication yes\n    AuthenticationMethods keyboard-interactive:pam\n"
            )
        );
        assert_eq!(wanted(FirstFactor::Both).expected_of_others(), []);
    }

    #[test]
    fn what_is_switched_off_is_off_without_mfa_as_well() {
        let ssh = Ssh { password_login: Switch::Off, root_login: Switch::Off, ..Ssh::default() };
        let keys = Keys::Served { program: "/usr/sbin/claviger-agent".into() };
        let text = Wanted { codes: Codes::NotAsked, ssh, keys }.text().unwrap();
        assert_eq!(
            text,
            format!(
                "{HEADER}PermitRootLogin no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
                 AuthorizedKeysCommand /usr/sbin/claviger-agent authorized-keys %u\n\
                 AuthorizedKeysCommandUser nobody\n"
            )
        );
    }

    #[test]
    fn what_sshd_says_is_compared() {
        let says = Effective::parse("usepam yes\nport 22\nport 2222\nauthenticationmethods any\n");
        assert_eq!(says.all("port"), ["22", "2222"]);
        assert_eq!(says.differs_from(&[("usepam".into(), "yes".into())]), None);
        assert_eq!(
            says.differs_from(&wanted(FirstFactor::Password).expected_of_members()).unwrap(),
            "passwordauthentication should be no and is not set"
        );
    }

    #[test]
    fn a_command_for_keys_of_somebody_else_is_seen() {
        for there in
            ["AuthorizedKeysCommand /usr/bin/sss_ssh_authorizedkeys", "  authorizedkeyscommand=/x %u"]
        {
            assert!(has_other_keys_command([there]), "{there}");
        }
        for not in
            ["#AuthorizedKeysCommand /x", "AuthorizedKeysCommand none", "AuthorizedKeysCommandUser nobody"]
        {
            assert!(!has_other_keys_command([not]), "{not}");
        }
    }

    #[test]
    fn an_include_counts_only_outside_of_a_match() {
        let folder = "/etc/ssh/sshd_config.d";
        assert!(reads_drop_ins("Port 22\nInclude /etc/ssh/sshd_config.d/*.conf\n", folder));
        assert!(reads_drop_ins("include sshd_config.d/*.conf", folder));
        assert!(!reads_drop_ins("#Include /etc/ssh/sshd_config.d/*.conf\n", folder));
        assert!(reads_drop_ins("Match User x\nMatch all\nInclude /etc/ssh/sshd_config.d/*.conf\n", folder));
        assert!(!reads_drop_ins("Match User x\nInclude /etc/ssh/sshd_config.d/*.conf\n", folder));
    }
}
