use super::*;
use claviger_domain::policy::{Data, RegistryValue};
use std::collections::BTreeMap;

type Values = BTreeMap<Place, Data>;

/// A registry in memory that breaks where it is told to.
#[derive(Default)]
struct Memory {
    values: Values,
    broken: Option<Place>,
    kept: Vec<Book<Option<Data>>>,
    /// The values after each write, with the book that was kept by then.
    moments: Vec<(Book<Option<Data>>, Values)>,
    disk_is_full: bool,
    absent: bool,
    writes: usize,
}

impl Memory {
    fn note_moment(&mut self) {
        let book = self.kept.last().cloned().unwrap_or_default();
        self.moments.push((book, self.values.clone()));
    }
}

impl Ground for Memory {
    type Before = Option<Data>;

    fn before(&mut self, place: &Place) -> Result<Option<Data>, String> {
        Ok(self.values.get(place).cloned())
    }

    fn look(&mut self, effect: &Effect) -> Result<Look, String> {
        let Effect::Registry(value) = effect else { return Err("not here".into()) };
        Ok(match self.values.get(&effect.place()) {
            _ if self.absent => Look::NothingToSee,
            Some(data) if *data == value.data => Look::AsLaidDown,
            _ => Look::Otherwise,
        })
    }

    fn lay_down(&mut self, effects: &[Effect]) -> Result<(), String> {
        for effect in effects {
            let Effect::Registry(value) = effect else { return Err("not here".into()) };
            if self.broken.as_ref() == Some(&effect.place()) {
                return Err("broken".into());
            }
            // What is not in the book by then could not be put back after a crash.
            let book = self.kept.last().expect("the book is kept first");
            assert!(book.places.iter().any(|held| held.place == effect.place() && held.effect == *effect));
            self.values.insert(effect.place(), value.data.clone());
            self.writes += 1;
            self.note_moment();
        }
        Ok(())
    }

    fn put_back(&mut self, place: &Place, before: &Option<Data>) -> Result<(), String> {
        match before {
            Some(data) => self.values.insert(place.clone(), data.clone()),
            None => self.values.remove(place),
        };
        self.note_moment();
        Ok(())
    }

    fn keep(&mut self, book: &Book<Option<Data>>) -> Result<(), String> {
        if self.disk_is_full {
            return Err("no space left".into());
        }
        self.kept.push(book.clone());
        self.note_moment();
        Ok(())
    }

    fn note(&mut self, _: &[Effect]) -> String {
        if self.absent { "not installed".into() } else { String::new() }
    }
}

fn effect(name: &str, number: u32) -> Effect {
    let location = r"SOFTWARE\Acme".to_owned();
    Effect::Registry(RegistryValue { location, name: name.into(), data: Data::Dword(number) })
}

fn order(number: u8, effects: &[(&str, u32)]) -> PolicyOrder {
    PolicyOrder {
        id: PolicyId::new(Timestamp(0), [number; 10]),
        revision: 1,
        name: format!("P{number}"),
        effects: effects.iter().map(|(name, number)| effect(name, *number)).collect(),
    }
}

#[derive(Default)]
struct Device {
    memory: Memory,
    book: Book<Option<Data>>,
    now: i64,
}

impl Device {
    fn cycle(&mut self, orders: &[PolicyOrder]) -> Vec<PolicySaid> {
        self.now += 60;
        let now = Timestamp::from_seconds(self.now);
        let cycle = carry_out(orders, &mut self.book, &mut self.memory, now);
        assert_eq!(cycle.notes, [""; 0]);
        cycle.said
    }

    fn states(&mut self, orders: &[PolicyOrder]) -> Vec<State> {
        self.cycle(orders).iter().map(|said| said.state).collect()
    }

    fn set(&mut self, name: &str, number: Option<u32>) {
        let place = effect(name, 0).place();
        match number {
            Some(number) => self.memory.values.insert(place, Data::Dword(number)),
            None => self.memory.values.remove(&place),
        };
    }

    fn get(&self, name: &str) -> Option<u32> {
        match self.memory.values.get(&effect(name, 0).place()) {
            Some(Data::Dword(number)) => Some(*number),
            _ => None,
        }
    }
}

#[test]
fn a_policy_is_laid_down_once_looked_after_and_taken_back() {
    let mut device = Device::default();
    device.set("a", Some(7));
    let orders = [order(1, &[("a", 1), ("b", 2)])];
    assert_eq!(device.states(&orders), [State::Applied]);
    assert_eq!((device.get("a"), device.get("b"), device.memory.writes), (Some(1), Some(2), 2));
    let again = device.cycle(&orders);
    assert_eq!((device.memory.writes, again[0].corrected.count), (2, 0));
    device.set("a", Some(9));
    device.set("b", None);
    let drifted = device.cycle(&orders);
    assert_eq!(drifted[0].corrected, Corrected { count: 1, at: Some(Timestamp::from_seconds(180)) });
    assert_eq!((device.get("a"), device.get("b")), (Some(1), Some(2)));
    assert_eq!(device.cycle(&orders)[0].corrected.count, 1);
    // Taken back, also what was changed by hand in between.
    device.set("a", Some(9));
    assert_eq!(device.states(&[]), []);
    assert_eq!((device.get("a"), device.get("b")), (Some(7), None));
    assert_eq!(device.book, Book::default());
}

