//! Runs of commands (S9.2): each begins once. That it does is on the disk before it does, so that neither a crash nor the
//! same order again, nor an old one that somebody kept, makes it begin twice.
//!
//! A folder for each run, root's alone: `begun` is there from before it begins, `said` once it has ended.

use crate::{
    files, logs,
    platform::system::script::{self, Script},
    script::Ended,
};
use anyhow::Result;
use claviger_domain::{
    command::{Outcome, SCRIPT, Stage, shown},
    id::RunId,
    time::{Span, Timestamp},
};
use claviger_wire::orders::{RunOrder, RunSaid, Wish};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

/// So many run at a time; the others wait.
const AT_ONCE: usize = 8;
/// A run is remembered so long after it was asked for: longer than a server asks for it.
const KEPT: Span = Span::days(90);

/// The runs of this device.
pub(super) struct Runs {
    folder: PathBuf,
    going: BTreeMap<RunId, Going>,
    /// What was asked for before this moment doesn't begin any more: it may be among what was forgotten.
    floor: Timestamp,
}

struct Going {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
    began: Timestamp,
}

impl Runs {
    /// Begins where it was when it ended.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let folder = folder.join("runs");
        files::make_folder(&folder, 0o700)?;
        let floor = files::read(&folder.join("floor"))?.and_then(|text| text.trim().parse().ok());
        Ok(Self { folder, going: BTreeMap::new(), floor: Timestamp(floor.unwrap_or(i64::MIN)) })
    }

    /// Whether any of them goes on, as far as it was told: what ended since then has to be told yet.
    pub(super) fn are_going(&self) -> bool {
        !self.going.is_empty()
    }

    /// Begins what is to begin, ends what is to end, and tells what became of each.
    pub(super) fn carry_out(&mut self, orders: &[RunOrder], now: Timestamp) -> Vec<RunSaid> {
        self.going.retain(|_, going| !going.thread.is_finished());
        // What the server doesn't name any more it doesn't want any more.
        for (id, going) in &self.going {
            if !orders.iter().any(|order| order.id == *id) {
                going.stop.store(true, Ordering::Release);
            }
        }
        self.forget(orders, now);
        orders.iter().filter_map(|order| self.one(order, now)).collect()
    }

    /// What became of a run; nothing while it waits for others.
    fn one(&mut self, order: &RunOrder, now: Timestamp) -> Option<RunSaid> {
        let folder = self.folder.join(order.id.to_string());
        if let Some(going) = self.going.get(&order.id) {
            if order.wish == Wish::End {
                going.stop.store(true, Ordering::Release);
            }
            return Some(RunSaid { started_at: Some(going.began), ..said(order.id, Stage::Running, "") });
        }
        match read(&folder.join("said")) {
            Ok(Some(said)) => return Some(said),
            Ok(None) => {}
            Err(why) => return Some(said(order.id, Stage::Ended(Outcome::Interrupted), &why)),
        }
        match fs::symlink_metadata(folder.join("begun")) {
            Ok(_) => {
                Script::of(&folder, order).kill();
                let why = "The agent or the device went down while it ran. It is not run again.";
                return Some(note(&folder, order, said(order.id, Stage::Ended(Outcome::Interrupted), why)));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Some(said(order.id, Stage::Ended(Outcome::Failed), &error.to_string())),
        }
        if let Some((outcome, why)) = self.refusal(order, now) {
            return Some(note(&folder, order, said(order.id, Stage::Ended(outcome), &why)));
        }
        if self.going.len() >= AT_ONCE {
            return None;
        }
        Some(self.begin(&folder, order, now))
    }

    /// Why it doesn't begin.
    fn refusal(&self, order: &RunOrder, now: Timestamp) -> Option<(Outcome, String)> {
        let not_started = |why: &str| Some((Outcome::NotStarted, why.to_owned()));
        if order.wish == Wish::End {
            return not_started("It was canceled, or too late, before it began.");
        }
        if order.expires_at <= now {
            return not_started("It was too late when the device heard of it.");
        }
        if order.asked_at <= self.floor {
            return not_started("It is older than what this device remembers of runs.");
        }
        if order.shell != script::SHELL {
            return Some((Outcome::Failed, script::OTHER_SHELL.into()));
        }
        if order.script.is_empty() || order.script.len() > SCRIPT {
            return Some((Outcome::Failed, "The script is empty or longer than 64 KiB.".into()));
        }
        None
    }

    fn begin(&mut self, folder: &Path, order: &RunOrder, now: Timestamp) -> RunSaid {
        let failed = |why: String| said(order.id, Stage::Ended(Outcome::Failed), &why);
        // Not noted: nothing has begun, and once there is room it does.
        if let Err(error) = prepare(folder, order, now) {
            return failed(error.to_string());
        }
        logs::note(&format!("the command of run {} begins", order.id));
        let stop = Arc::new(AtomicBool::new(false));
        let (order_of, folder_of, told) = (order.clone(), folder.to_owned(), Arc::clone(&stop));
        let thread = thread::Builder::new().name("command".into()).spawn(move || {
            let ended = Script::of(&folder_of, &order_of).run(&told);
            keep(&folder_of, &ended_as(&order_of, ended, now));
        });
        match thread {
            Ok(thread) => {
                self.going.insert(order.id, Going { stop, thread, began: now });
                RunSaid { started_at: Some(now), ..said(order.id, Stage::Running, "") }
            }
            Err(error) => note(folder, order, failed(error.to_string())),
        }
    }

    /// Forgets runs that nobody asks about any more, and never lets anything as old begin again.
    fn forget(&mut self, orders: &[RunOrder], now: Timestamp) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(id) = name.to_str().and_then(|name| name.parse::<RunId>().ok()) else { continue };
            let is_wanted = orders.iter().any(|order| order.id == id) || self.going.contains_key(&id);
            let asked = files::read(&entry.path().join("asked")).ok().flatten();
            let asked = asked.and_then(|text| text.trim().parse().ok()).map(Timestamp);
            let Some(asked) = asked.filter(|asked| !is_wanted && asked.plus(KEPT) < now) else { continue };
            let floor = self.floor.max(asked);
            // First the floor: what is forgotten is refused by then.
            if files::replace(&self.folder.join("floor"), floor.0.to_string(), 0o600).is_ok() {
                self.floor = floor;
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// Everything that has to be on the disk before a run begins; `begun` comes last.
fn prepare(folder: &Path, order: &RunOrder, now: Timestamp) -> Result<(), files::Failed> {
    files::make_folder(folder, 0o700)?;
    files::replace(&folder.join("asked"), order.asked_at.0.to_string(), 0o600)?;
    files::replace(&folder.join(script::FILE), script::content(&order.script), 0o700)?;
    files::replace(&folder.join("begun"), now.0.to_string(), 0o600)?;
    files::sync(folder)
}

/// Keeps how a run ended without having begun here.
fn note(folder: &Path, order: &RunOrder, said: RunSaid) -> RunSaid {
    let asked = files::make_folder(folder, 0o700)
        .and_then(|()| files::replace(&folder.join("asked"), order.asked_at.0.to_string(), 0o600));
    if let Err(error) = asked {
        logs::warn(&format!("run {}: {error}", order.id));
    }
    keep(folder, &said);
    said
}

fn ended_as(order: &RunOrder, ended: Ended, began: Timestamp) -> RunSaid {
    RunSaid {
        exit_code: ended.exit_code,
        output: shown(&ended.output),
        started_at: Some(began),
        ended_at: Some(
            began.plus(Span::from_micros(i64::try_from(ended.took.as_micros()).unwrap_or(i64::MAX))),
        ),
        ..said(order.id, Stage::Ended(ended.outcome), &ended.detail)
    }
}

fn said(run: RunId, stage: Stage, detail: &str) -> RunSaid {
    RunSaid {
        run,
        stage,
        exit_code: None,
        output: String::new(),
        detail: detail.to_owned(),
        started_at: None,
        ended_at: None,
    }
}

/// What became of a run that has ended; a damaged note says that nobody knows.
fn read(path: &Path) -> Result<Option<RunSaid>, String> {
    let text = files::read(path).map_err(|error| error.to_string())?;
    let read = text.map(|text| serde_json::from_str(&text));
    read.transpose().map_err(|_| "What came of it can't be read any more.".to_owned())
}

/// Keeps what became of a run. Without room for it the run is called interrupted later, and not run again.
fn keep(folder: &Path, said: &RunSaid) {
    let text = serde_json::to_string(said).unwrap_or_default();
    let kept = files::make_folder(folder, 0o700)
        .and_then(|()| files::replace(&folder.join("said"), text, 0o600))
        .and_then(|()| files::remove(&folder.join(script::FILE)));
    match kept {
        Ok(()) => logs::note(&format!("run {}: {:?}", said.run, said.stage)),
        Err(error) => logs::warn(&format!("what came of run {} can't be kept: {error}", said.run)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S9.2: a quick one is over before the look at which it began is. Nothing else would make the agent look again.
    #[test]
    fn a_run_goes_on_until_its_end_was_told() {
        let folder = std::env::temp_dir().join(format!("claviger-runs-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut runs = Runs::open(&folder).unwrap();
        assert!(!runs.are_going());
        let now = Timestamp::from_seconds(1_800_000_000);
        let order = RunOrder {
            id: RunId::new(now, [1; 10]),
            wish: Wish::Begin,
            shell: script::SHELL,
            script: "true".into(),
            timeout_seconds: 60,
            asked_at: now,
            expires_at: now.plus(Span::hours(1)),
        };
        let (of_run, ended) =
            (runs.folder.join(order.id.to_string()), said(order.id, Stage::Ended(Outcome::Exited), ""));
        let thread = thread::spawn(move || keep(&of_run, &ended));
        while !thread.is_finished() {
            thread::yield_now();
        }
        runs.going.insert(order.id, Going { stop: Arc::default(), thread, began: now });
        assert!(runs.are_going());
        let told = runs.carry_out(&[order], now);
        assert_eq!(told.iter().map(|said| said.stage).collect::<Vec<_>>(), [Stage::Ended(Outcome::Exited)]);
        assert!(!runs.are_going());
        fs::remove_dir_all(&folder).unwrap();
    }
}
