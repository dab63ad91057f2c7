//! Abnormal samples made from abnormal and normal images.

use image::RgbImage;
use rand::{Rng, seq::IndexedRandom};

use super::operation::{OPERATIONS, transformed};
use super::region::{self, Region};
use crate::{CutPaste, DataError, Filter, Mask, Result, Sample, resize, sample_rng};

/// How many normal images are chosen until one shows some of the foreground.
const MOST_CHOICES: usize = 64;

/// The result of [`CutPaste::sample`].
#[non_exhaustive]
#[derive(Debug, Clone)]
pub struct PastedSample {
    /// The normal image with the defect pasted on it, at the abnormal image's size.
    pub image: RgbImage,
    /// The pixels that were pasted.
    pub mask: Mask,
    /// The normal image before pasting.
    pub normal: RgbImage,
    /// Its foreground; `None` if that is the whole image.
    pub foreground: Option<Mask>,
}

impl CutPaste {
    /// Makes one abnormal sample from a randomly chosen image of `normals`. The result depends only on the
    /// key `(seed, epoch, index)`. A part of an image that shows nothing of the foreground is not chosen,
    /// unless none of 64 shows any.
    ///
    /// # Errors
    /// [`DataError::Parameter`] without normal images, and the errors of [`Sample::load_image`],
    /// [`CutPaste::foreground_of`] and [`CutPaste::paste`].
    pub fn sample(
        &self,
        abnormal: &RgbImage,
        mask: &Mask,
        normals: &[Sample],
        (seed, epoch, index): (u64, u64, u64),
    ) -> Result<PastedSample> {
        let mut rng = sample_rng(seed, epoch, index);
        let choose = |rng: &mut _| {
            let Some(sample) = normals.choose(rng) else {
                return Err(DataError::Parameter {
                    name: "normal images to paste on",
                    found: "none".to_owned(),
                    expected: "at least one".to_owned(),
                });
            };
            let normal = sample.load_image()?;
            let foreground = self.foreground_of(&normal, sample)?;
            Ok((normal, foreground))
        };
        let (mut normal, mut foreground) = choose(&mut rng)?;
        for _ in 1..MOST_CHOICES {
            if foreground.as_ref().is_none_or(|mask| !mask.is_empty()) {
                break;
            }
            (normal, foreground) = choose(&mut rng)?;
        }
        let (image, mask) = self.paste(abnormal, mask, &normal, foreground.as_ref(), &mut rng)?;
        Ok(PastedSample {
            image,
            mask,
            normal,
            foreground,
        })
    }

    /// Pastes a defect on a normal image; returns the image and the mask of what was pasted, including
    /// blended edges.
    ///
    /// The normal image and its foreground are first resized (bicubic, nearest) to the abnormal image's size,
    /// which is also the size of the result. Without a foreground, the whole image counts as foreground. All
    /// pasted pixels lie within the foreground; a region that does not fit is clipped. A geometric
    /// transformation that would move the whole defect out of the image is skipped. So the mask is never
    /// empty, and no pixel outside it differs from the normal image.
    ///
    /// # Errors
    /// [`DataError::EmptyMask`] for a mask without a defect; [`DataError::Size`] if the mask and the abnormal
    /// image, or the foreground and the normal image, differ in size; [`DataError::Parameter`] as for
    /// [`CutPaste::check`].
    pub fn paste(
        &self,
        abnormal: &RgbImage,
        mask: &Mask,
        normal: &RgbImage,
        foreground: Option<&Mask>,
        rng: &mut impl Rng,
    ) -> Result<(RgbImage, Mask)> {
        self.check()?;
        let (width, height) = abnormal.dimensions();
        same_size("mask of an abnormal image", mask, abnormal)?;
        if let Some(foreground) = foreground {
            same_size("foreground of a normal image", foreground, normal)?;
        }
        let mut image = match normal.dimensions() == (width, height) {
            true => normal.clone(),
            false => resize(normal, width, height, Filter::Bicubic),
        };
        let foreground = foreground.map(|mask| mask.resize(width, height));
        let foreground = foreground.as_ref().filter(|mask| !mask.is_empty());
        let places = foreground.map(Mask::points).unwrap_or_default();
        let mut pasted = vec![false; mask.pixels().len()];
        for _ in 0..self.pastes {
            let (mut source, mut defect) = (abnormal.clone(), mask.clone());
            for operation in OPERATIONS.sample(rng, self.transformations) {
                (source, defect) = transformed(*operation, source, defect, rng);
            }
            let regions = match self.separate_regions {
                true => Region::connected(&defect),
                false => Region::whole(&defect).into_iter().collect(),
            };
            if regions.is_empty() {
                return Err(DataError::EmptyMask { width, height });
            }
            for region in regions {
                let placed = match foreground {
                    Some(foreground) => region.place_within(foreground, &places, rng),
                    None => region.place_anywhere(width as usize, height as usize, rng),
                };
                copy(&source, &placed, self.blend, &mut image);
                for (x, y) in placed.to {
                    pasted[y * width as usize + x] = true;
                }
            }
        }
        Ok((image, Mask::from_pixels(width, height, pasted)))
    }
}

fn same_size(what: &str, mask: &Mask, image: &RgbImage) -> Result<()> {
    let (width, height) = image.dimensions();
    if (mask.width(), mask.height()) == (width, height) {
        return Ok(());
    }
    Err(DataError::Size {
        what: what.to_owned(),
        found: format!("{}x{}", mask.width(), mask.height()),
        expected: format!("{width}x{height}"),
    })
}

/// Copies pixels to an image of the same size, blending the outermost `edge` pixels.
fn copy(source: &RgbImage, placed: &region::Placed, edge: u32, image: &mut RgbImage) {
    let width = image.width() as usize;
    let index = |&(x, y): &(usize, usize)| (y * width + x) * 3;
    let pairs = placed
        .from
        .iter()
        .map(index)
        .zip(placed.to.iter().map(index));
    if edge == 0 {
        for (from, to) in pairs {
            image.as_mut()[to..to + 3].copy_from_slice(&source.as_raw()[from..from + 3]);
        }
        return;
    }
    for ((from, to), weight) in pairs.zip(placed.weights(edge)) {
        for channel in 0..3 {
            let new = f32::from(source.as_raw()[from + channel]);
            let old = &mut image.as_mut()[to + channel];
            *old = (f32::from(*old) + weight * (new - f32::from(*old))).round() as u8;
        }
    }
}
