//! Orientation tags of photographs.

use serde::{Deserialize, Serialize};

/// Whether images are turned as their orientation tag (EXIF) says.
///
/// Cameras and phones store what the sensor saw and record how they were held; photo viewers turn the picture
/// upright.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Orientation {
    /// As stored, whatever the tag says, like the authors' program.
    #[default]
    Stored,
    /// Turned and mirrored as the tag says. A mask follows its own tag; one drawn over the displayed image
    /// has no tag and fits.
    Exif,
}

impl Orientation {
    pub(crate) fn is_stored(&self) -> bool {
        *self == Self::Stored
    }
}

/// What may help if a mask has its image's size the other way round.
pub(crate) fn hint((width, height): (u32, u32), image: (u32, u32)) -> &'static str {
    match (height, width) == image && width != height {
        true => "; if it was drawn on the turned image, use --orientation exif",
        false => "",
    }
}
