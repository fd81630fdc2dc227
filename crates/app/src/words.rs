//! Times, counts and names in words, for mails and screens alike.

use claviger_domain::{
    time::{Span, Timestamp},
    totp::{Drift, PERIOD},
};
use jiff::tz::TimeZone;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// Whether there is a time zone of that name.
pub fn zone_exists(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}

/// Every time zone that can be chosen.
pub fn zones() -> Vec<String> {
    jiff::tz::db().available().map(|name| name.to_string()).collect()
}

fn at(time: Timestamp, zone_name: &str) -> jiff::Zoned {
    let clamped = time.0.clamp(jiff::Timestamp::MIN.as_microsecond(), jiff::Timestamp::MAX.as_microsecond());
    jiff::Timestamp::from_microsecond(clamped).unwrap_or_default().to_zoned(zone(zone_name))
}

/// "Tue 14 Nov 2023, 23:13 (Europe/Berlin)".
pub fn date(time: Timestamp, zone_name: &str) -> String {
    format!("{} ({zone_name})", short_date(time, zone_name))
}

/// "Tue 14 Nov 2023, 23:13".
pub fn short_date(time: Timestamp, zone_name: &str) -> String {
    at(time, zone_name).strftime("%a %-d %b %Y, %H:%M").to_string()
}

/// "14 Nov 2023, 22:13:20".
pub fn second(time: Timestamp, zone_name: &str) -> String {
    at(time, zone_name).strftime("%-d %b %Y, %H:%M:%S").to_string()
}

/// "14 Nov".
pub fn day(time: Timestamp, zone_name: &str) -> String {
    at(time, zone_name).strftime("%-d %b").to_string()
}

/// "23:00".
pub fn hour(time: Timestamp, zone_name: &str) -> String {
    at(time, zone_name).strftime("%H:00").to_string()
}

/// When the day `2026-12-01` begins in that zone.
pub fn start_of_day(day: &str, zone_name: &str) -> Option<Timestamp> {
    let day: jiff::civil::Date = day.parse().ok()?;
    let start = day.to_zoned(zone(zone_name)).ok()?;
    Some(Timestamp(start.timestamp().as_microsecond()))
}

/// When it is `14:05` on the day `2026-12-01` in that zone; where clocks jump over it, right after.
pub fn moment(day: &str, time: &str, zone_name: &str) -> Option<Timestamp> {
    let time: jiff::civil::Time = time.parse().ok()?;
    let day: jiff::civil::Date = day.parse().ok()?;
    let moment = day.to_datetime(time).to_zoned(zone(zone_name)).ok()?;
    Some(Timestamp(moment.timestamp().as_microsecond()))
}

/// The first moment after `now` at which it is `14:05` in that zone.
pub fn next_daily(time: &str, zone_name: &str, now: Timestamp) -> Option<Timestamp> {
    let today = at(now, zone_name).date();
    let days = [Some(today), today.tomorrow().ok(), today.tomorrow().and_then(|day| day.tomorrow()).ok()];
    let moments = days.into_iter().flatten().filter_map(|day| moment(&day.to_string(), time, zone_name));
    moments.filter(|moment| *moment > now).min()
}

/// "2023-11-14", as a date field takes it.
pub fn date_field(time: Timestamp, zone_name: &str) -> String {
    at(time, zone_name).strftime("%Y-%m-%d").to_string()
}

