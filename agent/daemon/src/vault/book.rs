//! What the journal says, in memory.

use super::{
    Error, Kept, disk,
    journal::{self, Flush, Health, Journal},
    line,
};
use claviger_agent_core::{
    clock::{Contact, Uptime},
    port::{Attempts, Happened},
};
use claviger_domain::{
    id::{AccountId, BreakGlassId, FactorId},
    time::{Span, Timestamp},
    totp::Step,
};
use claviger_wire::server::{Event, What};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// One line. Each says how things are, not what is added to them: the order and a second reading change nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Record {
    /// The first line of a journal.
    Begin { version: u8 },
    /// Steps up to this one are used.
    Step { user: AccountId, factor: FactorId, step: i64 },
    /// Wrong codes of one day without the server.
    Wrong { user: AccountId, day: i64, count: u32 },
    /// A break-glass code is used.
    BreakGlass { id: BreakGlassId },
    /// Something to be told.
    Event(Event),
    /// Told up to this number.
    Acknowledged { sequence: i64 },
    /// The number of the next event.
    Next { sequence: i64 },
    /// What time the server said it was, in microseconds.
    Contact { server: i64, boot: String, since: i64 },
    /// S8.7a.
    Proven { attempt: i64 },
    /// S8.7a.
    TakenBack { attempt: i64 },
}

impl Record {
    pub(super) fn contact(contact: &Contact) -> Self {
        Self::Contact {
            server: contact.server.0,
            boot: contact.at.boot.clone(),
            since: contact.at.since.micros(),
        }
    }
}

/// Everything that is in force.
#[derive(Debug)]
pub(super) struct Book {
    steps: BTreeMap<(AccountId, FactorId), i64>,
    wrong: BTreeMap<AccountId, (i64, u32)>,
    break_glass: BTreeSet<BreakGlassId>,
    events: BTreeMap<i64, Event>,
    acknowledged: i64,
    next: i64,
    contact: Option<Contact>,
    attempts: Attempts,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            steps: BTreeMap::new(),
            wrong: BTreeMap::new(),
            break_glass: BTreeSet::new(),
            events: BTreeMap::new(),
            acknowledged: 0,
            next: 1,
            contact: None,
            attempts: Attempts::default(),
        }
    }
}

const NUMBERS: &str = "numbers";
pub(super) const BREAK_GLASS: &str = "break-glass";
/// Break-glass codes that are remembered; they are good for a week at most, and the oldest go first.
const BREAK_GLASS_KEPT: usize = 1_000;

/// Reads what a directory says and writes it anew, whole.
pub(super) fn load(directory: &Path) -> Result<(Book, Journal), Error> {
    let (records, health) = journal::read(directory)?;
    let mut book = Book::default();
    records.iter().for_each(|record| book.apply(record));
    let mut confirmed = BTreeSet::new();
    for (_, path) in disk::ending_in(directory, "used")? {
        for record in line::read_slot::<Vec<Record>>(&path).unwrap_or_default() {
            if let Record::Step { user, factor, .. } = record {
                confirmed.insert((user, factor));
            }
            book.apply_copy(&record);
        }
    }
    // A journal that lost something may have lost the last step of whoever has no other note of it.
    if health == Health::Damaged {
        book.steps.retain(|whose, _| confirmed.contains(whose));
    }
    let numbers: Vec<Record> = line::read_slot(&directory.join(NUMBERS)).unwrap_or_default();
    numbers.iter().for_each(|record| book.apply(record));
    let notes = directory.join(BREAK_GLASS);
    disk::make_private(&notes)?;
    for entry in std::fs::read_dir(&notes).map_err(disk::at(&notes))? {
        let name = entry.map_err(disk::at(&notes))?.file_name();
        if let Some(id) = name.to_str().and_then(|name| name.parse().ok()) {
            book.apply(&Record::BreakGlass { id });
        }
    }
    let journal = Journal::begin(directory, &book.records())?;
    let mut kept = Kept::new(book, journal);
    let users: BTreeSet<_> = kept.book.steps.keys().map(|(user, _)| *user).collect();
    users.into_iter().try_for_each(|user| kept.write_used(directory, user))?;
    kept.write_numbers(directory)?;
    Ok((kept.book, kept.journal))
}

impl Book {
    fn apply(&mut self, record: &Record) {
        match record {
            Record::Begin { .. } => {}
            Record::Step { user, factor, step } => {
                let last = self.steps.entry((*user, *factor)).or_insert(*step);
                *last = (*last).max(*step);
            }
            Record::Wrong { user, day, count } => {
                let known = self.wrong.entry(*user).or_insert((*day, *count));
                *known = if known.0 == *day { (*day, known.1.max(*count)) } else { (*day, *count) };
            }
            Record::BreakGlass { id } => {
                self.break_glass.insert(*id);
                if self.break_glass.len() > BREAK_GLASS_KEPT {
                    self.break_glass.pop_first();
                }
            }
            Record::Event(event) if event.sequence <= self.acknowledged => {}
            Record::Event(event) => {
                self.events.insert(event.sequence, event.clone());
                self.next = self.next.max(event.sequence.saturating_add(1));
            }
            Record::Acknowledged { sequence } => {
                self.acknowledged = self.acknowledged.max(*sequence);
                self.next = self.next.max(sequence.saturating_add(1));
                self.events.retain(|number, _| number > sequence);
            }
            Record::Next { sequence } => self.next = self.next.max(*sequence),
            Record::Contact { server, boot, since } => {
                let at = Uptime { boot: boot.clone(), since: Span::from_micros(*since) };
                self.contact = Some(Contact { server: Timestamp(*server), at });
            }
            Record::Proven { attempt } => self.attempts.proven = self.attempts.proven.max(*attempt),
            Record::TakenBack { attempt } => {
                self.attempts.taken_back = self.attempts.taken_back.max(*attempt);
            }
        }
    }

