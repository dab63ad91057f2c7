//! A contact sheet of CutPaste samples to check before training.

use image::{Rgb, RgbImage, imageops};
use rayon::prelude::*;

use crate::{CutPaste, DataError, Dataset, Filter, Mask, Result, Sample, resize};

/// Samples per band of the sheet.
const COLUMNS: usize = 8;
/// Pictures per sample, one below the other.
const ROWS: usize = 5;
/// Most samples on a sheet.
const MOST: usize = 256;
/// The side of a picture in pixels.
const CELL: u32 = 192;
/// The space between pictures in pixels.
const GAP: u32 = 4;
const BACKDROP: Rgb<u8> = Rgb([64, 64, 64]);

/// Draws `count` CutPaste samples of a data set's abnormal training images: the first ones that training with
/// this seed makes in this epoch.
///
/// A sample is a column of five pictures: the abnormal image, its mask, the normal image with everything
/// outside the foreground darkened, the sample, and the sample's mask. Each band holds eight samples.
///
/// # Errors
/// [`DataError::NoMasks`] unless an abnormal training image has a mask, [`DataError::NoNormalImages`],
/// [`DataError::Parameter`] for a count outside 1 to 256, and the errors of reading images and pasting.
pub fn contact_sheet(
    dataset: &Dataset,
    cut_paste: &CutPaste,
    count: usize,
    seed: u64,
    epoch: u64,
) -> Result<RgbImage> {
    if !(1..=MOST).contains(&count) {
        return Err(DataError::Parameter {
            name: "count",
            found: count.to_string(),
            expected: format!("1 to {MOST} samples"),
        });
    }
    cut_paste.check()?;
    let mut cut_paste = cut_paste.clone();
    cut_paste.settle_foreground()?;
    let mut dataset = dataset.clone();
    dataset.settle_open_masks()?;
    let (abnormal, normal): (Vec<_>, Vec<_>) = dataset
        .train
        .iter()
        .cloned()
        .partition(|sample| sample.label.is_abnormal());
    let mut sources = Vec::new();
    for sample in &abnormal {
        if let Some(mask) = sample.load_mask()?
            && !mask.is_empty()
        {
            sources.push((sample.load_image()?, mask));
        }
    }
    if sources.is_empty() {
        return Err(DataError::NoMasks {
            dataset: dataset.name.clone(),
        });
    }
    let column = |index: usize| {
        let (image, mask) = &sources[index % sources.len()];
        column(
            &cut_paste,
            (image, mask),
            &normal,
            (seed, epoch, index as u64),
        )
    };
    let columns: Vec<Result<[RgbImage; ROWS]>> = (0..count).into_par_iter().map(column).collect();

    let across = count.min(COLUMNS) as u32;
    let down = (count.div_ceil(COLUMNS) * ROWS) as u32;
    let side = |cells: u32| cells * (CELL + GAP) + GAP;
    let mut sheet = RgbImage::from_pixel(side(across), side(down), BACKDROP);
    for (index, column) in columns.into_iter().enumerate() {
        let (x, band) = (index % COLUMNS, index / COLUMNS);
        for (row, picture) in column?.into_iter().enumerate() {
            let y = band * ROWS + row;
            // Centred in its cell.
            let at = |cell: usize, length: u32| side(cell as u32) + (CELL - length) / 2;
            let (left, top) = (at(x, picture.width()), at(y, picture.height()));
            imageops::replace(&mut sheet, &picture, i64::from(left), i64::from(top));
        }
    }
    Ok(sheet)
}

fn column(
    cut_paste: &CutPaste,
    (abnormal, mask): (&RgbImage, &Mask),
    normal: &[Sample],
    key: (u64, u64, u64),
) -> Result<[RgbImage; ROWS]> {
    let sample = cut_paste.sample(abnormal, mask, normal, key)?;
    let target = match &sample.foreground {
        Some(foreground) => darkened(&sample.normal, foreground),
        None => sample.normal,
    };
    let pictures = [
        abnormal,
        &drawn(mask),
        &target,
        &sample.image,
        &drawn(&sample.mask),
    ];
    Ok(pictures.map(thumbnail))
}

/// The image at a quarter of its brightness outside the mask.
fn darkened(image: &RgbImage, mask: &Mask) -> RgbImage {
    let mut darkened = image.clone();
    for (pixel, marked) in darkened.pixels_mut().zip(mask.pixels()) {
        if !marked {
            pixel.0 = pixel.0.map(|value| value / 4);
        }
    }
    darkened
}

fn drawn(mask: &Mask) -> RgbImage {
    let mut picture = RgbImage::new(mask.width(), mask.height());
    for (pixel, marked) in picture.pixels_mut().zip(mask.pixels()) {
        pixel.0 = [if *marked { 255 } else { 0 }; 3];
    }
    picture
}

/// Fits an image into a cell.
fn thumbnail(image: &RgbImage) -> RgbImage {
    let (width, height) = image.dimensions();
    let longest = width.max(height).max(1);
    let side = |length: u32| {
        (f64::from(length) * f64::from(CELL) / f64::from(longest))
            .round()
            .max(1.0) as u32
    };
    resize(image, side(width), side(height), Filter::Bilinear)
}
