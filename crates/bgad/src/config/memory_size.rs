//! An amount of memory.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An amount of memory; as text `4GiB`, `512MiB`, or a number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub struct MemorySize {
    /// The amount in bytes.
    pub bytes: u64,
}

const UNITS: [(&str, u32); 3] = [("GiB", 30), ("MiB", 20), ("KiB", 10)];

impl MemorySize {
    /// An amount in bytes.
    pub const fn bytes(bytes: u64) -> Self {
        Self { bytes }
    }
}

impl fmt::Display for MemorySize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |unit: &&(&str, u32)| self.bytes > 0 && self.bytes.trailing_zeros() >= unit.1;
        match UNITS.iter().find(whole) {
            Some((unit, bits)) => write!(f, "{}{unit}", self.bytes >> bits),
            None => write!(f, "{}", self.bytes),
        }
    }
}

impl FromStr for MemorySize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unit = UNITS.iter().find(|(unit, _)| text.ends_with(unit));
        let (number, bits) = match unit {
            Some((unit, bits)) => (text.trim_end_matches(unit).trim(), *bits),
            None => (text, 0),
        };
        let number: Option<u64> = number.parse().ok();
        let bytes = number.and_then(|number| number.checked_mul(1 << bits));
        let wrong = || format!("`{text}`: expected bytes, or an amount such as `512MiB` or `4GiB`");
        bytes.map(Self::bytes).ok_or_else(wrong)
    }
}

/// The amount as written in a file.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Bytes(u64),
    Text(String),
}

impl From<MemorySize> for Written {
    fn from(size: MemorySize) -> Self {
        Self::Text(size.to_string())
    }
}

impl TryFrom<Written> for MemorySize {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Bytes(bytes) => Ok(Self::bytes(bytes)),
            Written::Text(text) => text.parse(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_there_and_back() {
        for text in ["4GiB", "1536MiB", "1KiB", "1000", "0"] {
            let size: MemorySize = text.parse().unwrap_or(MemorySize::bytes(7));
            assert_eq!(size.to_string(), text);
        }
        assert_eq!("2 MiB".parse(), Ok(MemorySize::bytes(2 << 20)));
        for text in ["", "GiB", "-1", "1.5GiB", "4GB", "99999999999999GiB"] {
            assert!(text.parse::<MemorySize>().is_err(), "{text}");
        }
    }
}
