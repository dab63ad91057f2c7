//! Masks from files.

use std::path::Path;

use crate::mask_file::{MaskFile, Survey};
use crate::{DataError, Mask, MaskValues, Orientation, Result, mask_decision};

impl Mask {
    /// Loads a mask from an image file, where its values alone tell which mark a defect.
    ///
    /// The masks of a data set are read by one rule for all of them, which
    /// [`Dataset::settle_mask_values`](crate::Dataset::settle_mask_values) decides.
    ///
    /// # Errors
    /// As [`load_image`](crate::load_image); [`DataError::UnclearMaskValues`].
    pub fn load(path: &Path) -> Result<Self> {
        Self::load_with(path, Orientation::Stored)
    }

    /// The same with a choice whether the mask is turned as its orientation tag says.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_with(path: &Path, orientation: Orientation) -> Result<Self> {
        Self::load_as(path, orientation, &MaskValues::Auto)
    }

    /// The same where it is known which values mark a defect.
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
