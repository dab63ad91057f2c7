//! Loads images and prepares them for the backbone.

use bgad_data::{Filter, RgbImage, normalize, resize};
#[cfg(feature = "train")]
use bgad_data::{Mask, Sample};

use super::view::View;
#[cfg(feature = "train")]
use crate::error::Result;

#[cfg(feature = "train")]
/// An image and the mask of its defects, at its own size.
#[derive(Debug, Clone)]
pub(crate) struct LabelledImage {
    pub image: RgbImage,
    pub mask: Mask,
}

#[cfg(feature = "train")]
/// The mask of `sample`'s defects at the image's own size: empty for a normal image, full for an
/// abnormal image without a mask, which counts as abnormal everywhere.
pub(crate) fn load_mask(sample: &Sample, width: u32, height: u32) -> Result<Mask> {
    if !sample.label.is_abnormal() {
        return Ok(Mask::empty(width, height));
    }
    let mask = sample.load_mask()?;
    Ok(mask.unwrap_or_else(|| Mask::full(width, height)))
}

#[cfg(feature = "train")]
/// Loads `sample`'s image and mask.
pub(crate) fn load(sample: &Sample) -> Result<LabelledImage> {
    let image = sample.load_image()?;
    let mask = load_mask(sample, image.width(), image.height())?;
    Ok(LabelledImage { image, mask })
}

/// A view of an image as the backbone's input `[3, size, size]`: resized as Pillow does, scaled to [0, 1] and
/// normalised. Padding is 0, which is the mean colour and also what the backbone pads with.
pub(crate) fn prepare(
    image: &RgbImage,
    view: &View,
    normalization: bgad_backbone::Normalization,
) -> Vec<f32> {
    let content = view.content;
    let part = view.part.filter(|part| {
        (part.x, part.y, part.width, part.height) != (0, 0, image.width(), image.height())
    });
    let part = part.map(|part| {
        image::imageops::crop_imm(image, part.x, part.y, part.width, part.height).to_image()
    });
    let image = part.as_ref().unwrap_or(image);
    let resized = resize(image, content.width, content.height, Filter::Lanczos);
    let values = normalize(&resized, normalization.mean, normalization.std);
    if !view.is_padded() {
        return values;
    }
    let size = view.size as usize;
    let mut padded = vec![0.0; 3 * size * size];
    let (width, height) = (content.width as usize, content.height as usize);
    let planes = padded.chunks_exact_mut(size * size);
    for (plane, values) in planes.zip(values.chunks_exact(width * height)) {
        let rows = plane.chunks_exact_mut(size).skip(content.y as usize);
        for (row, values) in rows.zip(values.chunks_exact(width)) {
            row[content.x as usize..][..width].copy_from_slice(values);
        }
    }
    padded
}
