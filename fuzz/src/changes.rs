//! What is done to an input that is right: bytes, pieces, whole elements, and words that attacks are made of.

use crate::numbers::Numbers;
use std::ops::Range;

/// No input grows over this, in bytes: behind it are only the limits.
const LONGEST: usize = 24 * 1024;

/// One of the seeds, changed in up to eight places. Of 16 inputs one is a seed as it is.
pub(crate) fn changed(seeds: &[&[u8]], words: &[&[u8]], numbers: &mut Numbers) -> Vec<u8> {
    let mut input = numbers.one_of(seeds).unwrap_or_default().to_vec();
    let times = match numbers.below(16) {
        0 => 0,
        1..10 => 1,
        _ => 2 + numbers.below(7),
    };
    for _ in 0..times {
        change(&mut input, (seeds, words), numbers);
    }
    input.truncate(LONGEST);
    input
}

fn change(input: &mut Vec<u8>, (seeds, words): (&[&[u8]], &[&[u8]]), numbers: &mut Numbers) {
    match numbers.below(10) {
        0 => {
            let place = numbers.below(input.len());
            if let Some(byte) = input.get_mut(place) {
                *byte ^= 1 << numbers.below(8);
            }
        }
        1 => {
            const ODD: &[u8] = b"\0\t\n\r \"#%&'+-/:;<=>?@[]_x\x7f\x80\xc0\xe2\xff";
            let (place, odd) = (numbers.below(input.len()), numbers.below(ODD.len()));
            if let (Some(byte), Some(odd)) = (input.get_mut(place), ODD.get(odd)) {
                *byte = *odd;
            }
        }
        2 => drop(input.drain(piece(input, numbers))),
        3 | 4 => {
            let word = numbers.one_of(words).unwrap_or_default();
            insert(input, numbers, word);
        }
        5 => {
            let word = numbers.one_of(words).unwrap_or_default();
            let range = piece(input, numbers);
            input.splice(range, word.iter().copied());
        }
        6 => {
            let copied = input.get(piece(input, numbers)).unwrap_or_default().to_vec();
            insert(input, numbers, &copied);
        }
        7 => {
            let copied = input.get(element(input, numbers)).unwrap_or_default().to_vec();
            insert_element(input, numbers, &copied);
        }
        8 => {
            let other = numbers.one_of(seeds).unwrap_or_default();
            let copied = other.get(element(other, numbers)).unwrap_or_default().to_vec();
            insert_element(input, numbers, &copied);
        }
        _ => {
            let moved: Vec<u8> = input.drain(element(input, numbers)).collect();
            insert_element(input, numbers, &moved);
        }
    }
}

fn insert(input: &mut Vec<u8>, numbers: &mut Numbers, what: &[u8]) {
    let place = numbers.below(input.len() + 1);
    input.splice(place..place, what.iter().copied());
}

/// Before a tag, or before a parameter.
fn insert_element(input: &mut Vec<u8>, numbers: &mut Numbers, what: &[u8]) {
    let place = mark(input, numbers.below(input.len() + 1), b"<&");
    input.splice(place..place, what.iter().copied());
}

fn piece(input: &[u8], numbers: &mut Numbers) -> Range<usize> {
    let from = numbers.below(input.len() + 1);
    let longest = if numbers.below(8) == 0 { input.len() } else { 32 };
    let to = from + 1 + numbers.below(longest);
    from..to.min(input.len()).max(from)
}

/// From a tag or a parameter to another one behind it.
fn element(input: &[u8], numbers: &mut Numbers) -> Range<usize> {
    let from = mark(input, numbers.below(input.len() + 1), b"<&");
    let after = from + 1 + numbers.below(input.len().saturating_sub(from).min(1_024));
    from..mark(input, after.min(input.len()), b"<&")
}

fn mark(input: &[u8], from: usize, marks: &[u8]) -> usize {
    let rest = input.get(from..).unwrap_or_default();
    rest.iter().position(|byte| marks.contains(byte)).map_or(input.len(), |place| from + place)
}
