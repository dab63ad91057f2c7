//! The nine transformations applied before the cut.

use image::RgbImage;
use rand::{Rng, RngExt};

use super::settings;
use crate::{Mask, transform};

/// The transformations to draw from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operation {
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

pub(super) const OPERATIONS: [Operation; settings::OPERATIONS] = [
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

/// Applies one operation with random strength.
pub(super) fn transformed(
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

/// Moves image and mask, unless that would leave no defect pixel.
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
