//! Which values of mask files mark a defect: one rule for all masks of a data set.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{DataError, Result};

/// Which values of a mask file mark a defect.
///
/// A pixel's value is its grey value, or the largest of red, green and blue. Black never marks a defect,
/// except under [`Values`](Self::Values).
#[non_exhaustive]
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum MaskValues {
    /// Decided from the values of all masks of the data set together; see
    /// [`Dataset::settle_mask_values`](crate::Dataset::settle_mask_values).
    #[default]
    Auto,
    /// All values except 0: for class numbers, for 0 and 1, for colours on black.
    NonZero,
    /// Values above half of the depth (127 for 8 bits): for 0 and 255, for soft edges.
    Half,
    /// Values above this one.
    Above(u16),
    /// Exactly these values, for example some of several classes. In a palette PNG they are palette indices.
    Values(BTreeSet<u16>),
    /// Pixels that are more than half opaque, whatever their colour.
    Alpha,
}

impl MaskValues {
    pub(crate) fn is_auto(&self) -> bool {
        *self == Self::Auto
    }
}

impl fmt::Display for MaskValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::NonZero => f.write_str("nonzero"),
            Self::Half => f.write_str("half"),
            Self::Above(value) => write!(f, "above:{value}"),
            Self::Values(values) => {
                let values: Vec<String> = values.iter().map(u16::to_string).collect();
                f.write_str(&values.join(","))
            }
            Self::Alpha => f.write_str("alpha"),
        }
    }
}

impl FromStr for MaskValues {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            DataError::Parameter {
            name: "mask values",
            found: format!("'{text}'"),
            expected: "auto, nonzero, half, above:N, alpha, or the values that mark defects, such as 1,2,5"
                .to_owned(),
        }
        };
        let number = |text: &str| text.trim().parse::<u16>().map_err(|_| wrong());
        match text {
            "auto" => Ok(Self::Auto),
            "nonzero" => Ok(Self::NonZero),
            "half" => Ok(Self::Half),
            "alpha" => Ok(Self::Alpha),
            _ => match text.strip_prefix("above:") {
                Some(value) => number(value).map(Self::Above),
                None => text
                    .split(',')
                    .map(number)
                    .collect::<Result<_>>()
                    .map(Self::Values),
            },
        }
    }
}

impl TryFrom<String> for MaskValues {
    type Error = DataError;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<MaskValues> for String {
    fn from(values: MaskValues) -> Self {
        values.to_string()
    }
}
