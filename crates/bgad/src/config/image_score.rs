//! How a score map is reduced to an image score.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How a score map is reduced to an image score; as text `max` or `top:0.01`.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum ImageScore {
    /// The highest pixel, as in the paper.
    #[default]
    Maximum,
    /// The mean of the highest pixels: this share of one input's pixels. A single outlier weighs less.
    Top(f64),
}

impl ImageScore {
    /// Checks that a share is above 0 and at most 1.
    pub(crate) fn check(self) -> Result<()> {
        match self {
            Self::Top(share) if !(share > 0.0 && share <= 1.0) => {
                let expected = "a share above 0 and at most 1";
                Err(Error::setting("scoring.image_score", share, expected))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for ImageScore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Maximum => f.write_str("max"),
            Self::Top(share) => write!(f, "top:{share}"),
        }
    }
}

impl FromStr for ImageScore {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}`: expected `max` or `top:SHARE`, such as `top:0.01`");
        if text == "max" {
            return Ok(Self::Maximum);
        }
        let share = text.strip_prefix("top:").ok_or_else(wrong)?;
        let score = Self::Top(share.parse().map_err(|_| wrong())?);
        score.check().map_err(|error| error.to_string())?;
        Ok(score)
    }
}

impl TryFrom<String> for ImageScore {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ImageScore> for String {
    fn from(score: ImageScore) -> Self {
        score.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_there_and_back() {
        for text in ["max", "top:0.01", "top:1"] {
            let score: ImageScore = text.parse().unwrap_or_default();
            assert_eq!(score.to_string(), text);
        }
        for text in ["top", "top:0", "top:2", "top:x", "mean"] {
            assert!(text.parse::<ImageScore>().is_err(), "{text}");
        }
    }
}
