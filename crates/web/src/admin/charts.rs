//! From counts to the strings that pictures are drawn with, for Home and the MFA report.

use claviger_app::{report::Statuses, words};
use claviger_domain::{
    status::Status,
    time::{Span, Timestamp},
};

pub(super) struct Donut {
    pub(super) total: String,
    pub(super) total_label: String,
    pub(super) segments: Vec<Segment>,
}

pub(super) struct Segment {
    pub(super) key: &'static str,
    pub(super) words: &'static str,
    pub(super) count: String,
    pub(super) percent: String,
    pub(super) href: String,
    pub(super) dash: String,
    pub(super) offset: String,
}

const GAP: f64 = 0.8;

/// Users by status on a circle of length 100.
pub(super) fn donut(statuses: &Statuses) -> Donut {
    let total = statuses.users();
    let shares: Vec<f64> = Status::KEYS.iter().map(|key| percent(statuses.count(key), total)).collect();
    let alone = shares.iter().filter(|share| **share > 0.0).count() == 1;
    let mut before = 0.0;
    let segments = Status::KEYS
        .into_iter()
        .zip(shares)
        .map(|(key, share)| {
            let gap = if alone { 0.0 } else { GAP.min(share / 2.0) };
            let dash = if share > 0.0 {
                format!("{:.2} {:.2}", share - gap, 100.0 - share + gap)
            } else {
                "0 100".into()
            };
            let segment = Segment {
                key,
                words: Status::words(key),
                count: words::number(statuses.count(key)),
                percent: percent_words(share),
                href: format!("/admin/users?mfa_status={key}"),
                dash,
                offset: format!("-{before:.2}"),
            };
            before += share;
            segment
        })
        .collect();
    Donut {
        total: words::number(total),
        total_label: if total == 1 { "user" } else { "users" }.into(),
        segments,
    }
}

pub(super) fn percent(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

pub(super) fn percent_words(share: f64) -> String {
    if share > 0.0 && share < 0.5 { "<1%".into() } else { format!("{share:.0}%") }
}

pub(super) struct AreaChart {
    pub(super) line: String,
    pub(super) area: String,
    pub(super) y_max: String,
    pub(super) y_mid: String,
    pub(super) ticks: Vec<String>,
    pub(super) rows: Vec<ChartRow>,
    pub(super) note: String,
}

pub(super) struct ChartRow {
    pub(super) label: String,
    pub(super) value: String,
}

const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 160.0;

/// How many users are enrolled, day by day until today, in a box of 600 × 160.
pub(super) fn enrollment(statuses: &Statuses, by_day: &[i64], now: Timestamp, zone: &str) -> AreaChart {
    let enrolled = statuses.enrolled();
    let mut after: i64 = by_day.iter().sum();
    let totals: Vec<i64> = by_day
        .iter()
        .map(|new| {
            after -= new;
            (enrolled - after).max(0)
        })
        .collect();
    let top = statuses.users().max(1);
    let last = totals.len().saturating_sub(1);
    let mut line = String::new();
    for (index, total) in totals.iter().enumerate() {
        let x = WIDTH * index as f64 / last.max(1) as f64;
        let y = HEIGHT - HEIGHT * (*total as f64 / top as f64).min(1.0);
        line.push_str(&format!("{}{x:.0} {y:.1}", if index == 0 { 'M' } else { 'L' }));
    }
    let day_of = |index: usize| ago(now, last.saturating_sub(index), zone);
    AreaChart {
        area: format!("{line}L{WIDTH:.0} {HEIGHT:.0}L0 {HEIGHT:.0}Z"),
        line,
        y_max: words::number(top),
        y_mid: if top > 1 { words::number(top / 2) } else { String::new() },
        ticks: [0, last / 3, last * 2 / 3, last].into_iter().map(day_of).collect(),
        rows: totals
            .iter()
            .enumerate()
            .map(|(index, total)| ChartRow { label: day_of(index), value: words::number(*total) })
            .collect(),
        note: format!("{} of {}", words::number(enrolled), words::number(statuses.users())),
    }
}

/// The day so many days ago.
pub(super) fn ago(now: Timestamp, days: usize, zone: &str) -> String {
    words::day(now.minus(Span::days(i64::try_from(days).unwrap_or(0))), zone)
}

/// The day in so many days.
pub(super) fn ahead(now: Timestamp, days: usize, zone: &str) -> String {
    words::day(now.plus(Span::days(i64::try_from(days).unwrap_or(0))), zone)
}

pub(super) struct BarChart {
    pub(super) bars: Vec<Bar>,
    pub(super) bar_width: String,
    pub(super) y_max: String,
    pub(super) y_mid: String,
    pub(super) ticks: Vec<String>,
    pub(super) note: String,
}

pub(super) struct Bar {
    pub(super) label: String,
    pub(super) value: String,
    pub(super) x: String,
    pub(super) y: String,
    pub(super) height: String,
}

/// Failed sign-ins in each of the last 24 hours up to now.
pub(super) fn failures(by_hour: &[i64; 24], now: Timestamp, zone: &str) -> BarChart {
    let hour = |index: usize| {
        let ago = by_hour.len().saturating_sub(index + 1);
        words::hour(now.minus(Span::hours(i64::try_from(ago).unwrap_or(0))), zone)
    };
    let note = format!("{} in 24 hours", words::number(by_hour.iter().sum()));
    bars(by_hour, hour, &[0, 6, 12, 18, 23], note)
}

/// A bar for each count, in a box of 240 × 100; `label` names the bar of an index, `ticks` those named below.
pub(super) fn bars(
    counts: &[i64],
    label: impl Fn(usize) -> String,
    ticks: &[usize],
    note: String,
) -> BarChart {
    let top = counts.iter().copied().max().unwrap_or(0).max(1);
    let pitch = 240.0 / counts.len().max(1) as f64;
    let bars = counts
        .iter()
        .enumerate()
        .map(|(index, count)| {
            let height = 100.0 * *count as f64 / top as f64;
            Bar {
                label: label(index),
                value: words::number(*count),
                x: format!("{:.1}", pitch * (index as f64 + 0.15)),
                y: format!("{:.1}", 100.0 - height),
                height: format!("{height:.1}"),
            }
        })
        .collect();
    BarChart {
        bars,
        bar_width: format!("{:.1}", pitch * 0.7),
        y_max: words::number(top),
        y_mid: if top > 1 { words::number(top / 2) } else { String::new() },
        ticks: ticks.iter().map(|index| label(*index)).collect(),
        note,
    }
}
