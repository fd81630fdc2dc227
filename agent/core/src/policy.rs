//! Policies on a device (S9.1): put in place whole or not at all, looked after at each cycle, and taken back as if they
//! had never been. The same on every system; what is there is reached through [`Ground`].

use claviger_domain::{
    id::PolicyId,
    policy::{Bound, Corrected, Effect, Place, State, conflicts},
    time::Timestamp,
};
use claviger_wire::orders::{PolicyOrder, PolicySaid};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Characters of what is told of a policy: a report has room for many.
const DETAIL: usize = 500;

/// What a look at a place says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// It is as laid down.
    AsLaidDown,
    /// It isn't.
    Otherwise,
    /// What it belongs to isn't installed: it is taken up when it appears.
    NothingToSee,
}

/// A device, as far as policies change it. Each of these can be done again; what went wrong is told in words.
pub trait Ground {
    /// What was at a place before, so that it can be put back byte for byte.
    type Before: Clone;

    /// What is at a place now.
    fn before(&mut self, place: &Place) -> Result<Self::Before, String>;
    /// Whether a place is as laid down.
    fn look(&mut self, effect: &Effect) -> Result<Look, String>;
    /// Lays these down, all of one policy. What is done when one of them can't be is taken back by the caller.
    fn lay_down(&mut self, effects: &[Effect]) -> Result<(), String>;
    /// Puts back what was at a place.
    fn put_back(&mut self, place: &Place, before: &Self::Before) -> Result<(), String>;
    /// Keeps the book, durably: always before a place is touched that it tells of.
    fn keep(&mut self, book: &Book<Self::Before>) -> Result<(), String>;
    /// What an administrator should know of a policy that is applied; may be empty.
    fn note(&mut self, effects: &[Effect]) -> String;
}

/// What a device remembers of the policies on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book<Before> {
    places: Vec<Held<Before>>,
    corrected: Vec<Count>,
}

impl<Before> Default for Book<Before> {
    fn default() -> Self {
        Self { places: Vec::new(), corrected: Vec::new() }
    }
}

impl<Before> Book<Before> {
    /// What is laid down at present.
    pub fn effects(&self) -> impl Iterator<Item = &Effect> {
        self.places.iter().map(|held| &held.effect)
    }
}

/// A place that a policy was laid down at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Held<Before> {
    place: Place,
    before: Before,
    effect: Effect,
    settled: Settled,
}

/// Whether a place was seen to be as laid down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Settled {
    /// Not yet: what is found there is no drift.
    NotYet,
    /// It was.
    Seen,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    policy: PolicyId,
    revision: i64,
    corrected: Corrected,
}

/// What came of a cycle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cycle {
    /// What became of each policy that is bound.
    pub said: Vec<PolicySaid>,
    /// What could not be taken back; it is tried again at the next cycle.
    pub notes: Vec<String>,
}

/// Makes the device as `orders` lay it down, and only that.
pub fn carry_out<G: Ground>(
    orders: &[PolicyOrder],
    book: &mut Book<G::Before>,
    ground: &mut G,
    now: Timestamp,
) -> Cycle {
    let bound: Vec<Bound<'_>> = orders
        .iter()
        .map(|order| Bound { id: order.id, name: &order.name, effects: &order.effects })
        .collect();
    let against = conflicts(&bound);
    let mut willing: Vec<&PolicyOrder> =
        orders.iter().filter(|order| !against.contains_key(&order.id)).collect();
    let mut cycle = Cycle::default();
    cycle.notes.extend(take_back(book, ground, &places(&willing)));
    let mut failed: BTreeMap<PolicyId, String> =
        against.into_iter().map(|(id, conflict)| (id, conflict.to_string())).collect();
    for order in willing.clone() {
        if let Err(why) = apply(order, book, ground, now) {
            failed.insert(order.id, why);
            willing.retain(|other| other.id != order.id);
            cycle.notes.extend(take_back(book, ground, &places(&willing)));
        }
    }
    book.corrected.retain(|count| orders.iter().any(|order| order.id == count.policy));
    if let Err(why) = ground.keep(book) {
        cycle.notes.push(why);
    }
    cycle.said = orders.iter().map(|order| said(order, failed.get(&order.id), book, ground)).collect();
    cycle
}

fn places(orders: &[&PolicyOrder]) -> BTreeSet<Place> {
    orders.iter().flat_map(|order| &order.effects).map(Effect::place).collect()
}

