//! Antialiased resizing, byte for byte equal to Pillow's.
//!
//! There are two passes, each with 8-bit results. Coefficients are rounded to 22 fractional bits; pixel
//! centres are at `i + 0.5`; the filter widens with the scale when an image shrinks. The arithmetic follows
//! Pillow's, so that features equal those of a Python pipeline.
//!
//! The horizontal pass comes first, except, as in Pillow 13, if the height loses more than twice as many
//! pixels as the width. Pillow up to 12 has no such exception; its values then differ by rounding, by at most
//! a grey level or two.

use bgad_cpu::vectorized;
use image::RgbImage;
use serde::{Deserialize, Serialize};

/// Resampling filter.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Filter {
    /// Triangle, support 1.
    Bilinear,
    /// Cubic with a = -0.5, support 2.
    Bicubic,
    /// Windowed sinc, support 3.
    #[default]
    Lanczos,
}

impl Filter {
    fn support(self) -> f64 {
        match self {
            Self::Bilinear => 1.0,
            Self::Bicubic => 2.0,
            Self::Lanczos => 3.0,
        }
    }

    fn value(self, x: f64) -> f64 {
        match self {
            Self::Bilinear => (1.0 - x.abs()).max(0.0),
            Self::Bicubic => {
                const A: f64 = -0.5;
                let x = x.abs();
                if x < 1.0 {
                    ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
                } else if x < 2.0 {
                    (((x - 5.0) * x + 8.0) * x - 4.0) * A
                } else {
                    0.0
                }
            }
            Self::Lanczos if (-3.0..3.0).contains(&x) => sinc(x) * sinc(x / 3.0),
            Self::Lanczos => 0.0,
        }
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        1.0
    } else {
        (x * std::f64::consts::PI).sin() / (x * std::f64::consts::PI)
    }
}

/// Fractional bits of a coefficient.
const PRECISION: u32 = 22;

/// The source pixels of one output pixel, and their weights.
struct Taps {
    first: usize,
    weights: Vec<i32>,
}

fn taps(from: u32, to: u32, filter: Filter) -> Vec<Taps> {
    let scale = f64::from(from) / f64::from(to);
    let filter_scale = scale.max(1.0);
    let support = filter.support() * filter_scale;
    (0..to)
        .map(|i| {
            let centre = (f64::from(i) + 0.5) * scale;
            // Truncates towards zero like a C cast; negative values become 0.
            let first = (centre - support + 0.5).max(0.0) as usize;
            let end = ((centre + support + 0.5) as usize).min(from as usize);
            let mut weights: Vec<f64> = (0..end.saturating_sub(first))
                .map(|x| filter.value(((x + first) as f64 - centre + 0.5) * (1.0 / filter_scale)))
                .collect();
            let sum: f64 = weights.iter().sum();
            if sum != 0.0 {
                weights.iter_mut().for_each(|weight| *weight /= sum);
            }
            let one = f64::from(1 << PRECISION);
            Taps {
                first,
                weights: weights
                    .iter()
                    .map(|w| (w * one + 0.5f64.copysign(*w)) as i32)
                    .collect(),
            }
        })
        .collect()
}

/// Resizes an image; skips a pass if its side does not change.
///
/// A side of zero gives an image without pixels.
pub fn resize(image: &RgbImage, width: u32, height: u32, filter: Filter) -> RgbImage {
    if width == 0 || height == 0 || image.width() == 0 || image.height() == 0 {
        return RgbImage::new(width, height);
    }
    let across =
        |image: &RgbImage| (width != image.width()).then(|| horizontal(image, width, filter));
    let down =
        |image: &RgbImage| (height != image.height()).then(|| vertical(image, height, filter));
    type Pass<'p> = &'p dyn Fn(&RgbImage) -> Option<RgbImage>;
    let passes: [Pass<'_>; 2] = match vertical_first(image.dimensions(), (width, height)) {
        true => [&down, &across],
        false => [&across, &down],
    };
    let once = passes[0](image);
    let twice = passes[1](once.as_ref().unwrap_or(image));
    twice.or(once).unwrap_or_else(|| image.clone())
}

