//! A script that runs (S9.2): how long it may, what it prints, and how it ended.

use claviger_domain::command::{Kept, Outcome, Tail};
use std::{
    io::{self, Read},
    process::{Child, ExitStatus},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

/// What the output has left to come after the script has ended.
const REST: Duration = Duration::from_secs(1);

/// How a script ended.
#[derive(Debug)]
pub struct Ended {
    /// In which way.
    pub outcome: Outcome,
    /// If it ended by itself; negative for a signal.
    pub exit_code: Option<i32>,
    /// What is kept of what it printed.
    pub output: Kept,
    /// In words; may be empty.
    pub detail: String,
    /// How long it took.
    pub took: Duration,
}

impl Ended {
    /// It didn't begin.
    pub fn before_it_began(error: &io::Error) -> Self {
        Self {
            outcome: Outcome::Failed,
            exit_code: None,
            output: Kept::default(),
            detail: format!("It could not be started: {error}"),
            took: Duration::ZERO,
        }
    }
}

/// How the waiting for a script ended.
pub(crate) struct Waited {
    /// Its status if it ended by itself, or else why it has to be ended.
    pub(crate) status: Result<ExitStatus, (Outcome, String)>,
    took: Duration,
}

impl Waited {
    /// Waits until it ends, takes longer than it may, or `stop` says so.
    pub(crate) fn wait(child: &mut Child, limit: Duration, stop: &AtomicBool) -> Self {
        let (mut step, mut took) = (Duration::from_millis(2), Duration::ZERO);
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break Ok(status),
                Err(error) => break Err((Outcome::Failed, error.to_string())),
                Ok(None) if stop.load(Ordering::Acquire) => {
                    break Err((Outcome::Stopped, "An administrator canceled it.".into()));
                }
                Ok(None) if took >= limit => {
                    let why = format!("It took longer than {} seconds.", limit.as_secs());
                    break Err((Outcome::TimedOut, why));
                }
                Ok(None) => {}
            }
            thread::sleep(step);
            took += step;
            step = (step * 2).min(Duration::from_millis(100));
        };
        Self { status, took }
    }

    /// What came of it; `code` reads an exit code.
    pub(crate) fn ended(self, output: Kept, code: impl FnOnce(ExitStatus) -> Option<i32>) -> Ended {
        let (outcome, exit_code, detail) = match self.status {
            Ok(status) => (Outcome::Exited, code(status), String::new()),
            Err((outcome, detail)) => (outcome, None, detail),
        };
        Ended { outcome, exit_code, output, detail, took: self.took }
    }
}

/// What was printed so far.
#[derive(Debug, Default)]
pub(crate) struct Printed {
    tail: Mutex<Tail>,
    is_whole: AtomicBool,
}

impl Printed {
    /// Reads in a thread of its own until nobody writes any more.
    pub(crate) fn read(mut from: impl Read + Send + 'static) -> Arc<Self> {
        let output = Arc::new(Self::default());
        let printed = Arc::clone(&output);
        thread::spawn(move || {
            let mut block = vec![0; 64 * 1024];
            loop {
                match from.read(&mut block) {
                    Ok(count @ 1..) => printed.tail().push(block.get(..count).unwrap_or_default()),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Ok(_) | Err(_) => break,
                }
            }
            printed.is_whole.store(true, Ordering::Release);
        });
        output
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of it, once nothing more comes; something that was left behind and still prints is not waited for.
    pub(crate) fn whole(&self) -> Kept {
        let mut waited = Duration::ZERO;
        while waited < REST && !self.is_whole.load(Ordering::Acquire) {
            thread::sleep(Duration::from_millis(10));
            waited += Duration::from_millis(10);
        }
        self.tail().kept()
    }
}