/// "2023-11-14T22:13:20Z", for programs.
pub fn iso(time: Timestamp) -> String {
    at(time, "UTC").strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// "2023-11-14T22:13:20.000000Z", where the order within a second counts.
pub fn iso_micros(time: Timestamp) -> String {
    at(time, "UTC").strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// A point in time by RFC 3339.
pub fn instant(text: &str) -> Option<Timestamp> {
    let instant: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp(instant.as_microsecond()))
}

/// "1 day", "7 days".
pub fn days(count: i64) -> String {
    counted(count, "day")
}

/// "1 user", "1,204 users".
pub fn counted(count: i64, noun: &str) -> String {
    format!("{} {noun}{}", number(count), if count == 1 { "" } else { "s" })
}

/// "1 entry", "1,204 entries".
pub fn entries(count: i64) -> String {
    format!("{} {}", number(count), if count == 1 { "entry" } else { "entries" })
}

/// "1,204".
pub fn number(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if count < 0 { format!("-{grouped}") } else { grouped }
}

/// "3 days", "5 hours", "12 minutes", "40 seconds": the largest unit, rounded up.
pub fn span(span: Span) -> String {
    let seconds = span.seconds_rounded_up();
    match seconds {
        0..=90 => counted(seconds, "second"),
        91..=5_400 => counted((seconds + 59) / 60, "minute"),
        5_401..=129_600 => counted((seconds + 3_599) / 3_600, "hour"),
        _ => days(span.days_rounded_up()),
    }
}

/// "0.4 steps slow (12 seconds)": how far a factor's clock is from ours (S4.18).
pub fn clock(drift: Drift) -> String {
    let off = drift.thousandths();
    let tenths = (off.saturating_abs().saturating_add(50)) / 100;
    let seconds = (tenths * PERIOD + 5) / 10;
    let way = if off < 0 { "slow" } else { "fast" };
    match tenths {
        0 => "In step".into(),
        10 => format!("1 step {way} ({})", span(Span::seconds(seconds))),
        _ => format!("{}.{} steps {way} ({})", tenths / 10, tenths % 10, span(Span::seconds(seconds))),
    }
}

/// "in 3 days" or "5 minutes ago".
pub fn relative(time: Timestamp, now: Timestamp) -> String {
    if time > now {
        return format!("in {}", span(time.since(now)));
    }
    match now.since(time).seconds_rounded_up() {
        0..=60 => "just now".into(),
        seconds @ 61..=5_400 => format!("{} ago", counted(seconds / 60, "minute")),
        seconds @ 5_401..=129_600 => format!("{} ago", counted(seconds / 3_600, "hour")),
        seconds => format!("{} ago", days(seconds / 86_400)),
    }
}

/// The first letters of the first two words of a name.
pub fn initials(name: &str) -> String {
    let firsts = name.split_whitespace().filter_map(|word| word.chars().next()).take(2);
    firsts.collect::<String>().to_uppercase()
}

/// "Firefox on Linux", as far as the browser says.
pub fn device(agent: &str) -> String {
    let first = |table: &[(&str, &'static str)]| {
        table.iter().find(|(sign, _)| agent.contains(sign)).map(|(_, name)| *name)
    };
    let browser = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(only), None) | (None, Some(only)) => only.into(),
        (None, None) => "Unknown device".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    #[test]
    fn dates_are_in_the_zone_asked_for() {
        assert_eq!(short_date(NOW, "UTC"), "Tue 14 Nov 2023, 22:13");
        assert_eq!(date(NOW, "Europe/Berlin"), "Tue 14 Nov 2023, 23:13 (Europe/Berlin)");
        assert_eq!(short_date(NOW, "Not/AZone"), "Tue 14 Nov 2023, 22:13");
        assert_eq!(iso(NOW), "2023-11-14T22:13:20Z");
        assert!(zone_exists("Europe/Berlin") && !zone_exists("Mars") && zones().len() > 300);
        assert!(!short_date(Timestamp(i64::MAX), "UTC").is_empty());
    }

    #[test]
    fn a_day_has_each_hour_once_even_where_clocks_jump() {
        let berlin = "Europe/Berlin";
        let daily = |now: &str| iso(next_daily("02:30", berlin, instant(now).unwrap()).unwrap());
        assert_eq!(daily("2026-12-01T00:00:00Z"), "2026-12-01T01:30:00Z");
        assert_eq!(daily("2026-12-01T01:30:00Z"), "2026-12-02T01:30:00Z");
        // Spring forward: there is no half past two; fall back: there are two of them.
        assert_eq!(daily("2026-03-28T02:00:00Z"), "2026-03-29T01:30:00Z");
        assert_eq!(daily("2026-10-25T00:00:00Z"), "2026-10-25T00:30:00Z");
        assert_eq!(daily("2026-10-25T00:30:00Z"), "2026-10-26T01:30:00Z");
        assert_eq!(moment("2026-02-30", "10:00", berlin), None);
    }

    #[test]
    fn a_day_begins_at_midnight_of_the_zone() {
        let start = start_of_day("2023-11-14", "Europe/Berlin").unwrap();
        assert_eq!(short_date(start, "Europe/Berlin"), "Tue 14 Nov 2023, 00:00");
        assert_eq!(date_field(start, "Europe/Berlin"), "2023-11-14");
        assert!(start_of_day("14.11.2023", "UTC").is_none() && start_of_day("", "UTC").is_none());
    }

    #[test]
    fn counts_have_commas_and_plurals() {
        assert_eq!(
            (number(1_204), number(999), number(-1_000_000)),
            ("1,204".into(), "999".into(), "-1,000,000".into())
        );
        assert_eq!(
            (days(1), days(7), counted(0, "user")),
            ("1 day".into(), "7 days".into(), "0 users".into())
        );
    }

    #[test]
    fn a_clock_is_told_in_steps_and_seconds() {
        let table = [
            (0, 0, "In step"),
            (0, -49, "In step"),
            (0, -400, "0.4 steps slow (12 seconds)"),
            (0, 950, "1 step fast (30 seconds)"),
            (0, -1960, "2.0 steps slow (60 seconds)"),
            (-10, 200, "9.8 steps slow (5 minutes)"),
            (20, 0, "20.0 steps fast (10 minutes)"),
        ];
        for (resynced, learned, words) in table {
            assert_eq!(clock(Drift { resynced, learned }), words);
        }
    }

    #[test]
    fn spans_are_told_in_their_largest_unit() {
        for (seconds, words) in [
            (1, "1 second"),
            (90, "90 seconds"),
            (91, "2 minutes"),
            (900, "15 minutes"),
            (7_200, "2 hours"),
            (259_200, "3 days"),
        ] {
            assert_eq!(span(Span::seconds(seconds)), words);
        }
        assert_eq!(relative(NOW.plus(Span::days(3)), NOW), "in 3 days");
        assert_eq!(relative(NOW.minus(Span::minutes(5)), NOW), "5 minutes ago");
        assert_eq!(relative(NOW, NOW), "just now");
    }

    #[test]
    fn initials_are_of_two_words_at_most() {
        for (name, expected) in [("ada king lovelace", "AK"), ("älice", "Ä"), (" ", "")] {
            assert_eq!(initials(name), expected, "{name}");
        }
    }

    #[test]
    fn browsers_are_called_by_their_names() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0";
        assert_eq!(device(firefox), "Firefox on Linux");
        assert_eq!(device(edge), "Edge on Windows");
        assert_eq!(device("curl/8"), "Unknown device");
    }
}
