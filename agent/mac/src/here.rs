//! What comes closest on Linux, for tests.

/// Since when the machine runs.
pub mod boot {
    use std::{fs, io};

    /// Another text for every boot.
    pub fn session() -> io::Result<String> {
        Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
    }
}

/// Passwords of local accounts.
pub mod directory {
    use std::{
        io::{self, Write},
        process::{Command, Stdio},
    };

    /// Nobody can ask that of Linux without being a login program.
    pub fn has_password(_: &str, _: &str) -> io::Result<bool> {
        Ok(false)
    }

    /// Gives the account this password.
    pub fn set_password(name: &str, password: &str) -> io::Result<()> {
        let mut program = Command::new("/usr/sbin/chpasswd");
        let mut child = program.stdin(Stdio::piped()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(zeroize::Zeroizing::new(format!("{name}:{password}\n")).as_bytes())?;
        }
        match child.wait()?.success() {
            true => Ok(()),
            false => Err(io::Error::other("chpasswd refused")),
        }
    }
}

/// The key that files are sealed with: a file among the temporary ones.
pub mod keychain {
    use std::{
        fs::{self, OpenOptions},
        io::{self, ErrorKind, Write},
        os::unix::fs::OpenOptionsExt,
        path::PathBuf,
        process, thread,
    };
    use zeroize::Zeroizing;

    fn file() -> PathBuf {
        std::env::temp_dir().join("claviger-test-keychain")
    }

    /// The key; what `fresh` gives if there is none yet.
    pub fn key(fresh: impl FnOnce(&mut [u8])) -> io::Result<Zeroizing<[u8; 32]>> {
        match fs::read(file()) {
            Ok(kept) => Ok(Zeroizing::new(kept.try_into().map_err(|_| ErrorKind::InvalidData)?)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let mut key = Zeroizing::new([0; 32]);
                fresh(key.as_mut());
                keep(key.as_ref())?;
                // Somebody may have been faster.
                let kept = fs::read(file())?;
                Ok(Zeroizing::new(kept.try_into().map_err(|_| ErrorKind::InvalidData)?))
            }
            Err(error) => Err(error),
        }
    }

    fn keep(key: &[u8]) -> io::Result<()> {
        let new = file().with_extension(format!("{}-{:?}", process::id(), thread::current().id()));
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?.write_all(key)?;
        let linked = match fs::hard_link(&new, file()) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        };
        fs::remove_file(&new).and(linked)
    }

    /// Forgets it.
    pub fn forget() -> io::Result<()> {
        match fs::remove_file(file()) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// The socket that somebody else listens on.
pub mod launchd {
    use std::{io, os::fd::AsFd, os::fd::OwnedFd};

    /// The standard input, as systemd hands sockets over.
    pub fn socket(_: &str) -> io::Result<OwnedFd> {
        io::stdin().as_fd().try_clone_to_owned()
    }
}
