//! Which turned copies of normal images are trained on.

#[cfg(feature = "train")]
use bgad_data::Turn;
use serde::{Deserialize, Serialize};

/// Whether turned copies of normal images are trained on as well, for parts that lie at any angle.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rotations {
    /// Chosen from the normal training images.
    #[default]
    Auto,
    /// Images as they are alone.
    Off,
    /// Also turned by 180 degrees.
    Half,
    /// Also turned by 90, 180 and 270 degrees.
    Quarter,
}

#[cfg(feature = "train")]
impl Rotations {
    /// How the copies of an image are turned.
    pub(crate) fn turns(self) -> &'static [Turn] {
        match self {
            Self::Auto | Self::Off => &[],
            Self::Half => &[Turn::Half],
            Self::Quarter => &[Turn::Quarter, Turn::Half, Turn::ThreeQuarters],
        }
    }
}
