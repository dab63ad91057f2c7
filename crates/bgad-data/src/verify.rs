//! Checks a data set before work starts.

use rayon::prelude::*;

use crate::{DataError, Dataset, Result, Sample, drawn_mask, image_file};

impl Dataset {
    /// Checks that every mask has its image's size, reading only the files' headers.
    ///
    /// Images with unreadable headers are reported when they are loaded, so that one damaged test image does
    /// not stop a run that never reads it.
    ///
    /// # Errors
    /// [`DataError::MaskSize`] for the first mask of another size; the reading error of the first mask that
    /// is not an image.
    pub fn verify(&self) -> Result<()> {
        let samples: Vec<&Sample> = self.samples().collect();
        // Collected before looking for an error, so that the first one in order is reported.
        let results: Vec<Result<()>> = samples.into_par_iter().map(verify_sample).collect();
        results.into_iter().collect()
    }
}

/// Compares the size of the whole image with the sizes of its masks.
pub(crate) fn verify_sample(sample: &Sample) -> Result<()> {
    let Some(masks) = &sample.mask else {
        return Ok(());
    };
    let image_size = image_file::dimensions(&sample.path, sample.orientation).ok();
    for mask in masks.paths() {
        let mask_size = match drawn_mask::dimensions(mask) {
            Some(size) => size?,
            None => image_file::dimensions(mask, sample.orientation)?,
        };
        if let Some(image_size) = image_size.filter(|size| *size != mask_size) {
            return Err(DataError::MaskSize {
                image: sample.path.clone(),
                image_size,
                mask: mask.to_owned(),
                mask_size,
            });
        }
    }
    Ok(())
}
