//! The size of a second, finer input.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Whether images are also judged on a second, larger input, which shows finer detail; as text `auto`, `off`, or its
/// width and height in pixels, such as `512`.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub enum FinerSize {
    /// Chosen from the normal training images.
    #[default]
    Auto,
    /// One input alone.
    Off,
    /// This width and height, in pixels.
    Pixels(u32),
}

/// How a size is written: as a number or as text.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Pixels(u32),
    Text(String),
}

impl FinerSize {
    /// The width and height in pixels, if there is a second input and its size is known.
    pub fn pixels(self) -> Option<u32> {
        match self {
            Self::Pixels(size) => Some(size),
            Self::Auto | Self::Off => None,
        }
    }
}

impl fmt::Display for FinerSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Off => f.write_str("off"),
            Self::Pixels(size) => write!(f, "{size}"),
        }
    }
}

impl FromStr for FinerSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "off" => Ok(Self::Off),
            _ => text
                .parse()
                .map(Self::Pixels)
                .map_err(|_| format!("`{text}`: expected `auto`, `off` or a size in pixels")),
        }
    }
}

impl TryFrom<Written> for FinerSize {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Pixels(size) => Ok(Self::Pixels(size)),
            Written::Text(text) => text.parse(),
        }
    }
}

impl From<FinerSize> for Written {
    fn from(size: FinerSize) -> Self {
        match size {
            FinerSize::Pixels(size) => Self::Pixels(size),
            other => Self::Text(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_there_and_back() -> Result<(), String> {
        for text in ["auto", "off", "512"] {
            let size: FinerSize = text.parse()?;
            assert_eq!(size.to_string(), text);
            let written = serde_json::to_string(&size).map_err(|e| e.to_string())?;
            let read: FinerSize = serde_json::from_str(&written).map_err(|e| e.to_string())?;
            assert_eq!(read, size);
        }
        for text in ["none", "-1", "512px", ""] {
            assert!(text.parse::<FinerSize>().is_err(), "{text}");
        }
        Ok(())
    }
}
