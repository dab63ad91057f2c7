//! Antialiased resizing, byte for byte equal to Pillow's.
//!
//! There are two passes, each with 8-bit results. Coefficients are rounded to 22 fractional bits; pixel
//! centres are at `i + 0.5`; the filter widens with the scale when an image shrinks. The arithmetic follows
//! Pillow's, so that features equal those of a Python pipeline.
//!
//! The horizontal pass comes first, except, as in Pillow 13, if the height loses more than twice as many
//! pixels as the width. Pillow up to 12 has no such exception; its values then differ by rounding, by at most
//! a grey level or two.

use bgad_cpu::{Kernel, MultiplyAdd, run};
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
    let mut columns = vec![0; lengths.0 * ROWS];
    let rows = image.as_raw().chunks(lengths.0 * ROWS);
    for (rows, out) in rows.zip(resized.chunks_mut(lengths.1 * ROWS)) {
        run(Across {
            rows,
            taps: &taps,
            lengths,
            columns: &mut columns,
            out,
        });
    }
    resized
}

/// The horizontal pass over a band of at most [`ROWS`] rows.
struct Across<'a> {
    rows: &'a [u8],
    taps: &'a [Taps],
    /// Lengths of a row in bytes before and after.
    lengths: (usize, usize),
    /// Room for the band's columns of pixels, each from top to bottom.
    columns: &'a mut [u8],
    out: &'a mut [u8],
}

impl Kernel for Across<'_> {
    type Output = ();

    #[inline(always)]
    fn call<A: MultiplyAdd>(self) {
        turn(self.rows, self.lengths.0, self.columns);
        let mut sums = [0; COLUMN];
        let mut column = [0; COLUMN];
        for (x, taps) in self.taps.iter().enumerate() {
            let columns = &self.columns[taps.first * COLUMN..];
            weighted(&taps.weights, columns, &mut sums, &mut column);
            let rows = self.out.chunks_exact_mut(self.lengths.1);
            for (row, pixel) in rows.zip(column.as_chunks::<3>().0) {
                row.as_chunks_mut::<3>().0[x] = *pixel;
            }
        }
    }
}

/// Writes rows of pixels as columns of [`ROWS`] pixels.
#[inline(always)]
fn turn(rows: &[u8], length: usize, columns: &mut [u8]) {
    // As many pixels at once as fill a cache line of each row.
    let parts = columns.chunks_mut(PIXELS * COLUMN);
    for (part, columns) in parts.enumerate() {
        for (y, row) in rows.chunks_exact(length).enumerate() {
            let pixels = row[part * PIXELS * 3..].as_chunks::<3>().0;
            let columns = columns.as_chunks_mut::<COLUMN>().0.iter_mut();
            for (column, pixel) in columns.zip(pixels) {
                column.as_chunks_mut::<3>().0[y % ROWS] = *pixel;
            }
        }
    }
}

fn vertical(image: &RgbImage, height: u32, filter: Filter) -> RgbImage {
    let taps = taps(image.height(), height, filter);
    let length = image.width() as usize * 3;
    let mut resized = RgbImage::new(image.width(), height);
    let mut sums = vec![0; length];
    for (taps, out) in taps.iter().zip(resized.chunks_exact_mut(length)) {
        run(Down {
            rows: &image.as_raw()[taps.first * length..],
            weights: &taps.weights,
            sums: &mut sums,
            out,
        });
    }
    resized
}

/// The vertical pass for one row.
struct Down<'a> {
    /// The rows from the first one with a weight onward.
    rows: &'a [u8],
    weights: &'a [i32],
    /// Room for a row of sums.
    sums: &'a mut [i32],
    out: &'a mut [u8],
}

impl Kernel for Down<'_> {
    type Output = ();

    #[inline(always)]
    fn call<A: MultiplyAdd>(self) {
        weighted(self.weights, self.rows, self.sums, self.out);
    }
}

/// Rows per horizontal pass.
const ROWS: usize = 32;
/// Bytes of a column of pixels.
const COLUMN: usize = ROWS * 3;
/// Pixels of a row that are turned at once.
const PIXELS: usize = 21;

/// The weighted sums of rows of values that lie one after the other, rounded to 8 bits. They are integers, so
/// the order of additions does not matter. `sums` and `out` have a row's length.
#[inline(always)]
fn weighted(weights: &[i32], rows: &[u8], sums: &mut [i32], out: &mut [u8]) {
    sums.fill(1 << (PRECISION - 1));
    let length = out.len();
    let (fours, rest) = weights.as_chunks::<4>();
    for (index, weights) in fours.iter().enumerate() {
        let (a, rows) = rows[4 * index * length..].split_at(length);
        let (b, rows) = rows.split_at(length);
        let (c, rows) = rows.split_at(length);
        add_weighted(sums, [a, b, c, &rows[..length]], *weights);
    }
    for (index, weight) in rest.iter().enumerate() {
        let start = (4 * fours.len() + index) * length;
        add_weighted(sums, [&rows[start..start + length]], [*weight]);
    }
    for (out, sum) in out.iter_mut().zip(sums) {
        *out = (*sum >> PRECISION).clamp(0, 255) as u8;
    }
}

/// Adds rows with their weights. Several at once, so that sums are seldom read and written.
#[inline(always)]
fn add_weighted<const N: usize>(sums: &mut [i32], rows: [&[u8]; N], weights: [i32; N]) {
    let rows = rows.map(|row| &row[..sums.len()]);
    for (index, sum) in sums.iter_mut().enumerate() {
        for (row, weight) in rows.iter().zip(weights) {
            // Wrapping, because this crate is built with overflow checks, which would slow the loop down. The
            // weights sum to 2^22, and their sizes, including negative lobes, to less than 2^23, so 255 times
            // that stays below 2^31.
            *sum = sum.wrapping_add(i32::from(row[index]).wrapping_mul(weight));
        }
    }
}
