//! `KERB_INTERACTIVE_UNLOCK_LOGON`, as LogonUI hands it to Windows: one piece, whose pointers are offsets into it.
//!
//! | at | bytes | |
//! | --- | --- | --- |
//! | 0 | 4, and 4 of nothing | what is asked for |
//! | 8, 24, 40 | 16 each | domain, user, password: length, room, four bytes of nothing, offset |
//! | 56 | 8 | the session that is unlocked; Windows knows it |

use zeroize::Zeroizing;

const HEAD: usize = 64;
const TEXTS: [usize; 3] = [8, 24, 40];
/// The most characters of any of the three.
const LONGEST: usize = 512;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// `KerbInteractiveLogon`.
    Logon,
    /// `KerbWorkstationUnlockLogon`.
    Unlock,
}

impl Purpose {
    const fn number(self) -> u32 {
        match self {
            Self::Logon => 2,
            Self::Unlock => 7,
        }
    }
}

/// Who wants in, with what they typed.
pub(crate) struct Credentials {
    pub(crate) domain: String,
    pub(crate) user: String,
    pub(crate) password: Zeroizing<String>,
}

/// Packs them; nothing if one of them is too long.
pub(crate) fn pack(purpose: Purpose, credentials: &Credentials) -> Option<Zeroizing<Vec<u8>>> {
    let texts = [credentials.domain.as_str(), &credentials.user, &credentials.password];
    let room = HEAD + texts.iter().map(|text| text.len() * 2).sum::<usize>();
    // All the room at once: what grows leaves copies behind.
    let mut blob = Zeroizing::new(Vec::with_capacity(room));
    blob.extend(purpose.number().to_le_bytes());
    blob.extend([0; 4]);
    let mut offset = HEAD;
    for text in texts {
        let units = text.encode_utf16().count();
        if units > LONGEST {
            return None;
        }
        let length = u16::try_from(units * 2).ok()?.to_le_bytes();
        blob.extend(length);
        blob.extend(length);
        blob.extend([0; 4]);
        blob.extend(u64::try_from(offset).ok()?.to_le_bytes());
        offset += units * 2;
    }
    blob.extend([0; 8]);
    for text in texts {
        blob.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    }
    Some(blob)
}

/// Understands what somebody else packed; nothing if it isn't what it should be.
pub(crate) fn unpack(blob: &[u8]) -> Option<Credentials> {
    let [domain, user, password] = TEXTS.map(|at| text(blob, at));
    Some(Credentials { domain: domain?.to_string(), user: user?.to_string(), password: password? })
}

fn text(blob: &[u8], at: usize) -> Option<Zeroizing<String>> {
    let head = blob.get(at..at.checked_add(16)?)?;
    let length = usize::from(u16::from_le_bytes(head.get(..2)?.try_into().ok()?));
    let offset = usize::try_from(u64::from_le_bytes(head.get(8..)?.try_into().ok()?)).ok()?;
    if length % 2 != 0 || length > LONGEST * 2 || (length > 0 && offset < HEAD) {
        return None;
    }
    let bytes = blob.get(offset..offset.checked_add(length)?)?;
    let units = bytes.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair));
    char::decode_utf16(units).collect::<Result<String, _>>().ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        Credentials {
            domain: "PC-1".into(),
            user: "alice".into(),
            password: Zeroizing::new("pä55 \u{1f511}".into()),
        }
    }

    #[test]
    fn what_is_packed_lies_where_windows_looks() {
        let blob = pack(Purpose::Logon, &credentials()).unwrap();
        assert_eq!(&blob[..8], [2, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(&blob[8..24], [8, 0, 8, 0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(&blob[24..40], [10, 0, 10, 0, 0, 0, 0, 0, 72, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(&blob[40..56], [14, 0, 14, 0, 0, 0, 0, 0, 82, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(&blob[64..72], [b'P', 0, b'C', 0, b'-', 0, b'1', 0]);
        assert_eq!(blob.len(), 96);
        assert_eq!(pack(Purpose::Unlock, &credentials()).unwrap()[0], 7);
    }

    #[test]
    fn what_was_packed_is_understood_and_nothing_else() {
        let blob = pack(Purpose::Logon, &credentials()).unwrap();
        let found = unpack(&blob).unwrap();
        assert_eq!((found.domain.as_str(), found.user.as_str()), ("PC-1", "alice"));
        assert_eq!(*found.password, *credentials().password);
        for length in 0..blob.len() {
            assert!(unpack(&blob[..length]).is_none(), "{length} bytes");
        }
        for (at, byte) in [(8, 7), (9, 255), (16, 3), (23, 255), (32, 255)] {
            let mut bad = blob.to_vec();
            bad[at] = byte;
            assert!(unpack(&bad).is_none(), "{at}");
        }
    }

    #[test]
    fn what_is_too_long_is_not_packed() {
        let long = Credentials { user: "x".repeat(LONGEST + 1), ..credentials() };
        assert!(pack(Purpose::Logon, &long).is_none());
    }
}
