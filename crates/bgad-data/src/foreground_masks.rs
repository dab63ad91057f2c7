//! Foregrounds of normal images, from masks that are all read by one rule.

use std::path::{Path, PathBuf};

use image::RgbImage;

use crate::layout::files;
use crate::{
    CutPaste, DataError, Foreground, ForegroundError, Mask, MaskDecision, MaskValues, Orientation,
    Result, Sample, estimate_foreground, mask_decision,
};

impl CutPaste {
    /// Decides, over all masks in the folder of [`Foreground::Masks`] together, which values mark the
    /// foreground, and sets [`foreground_values`](Self::foreground_values) to that rule. `None` for other
    /// foregrounds. Masks that cannot be read are reported when they are needed.
    ///
    /// # Errors
    /// [`DataError::FolderMissing`], [`DataError::NoImages`] for a folder without masks, and
    /// [`ForegroundError::Unclear`] if the rule is [`MaskValues::Auto`] and the values allow several.
    pub fn settle_foreground(&mut self) -> Result<Option<MaskDecision>> {
        let Foreground::Masks(folder) = &self.foreground else {
            return Ok(None);
        };
        let masks = files::list(folder)?.images;
        if masks.is_empty() {
            return Err(DataError::NoImages {
                folder: folder.clone(),
            });
        }
        let masks: Vec<(&Path, Orientation)> = masks
            .iter()
            .map(|path| (path.as_path(), Orientation::Stored))
            .collect();
        let decision = mask_decision::decide_foreground(folder, &masks, &self.foreground_values)?;
        self.foreground_values = decision.values.clone();
        Ok(Some(decision))
    }

    /// The foreground of a normal image, cut to the sample's region and turned; `None` for the whole image.
    ///
    /// `normal` holds the pixels of the sample, as it loads them. The foreground of a region may be empty,
    /// that of a whole image is not.
    ///
    /// # Errors
    /// [`DataError::Parameter`] before the masks' values are [settled](Self::settle_foreground),
    /// [`DataError::FileMissing`] if the folder has no mask for the image, [`DataError::MaskSize`] and
    /// [`ForegroundError::Empty`] for an unusable mask, and the errors of [`Mask::load_as`].
    pub fn foreground_of(&self, normal: &RgbImage, sample: &Sample) -> Result<Option<Mask>> {
        let folder = match &self.foreground {
            Foreground::Off => return Ok(None),
            Foreground::Estimated => return Ok(estimate_foreground(normal)),
            Foreground::Masks(folder) => folder,
        };
        let values = &self.foreground_values;
        if values.is_auto() {
            return Err(DataError::Parameter {
                name: "cut_paste.foreground_values",
                found: MaskValues::Auto.to_string(),
                expected: "one rule for all foreground masks: call `settle_foreground` first, or choose nonzero, half, above:N, alpha or values such as 1,2".to_owned(),
            });
        }
        let file = mask_of(folder, &sample.path)?;
        let mask = Mask::load_as(&file, sample.orientation, values)?;
        if mask.is_empty() {
            return Err(ForegroundError::Empty {
                file,
                rule: values.to_string(),
            }
            .into());
        }
        let size = (mask.width(), mask.height());
        let image_size = match sample.region {
            Some(_) => crate::image_file::dimensions(&sample.path, sample.orientation)?,
            None => sample.turn.of_size(normal.dimensions()),
        };
        if size != image_size {
            return Err(DataError::MaskSize {
                image: sample.path.clone(),
                image_size,
                mask_size: size,
                mask: file,
            });
        }
        let mask = match sample.region {
            Some(region) => region.of_mask(&mask, &file)?,
            None => mask,
        };
        Ok(Some(sample.turn.of_mask(mask)))
    }
}

/// The mask in `folder` with the name of an image.
fn mask_of(folder: &Path, image: &Path) -> Result<PathBuf> {
    let stem = image.file_stem().unwrap_or_default();
    let named = |extension: &str| {
        let mut name = stem.to_owned();
        name.push(".");
        name.push(extension);
        folder.join(name)
    };
    let lower = files::EXTENSIONS.iter().map(|extension| named(extension));
    let upper = files::EXTENSIONS
        .iter()
        .map(|extension| named(&extension.to_uppercase()));
    let mut candidates = lower.chain(upper);
    candidates
        .find(|file| file.is_file())
        .ok_or_else(|| DataError::FileMissing {
            file: named("png"),
            expected: format!("expected the foreground mask of {}", image.display()),
        })
}
