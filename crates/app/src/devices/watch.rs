//! Devices that wait for news: woken when the activity log tells of something that may concern them (S8.5).
//!
//! A device that waits costs a place in a map and one timer; nothing is read while nobody waits or nothing happens. What
//! other servers do is seen in the log, by where an entry stands in it and not by its time, so that no clock can hide
//! one. Whoever is woken looks for itself whether it is to do something else.

use crate::{App, Problem};
use claviger_domain::{
    device::{Touched, touched},
    id::{AccountId, AuditId, DeviceId, OrganizationId},
};
use claviger_store::table::{self, audit::News};
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::{Notify, Semaphore, SemaphorePermit, futures::Notified, watch};

/// How long an entry that another server wrote stays unseen at most.
const TICK: Duration = Duration::from_millis(500);
/// A pause between two looks, so that a storm of changes is looked at in few.
const PAUSE: Duration = Duration::from_millis(50);
/// Entries that are read in one look.
const AT_ONCE: i64 = 2_000;
/// So many accounts at once concern everybody: one question is cheaper than that many.
const MANY: usize = 200;
/// So many devices are looked at at once; the others wait, so that people don't.
const TURNS: usize = 64;

/// Who waits, and what wakes them.
pub(crate) struct Watch {
    waiting: Mutex<HashMap<DeviceId, Place>>,
    look: Notify,
    turns: Semaphore,
    closed: AtomicBool,
}

/// One device; it can wait twice while an old connection of it is still open.
struct Place {
    wake: Arc<Notify>,
    waiters: usize,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            look: Notify::new(),
            turns: Semaphore::new(TURNS),
            closed: AtomicBool::new(false),
        }
    }
}

/// A device's place among those who wait, until it is dropped.
pub(super) struct Waiting<'a> {
    watch: &'a Watch,
    device: DeviceId,
    wake: Arc<Notify>,
}

impl Waiting<'_> {
    /// Done when the device is woken from now on.
    pub(super) fn woken(&self) -> Notified<'_> {
        self.wake.notified()
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.watch.with(|waiting| {
            if let Some(place) = waiting.get_mut(&self.device) {
                place.waiters = place.waiters.saturating_sub(1);
                if place.waiters == 0 {
                    waiting.remove(&self.device);
                }
            }
        });
    }
}

impl Watch {
    fn with<T>(&self, act: impl FnOnce(&mut HashMap<DeviceId, Place>) -> T) -> T {
        act(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes a place. The first one who waits starts the looks.
    pub(super) fn enter(&self, device: DeviceId) -> Waiting<'_> {
        let (wake, is_first) = self.with(|waiting| {
            let is_first = waiting.is_empty();
            let place =
                waiting.entry(device).or_insert_with(|| Place { wake: Arc::new(Notify::new()), waiters: 0 });
            place.waiters += 1;
            (Arc::clone(&place.wake), is_first)
        });
        if is_first {
            self.look.notify_one();
        }
        Waiting { watch: self, device, wake }
    }

    /// Something that may concern a device was written just now.
    pub(crate) fn look(&self) {
        if !self.is_idle() {
            self.look.notify_one();
        }
    }

    /// Waits for a turn to look at a device.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }

    fn is_idle(&self) -> bool {
        self.with(|waiting| waiting.is_empty())
    }

    /// Whether the device waits here; if so it is woken.
    fn wake(&self, device: DeviceId) -> bool {
        self.with(|waiting| waiting.get(&device).map(|place| place.wake.notify_waiters()).is_some())
    }

    fn wake_everybody(&self) {
        self.with(|waiting| waiting.values().for_each(|place| place.wake.notify_waiters()));
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.wake_everybody();
    }
}

/// How far the log was looked at.
struct Seen {
    /// Every entry up to this number of the chain.
    sequence: i64,
    /// Those that had no number yet.
    unsealed: HashSet<AuditId>,
}

impl App {
    /// How many devices wait at this server.
    pub fn waiting_devices(&self) -> usize {
        self.0.watch.with(|waiting| waiting.len())
    }

    /// The server stops: every device that waits is answered now, and none waits from now on.
    pub fn let_devices_go(&self) {
        self.0.watch.close();
    }

    pub(crate) async fn run_watch(&self, mut stop: watch::Receiver<bool>) {
        let mut seen = None;
        loop {
            let ticks = !self.0.watch.is_idle();
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return self.let_devices_go(),
                () = self.0.watch.look.notified() => {}
                () = tokio::time::sleep(TICK), if ticks => {}
            }
            if self.0.watch.is_idle() {
                seen = None;
                continue;
            }
            seen = match self.look_at_log(seen.take()).await {
                Ok(seen) => Some(seen),
                Err(error) => {
                    tracing::warn!(%error, "the log could not be looked at; devices that wait are asked to look again");
                    None
                }
            };
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Wakes whom the entries since the last look concern; everybody, if there was none.
    async fn look_at_log(&self, seen: Option<Seen>) -> Result<Seen, Problem> {
        let organization = self.organization().await?.id;
        let Some(seen) = seen else {
            let head = table::audit::head(&self.0.store, organization).await?;
            // Whoever looked before this line did not know yet what was written meanwhile.
            self.0.watch.wake_everybody();
            return Ok(Seen { sequence: head.map_or(0, |head| head.sequence), unsealed: HashSet::new() });
        };
        let news = table::audit::news(&self.0.store, organization, seen.sequence, AT_ONCE).await?;
        let fresh = news.iter().filter(|entry| !seen.unsealed.contains(&entry.id));
        let concerned: HashSet<Touched> = fresh.map(|entry| touched(&entry.action, &entry.target)).collect();
        self.wake_concerned(organization, concerned).await?;
        Ok(after(&seen, &news))
    }

    async fn wake_concerned(
        &self,
        organization: OrganizationId,
        mut concerned: HashSet<Touched>,
    ) -> Result<(), Problem> {
        concerned.remove(&Touched::Nobody);
        if concerned.contains(&Touched::Everybody) || concerned.len() > MANY {
            self.0.watch.wake_everybody();
            return Ok(());
        }
        for one in concerned {
            let Touched::One(id) = one else { continue };
            if !self.0.watch.wake(DeviceId(id)) {
                let devices =
                    table::device_bound::devices_of(&self.0.store, organization, AccountId(id)).await?;
                for device in devices {
                    self.0.watch.wake(device);
                }
            }
        }
        Ok(())
    }
}

fn after(seen: &Seen, news: &[News]) -> Seen {
    Seen {
        sequence: news.iter().map(|entry| entry.sequence).max().unwrap_or(0).max(seen.sequence),
        unsealed: news.iter().filter(|entry| entry.sequence < 1).map(|entry| entry.id).collect(),
    }
}