    /// The same of a record that stands beside the journal: wrong codes of another day than the journal's are older.
    fn apply_copy(&mut self, record: &Record) {
        match record {
            Record::Wrong { user, day, .. }
                if self.wrong.get(user).is_some_and(|(known, _)| known != day) => {}
            other => self.apply(other),
        }
    }

    /// What a new journal says.
    pub(super) fn records(&self) -> Vec<Record> {
        let mut records = vec![Record::Begin { version: 1 }];
        records.extend(self.steps());
        records.extend(self.wrong());
        records.extend(self.break_glass.iter().map(|id| Record::BreakGlass { id: *id }));
        records.extend(self.numbers());
        records.extend(self.contact.iter().map(Record::contact));
        records.extend(self.events.values().cloned().map(Record::Event));
        records
    }

    fn steps(&self) -> impl Iterator<Item = Record> {
        let steps = self.steps.iter();
        steps.map(|(&(user, factor), &step)| Record::Step { user, factor, step })
    }

    fn wrong(&self) -> impl Iterator<Item = Record> {
        self.wrong.iter().map(|(&user, &(day, count))| Record::Wrong { user, day, count })
    }

    fn numbers(&self) -> Vec<Record> {
        vec![
            Record::Acknowledged { sequence: self.acknowledged },
            Record::Next { sequence: self.next },
            Record::Proven { attempt: self.attempts.proven },
            Record::TakenBack { attempt: self.attempts.taken_back },
        ]
    }

    pub(super) fn last_step(&self, user: AccountId, factor: FactorId) -> Option<Step> {
        self.steps.get(&(user, factor)).copied().map(Step)
    }

    /// The last step of a factor that something still to be told speaks of.
    pub(super) fn told_step(&self, factor: FactorId) -> Option<i64> {
        let steps = self.events.values().filter_map(|event| match event.what {
            What::OfflineCode { factor: of, step } if of == factor => Some(step),
            _ => None,
        });
        steps.max()
    }

    pub(super) fn forget_other_factors(&mut self, user: AccountId, factor: FactorId) {
        self.steps.retain(|(of, other), _| *of != user || *other == factor);
    }

    pub(super) fn wrong_count(&self, user: AccountId, day: i64) -> u32 {
        self.wrong.get(&user).filter(|(known, _)| *known == day).map_or(0, |(_, count)| *count)
    }

    pub(super) fn is_used(&self, id: BreakGlassId) -> bool {
        self.break_glass.contains(&id)
    }

    pub(super) fn events_after(&self, sequence: i64) -> impl Iterator<Item = &Event> {
        self.events.range(sequence.saturating_add(1)..).map(|(_, event)| event)
    }

    pub(super) const fn has_acknowledged(&self, sequence: i64) -> bool {
        sequence <= self.acknowledged
    }

    pub(super) fn waiting(&self) -> usize {
        self.events.len()
    }

    pub(super) const fn next_sequence(&self) -> i64 {
        self.next
    }

    /// The event that this becomes.
    pub(super) fn numbered(&self, happened: Happened) -> Event {
        let Happened { at, user, place, what } = happened;
        Event { sequence: self.next, at: at.0, user, place, what }
    }

    /// What there is to write if the server knows numbers that we lost with a part of the journal: what waits gets new
    /// ones behind them.
    pub(super) fn renumbered_after(&self, sequence: i64) -> Vec<Record> {
        if sequence < self.next {
            return Vec::new();
        }
        let numbers = sequence.saturating_add(1)..;
        let events = numbers.zip(self.events.values());
        events.map(|(sequence, event)| Record::Event(Event { sequence, ..event.clone() })).collect()
    }

    pub(super) const fn contact(&self) -> Option<&Contact> {
        self.contact.as_ref()
    }

    pub(super) fn meet(&mut self, contact: Contact) {
        self.contact = Some(contact);
    }

    pub(super) const fn attempts(&self) -> Attempts {
        self.attempts
    }
}

impl Kept {
    pub(super) const fn new(book: Book, journal: Journal) -> Self {
        Self { book, journal, called_used: BTreeMap::new() }
    }

    /// Writes records and believes them once they are on the disk.
    pub(super) fn write(&mut self, records: &[Record]) -> Result<(), Error> {
        self.put(records, Flush::Now)
    }

    /// The same for what may be lost with the power.
    pub(super) fn note(&mut self, records: &[Record]) -> Result<(), Error> {
        self.put(records, Flush::Later)
    }

    fn put(&mut self, records: &[Record], flush: Flush) -> Result<(), Error> {
        if !self.journal.has_room_for(records)? {
            let mut all = self.book.records();
            all.extend_from_slice(records);
            self.journal.renew(&all)?;
        } else {
            self.journal.add(records, flush)?;
        }
        records.iter().for_each(|record| self.book.apply(record));
        Ok(())
    }

    /// Writes the last step and the wrong codes of a user once more.
    pub(super) fn write_used(&mut self, directory: &Path, user: AccountId) -> Result<(), Error> {
        let whose = user;
        let steps =
            self.book.steps().filter(|record| matches!(record, Record::Step { user, .. } if *user == whose));
        let wrong =
            self.book.wrong().filter(|record| matches!(record, Record::Wrong { user, .. } if *user == whose));
        let records: Vec<_> = steps.chain(wrong).collect();
        line::write_slot(&directory.join(format!("{user}.used")), &records)
    }

    /// Writes the numbers of the journal once more.
    pub(super) fn write_numbers(&self, directory: &Path) -> Result<(), Error> {
        line::write_slot(&directory.join(NUMBERS), &self.book.numbers())
    }
}
