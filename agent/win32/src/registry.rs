//! Values of the registry, under `HKEY_LOCAL_MACHINE` and nowhere else.

use crate::text::Wide;
use std::io;
use windows::{
    Win32::{
        Foundation::{
            ERROR_ACCESS_DENIED, ERROR_FILE_NOT_FOUND, ERROR_MORE_DATA, ERROR_PATH_NOT_FOUND, ERROR_SUCCESS,
            WIN32_ERROR,
        },
        System::Registry::{
            HKEY, HKEY_LOCAL_MACHINE, KEY_READ, KEY_WOW64_64KEY, KEY_WRITE, REG_BINARY, REG_DWORD,
            REG_EXPAND_SZ, REG_MULTI_SZ, REG_OPTION_NON_VOLATILE, REG_OPTION_VOLATILE, REG_QWORD,
            REG_SAM_FLAGS, REG_SZ, REG_VALUE_TYPE, RegCloseKey, RegCreateKeyExW, RegDeleteKeyExW,
            RegDeleteTreeW, RegDeleteValueW, RegFlushKey, RegOpenKeyExW, RegQueryInfoKeyW, RegQueryValueExW,
            RegSetValueExW,
        },
    },
    core::PCWSTR,
};

/// What a value holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `REG_DWORD`.
    Number(u32),
    /// `REG_QWORD`.
    Large(u64),
    /// `REG_SZ`.
    Text(String),
    /// `REG_EXPAND_SZ`.
    Expanding(String),
    /// `REG_MULTI_SZ`.
    Texts(Vec<String>),
    /// Any other, byte by byte, with its type's number.
    Other(u32, Vec<u8>),
}

/// How long a key stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Until it is removed.
    ForGood,
    /// Until Windows starts the next time.
    UntilBoot,
}

/// A key, there or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    path: String,
}

struct Open(HKEY);

impl Drop for Open {
    fn drop(&mut self) {
        // SAFETY: nobody else has this handle.
        let _ = unsafe { RegCloseKey(self.0) };
    }
}

impl Key {
    /// The key of this path.
    pub fn local_machine(path: &str) -> Self {
        Self { path: path.to_owned() }
    }

    /// What a value holds; nothing if it or its key isn't there.
    pub fn get(&self, name: &str) -> io::Result<Option<Value>> {
        Ok(self.exactly(name)?.map(|(kind, bytes)| parsed(REG_VALUE_TYPE(kind), &bytes)))
    }

    /// The number of a value's type and its bytes; nothing if it or its key isn't there.
    pub fn exactly(&self, name: &str) -> io::Result<Option<(u32, Vec<u8>)>> {
        let Some(key) = self.open(KEY_READ)? else { return Ok(None) };
        let name = Wide::new(name)?;
        let mut bytes = vec![0_u8; 256];
        loop {
            let (mut kind, mut length) = (REG_VALUE_TYPE::default(), bytes.len() as u32);
            // SAFETY: the buffer has the length that is told.
            let told = unsafe {
                RegQueryValueExW(
                    key.0,
                    name.as_ptr(),
                    None,
                    Some(&mut kind),
                    Some(bytes.as_mut_ptr()),
                    Some(&mut length),
                )
            };
            match told {
                ERROR_SUCCESS => {
                    bytes.truncate(length as usize);
                    return Ok(Some((kind.0, bytes)));
                }
                ERROR_MORE_DATA => bytes.resize((length as usize).max(bytes.len() * 2), 0),
                ERROR_FILE_NOT_FOUND => return Ok(None),
                other => return Err(error(other)),
            }
        }
    }

    /// Whether a value holds this, byte for byte.
    pub fn holds(&self, name: &str, value: &Value) -> io::Result<bool> {
        let (kind, bytes) = stored(value)?;
        Ok(self.exactly(name)? == Some((kind.0, bytes)))
    }

    /// Makes a value hold this; the key is made if it isn't there.
    pub fn set(&self, name: &str, value: &Value) -> io::Result<()> {
        let (kind, mut bytes) = stored(value)?;
        let name = Wide::new(name)?;
        let key = self.create(Lifetime::ForGood)?;
        // Windows looks behind a text without a zero for one, and would store it, too.
        let length = bytes.len();
        bytes.extend([1; 4]);
        let bytes = bytes.get(..length);
        // SAFETY: what is read outlives the call, and so do the bytes behind it.
        succeeded(unsafe { RegSetValueExW(key.0, name.as_ptr(), None, kind, bytes) })
    }

