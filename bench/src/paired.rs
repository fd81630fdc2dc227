//! Things measured side by side: an order by chance in each round, differences round by round, and how sure they are.

use crate::report::{Times, say};
use std::time::Duration;

const RESAMPLES: usize = 2_000;

/// Numbers that are the same for the same seed (SplitMix64).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `end`; 0 if that is 0.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let end = u128::try_from(end).unwrap_or_default();
        usize::try_from((u128::from(mixed) * end) >> 64).unwrap_or_default()
    }

    /// 0 to `count`, each once.
    pub(crate) fn order(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            let other = self.below(last + 1);
            order.swap(last, other);
        }
        order
    }
}

/// What one thing took, round by round; nothing where it failed.
pub(crate) struct Series {
    pub(crate) name: &'static str,
    pub(crate) rounds: Vec<Option<Duration>>,
}

impl Series {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, rounds: Vec::new() }
    }

    pub(crate) fn failed(&self) -> usize {
        self.rounds.iter().filter(|took| took.is_none()).count()
    }

    /// In milliseconds; nothing if every round failed.
    pub(crate) fn median(&self) -> Option<f64> {
        median(self.rounds.iter().flatten().map(|took| took.as_secs_f64() * 1000.0).collect())
    }

    pub(crate) fn tell(&self) {
        let mut times = Times::default();
        self.rounds.iter().flatten().for_each(|took| times.push(*took));
        let (p10, median, p95) = (times.quantile(0.1), times.quantile(0.5), times.quantile(0.95));
        let (name, count, failed) = (self.name, self.rounds.len(), self.failed());
        say(&format!(
            "    {name:<38} n {count}, failed {failed}, p10 {p10:6.2}, median {median:6.2}, p95 {p95:6.2} ms"
        ));
    }
}

/// The median of the rounds' differences in milliseconds, with its bootstrap interval of 95 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Difference {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Difference {
    /// How much longer `one` took than `other`; nothing if no round has both.
    pub(crate) fn of(one: &Series, other: &Series, chance: &mut Chance) -> Option<Self> {
        let both = one.rounds.iter().zip(&other.rounds);
        let differences: Vec<f64> = both
            .filter_map(|(one, other)| Some(((*one)?.as_secs_f64() - (*other)?.as_secs_f64()) * 1000.0))
            .collect();
        let mut medians: Vec<f64> = (0..RESAMPLES)
            .filter_map(|_| {
                let count = differences.len();
                let drawn = (0..count).filter_map(|_| differences.get(chance.below(count)).copied());
                median(drawn.collect())
            })
            .collect();
        medians.sort_unstable_by(f64::total_cmp);
        let low = medians.get(RESAMPLES / 40).copied()?;
        let high = medians.get(RESAMPLES - 1 - RESAMPLES / 40).copied()?;
        Some(Self { median: median(differences)?, low, high })
    }

    /// In words, when `one` should not be the slower one.
    pub(crate) fn verdict(&self) -> &'static str {
        if self.low > 0.0 {
            "slower"
        } else if self.high < 0.0 {
            "not slower: faster"
        } else {
            "not slower: no difference is seen"
        }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:+.2} ms [{:+.2}..{:+.2}]", self.median, self.low, self.high)
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let upper = values.get(values.len() / 2)?;
    let lower = values.get((values.len() - 1) / 2)?;
    Some(f64::midpoint(*lower, *upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(micros: impl Iterator<Item = u64>) -> Series {
        Series { name: "it", rounds: micros.map(|micros| Some(Duration::from_micros(micros))).collect() }
    }

    #[test]
    fn an_order_has_everything_once_and_is_the_same_for_a_seed() {
        let (mut one, mut again, mut other) = (Chance::new(7), Chance::new(7), Chance::new(8));
        let orders = |chance: &mut Chance| (0..20).map(|_| chance.order(5)).collect::<Vec<_>>();
        let first = orders(&mut one);
        assert_eq!(first, orders(&mut again));
        assert_ne!(first, orders(&mut other));
        for order in &first {
            let mut sorted = order.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3, 4]);
        }
        let firsts: std::collections::BTreeSet<_> = first.iter().map(|order| order[0]).collect();
        assert!(firsts.len() > 2, "{firsts:?}");
    }

    #[test]
    fn a_difference_is_seen_through_noise_that_both_share() {
        let noise: Vec<u64> = (0..200).map(|n| 1_000 + n * 7_919 % 5_000).collect();
        let base = series(noise.iter().copied());
        let later = series(noise.iter().enumerate().map(|(n, micros)| micros + 250 + n as u64 % 100));
        let slower = Difference::of(&later, &base, &mut Chance::new(1)).unwrap();
        assert!((0.25..0.35).contains(&slower.median) && slower.low > 0.28 && slower.high < 0.32, "{slower}");
        assert_eq!(slower.verdict(), "slower");
        let faster = Difference::of(&base, &later, &mut Chance::new(1)).unwrap();
        assert_eq!(faster.verdict(), "not slower: faster");
        let same = Difference::of(&base, &base, &mut Chance::new(1)).unwrap();
        assert_eq!(same, Difference { median: 0.0, low: 0.0, high: 0.0 });
        assert_eq!(same.verdict(), "not slower: no difference is seen");
    }

    #[test]
    fn a_round_that_failed_is_in_no_difference() {
        let mut one = series([2_000, 9_000, 4_000].into_iter());
        let other = series([1_000, 1_000, 3_000].into_iter());
        one.rounds[1] = None;
        let difference = Difference::of(&one, &other, &mut Chance::new(1)).unwrap();
        assert!((difference.median - 1.0).abs() < 1e-9);
        assert_eq!(one.failed(), 1);
        one.rounds.fill(None);
        assert_eq!(Difference::of(&one, &other, &mut Chance::new(1)), None);
    }
}
