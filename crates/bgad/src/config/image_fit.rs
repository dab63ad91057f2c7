//! How images of any size become square backbone inputs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How an image of any size becomes square inputs of `image_size` pixels; as text `stretch`, `letterbox`, or
/// `tiles:64` for tiles that overlap by 64 pixels.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Fit {
    /// Width and height are scaled separately, as in the paper.
    #[default]
    Stretch,
    /// The image keeps its proportions, and the rest of the input is padding, which is neither trained on nor
    /// scored.
    Letterbox,
    /// The image is cut at its own resolution into tiles that overlap by at least this many pixels. Each tile
    /// is a separate input, and their score maps are joined. If the image is smaller than a tile, the rest is
    /// padding.
    Tiles(u32),
}

impl Fit {
    /// Checks that tiles of `image_size` pixels overlap by at most half.
    pub(crate) fn check(self, image_size: u32) -> Result<()> {
        match self {
            Self::Tiles(overlap) if overlap > image_size / 2 => Err(Error::setting(
                "input.fit",
                self,
                format!(
                    "an overlap of at most {}, half of `input.image_size`",
                    image_size / 2
                ),
            )),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stretch => f.write_str("stretch"),
            Self::Letterbox => f.write_str("letterbox"),
            Self::Tiles(overlap) => write!(f, "tiles:{overlap}"),
        }
    }
}

impl FromStr for Fit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}`: expected `stretch`, `letterbox` or `tiles:OVERLAP` with the overlap in \
                 pixels, such as `tiles:64`"
            )
        };
        match text {
            "stretch" => Ok(Self::Stretch),
            "letterbox" => Ok(Self::Letterbox),
            _ => {
                let overlap = text.strip_prefix("tiles:").ok_or_else(wrong)?;
                overlap.parse().map(Self::Tiles).map_err(|_| wrong())
            }
        }
    }
}

impl TryFrom<String> for Fit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Fit> for String {
    fn from(fit: Fit) -> Self {
        fit.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_there_and_back() {
        for text in ["stretch", "letterbox", "tiles:64", "tiles:0"] {
            let fit: Fit = text.parse().unwrap_or_default();
            assert_eq!(fit.to_string(), text);
        }
        for text in ["tiles", "tiles:", "tiles:-1", "tiles:0.5", "crop"] {
            assert!(text.parse::<Fit>().is_err(), "{text}");
        }
        assert!(Fit::Tiles(128).check(256).is_ok());
        assert!(Fit::Tiles(129).check(256).is_err());
    }
}
