//! From a file to what the backbone wants.

use bgad_data::{Filter, Mask, RgbImage, Sample, normalize, resize};

use crate::Result;

/// An image with the mask of its defects, at its own size.
#[derive(Debug, Clone)]
pub(crate) struct LabelledImage {
    pub image: RgbImage,
    pub mask: Mask,
}

/// The mask of `sample`'s defects at the image's own size: empty for a normal image, full for an
/// abnormal one without a mask (section 7: it counts as abnormal everywhere).
pub(crate) fn load_mask(sample: &Sample, width: u32, height: u32) -> Result<Mask> {
    if !sample.label.is_abnormal() {
        return Ok(Mask::empty(width, height));
    }
    let mask = sample.load_mask()?;
    Ok(mask.unwrap_or_else(|| Mask::full(width, height)))
}

/// Reads `sample`'s image and mask.
pub(crate) fn load(sample: &Sample) -> Result<LabelledImage> {
    let image = sample.load_image()?;
    let mask = load_mask(sample, image.width(), image.height())?;
    Ok(LabelledImage { image, mask })
}

/// The backbone's input: resized as Pillow does, scaled to [0, 1] and normalised, `[3, size, size]`.
pub(crate) fn prepare(
    image: &RgbImage,
    size: u32,
    normalization: bgad_backbone::Normalization,
) -> Vec<f32> {
    let resized = resize(image, size, size, Filter::Lanczos);
    normalize(&resized, normalization.mean, normalization.std)
}
