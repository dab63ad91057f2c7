//! Checks masks of images with an orientation tag.

use std::path::Path;

#[cfg(feature = "tiff")]
use image::ImageFormat;
use image::metadata::Orientation as Tag;
use image::{ImageDecoder as _, ImageReader};
use rayon::prelude::*;

use crate::decoding::{Fault, guarded};
use crate::text::count;
use crate::{MaskFiles, Sample};

/// A warning about images that have an orientation tag, but masks without one. Programs for drawing masks show
/// the image turned, so an image read as stored would not fit its mask.
pub(crate) fn warning(folder: &Path, samples: &[&Sample]) -> Option<String> {
    let is_across =
        |mask: &MaskFiles, image: &Path| is_turned(image) && !mask.paths().any(is_turned);
    let across = samples
        .par_iter()
        .filter(|sample| {
            let mask = sample.mask.as_ref();
            mask.is_some_and(|mask| is_across(mask, &sample.path))
        })
        .count();
    let images = count(across, "image");
    (across > 0).then(|| {
        format!(
            "{}: {images} with an orientation tag, which is not applied, and a mask without one; if the masks were drawn on the turned images, use --orientation exif",
            folder.display()
        )
    })
}

/// Whether the file has an orientation tag that turns or mirrors it.
fn is_turned(path: &Path) -> bool {
    let tag = || -> Result<Tag, Fault> {
        let reader = ImageReader::open(path).map_err(Fault::Io)?;
        let reader = reader.with_guessed_format().map_err(Fault::Io)?;
        #[cfg(feature = "tiff")]
        if reader.format() == Some(ImageFormat::Tiff) {
            let tiff = crate::decoding::tiff::Tiff::new(reader.into_inner())?;
            return Ok(Tag::from_exif(tiff.orientation()).unwrap_or(Tag::NoTransforms));
        }
        Ok(reader.into_decoder()?.orientation()?)
    };
    path.is_file() && guarded(tag).is_ok_and(|tag| tag != Tag::NoTransforms)
}
