//! Loading masks from files.

use std::path::Path;

use crate::mask_file::{MaskFile, Survey};
use crate::{DataError, Mask, MaskValues, Orientation, Result, mask_decision};

impl Mask {
    /// Loads a mask from an image file whose own values show which of them mark a defect.
    ///
    /// The masks of a data set are all read by one rule, decided by
    /// [`Dataset::settle_mask_values`](crate::Dataset::settle_mask_values).
    ///
    /// # Errors
    /// Those of [`load_image`](crate::load_image), and [`DataError::UnclearMaskValues`].
    pub fn load(path: &Path) -> Result<Self> {
        Self::load_with(path, Orientation::Stored)
    }

    /// Like [`load`](Self::load), and chooses whether the orientation tag is applied.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_with(path: &Path, orientation: Orientation) -> Result<Self> {
        Self::load_as(path, orientation, &MaskValues::Auto)
    }

    /// Like [`load`](Self::load), with a known rule for which values mark a defect.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_as(path: &Path, orientation: Orientation, values: &MaskValues) -> Result<Self> {
        let file = MaskFile::read(path, orientation, values)?;
        if !values.is_auto() {
            return Ok(file.mask(values));
        }
        let decision = mask_decision::from_survey(&Survey::of(&file)).map_err(|found| {
            DataError::UnclearMaskValues {
                folder: path.parent().unwrap_or(Path::new("")).to_owned(),
                found,
                example: path.to_owned(),
            }
        })?;
        Ok(file.mask(&decision.values))
    }
}
