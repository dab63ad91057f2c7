//! Geometric operations: nearest pixel; black (or no defect) where there was nothing.

use image::RgbImage;

use crate::Mask;

/// Maps an output position `(x, y)` to `(a x + b y + c, d x + e y + f)` in the source.
type Matrix = [f64; 6];

/// Rotates counter-clockwise about the centre, in degrees; the size does not change.
pub fn rotate(image: &RgbImage, degrees: f64) -> RgbImage {
    apply(image, rotation(image.width(), image.height(), degrees))
}

/// [`rotate`] for a mask.
pub fn rotate_mask(mask: &Mask, degrees: f64) -> Mask {
    apply_mask(mask, rotation(mask.width(), mask.height(), degrees))
}

/// Shears: the source of `(x, y)` is `(x + horizontal * y, vertical * x + y)`.
pub fn shear(image: &RgbImage, horizontal: f64, vertical: f64) -> RgbImage {
    apply(image, [1.0, horizontal, 0.0, vertical, 1.0, 0.0])
}

/// [`shear`] for a mask.
pub fn shear_mask(mask: &Mask, horizontal: f64, vertical: f64) -> Mask {
    apply_mask(mask, [1.0, horizontal, 0.0, vertical, 1.0, 0.0])
}

/// Moves the content left by `x` and up by `y` pixels: the source of `(0, 0)` is `(x, y)`.
pub fn translate(image: &RgbImage, x: f64, y: f64) -> RgbImage {
    apply(image, [1.0, 0.0, x, 0.0, 1.0, y])
}

/// [`translate`] for a mask.
pub fn translate_mask(mask: &Mask, x: f64, y: f64) -> Mask {
    apply_mask(mask, [1.0, 0.0, x, 0.0, 1.0, y])
}

/// For each of `to` pixels, the index of the one of `from` pixels under its centre.
///
/// The position is summed up step by step like Pillow's, because a product rounds differently where a centre
/// falls on a border between pixels.
pub(crate) fn nearest_sources(from: u32, to: u32) -> Vec<usize> {
    let step = f64::from(from) / f64::from(to);
    let positions = std::iter::successors(Some(step * 0.5), |position| Some(position + step));
    positions
        .take(to as usize)
        .map(|p| (p as usize).min(from.saturating_sub(1) as usize))
        .collect()
}

fn rotation(width: u32, height: u32, degrees: f64) -> Matrix {
    let angle = -(degrees.rem_euclid(360.0)).to_radians();
    // Rounded to 15 digits, so that right angles are exact.
    let round = |value: f64| (value * 1e15).round_ties_even() / 1e15;
    let (sin, cos) = (round(angle.sin()), round(angle.cos()));
    let (x, y) = (f64::from(width) / 2.0, f64::from(height) / 2.0);
    [
        cos,
        sin,
        -x * cos - y * sin + x,
        -sin,
        cos,
        x * sin - y * cos + y,
    ]
}

fn apply(image: &RgbImage, matrix: Matrix) -> RgbImage {
    let (width, height) = image.dimensions();
    let mut moved = RgbImage::new(width, height);
    for_each_source(width, height, matrix, |to, from| {
        moved.as_mut()[to * 3..to * 3 + 3].copy_from_slice(&image.as_raw()[from * 3..from * 3 + 3]);
    });
    moved
}

fn apply_mask(mask: &Mask, matrix: Matrix) -> Mask {
    let (width, height) = (mask.width(), mask.height());
    let mut pixels = vec![false; mask.pixels().len()];
    for_each_source(width, height, matrix, |to, from| {
        pixels[to] = mask.pixels()[from]
    });
    Mask::from_pixels(width, height, pixels)
}

/// Calls `copy(to, from)`, both pixel indices, for each pixel whose source is inside the image.
fn for_each_source(width: u32, height: u32, matrix: Matrix, mut copy: impl FnMut(usize, usize)) {
    let [a, b, c, d, e, f] = matrix;
    let index = |x: i64, y: i64| (y * i64::from(width) + x) as usize;
    let inside =
        |x: i64, y: i64| (0..i64::from(width)).contains(&x) && (0..i64::from(height)).contains(&y);
    let start = (c + a * 0.5 + b * 0.5, f + d * 0.5 + e * 0.5);
    if (b, d) != (0.0, 0.0) && fits_fixed_point(width, height, matrix) {
        // With 16 fractional bits, as in Pillow: near a border between pixels, f64 would decide differently.
        let fixed = |value: f64| (value * 65_536.0 + 0.5).floor() as i64;
        let (mut row_x, mut row_y) = (fixed(start.0), fixed(start.1));
        for y in 0..i64::from(height) {
            let (mut source_x, mut source_y) = (row_x, row_y);
            for x in 0..i64::from(width) {
                if inside(source_x >> 16, source_y >> 16) {
                    copy(index(x, y), index(source_x >> 16, source_y >> 16));
                }
                source_x += fixed(a);
                source_y += fixed(d);
            }
            row_x += fixed(b);
            row_y += fixed(e);
        }
        return;
    }
    let (mut row_x, mut row_y) = start;
    for y in 0..i64::from(height) {
        let (mut source_x, mut source_y) = (row_x, row_y);
        for x in 0..i64::from(width) {
            let (from_x, from_y) = (source_x.floor() as i64, source_y.floor() as i64);
            if inside(from_x, from_y) {
                copy(index(x, y), index(from_x, from_y));
            }
            source_x += a;
            source_y += d;
        }
        row_x += b;
        row_y += e;
    }
}

/// Whether the sources of all four corners fit in 15 integer bits.
fn fits_fixed_point(width: u32, height: u32, [a, b, c, d, e, f]: Matrix) -> bool {
    let (width, height) = (f64::from(width), f64::from(height));
    [(0.0, 0.0), (width, 0.0), (0.0, height), (width, height)]
        .iter()
        .all(|(x, y)| (a * x + b * y + c).abs() < 32_768.0 && (d * x + e * y + f).abs() < 32_768.0)
}
