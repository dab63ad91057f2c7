//! RandAugmented CutPaste: new abnormal samples from few real ones (arXiv 2207.01463, section 3.4).

use image::RgbImage;
use rand::{Rng, RngExt, seq::IndexedRandom};
use serde::{Deserialize, Serialize};

use crate::{DataError, Filter, Mask, Result, resize, transform};

/// Cuts the defect out of an abnormal image, after some random transformations of it, and pastes it
/// on a normal image at a random location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CutPaste {
    /// How many different transformations, of nine, precede the cut ("S" in the paper).
    pub transformations: usize,
}

impl Default for CutPaste {
    fn default() -> Self {
        Self { transformations: 3 }
    }
}

/// The transformations to choose from.
#[derive(Debug, Clone, Copy)]
enum Operation {
    AutoContrast,
    Equalize,
    Rotate,
    Posterize,
    Solarize,
    Brightness,
    Sharpness,
    Translate,
    Shear,
}

const OPERATIONS: [Operation; 9] = [
    Operation::AutoContrast,
    Operation::Equalize,
    Operation::Rotate,
    Operation::Posterize,
    Operation::Solarize,
    Operation::Brightness,
    Operation::Sharpness,
    Operation::Translate,
    Operation::Shear,
];

impl CutPaste {
    /// Checks the parameters.
    ///
    /// # Errors
    /// [`DataError::Parameter`] for more than nine transformations.
    pub fn check(&self) -> Result<()> {
        if self.transformations > OPERATIONS.len() {
            return Err(DataError::Parameter {
                name: "cutpaste.transformations",
                found: self.transformations.to_string(),
                expected: format!("0 to {}", OPERATIONS.len()),
            });
        }
        Ok(())
    }

    /// Makes one abnormal sample: the normal image with the defect on it, and the mask of the defect.
    ///
    /// The normal image is first resized (bicubic) to the abnormal one's size, which the result has. A
    /// geometric transformation that would move the whole defect out of the image is left out, so that
    /// the result always holds a defect.
    ///
    /// # Errors
    /// [`DataError::EmptyMask`] for a mask without defect, [`DataError::Size`] for a mask of another size
    /// than the abnormal image, [`DataError::Parameter`] as [`CutPaste::check`].
    pub fn paste(
        &self,
        abnormal: &RgbImage,
        mask: &Mask,
        normal: &RgbImage,
        rng: &mut impl Rng,
    ) -> Result<(RgbImage, Mask)> {
        self.check()?;
        let (width, height) = abnormal.dimensions();
        if (mask.width(), mask.height()) != (width, height) {
            return Err(DataError::Size {
                what: "mask of an abnormal image".to_owned(),
                found: format!("{}x{}", mask.width(), mask.height()),
                expected: format!("{width}x{height}"),
            });
        }
        let empty = DataError::EmptyMask { width, height };
        if mask.is_empty() {
            return Err(empty);
        }

        let (mut source, mut mask) = (abnormal.clone(), mask.clone());
        for operation in OPERATIONS.sample(rng, self.transformations) {
            (source, mask) = transformed(*operation, source, mask, rng);
        }
        let Some(region) = mask.bounding_box() else {
            return Err(empty);
        };
        let left = rng.random_range(0..=width as usize - (region.right - region.left + 1));
        let top = rng.random_range(0..=height as usize - (region.bottom - region.top + 1));

        let mut pasted = if normal.dimensions() == (width, height) {
            normal.clone()
        } else {
            resize(normal, width, height, Filter::Bicubic)
        };
        let mut pasted_mask = vec![false; mask.pixels().len()];
        for y in region.top..=region.bottom {
            for x in region.left..=region.right {
                let from = y * width as usize + x;
                if mask.pixels()[from] {
                    let to = (y - region.top + top) * width as usize + x - region.left + left;
                    pasted_mask[to] = true;
                    let pixel = &source.as_raw()[from * 3..from * 3 + 3];
                    pasted.as_mut()[to * 3..to * 3 + 3].copy_from_slice(pixel);
                }
            }
        }
        Ok((pasted, Mask::from_pixels(width, height, pasted_mask)))
    }
}

/// Applies one operation with random strength.
fn transformed(
    operation: Operation,
    image: RgbImage,
    mask: Mask,
    rng: &mut impl Rng,
) -> (RgbImage, Mask) {
    let (width, height) = (f64::from(image.width()), f64::from(image.height()));
    match operation {
        Operation::AutoContrast => (transform::autocontrast(&image), mask),
        Operation::Equalize => (transform::equalize(&image), mask),
        Operation::Posterize => (transform::posterize(&image, rng.random_range(4..=8)), mask),
        Operation::Solarize => (
            transform::solarize(&image, rng.random_range(128..=255)),
            mask,
        ),
        Operation::Brightness => (
            transform::brightness(&image, rng.random_range(0.5..=1.5)),
            mask,
        ),
        Operation::Sharpness => (
            transform::sharpness(&image, rng.random_range(0.1..=1.9)),
            mask,
        ),
        Operation::Rotate => {
            let degrees = rng.random_range(-45.0..=45.0);
            unless_lost(
                image,
                mask,
                |i| transform::rotate(i, degrees),
                |m| transform::rotate_mask(m, degrees),
            )
        }
        Operation::Translate => {
            let (x, y) = (
                rng.random_range(-0.3..=0.3) * width,
                rng.random_range(-0.3..=0.3) * height,
            );
            unless_lost(
                image,
                mask,
                |i| transform::translate(i, x, y),
                |m| transform::translate_mask(m, x, y),
            )
        }
        Operation::Shear => {
            let (x, y) = (rng.random_range(-0.3..=0.3), rng.random_range(-0.3..=0.3));
            unless_lost(
                image,
                mask,
                |i| transform::shear(i, x, y),
                |m| transform::shear_mask(m, x, y),
            )
        }
    }
}

/// Moves image and mask, unless no defect pixel would be left.
fn unless_lost(
    image: RgbImage,
    mask: Mask,
    move_image: impl Fn(&RgbImage) -> RgbImage,
    move_mask: impl Fn(&Mask) -> Mask,
) -> (RgbImage, Mask) {
    let moved = move_mask(&mask);
    if moved.is_empty() {
        (image, mask)
    } else {
        (move_image(&image), moved)
    }
}
