//! The pictures of a gallery entry, small and encoded.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{ImageError, ImageFormat, RgbImage};

use crate::data::GalleryEntry;
use crate::error::ReportError;
use crate::heat::{HeatScale, heat_map, mask_picture, outline};

const JPEG_QUALITY: u8 = 82;

/// The pictures of a gallery entry, all the same size.
pub(crate) struct Thumbnails {
    pub(crate) image: RgbImage,
    pub(crate) truth: Option<RgbImage>,
    pub(crate) heat: Option<RgbImage>,
    pub(crate) outline: Option<RgbImage>,
}

impl Thumbnails {
    /// Scales the entry's pictures to `side` pixels along the longer side.
    pub(crate) fn new(
        entry: &GalleryEntry,
        side: u32,
        scale: Option<HeatScale>,
    ) -> Result<Self, ReportError> {
        let full = &entry.image;
        let longer = full.width.max(full.height);
        let scaled = |length: u32| {
            let length = (u64::from(length) * u64::from(side)).div_ceil(u64::from(longer));
            (length as u32).max(1)
        };
        let (width, height) = (scaled(full.width), scaled(full.height));
        let full = RgbImage::from_raw(full.width, full.height, full.pixels.clone());
        let full = full.ok_or_else(|| wrong_size(entry, "image"))?;
        let image = imageops::resize(&full, width, height, FilterType::Triangle);
        let map = entry.score_map.as_ref();
        Ok(Self {
            truth: entry
                .mask
                .as_ref()
                .map(|mask| mask_picture(&mask.resized(width, height), width, height)),
            heat: map
                .zip(scale)
                .map(|(map, scale)| heat_map(&image, &map.resized(width, height), scale)),
            outline: map
                .zip(entry.pixel_threshold)
                .map(|(map, threshold)| outline(&image, &map.reaching(threshold, width, height))),
            image,
        })
    }

    /// All pictures side by side, as in Figure 4 of the paper.
    pub(crate) fn strip(&self) -> RgbImage {
        const GAP: u32 = 4;
        let pictures = [Some(&self.image), self.truth.as_ref(), self.heat.as_ref()];
        let pictures: Vec<&RgbImage> = pictures
            .into_iter()
            .chain([self.outline.as_ref()])
            .flatten()
            .collect();
        let (width, height) = self.image.dimensions();
        let count = pictures.len() as u32;
        let white = image::Rgb([255; 3]);
        let mut strip = RgbImage::from_pixel(count * (width + GAP) - GAP, height, white);
        for (index, picture) in (0_i64..).zip(pictures) {
            imageops::replace(&mut strip, picture, index * i64::from(width + GAP), 0);
        }
        strip
    }
}

pub(crate) fn jpeg(image: &RgbImage) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    image.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY))?;
    Ok(bytes)
}

pub(crate) fn png(image: &RgbImage) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}

/// A mask has two colours and compresses best with one byte per pixel.
pub(crate) fn mask_png(image: &RgbImage) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Cursor::new(Vec::new());
    imageops::grayscale(image).write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}

/// Checks that all pictures have as many values as their sizes say.
pub(crate) fn check(entry: &GalleryEntry) -> Result<(), ReportError> {
    if !entry.image.is_valid() {
        Err(wrong_size(entry, "image"))
    } else if entry.mask.as_ref().is_some_and(|mask| !mask.is_valid()) {
        Err(wrong_size(entry, "mask"))
    } else if entry.score_map.as_ref().is_some_and(|map| !map.is_valid()) {
        Err(wrong_size(entry, "score map"))
    } else {
        Ok(())
    }
}

fn wrong_size(entry: &GalleryEntry, what: &'static str) -> ReportError {
    let (width, height, found) = match (what, &entry.mask, &entry.score_map) {
        ("mask", Some(mask), _) => (mask.width, mask.height, mask.pixels.len()),
        ("score map", _, Some(map)) => (map.width, map.height, map.scores.len()),
        _ => (
            entry.image.width,
            entry.image.height,
            entry.image.pixels.len(),
        ),
    };
    ReportError::PictureSize {
        path: entry.path.clone(),
        what,
        width,
        height,
        found,
    }
}
