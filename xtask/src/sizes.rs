//! How long files may be. Functions and arguments are clippy's.

use crate::run::{output, root};
use anyhow::{Result, bail};
use std::{fs, process::Command};

const RUST: usize = 500;
const SCRIPT: usize = 150;
/// Templates may take text as it is only from what the server made itself.
const UNESCAPED: &[&str] = &["qr_svg"];

pub(crate) fn check() -> Result<()> {
    let files = output(Command::new("git").args(["ls-files", "--cached", "--others", "--exclude-standard"]))?;
    let mut wrong = Vec::new();
    for file in files.lines() {
        let Ok(text) = fs::read_to_string(root().join(file)) else { continue };
        let lines = text.lines().count();
        let limit = match file.rsplit_once('.') {
            Some((_, "rs")) => RUST,
            Some((_, "js")) if file.starts_with("crates/web/static/") => SCRIPT,
            _ => usize::MAX,
        };
        if lines > limit {
            wrong.push(format!("{file} has {lines} lines, more than {limit}"));
        }
        if file.starts_with("crates/web/templates/") {
            wrong.extend(unescaped(file, &text));
        }
    }
    if wrong.is_empty() { Ok(()) } else { bail!("{}", wrong.join("\n")) }
}

fn unescaped(file: &str, text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| line.contains("|safe"));
    lines
        .filter(|line| !UNESCAPED.iter().any(|name| line.contains(&format!("{name}|safe"))))
        .map(|line| format!("{file} takes text unescaped: {}", line.trim()))
        .collect()
}