/// Puts back what was at every place that nobody wants any more.
fn take_back<G: Ground>(book: &mut Book<G::Before>, ground: &mut G, wanted: &BTreeSet<Place>) -> Vec<String> {
    let mut notes = Vec::new();
    let unwanted: Vec<Held<G::Before>> =
        book.places.iter().filter(|held| !wanted.contains(&held.place)).cloned().collect();
    for held in unwanted {
        // First the place, then the book: a crash in between puts the same back once more.
        let done = ground.put_back(&held.place, &held.before).and_then(|()| {
            book.places.retain(|other| other.place != held.place);
            ground.keep(book)
        });
        if let Err(why) = done {
            notes.push(format!("{} could not be put back: {why}", held.effect.place_words()));
        }
    }
    notes
}

/// Lays one policy down, or finds that it is.
fn apply<G: Ground>(
    order: &PolicyOrder,
    book: &mut Book<G::Before>,
    ground: &mut G,
    now: Timestamp,
) -> Result<(), String> {
    hold(order, book, ground)?;
    let mut missing = Vec::new();
    let mut has_drifted = false;
    for effect in &order.effects {
        match ground.look(effect)? {
            Look::AsLaidDown => settle(book, effect, Settled::Seen),
            Look::NothingToSee => settle(book, effect, Settled::NotYet),
            Look::Otherwise => {
                has_drifted |= was_settled(book, effect);
                missing.push(effect.clone());
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    ground.lay_down(&missing)?;
    for effect in &missing {
        match ground.look(effect)? {
            Look::AsLaidDown => settle(book, effect, Settled::Seen),
            Look::NothingToSee => settle(book, effect, Settled::NotYet),
            Look::Otherwise => {
                return Err(format!("{} did not become what it was to be", effect.place_words()));
            }
        }
    }
    count(book, order, has_drifted.then_some(now));
    Ok(())
}

/// Notes what is at each new place of a policy, before any of them is touched.
fn hold<G: Ground>(order: &PolicyOrder, book: &mut Book<G::Before>, ground: &mut G) -> Result<(), String> {
    let mut places = book.places.clone();
    let mut is_new = false;
    for effect in &order.effects {
        let place = effect.place();
        match places.iter_mut().find(|held| held.place == place) {
            None => {
                let before = ground.before(&place)?;
                places.push(Held { place, before, effect: effect.clone(), settled: Settled::NotYet });
            }
            Some(held) if held.effect != *effect => {
                (held.effect, held.settled) = (effect.clone(), Settled::NotYet);
            }
            Some(_) => continue,
        }
        is_new = true;
    }
    if is_new {
        let next = Book { places, corrected: book.corrected.clone() };
        ground.keep(&next)?;
        *book = next;
    }
    Ok(())
}

fn was_settled<Before>(book: &Book<Before>, effect: &Effect) -> bool {
    let place = effect.place();
    book.places.iter().any(|held| held.place == place && held.settled == Settled::Seen)
}

fn settle<Before>(book: &mut Book<Before>, effect: &Effect, settled: Settled) {
    let place = effect.place();
    book.places.iter_mut().filter(|held| held.place == place).for_each(|held| held.settled = settled);
}

/// Counts what was put right; what was counted of another revision is forgotten.
fn count<Before>(book: &mut Book<Before>, order: &PolicyOrder, at: Option<Timestamp>) {
    book.corrected.retain(|count| count.policy != order.id || count.revision == order.revision);
    let Some(at) = at else { return };
    let known = book.corrected.iter_mut().find(|count| count.policy == order.id);
    let corrected =
        Corrected { count: known.as_ref().map_or(0, |known| known.corrected.count) + 1, at: Some(at) };
    match known {
        Some(known) => known.corrected = corrected,
        None => book.corrected.push(Count { policy: order.id, revision: order.revision, corrected }),
    }
}

fn said<G: Ground>(
    order: &PolicyOrder,
    failed: Option<&String>,
    book: &Book<G::Before>,
    ground: &mut G,
) -> PolicySaid {
    let counted = book.corrected.iter().find(|count| count.policy == order.id);
    let corrected = counted.filter(|count| count.revision == order.revision);
    let (state, detail) = match failed {
        Some(why) => (State::Failed, why.clone()),
        None => (State::Applied, ground.note(&order.effects)),
    };
    PolicySaid {
        policy: order.id,
        revision: order.revision,
        state,
        detail: detail.chars().take(DETAIL).collect(),
        corrected: corrected.map_or_else(Corrected::default, |count| count.corrected),
    }
}

#[cfg(test)]
mod tests;
