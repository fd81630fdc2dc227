//! One attempt to sign in, mechanism after mechanism.

use crate::{engine::Engine, password, plug_in::PlugIn};
use serde_json::{Value, json};
use std::process::Command;

const PLUG_IN: &str = "/Library/Security/SecurityAgentPlugins/Claviger.bundle/Contents/MacOS/Claviger";
const OURS: &str = "Claviger:";
/// Under whose number macOS runs what isn't privileged.
const SECURITY_AGENT: u32 = 92;
/// More pages than anybody is shown.
const PAGES: usize = 20;

/// Somebody at the login window.
struct Attempt {
    user: String,
    password: String,
    codes: Vec<String>,
    /// What they do when they have no code left: `back`, or `deactivate` for a display that goes to sleep.
    at_the_end: String,
}

/// What came of it.
#[derive(Default)]
struct Told {
    pages: Vec<Value>,
    rested: Vec<bool>,
}

/// Makes it, and tells what came of it.
pub(crate) fn run(line: &str) -> Value {
    let given: Value = serde_json::from_str(line).unwrap_or_default();
    let text = |key: &str| given.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let codes = given.get("codes").and_then(Value::as_array).cloned().unwrap_or_default();
    let attempt = Attempt {
        user: text("user"),
        password: text("password"),
        codes: codes.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        at_the_end: text("at_the_end"),
    };
    let mut told = Told::default();
    let ended = mechanisms().and_then(|all| attempt.go_through(&all, &mut told));
    let rested = told.rested.iter().all(|rested| *rested);
    match ended {
        Ok(at) => json!({ "in": at.is_none(), "ended_at": at, "pages": told.pages, "rested": rested }),
        Err(error) => json!({ "in": false, "error": error, "pages": told.pages }),
    }
}

/// The right, as macOS would read it.
fn mechanisms() -> Result<Vec<String>, String> {
    let mut security = Command::new("security");
    let said = security.args(["authorizationdb", "read", "system.login.console"]).output();
    let said = String::from_utf8(said.map_err(|error| error.to_string())?.stdout).unwrap_or_default();
    let list = said.split("<key>mechanisms</key>").nth(1).and_then(|rest| rest.split("</array>").next());
    let list = list.ok_or("the right has no mechanisms")?;
    let names = list.split("<string>").skip(1).filter_map(|rest| rest.split("</string>").next());
    Ok(names.map(str::to_owned).collect())
}

impl Attempt {
    /// The mechanism at which it ended; nothing if somebody is in.
    fn go_through(&self, all: &[String], told: &mut Told) -> Result<Option<String>, String> {
        let engine = Engine::default();
        let plug_in =
            all.iter().any(|name| name.starts_with(OURS)).then(|| PlugIn::load(PLUG_IN)).transpose()?;
        for name in all {
            let (bare, is_privileged) =
                name.strip_suffix(",privileged").map_or((name.as_str(), false), |bare| (bare, true));
            let goes_on = match (bare, bare.strip_prefix(OURS), &plug_in) {
                ("loginwindow:login", ..) => {
                    engine.put("username", format!("{}\0", self.user).as_bytes());
                    engine.put("password", format!("{}\0", self.password).as_bytes());
                    true
                }
                ("builtin:authenticate", ..) => match password::account(&self.user, &self.password) {
                    Some(number) => {
                        engine.put("uid", &number.to_ne_bytes());
                        true
                    }
                    None => false,
                },
                (_, Some(ours), Some(plug_in)) => {
                    become_user(if is_privileged { 0 } else { SECURITY_AGENT })?;
                    let passed = self.pass(plug_in, ours, &engine, told);
                    become_user(0)?;
                    passed?
                }
                _ => true,
            };
            if !goes_on {
                return Ok(Some(name.clone()));
            }
        }
        Ok(None)
    }

    /// Whether one of ours lets them pass.
    fn pass(&self, plug_in: &PlugIn, name: &str, engine: &Engine, told: &mut Told) -> Result<bool, String> {
        let mechanism = plug_in.mechanism(name, engine)?;
        engine.begin();
        if mechanism.invoke() != 0 {
            return Ok(false);
        }
        let mut codes = self.codes.iter();
        for _ in 0..PAGES {
            if engine.result().is_some() {
                break;
            }
            let Some(page) = mechanism.look() else { return Err(format!("{name} neither asks nor ends")) };
            let is_read_only = page.field == "none";
            told.pages.push(json!({ "field": page.field, "message": page.message }));
            match codes.next() {
                _ if is_read_only => mechanism.type_in(Some("")),
                Some(code) => mechanism.type_in(Some(code)),
                None if self.at_the_end == "deactivate" => break,
                None => mechanism.type_in(None),
            }
        }
        let passed = engine.result() == Some(0);
        mechanism.deactivate();
        told.rested.push(engine.rested());
        // What is typed after the engine has turned away is for nobody.
        mechanism.type_in(Some("000000"));
        Ok(passed && engine.result() == Some(0))
    }
}

fn become_user(uid: u32) -> Result<(), String> {
    // SAFETY: it changes this process alone.
    match unsafe { libc::seteuid(uid) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error().to_string()),
    }
}
