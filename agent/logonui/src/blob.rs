//! `KERB_INTERACTIVE_UNLOCK_LOGON`, read and written here on its own, so that a mistake of the provider is seen.

use serde_json::{Value, json};

/// What is in it; nothing if it can't be what Windows takes.
pub(crate) fn open(blob: &[u8], password: &str) -> Option<Value> {
    let purpose = match u32::from_le_bytes(blob.get(..4)?.try_into().ok()?) {
        2 => "logon",
        7 => "unlock",
        _ => return None,
    };
    let text = |at: usize| -> Option<String> {
        let head = blob.get(at..at + 16)?;
        let (length, room) = (u16::from_le_bytes(head.get(..2)?.try_into().ok()?), head.get(2..4)?);
        let offset = usize::try_from(u64::from_le_bytes(head.get(8..)?.try_into().ok()?)).ok()?;
        if room != length.to_le_bytes() || length % 2 != 0 || offset < 64 {
            return None;
        }
        let bytes = blob.get(offset..offset + usize::from(length))?;
        let units: Vec<u16> = bytes.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
        String::from_utf16(&units).ok()
    };
    let session = blob.get(56..64)?;
    let is_same = text(40)? == password;
    Some(json!({
        "purpose": purpose, "domain": text(8)?, "user": text(24)?, "password_is_the_same": is_same,
        "session": session.iter().all(|byte| *byte == 0),
    }))
}

/// What a client of Remote Desktop sends.
pub(crate) fn of(domain: &str, user: &str, password: &str) -> Vec<u8> {
    let mut blob = vec![2, 0, 0, 0, 0, 0, 0, 0];
    let texts = [domain, user, password].map(|text| text.encode_utf16().collect::<Vec<u16>>());
    let mut offset = 64_u64;
    for text in &texts {
        let length = u16::try_from(text.len() * 2).unwrap_or_default();
        blob.extend(length.to_le_bytes());
        blob.extend(length.to_le_bytes());
        blob.extend([0; 4]);
        blob.extend(offset.to_le_bytes());
        offset += u64::from(length);
    }
    blob.extend([0; 8]);
    texts.iter().flatten().for_each(|unit| blob.extend(unit.to_le_bytes()));
    blob
}
