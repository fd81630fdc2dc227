//! Which crate may use which, read from what cargo knows, so that a wrong arrow can't be merged.

use crate::run::output;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::process::Command;

/// Every crate of ours with those it may use.
const ALLOWED: &[(&str, &[&str])] = &[
    ("claviger-domain", &[]),
    ("claviger-wire", &["claviger-domain"]),
    ("claviger-saml", &[]),
    ("claviger-store", &["claviger-domain"]),
    ("claviger-testing", &["claviger-store"]),
    ("claviger-app", &["claviger-domain", "claviger-store", "claviger-wire", "claviger-saml"]),
    ("claviger-web", &["claviger-domain", "claviger-app", "claviger-wire"]),
    ("claviger", &["claviger-domain", "claviger-store", "claviger-app", "claviger-web", "claviger-wire"]),
    ("claviger-agent-core", &["claviger-domain", "claviger-wire"]),
    ("claviger-win32", &[]),
    ("claviger-mac", &[]),
    ("claviger-agent-ipc", &["claviger-wire", "claviger-win32", "claviger-mac"]),
    (
        "claviger-agent",
        &[
            "claviger-domain",
            "claviger-wire",
            "claviger-agent-core",
            "claviger-agent-ipc",
            "claviger-win32",
            "claviger-mac",
        ],
    ),
    ("claviger-pam", &["claviger-wire", "claviger-agent-ipc"]),
    ("claviger-credprov", &["claviger-wire", "claviger-agent-ipc", "claviger-win32"]),
    ("claviger-logonui", &[]),
    ("claviger-authplugin", &["claviger-wire", "claviger-agent-ipc", "claviger-mac"]),
    ("claviger-loginwindow", &[]),
    ("claviger-bench", &["claviger-domain", "claviger-store", "claviger-app", "claviger-wire"]),
    ("claviger-fuzz", &["claviger-domain", "claviger-saml", "claviger-app", "claviger-web"]),
    ("xtask", &[]),
];

/// What the rules may be made of: nothing that waits, reads, writes, or knows the time.
const DOMAIN_USES: &[&str] =
    &["data-encoding", "hmac", "serde", "sha1", "sha2", "subtle", "thiserror", "uuid", "zeroize"];

pub(crate) fn check() -> Result<()> {
    let text =
        output(Command::new("cargo").args(["metadata", "--no-deps", "--format-version", "1", "--locked"]))?;
    let metadata: Value = serde_json::from_str(&text)?;
    let packages =
        metadata.get("packages").and_then(Value::as_array).context("cargo metadata lists no packages")?;
    let mut wrong = Vec::new();
    for package in packages {
        let name = text_of(package, "name");
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
            wrong.push(format!("{name} is not in the table of xtask/src/arrows.rs"));
            continue;
        };
        let dependencies =
            package.get("dependencies").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for dependency in
            dependencies.iter().filter(|dependency| dependency.get("kind").is_none_or(Value::is_null))
        {
            let used = text_of(dependency, "name");
            let ours = ALLOWED.iter().any(|(known, _)| *known == used);
            if ours && !allowed.contains(&used) {
                wrong.push(format!("{name} must not use {used}"));
            }
            if name == "claviger-domain" && !DOMAIN_USES.contains(&used) {
                wrong.push(format!(
                    "the rules must not use {used}: domain has no input, output, clock or randomness"
                ));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { bail!("{}", wrong.join("\n")) }
}

fn text_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}
