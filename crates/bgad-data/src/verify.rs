//! Checks of a data set before work starts.

use rayon::prelude::*;

use crate::{DataError, Dataset, Result, Sample, image_file};

impl Dataset {
    /// Checks that every mask has its image's size, reading only the files' headers.
    ///
    /// Images whose header cannot be read are left to load time, so that one damaged test image does
    /// not stop a run that never reads it.
    ///
    /// # Errors
    /// [`DataError::MaskSize`] for the first mask of another size; the reading error of the first mask
    /// that is no image.
    pub fn verify(&self) -> Result<()> {
        let samples: Vec<&Sample> = self.train.iter().chain(&self.test).collect();
        // Collected before looking for an error, so that the first one in order is reported.
        let results: Vec<Result<()>> = samples.into_par_iter().map(verify_sample).collect();
        results.into_iter().collect()
    }
}

fn verify_sample(sample: &Sample) -> Result<()> {
    let Some(mask) = &sample.mask else {
        return Ok(());
    };
    let mask_size = image_file::dimensions(mask)?;
    match image_file::dimensions(&sample.path) {
        Ok(image_size) if image_size != mask_size => Err(DataError::MaskSize {
            image: sample.path.clone(),
            image_size,
            mask: mask.clone(),
            mask_size,
        }),
        _ => Ok(()),
    }
}
