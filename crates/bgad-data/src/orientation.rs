//! How a camera was held.

use serde::{Deserialize, Serialize};

/// Whether images are turned as their orientation tag (EXIF) says.
///
/// Cameras and telephones store what their sensor saw and note how they were held; programs that show
/// photographs turn them upright.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Orientation {
    /// As they are stored, whatever the tag says: the authors' program.
    #[default]
    Stored,
    /// Turned and mirrored as the tag says. A mask goes by its own tag: one that was drawn over the
    /// image as it is shown has none and fits.
    Exif,
}

impl Orientation {
    pub(crate) fn is_stored(&self) -> bool {
        *self == Self::Stored
    }
}
