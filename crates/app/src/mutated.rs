//! Files as chance changes them, for the tests of what reads files from outside.

use proptest::{prelude::*, sample::Index};

#[derive(Clone, Debug)]
enum Change {
    /// One bit is another.
    Flip { at: Index, bit: u32 },
    /// The file ends here.
    Cut { at: Index },
    /// A piece is missing.
    Drop { at: Index, length: usize },
    /// A piece stands somewhere again, many times.
    Repeat { from: Index, length: usize, to: Index, times: usize },
    /// A sign that means something to a parser.
    Insert { at: Index, sign: &'static str },
}

const SIGNS: &[&str] = &[
    "\"",
    "'",
    ",",
    ";",
    "\t",
    "\n",
    "\r\n",
    "\0",
    "<",
    ">",
    "</",
    "/>",
    "<!--",
    "<![CDATA[",
    "&lt;",
    "&x;",
    "\u{feff}",
    "\u{202e}",
    "=",
    "-1",
    "1E+9",
    "99999999999999999999",
];

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        4 => (at(), 0..8_u32).prop_map(|(at, bit)| Change::Flip { at, bit }),
        1 => at().prop_map(|at| Change::Cut { at }),
        2 => (at(), 1..200_usize).prop_map(|(at, length)| Change::Drop { at, length }),
        2 => (at(), 1..200_usize, at(), 1..20_usize)
            .prop_map(|(from, length, to, times)| Change::Repeat { from, length, to, times }),
        3 => (at(), prop::sample::select(SIGNS)).prop_map(|(at, sign)| Change::Insert { at, sign }),
    ]
}

impl Change {
    fn apply(&self, file: &mut Vec<u8>) {
        if file.is_empty() {
            return;
        }
        let piece = |at: usize, length: usize| at..(at + length).min(file.len());
        match self {
            Self::Flip { at, bit } => {
                let at = at.index(file.len());
                file[at] ^= 1 << bit;
            }
            Self::Cut { at } => file.truncate(at.index(file.len())),
            Self::Drop { at, length } => drop(file.drain(piece(at.index(file.len()), *length))),
            Self::Repeat { from, length, to, times } => {
                let again = file[piece(from.index(file.len()), *length)].repeat(*times);
                let to = to.index(file.len());
                drop(file.splice(to..to, again));
            }
            Self::Insert { at, sign } => {
                let at = at.index(file.len());
                drop(file.splice(at..at, sign.bytes()));
            }
        }
    }
}

/// One of these files, with one to five changes.
pub(crate) fn of(valid: Vec<String>) -> impl Strategy<Value = Vec<u8>> {
    let file = prop::sample::select(valid).prop_map(String::into_bytes);
    (file, prop::collection::vec(change(), 1..=5)).prop_map(|(mut file, changes)| {
        changes.iter().for_each(|change| change.apply(&mut file));
        file
    })
}

/// Any bytes, and text of the signs that files are made of.
pub(crate) fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        "[<>/=\"',;\t\r\na-fA-F0-9 ]{0,300}".prop_map(String::into_bytes),
    ]
}

/// So many cases, without a file of seeds.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}
