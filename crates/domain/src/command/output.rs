//! What is kept of a command's output: its beginning and its end, and how much there was in between.

use std::collections::VecDeque;

/// The most bytes that are kept: half of them from the beginning, half from the end.
pub const KEPT: usize = 64 * 1024;
const HALF: usize = KEPT / 2;

/// What was kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// The beginning and, if anything is missing, the end after it.
    pub bytes: Vec<u8>,
    /// Where the end begins, if anything is missing in front of it.
    pub cut_at: Option<usize>,
    /// How many bytes are missing.
    pub dropped: u64,
}

/// Output as it comes; it never takes more memory than is kept of it.
#[derive(Debug, Default)]
pub struct Tail {
    first: Vec<u8>,
    last: VecDeque<u8>,
    dropped: u64,
}

impl Tail {
    /// More of it.
    pub fn push(&mut self, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(bytes.len().min(HALF.saturating_sub(self.first.len())));
        self.first.extend_from_slice(first);
        let rest = match rest.len().checked_sub(HALF) {
            Some(over) => {
                self.dropped += u64::try_from(over + self.last.len()).unwrap_or(u64::MAX);
                self.last.clear();
                rest.get(over..).unwrap_or_default()
            }
            None => rest,
        };
        self.last.extend(rest);
        let over = self.last.len().saturating_sub(HALF);
        self.last.drain(..over);
        self.dropped += u64::try_from(over).unwrap_or(u64::MAX);
    }

    /// All that is kept.
    pub fn kept(&self) -> Kept {
        let mut bytes = self.first.clone();
        let cut_at = (self.dropped > 0).then_some(bytes.len());
        bytes.extend(&self.last);
        Kept { bytes, cut_at, dropped: self.dropped }
    }
}

/// What was kept as a text: bytes that are none, and control characters beside line breaks and tabs, are replaced.
pub fn shown(kept: &Kept) -> String {
    let (first, last) = kept.bytes.split_at(kept.cut_at.unwrap_or(kept.bytes.len()).min(kept.bytes.len()));
    let mut text = plain(first);
    if kept.dropped > 0 {
        text.push_str(&format!("\n… {} bytes are left out here …\n", kept.dropped));
        text.push_str(&plain(last));
    }
    text
}

fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let is_plain = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().map(|c| if is_plain(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_gigabyte_leaves_its_beginning_and_its_end() {
        let mut tail = Tail::default();
        tail.push(b"first\n");
        let block = vec![b'x'; 1 << 20];
        for _ in 0..1_024 {
            tail.push(&block);
        }
        tail.push(b"\nlast");
        let kept = tail.kept();
        assert_eq!(kept.bytes.len(), KEPT);
        assert_eq!(kept.dropped, (1 << 30) + 11 - KEPT as u64);
        let text = shown(&kept);
        assert!(text.starts_with("first\nx") && text.ends_with("x\nlast"));
        assert!(text.contains(&format!("… {} bytes are left out here …", kept.dropped)));
    }

    #[test]
    fn what_is_no_text_is_shown_as_such() {
        let kept = |bytes: &[u8]| Kept { bytes: bytes.to_vec(), ..Kept::default() };
        assert_eq!(shown(&kept(b"a\0b\x1b[31m\xff\r\n\tc")), "a\u{fffd}b\u{fffd}[31m\u{fffd}\n\tc");
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(sizes in prop::collection::vec(0_usize..50_000, 0..12)) {
            let all: Vec<u8> = (0..sizes.iter().sum::<usize>()).map(|n| (n % 251) as u8).collect();
            let (mut tail, mut at) = (Tail::default(), 0);
            for size in sizes {
                tail.push(&all[at..at + size]);
                at += size;
            }
            let kept = tail.kept();
            prop_assert_eq!(kept.bytes.len() as u64 + kept.dropped, all.len() as u64);
            if kept.dropped == 0 {
                prop_assert_eq!(kept.bytes, all);
            } else {
                prop_assert_eq!(&kept.bytes[..HALF], &all[..HALF]);
                prop_assert_eq!(&kept.bytes[HALF..], &all[all.len() - HALF..]);
            }
        }
    }
}