    /// Removes a value that may be there.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        let Some(key) = self.open(KEY_WRITE)? else { return Ok(()) };
        let name = Wide::new(name)?;
        // SAFETY: the name outlives the call.
        match unsafe { RegDeleteValueW(key.0, name.as_ptr()) } {
            ERROR_FILE_NOT_FOUND => Ok(()),
            other => succeeded(other),
        }
    }

    /// Makes the key, if it isn't there.
    pub fn make(&self, lifetime: Lifetime) -> io::Result<()> {
        self.create(lifetime).map(drop)
    }

    /// Removes the key and what is below it.
    pub fn delete(&self) -> io::Result<()> {
        let path = Wide::new(&self.path)?;
        // SAFETY: the path outlives the call.
        match unsafe { RegDeleteTreeW(HKEY_LOCAL_MACHINE, path.as_ptr()) } {
            ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND => Ok(()),
            other => succeeded(other),
        }
    }

    /// Removes the key unless it has values or keys below it; tells whether it is gone.
    pub fn remove_if_empty(&self) -> io::Result<bool> {
        let Some(key) = self.open(KEY_READ)? else { return Ok(true) };
        let (mut keys, mut values) = (0, 0);
        // SAFETY: the numbers outlive the call.
        succeeded(unsafe {
            RegQueryInfoKeyW(
                key.0,
                None,
                None,
                None,
                Some(&mut keys),
                None,
                None,
                Some(&mut values),
                None,
                None,
                None,
                None,
            )
        })?;
        drop(key);
        if keys > 0 || values > 0 {
            return Ok(false);
        }
        let path = Wide::new(&self.path)?;
        // SAFETY: the path outlives the call.
        match unsafe { RegDeleteKeyExW(HKEY_LOCAL_MACHINE, path.as_ptr(), KEY_WOW64_64KEY.0, None) } {
            ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND => Ok(true),
            // Somebody made a key below it just now.
            ERROR_ACCESS_DENIED => Ok(false),
            other => succeeded(other).map(|()| true),
        }
    }

    /// Makes what was changed in the key's hive outlive a power cut.
    pub fn flush(&self) -> io::Result<()> {
        match self.open(KEY_READ)? {
            // SAFETY: the key is open.
            Some(key) => succeeded(unsafe { RegFlushKey(key.0) }),
            None => Ok(()),
        }
    }

    /// Whether it is there.
    pub fn exists(&self) -> io::Result<bool> {
        Ok(self.open(KEY_READ)?.is_some())
    }

    fn open(&self, access: REG_SAM_FLAGS) -> io::Result<Option<Open>> {
        let (path, mut key) = (Wide::new(&self.path)?, HKEY::default());
        // SAFETY: the path outlives the call; the key is closed when it is dropped.
        let told = unsafe {
            RegOpenKeyExW(HKEY_LOCAL_MACHINE, path.as_ptr(), None, access | KEY_WOW64_64KEY, &mut key)
        };
        match told {
            ERROR_SUCCESS => Ok(Some(Open(key))),
            ERROR_FILE_NOT_FOUND | ERROR_PATH_NOT_FOUND => Ok(None),
            other => Err(error(other)),
        }
    }

    fn create(&self, lifetime: Lifetime) -> io::Result<Open> {
        let (path, mut key) = (Wide::new(&self.path)?, HKEY::default());
        let options = match lifetime {
            Lifetime::ForGood => REG_OPTION_NON_VOLATILE,
            Lifetime::UntilBoot => REG_OPTION_VOLATILE,
        };
        // SAFETY: as above.
        succeeded(unsafe {
            RegCreateKeyExW(
                HKEY_LOCAL_MACHINE,
                path.as_ptr(),
                None,
                PCWSTR::null(),
                options,
                KEY_WRITE | KEY_WOW64_64KEY,
                None,
                &mut key,
                None,
            )
        })?;
        Ok(Open(key))
    }
}

fn error(told: WIN32_ERROR) -> io::Error {
    io::Error::from_raw_os_error(told.0.cast_signed())
}

fn succeeded(told: WIN32_ERROR) -> io::Result<()> {
    if told == ERROR_SUCCESS { Ok(()) } else { Err(error(told)) }
}

