//! From counts to the strings that pictures are drawn with.

use claviger_app::{home::Figures, words};
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
pub(super) fn donut(figures: &Figures) -> Donut {
    let total = figures.users();
    let shares: Vec<f64> = Status::KEYS.iter().map(|key| percent(figures.count(key), total)).collect();
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
                count: words::number(figures.count(key)),
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

/// How many users are enrolled, day by day, in a box of 600 × 160.
pub(super) fn enrollment(figures: &Figures, zone: &str) -> AreaChart {
    let enrolled = figures.enrolled();
    let mut after: i64 = figures.enrolled_by_day.iter().sum();
    let totals: Vec<i64> = figures
        .enrolled_by_day
        .iter()
        .map(|new| {
            after -= new;
            (enrolled - after).max(0)
        })
        .collect();
    let top = figures.users().max(1);
    let last = (totals.len() - 1).max(1) as f64;
    let mut line = String::new();
    for (index, total) in totals.iter().enumerate() {
        let x = WIDTH * index as f64 / last;
        let y = HEIGHT - HEIGHT * (*total as f64 / top as f64).min(1.0);
        line.push_str(&format!("{}{x:.0} {y:.1}", if index == 0 { 'M' } else { 'L' }));
    }
    let day_of = |index: usize| {
        let ago = i64::try_from(totals.len() - 1 - index).unwrap_or(0);
        words::day(figures.now.minus(Span::days(ago)), zone)
    };
    AreaChart {
        area: format!("{line}L{WIDTH:.0} {HEIGHT:.0}L0 {HEIGHT:.0}Z"),
        line,
        y_max: words::number(top),
        y_mid: if top > 1 { words::number(top / 2) } else { String::new() },
        ticks: [0, 10, 20, totals.len() - 1].into_iter().map(day_of).collect(),
        rows: totals
            .iter()
            .enumerate()
            .map(|(index, total)| ChartRow { label: day_of(index), value: words::number(*total) })
            .collect(),
        note: format!("{} of {}", words::number(enrolled), words::number(figures.users())),
    }
}

pub(super) struct BarChart {
    pub(super) bars: Vec<Bar>,
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

/// Failed sign-ins hour by hour, in a box of 240 × 100.
pub(super) fn failures(figures: &Figures, zone: &str) -> BarChart {
    let counts = figures.failed_by_hour;
    let top = counts.iter().copied().max().unwrap_or(0).max(1);
    let hour_of = |index: usize| -> Timestamp {
        figures.now.minus(Span::hours(i64::try_from(counts.len() - 1 - index).unwrap_or(0)))
    };
    let bars = counts
        .iter()
        .enumerate()
        .map(|(index, count)| {
            let height = 100.0 * *count as f64 / top as f64;
            Bar {
                label: words::hour(hour_of(index), zone),
                value: words::number(*count),
                x: format!("{:.1}", 10.0 * index as f64 + 1.5),
                y: format!("{:.1}", 100.0 - height),
                height: format!("{height:.1}"),
            }
        })
        .collect();
    BarChart {
        bars,
        y_max: words::number(top),
        y_mid: if top > 1 { words::number(top / 2) } else { String::new() },
        ticks: [0, 6, 12, 18, 23].into_iter().map(|index| words::hour(hour_of(index), zone)).collect(),
        note: format!("{} in 24 hours", words::number(counts.iter().sum())),
    }
}
