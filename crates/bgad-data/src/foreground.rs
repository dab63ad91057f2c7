//! Where a defect can be on a normal image: on the object, not beside it.

use std::path::PathBuf;

use bgad_metrics::{Connectivity, for_each_region};
use image::RgbImage;
use serde::{Deserialize, Serialize};

use crate::{Filter, Mask, resize};

/// Where [`CutPaste`](crate::CutPaste) may paste defects on normal images.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Foreground {
    /// Anywhere: for textures that fill the image.
    Off,
    /// On the object found by [`estimate_foreground`]; anywhere if it finds none.
    #[default]
    Estimated,
    /// Where the masks in this folder say. A mask has its normal image's name, with any image extension. All
    /// masks are read by one rule, [`CutPaste::foreground_values`](crate::CutPaste::foreground_values).
    Masks(PathBuf),
}

/// The longer side of the image on which a foreground is estimated.
const ESTIMATE_SIDE: u32 = 128;
/// Smallest difference between object and background, in grey levels of the most different channel.
const LEAST_CONTRAST: f64 = 24.0;
/// Smallest share of the differences' variance that the threshold must explain (Otsu's criterion).
const LEAST_SEPARATION: f64 = 0.6;
/// Largest share of the border that an object may cover.
const LARGEST_BORDER_SHARE: f64 = 0.35;
/// An object covers less than this fraction of its inner coverage at the border; a texture does not.
const BORDER_TO_INNER: f64 = 0.6;
/// Smallest share of the image that an object may cover.
const LEAST_SHARE: f64 = 0.01;

/// Finds the object on a plain background; `None` if there is no clear one, as on a texture that fills the
/// image.
///
/// The background's colour is the median of the image's border. Pixels that differ from it by more than
/// Otsu's threshold are foreground. They count as an object if the two classes are well separated and they
/// cover clearly less of the border than of the inner image. Specks are dropped and pinholes filled.
pub fn estimate_foreground(image: &RgbImage) -> Option<Mask> {
    let (width, height) = image.dimensions();
    if width < 8 || height < 8 {
        return None;
    }
    let scale = (f64::from(ESTIMATE_SIDE) / f64::from(width.max(height))).min(1.0);
    let side = |length: u32| ((f64::from(length) * scale).round() as u32).max(8);
    let small = resize(image, side(width), side(height), Filter::Bilinear);
    let border = border(small.width(), small.height());
    let background = median_colour(&small, &border);
    let difference = |pixel: &image::Rgb<u8>| {
        let channels = pixel.0.iter().zip(background);
        channels.map(|(a, b)| a.abs_diff(b)).max().unwrap_or(0)
    };
    let differences: Vec<u8> = small.pixels().map(difference).collect();
    let threshold = threshold(&differences)?;
    let mut found: Vec<bool> = differences.iter().map(|d| *d > threshold).collect();
    tidy(&mut found, small.width() as usize);

    let share = |of: bool| {
        let pixels = found.iter().zip(&border).filter(|(_, b)| **b == of);
        let marked = pixels.clone().filter(|(f, _)| **f).count();
        marked as f64 / pixels.count().max(1) as f64
    };
    let (outer, inner) = (share(true), share(false));
    let is_object =
        inner >= LEAST_SHARE && outer <= LARGEST_BORDER_SHARE && outer <= BORDER_TO_INNER * inner;
    let mask = Mask::from_pixels(small.width(), small.height(), found);
    is_object.then(|| mask.resize(width, height))
}

/// Which pixels belong to the border, which is a thirty-second of the shorter side wide.
fn border(width: u32, height: u32) -> Vec<bool> {
    let thickness = (width.min(height) / 32).max(1);
    let outer = |i: u32, length: u32| i < thickness || i >= length - thickness;
    (0..width * height)
        .map(|i| outer(i % width, width) || outer(i / width, height))
        .collect()
}

fn median_colour(image: &RgbImage, border: &[bool]) -> [u8; 3] {
    std::array::from_fn(|channel| {
        let pixels = image.pixels().zip(border).filter(|(_, b)| **b);
        let mut values: Vec<u8> = pixels.map(|(pixel, _)| pixel.0[channel]).collect();
        let middle = values.len() / 2;
        *values.select_nth_unstable(middle).1
    })
}

/// Otsu's threshold; `None` if it does not separate two clearly different classes.
fn threshold(values: &[u8]) -> Option<u8> {
    let mut histogram = [0_f64; 256];
    values
        .iter()
        .for_each(|v| histogram[usize::from(*v)] += 1.0);
    let count = values.len() as f64;
    let sum: f64 = (0..).zip(histogram).map(|(v, n)| f64::from(v) * n).sum();
    let squares: f64 = (0..)
        .zip(histogram)
        .map(|(v, n)| f64::from(v).powi(2) * n)
        .sum();
    let variance = squares / count - (sum / count).powi(2);
    let (mut below, mut below_sum) = (0.0, 0.0);
    let mut best = (0.0, 0, 0.0);
    for (value, number) in (0..=254).zip(histogram) {
        below += number;
        below_sum += f64::from(value) * number;
        let above = count - below;
        if below == 0.0 || above == 0.0 {
            continue;
        }
        let apart = (sum - below_sum) / above - below_sum / below;
        let between = below * above / (count * count) * apart * apart;
        if between > best.0 {
            best = (between, value, apart);
        }
    }
    let (between, value, apart) = best;
    (apart >= LEAST_CONTRAST && between >= LEAST_SEPARATION * variance).then_some(value)
}

/// Drops regions smaller than a twentieth of the largest one, and fills holes smaller than a hundredth of the
/// image.
fn tidy(found: &mut [bool], width: usize) {
    let regions = equal_regions(found, width);
    let largest = regions.iter().filter(|r| found[r[0]]).map(Vec::len).max();
    let (speck, hole) = (largest.unwrap_or(0) / 20, found.len() / 100);
    for region in regions {
        let limit = if found[region[0]] { speck } else { hole };
        if region.len() < limit {
            let value = !found[region[0]];
            region.iter().for_each(|&i| found[i] = value);
        }
    }
}

/// The 4-connected regions of equal value.
fn equal_regions(values: &[bool], width: usize) -> Vec<Vec<usize>> {
    let size = (width, values.len() / width.max(1));
    let mut regions = Vec::new();
    for_each_region(
        size,
        Connectivity::Sides,
        |i| Some(values[i]),
        |pixels| {
            regions.push(pixels.to_vec());
        },
    );
    regions
}