#[test]
fn what_is_edited_is_no_drift_and_goes_back_to_what_was_there_first() {
    let mut device = Device::default();
    device.set("a", Some(7));
    let first = [order(1, &[("a", 1), ("b", 1)])];
    device.cycle(&first);
    device.set("a", Some(9));
    device.cycle(&first);
    let second = [PolicyOrder { revision: 2, ..order(1, &[("a", 2)]) }];
    let said = device.cycle(&second);
    assert_eq!((said[0].revision, said[0].corrected.count), (2, 0));
    assert_eq!((device.get("a"), device.get("b")), (Some(2), None));
    device.cycle(&[]);
    assert_eq!(device.get("a"), Some(7));
}

#[test]
fn a_policy_that_fails_in_the_middle_leaves_nothing() {
    let mut device = Device::default();
    device.set("a", Some(7));
    device.memory.broken = Some(effect("b", 0).place());
    let orders = [order(1, &[("a", 1), ("b", 2), ("c", 3)]), order(2, &[("d", 4)])];
    let said = device.cycle(&orders);
    assert_eq!(
        (said[0].state, said[0].detail.as_str(), said[1].state),
        (State::Failed, "broken", State::Applied)
    );
    assert_eq!((device.get("a"), device.get("c"), device.get("d")), (Some(7), None, Some(4)));
    device.memory.broken = None;
    assert_eq!(device.states(&orders), [State::Applied, State::Applied]);
}

#[test]
fn of_two_that_want_one_value_otherwise_neither_is_applied() {
    let mut device = Device::default();
    device.set("a", Some(7));
    let (one, other) = (order(1, &[("a", 1), ("b", 1)]), order(2, &[("A", 2)]));
    assert_eq!(device.states(std::slice::from_ref(&one)), [State::Applied]);
    let said = device.cycle(&[one.clone(), other.clone()]);
    assert_eq!([said[0].state, said[1].state], [State::Failed; 2]);
    assert!(said[0].detail.contains("“P2”") && said[1].detail.contains("“P1”"), "{said:?}");
    assert_eq!((device.get("a"), device.get("b")), (Some(7), None));
    assert_eq!(device.states(&[other]), [State::Applied]);
    assert_eq!(device.get("a"), Some(2));
}

#[test]
fn what_two_want_alike_stays_until_the_last_of_them_goes() {
    let mut device = Device::default();
    let (one, other) = (order(1, &[("a", 1), ("b", 1)]), order(2, &[("a", 1)]));
    assert_eq!(device.states(&[one.clone(), other.clone()]), [State::Applied; 2]);
    device.memory.broken = Some(effect("b", 0).place());
    device.set("b", None);
    // One fails now; what the other wants as well stays.
    assert_eq!(device.states(&[one, other.clone()]), [State::Failed, State::Applied]);
    assert_eq!(device.get("a"), Some(1));
    device.cycle(&[other]);
    assert_eq!(device.get("a"), Some(1));
    device.cycle(&[]);
    assert_eq!(device.get("a"), None);
}

#[test]
fn without_room_for_the_book_nothing_is_touched() {
    let mut device = Device::default();
    device.set("a", Some(7));
    device.memory.disk_is_full = true;
    let orders = [order(1, &[("a", 1)])];
    let cycle = carry_out(&orders, &mut device.book, &mut device.memory, Timestamp(0));
    assert_eq!((cycle.said[0].state, device.get("a"), device.memory.writes), (State::Failed, Some(7), 0));
    device.memory.disk_is_full = false;
    assert_eq!(device.states(&orders), [State::Applied]);
}

/// Wherever it is cut off, the same again makes the device as laid down, and back again as it was.
#[test]
fn a_crash_anywhere_heals() {
    let orders = [order(1, &[("a", 1), ("b", 2)])];
    let mut whole = Device::default();
    whole.set("a", Some(7));
    whole.cycle(&orders);
    whole.cycle(&[]);
    let moments = std::mem::take(&mut whole.memory.moments);
    assert!(moments.len() >= 7, "{}", moments.len());
    for (book, values) in moments {
        let mut device = Device { book: book.clone(), ..Device::default() };
        device.memory.kept.push(book);
        device.memory.values = values;
        let said = device.cycle(&orders);
        assert_eq!((device.get("a"), device.get("b")), (Some(1), Some(2)), "{said:?}");
        device.cycle(&[]);
        assert_eq!((device.get("a"), device.get("b")), (Some(7), None));
    }
}

#[test]
fn what_appears_later_is_taken_up_and_was_no_drift() {
    let mut device = Device::default();
    device.memory.absent = true;
    let orders = [order(1, &[("a", 1)])];
    let said = device.cycle(&orders);
    assert_eq!(
        (said[0].state, said[0].detail.as_str(), device.get("a")),
        (State::Applied, "not installed", None)
    );
    device.memory.absent = false;
    let said = device.cycle(&orders);
    assert_eq!((said[0].corrected.count, device.get("a")), (0, Some(1)));
}
