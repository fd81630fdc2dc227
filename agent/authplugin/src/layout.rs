//! Where things are on the screen: numbers alone, so that they can be looked at for any display. Points, from the lower
//! left corner, as AppKit counts.

/// A place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rect {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// Where everything is, in a view of this size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Layout {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) title: Rect,
    pub(crate) message: Rect,
    pub(crate) field: Rect,
}

/// What the login window shows around the view: the clock and the picture above it, the buttons below.
const AROUND: f64 = 300.0;
/// As wide as the login window's own fields, and lines of a message that can be read.
const WIDEST: f64 = 360.0;
const NARROWEST: f64 = 240.0;
const TITLE: f64 = 22.0;
const FIELD: f64 = 28.0;
const LINE: f64 = 18.0;
/// A letter of the system's font of 13 points is no wider on the average.
const LETTER: f64 = 7.5;
/// More lines than any message of ours takes.
const MOST_LINES: f64 = 8.0;
const LEAST_LINES: f64 = 3.0;

impl Layout {
    /// For a display of this size and a message of so many letters.
    pub(crate) fn of(display: (f64, f64), letters: usize) -> Self {
        let (across, down) = display;
        let width = (across * 0.5).clamp(NARROWEST, WIDEST);
        // Where there is little room the gaps shrink, and never what is to be read or typed.
        let gap = if down < 900.0 { 6.0 } else { 14.0 };
        let fixed = TITLE + FIELD + 2.0 * gap;
        let room = ((down - AROUND - fixed) / LINE).floor().clamp(LEAST_LINES, MOST_LINES);
        let lines = (f64::from(u32::try_from(letters).unwrap_or(u32::MAX)) * LETTER / width).ceil();
        let message = lines.clamp(1.0, room) * LINE;
        let height = fixed + message;
        let at = |y: f64, height: f64| Rect { x: 0.0, y, width, height };
        Self {
            width,
            height,
            title: at(height - TITLE, TITLE),
            message: at(FIELD + gap, message),
            field: at(0.0, FIELD),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISPLAYS: [(f64, f64); 10] = [
        (640.0, 480.0),
        (800.0, 600.0),
        (1024.0, 640.0),
        (1024.0, 768.0),
        (1280.0, 720.0),
        (1280.0, 800.0),
        (1440.0, 899.0),
        (1440.0, 900.0),
        (2560.0, 1440.0),
        (5120.0, 2880.0),
    ];

    /// S8.18: on no display does anything lie over anything else, or outside.
    #[test]
    fn nothing_overlaps_on_any_display() {
        for (across, down) in DISPLAYS {
            for letters in [0, 1, 30, 80, 120, 200, 400, 10_000] {
                let layout = Layout::of((across, down), letters);
                let Layout { width, height, title, message, field } = layout;
                let said = format!("{across}x{down}, {letters} letters: {layout:?}");
                assert!(field.y >= 0.0 && field.y + field.height <= message.y, "{said}");
                assert!(message.y + message.height <= title.y && title.y + title.height <= height, "{said}");
                for part in [title, message, field] {
                    assert!(part.x >= 0.0 && part.x + part.width <= width && part.height >= LINE, "{said}");
                }
                assert!(height + AROUND <= down && width <= across, "{said}");
            }
        }
    }

    /// The longest message of ours can be read on the smallest display.
    #[test]
    fn a_message_has_room_for_all_its_lines() {
        let longest =
            "This computer has been without its server for too long to check codes. Contact +49 30 1234567.";
        for display in DISPLAYS {
            let layout = Layout::of(display, longest.len());
            let lines = (layout.message.height / LINE).round() * (layout.width / LETTER).floor();
            assert!(lines >= 94.0, "{display:?}: {layout:?}");
            assert!(layout.message.height > Layout::of(display, 10).message.height);
        }
    }

    #[test]
    fn a_view_stays_as_wide_as_it_can_be_read() {
        assert_eq!(Layout::of((640.0, 480.0), 0).width, 320.0);
        assert_eq!(Layout::of((5120.0, 2880.0), 0).width, WIDEST);
        assert_eq!(Layout::of((320.0, 480.0), 0).width, NARROWEST);
    }
}
