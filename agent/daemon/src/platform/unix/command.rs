//! Programs of the system: by absolute path, with an empty environment, never through a shell, never for ever.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

const FOLDERS: &[&str] = &["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const PATIENCE: Duration = Duration::from_secs(60);
/// What is read of a program's output.
const MOST: u64 = 1 << 20;

/// A program that did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("{program}: {why}")]
pub struct Failed {
    /// Which.
    pub program: String,
    /// What it said, or what the system said of it.
    pub why: String,
}

/// What a program said.
#[derive(Debug)]
pub struct Said {
    /// Its exit code; nothing if it was killed.
    pub code: Option<i32>,
    /// On standard output.
    pub output: String,
    /// On standard error.
    pub errors: String,
}

/// Where a program is; nothing if it isn't installed.
pub fn find(program: &str) -> Option<PathBuf> {
    if program.starts_with('/') {
        return Some(PathBuf::from(program)).filter(|path| path.exists());
    }
    FOLDERS.iter().map(|folder| Path::new(folder).join(program)).find(|path| path.exists())
}

/// Runs a program that must succeed.
pub fn run(program: &str, arguments: &[&str]) -> Result<String, Failed> {
    must(program, ask(program, arguments, b"")?)
}

/// Runs a program that must succeed, with something to read.
pub fn feed(program: &str, arguments: &[&str], input: &[u8]) -> Result<String, Failed> {
    must(program, ask(program, arguments, input)?)
}

fn must(program: &str, said: Said) -> Result<String, Failed> {
    if said.code == Some(0) {
        return Ok(said.output);
    }
    let words = if said.errors.trim().is_empty() { said.output } else { said.errors };
    let line = words.lines().find(|line| !line.trim().is_empty()).unwrap_or("it failed without a word");
    Err(Failed { program: program.to_owned(), why: line.trim().chars().take(300).collect() })
}

/// Runs a program and tells what it said, whatever its exit code.
pub fn ask(program: &str, arguments: &[&str], input: &[u8]) -> Result<Said, Failed> {
    let failed = |why: String| Failed { program: program.to_owned(), why };
    let path = find(program).ok_or_else(|| failed("it is not installed".into()))?;
    let mut command = Command::new(path);
    command.args(arguments).current_dir("/").env_clear();
    command.env("PATH", FOLDERS.join(":")).env("LC_ALL", "C").env("DEBIAN_FRONTEND", "noninteractive");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    let output = reader(child.stdout.take());
    let errors = reader(child.stderr.take());
    if let Some(mut stdin) = child.stdin.take() {
        // A program that doesn't read all of it says so by its exit code.
        let _ = stdin.write_all(input);
    }
    let code = wait(&mut child).map_err(failed)?;
    let text = |thread: thread::JoinHandle<String>| thread.join().unwrap_or_default();
    Ok(Said { code, output: text(output), errors: text(errors) })
}

fn reader(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What could be read counts.
            let _ = pipe.take(MOST).read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Looks often at first and less often later: most of them end within milliseconds.
fn wait(child: &mut Child) -> Result<Option<i32>, String> {
    let (mut step, mut waited) = (Duration::from_millis(1), Duration::ZERO);
    while waited < PATIENCE {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(status.code());
        }
        thread::sleep(step);
        waited += step;
        step = (step * 2).min(Duration::from_millis(50));
    }
    let _ = child.kill();
    let _ = child.wait();
    Err(format!("it did not end within {} seconds", PATIENCE.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_fed_and_heard() {
        assert_eq!(feed("cat", &[], b"x\ny").unwrap(), "x\ny");
        assert_eq!(run("env", &[]).unwrap().lines().count(), 3);
        let said = ask("ls", &["/nowhere"], b"").unwrap();
        assert!(said.code == Some(2) && said.errors.contains("/nowhere"), "{said:?}");
        let failed = run("ls", &["/nowhere"]).unwrap_err().to_string();
        assert!(failed.starts_with("ls: ") && failed.contains("No such file"), "{failed}");
        assert_eq!(
            run("no-such-program", &[]).unwrap_err().to_string(),
            "no-such-program: it is not installed"
        );
    }
}
