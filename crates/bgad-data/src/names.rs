//! File names as text; bytes that are not UTF-8 and control characters are escaped, so that the names can be
//! read back from a line of text.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A path as text, for JSON, CSV and messages. [`path_from_text`] returns the same path.
///
/// A byte that is not UTF-8 becomes `\x` and two hexadecimal digits, as in `caf\xE9.png`. So does each byte
/// of a control character, which would break a line or command a terminal. If a name itself
/// contains `\x`, its backslash becomes `\x5C`. All other names are unchanged. On Windows, where names are
/// not bytes, text that is not Unicode is replaced.
pub fn path_to_text(path: &Path) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        let mut text = String::new();
        for chunk in path.as_os_str().as_bytes().utf8_chunks() {
            let valid = chunk.valid();
            for (place, character) in valid.char_indices() {
                if character == '\\' && escaped(&valid.as_bytes()[place..]).is_some() {
                    text.push_str("\\x5C");
                } else if character.is_control() {
                    let mut bytes = [0; 4];
                    let bytes = character.encode_utf8(&mut bytes).bytes();
                    bytes.for_each(|byte| text.push_str(&format!("\\x{byte:02X}")));
                } else {
                    text.push(character);
                }
            }
            for byte in chunk.invalid() {
                text.push_str(&format!("\\x{byte:02X}"));
            }
        }
        text
    }
    #[cfg(not(unix))]
    {
        path.to_string_lossy().into_owned()
    }
}

/// The path that [`path_to_text`] wrote.
pub fn path_from_text(text: &str) -> PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt as _;
        let mut rest = text.as_bytes();
        let mut bytes = Vec::with_capacity(rest.len());
        while let [first, behind @ ..] = rest {
            match escaped(rest) {
                Some(byte) => {
                    bytes.push(byte);
                    rest = &rest[4..];
                }
                None => {
                    bytes.push(*first);
                    rest = behind;
                }
            }
        }
        PathBuf::from(std::ffi::OsString::from_vec(bytes))
    }
    #[cfg(not(unix))]
    {
        PathBuf::from(text)
    }
}

/// The byte encoded by an escape at the start of `bytes`.
#[cfg(unix)]
fn escaped(bytes: &[u8]) -> Option<u8> {
    let [b'\\', b'x', high, low, ..] = bytes else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    Some((digit(*high)? * 16 + digit(*low)?) as u8)
}

/// For serde: a path as [`path_to_text`] writes it.
pub mod path_text {
    use super::{
        Deserialize, Deserializer, Path, PathBuf, Serializer, path_from_text, path_to_text,
    };

    /// Writes the path.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&path_to_text(path))
    }

    /// Reads the path.
    ///
    /// # Errors
    /// The deserializer's.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
        String::deserialize(deserializer).map(|text| path_from_text(&text))
    }
}

/// For serde: a list of paths.
pub mod path_texts {
    use super::{
        Deserialize, Deserializer, PathBuf, Serialize, Serializer, path_from_text, path_to_text,
    };

    /// Writes the paths.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(paths: &[PathBuf], serializer: S) -> Result<S::Ok, S::Error> {
        let texts: Vec<String> = paths.iter().map(|path| path_to_text(path)).collect();
        texts.serialize(serializer)
    }

    /// Reads the paths.
    ///
    /// # Errors
    /// The deserializer's.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<PathBuf>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        Ok(texts.iter().map(|text| path_from_text(text)).collect())
    }
}

/// For serde: a path that may be absent.
pub mod optional_path_text {
    use super::{
        Deserialize, Deserializer, PathBuf, Serialize, Serializer, path_from_text, path_to_text,
    };

    /// Writes the path, if there is one.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(
        path: &Option<PathBuf>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        path.as_deref().map(path_to_text).serialize(serializer)
    }

    /// Reads the path, if there is one.
    ///
    /// # Errors
    /// The deserializer's.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<PathBuf>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Ok(text.as_deref().map(path_from_text))
    }
}