fn units(text: &str) -> io::Result<Vec<u8>> {
    if text.contains('\0') {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    Ok(text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect())
}

fn stored(value: &Value) -> io::Result<(REG_VALUE_TYPE, Vec<u8>)> {
    Ok(match value {
        Value::Number(number) => (REG_DWORD, number.to_le_bytes().to_vec()),
        Value::Large(number) => (REG_QWORD, number.to_le_bytes().to_vec()),
        Value::Text(text) => (REG_SZ, units(text)?),
        Value::Expanding(text) => (REG_EXPAND_SZ, units(text)?),
        Value::Texts(texts) => {
            let mut bytes = Vec::new();
            for text in texts {
                // An empty one would end the list.
                if text.is_empty() {
                    return Err(io::ErrorKind::InvalidInput.into());
                }
                bytes.extend(units(text)?);
            }
            bytes.extend([0, 0]);
            (REG_MULTI_SZ, bytes)
        }
        Value::Other(kind, bytes) => (REG_VALUE_TYPE(*kind), bytes.clone()),
    })
}

fn parsed(kind: REG_VALUE_TYPE, bytes: &[u8]) -> Value {
    let text = || {
        let units: Vec<u16> = bytes.as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
        String::from_utf16_lossy(&units)
    };
    let first = || text().split('\0').next().unwrap_or_default().to_owned();
    match (kind, bytes.len()) {
        (REG_DWORD, 4) => Value::Number(bytes.try_into().map_or(0, u32::from_le_bytes)),
        (REG_QWORD, 8) => Value::Large(bytes.try_into().map_or(0, u64::from_le_bytes)),
        (REG_SZ, _) => Value::Text(first()),
        (REG_EXPAND_SZ, _) => Value::Expanding(first()),
        (REG_MULTI_SZ, _) => {
            Value::Texts(text().split('\0').take_while(|part| !part.is_empty()).map(str::to_owned).collect())
        }
        _ => Value::Other(kind.0, bytes.to_vec()),
    }
}

/// The number of `REG_BINARY`, for [`Value::Other`].
pub const BINARY: u32 = REG_BINARY.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_read_again() {
        let key = Key::local_machine(&format!(r"SOFTWARE\Claviger\Test-{}", std::process::id()));
        assert_eq!(key.get("x").unwrap(), None);
        let values = [
            Value::Number(u32::MAX),
            Value::Large(u64::MAX),
            Value::Text("é \u{1f511}".into()),
            Value::Text("x".repeat(2_000)),
            Value::Expanding("%SystemRoot%\\x".into()),
            Value::Texts(vec!["alice".into(), "bob".into()]),
            Value::Texts(Vec::new()),
            Value::Other(BINARY, vec![1, 2, 3]),
        ];
        for value in values {
            key.set("x", &value).unwrap();
            assert_eq!(key.get("x").unwrap(), Some(value));
        }
        key.remove("x").unwrap();
        key.remove("x").unwrap();
        assert_eq!(key.get("x").unwrap(), None);
        assert!(key.exists().unwrap());
        key.delete().unwrap();
        key.delete().unwrap();
        assert!(!key.exists().unwrap());
    }

    #[test]
    fn a_value_is_read_and_put_back_byte_for_byte() {
        let key = Key::local_machine(&format!(r"SOFTWARE\Claviger\Exactly-{}", std::process::id()));
        // Texts without their zero, with more behind it, and of an odd length; a number that is too short; nothing at all.
        let odd: [(u32, &[u8]); 6] =
            [(1, b"a\0"), (1, b"a\0\0\0b\0"), (2, b"a\0b"), (7, b"a\0"), (4, b"\x01"), (3, b"")];
        for (kind, bytes) in odd {
            key.set("x", &Value::Other(kind, bytes.to_vec())).unwrap();
            assert_eq!(key.exactly("x").unwrap(), Some((kind, bytes.to_vec())));
            assert!(key.holds("x", &Value::Other(kind, bytes.to_vec())).unwrap());
            assert!(!key.holds("x", &Value::Text("a".into())).unwrap());
        }
        key.set("", &Value::Text("a".into())).unwrap();
        assert!(key.holds("", &Value::Text("a".into())).unwrap());
        assert!(!key.holds("", &Value::Expanding("a".into())).unwrap());
        key.flush().unwrap();
        key.delete().unwrap();
        key.flush().unwrap();
    }

    #[test]
    fn a_key_goes_only_when_nothing_is_in_it() {
        let path = format!(r"SOFTWARE\Claviger\Empty-{}", std::process::id());
        let (key, below) = (Key::local_machine(&path), Key::local_machine(&format!(r"{path}\below")));
        below.make(Lifetime::ForGood).unwrap();
        assert!(!key.remove_if_empty().unwrap());
        assert!(below.remove_if_empty().unwrap());
        key.set("x", &Value::Number(1)).unwrap();
        assert!(!key.remove_if_empty().unwrap());
        key.remove("x").unwrap();
        assert!(key.remove_if_empty().unwrap());
        assert!(key.remove_if_empty().unwrap());
        assert!(!key.exists().unwrap());
    }

    #[test]
    fn a_text_with_a_zero_in_it_is_refused() {
        let key = Key::local_machine(r"SOFTWARE\Claviger\Test-refused");
        for value in [
            Value::Text("a\0b".into()),
            Value::Texts(vec!["a\0b".into()]),
            Value::Texts(vec!["a".into(), String::new()]),
        ] {
            assert!(key.set("x", &value).is_err());
        }
        assert_eq!(key.get("x").unwrap(), None);
        key.delete().unwrap();
    }
}