/// Whether the height shrinks by more than twice as many pixels as the width.
fn vertical_first(from: (u32, u32), to: (u32, u32)) -> bool {
    let loss = |from: u32, to: u32| i64::from(from) - i64::from(to);
    loss(from.1, to.1) > 0 && loss(from.1, to.1) > 2 * loss(from.0, to.0)
}

fn horizontal(image: &RgbImage, width: u32, filter: Filter) -> RgbImage {
    let taps = taps(image.width(), width, filter);
    let mut resized = RgbImage::new(width, image.height());
    let lengths = (image.width() as usize * 3, width as usize * 3);
    let mut band = vec![[0; ROWS * 3]; image.width() as usize];
    let rows = image.as_raw().chunks(lengths.0 * ROWS);
    for (rows, out) in rows.zip(resized.chunks_mut(lengths.1 * ROWS)) {
        vectorized(|| across(rows, &taps, lengths, &mut band, out));
    }
    resized
}

/// The horizontal pass over a band of rows; `from` and `to` are the row lengths before and after.
#[inline(always)]
fn across(
    rows: &[u8],
    taps: &[Taps],
    (from, to): (usize, usize),
    band: &mut [[u8; ROWS * 3]],
    out: &mut [u8],
) {
    // Each pixel holds the values of all rows, so that the inner loop is contiguous.
    for (index, row) in rows.chunks_exact(from).enumerate() {
        for (values, pixel) in band.iter_mut().zip(row.as_chunks::<3>().0) {
            values.as_chunks_mut::<3>().0[index] = *pixel;
        }
    }
    for (x, taps) in taps.iter().enumerate() {
        let sums = weighted(&taps.weights, band[taps.first..].iter());
        let pixels = sums.as_chunks::<3>().0;
        for (pixel, row) in pixels.iter().zip(out.chunks_exact_mut(to)) {
            row.as_chunks_mut::<3>().0[x] = *pixel;
        }
    }
}

fn vertical(image: &RgbImage, height: u32, filter: Filter) -> RgbImage {
    let taps = taps(image.height(), height, filter);
    let length = image.width() as usize * 3;
    let mut resized = RgbImage::new(image.width(), height);
    for (taps, out) in taps.iter().zip(resized.chunks_exact_mut(length)) {
        let rows = &image.as_raw()[taps.first * length..];
        vectorized(|| down(rows, &taps.weights, out));
    }
    resized
}

/// The vertical pass for one row.
#[inline(always)]
fn down(rows: &[u8], weights: &[i32], out: &mut [u8]) {
    let rows = rows.chunks_exact(out.len());
    let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
    let start = blocks.len() * BLOCK;
    for (index, block) in blocks.iter_mut().enumerate() {
        let rows = rows.clone();
        let values = rows.filter_map(|row| row.as_chunks::<BLOCK>().0.get(index));
        *block = weighted(weights, values);
    }
    for (index, value) in rest.iter_mut().enumerate() {
        let rows = rows.clone();
        let values = rows.filter_map(|row| row[start + index..].first_chunk::<1>());
        [*value] = weighted(weights, values);
    }
}

/// Rows per horizontal pass.
const ROWS: usize = 16;
/// Values of a row per vertical pass.
const BLOCK: usize = 64;

/// The weighted sums of `values`, rounded to 8 bits. They are integers, so the order of additions does not
/// matter.
#[inline(always)]
fn weighted<'v, const N: usize>(
    weights: &[i32],
    values: impl Iterator<Item = &'v [u8; N]>,
) -> [u8; N] {
    let mut sums = [1_i32 << (PRECISION - 1); N];
    for (weight, values) in weights.iter().zip(values) {
        for (sum, value) in sums.iter_mut().zip(values) {
            // Wrapping, because this crate is built with overflow checks, which would slow the loop down. The
            // weights sum to 2^22, and their sizes, including negative lobes, to less than 2^23, so 255 times
            // that stays below 2^31.
            *sum = sum.wrapping_add(i32::from(*value).wrapping_mul(*weight));
        }
    }
    sums.map(|sum| (sum >> PRECISION).clamp(0, 255) as u8)
}
