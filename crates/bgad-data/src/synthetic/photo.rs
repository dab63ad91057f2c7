//! Takes the photo of a part and the mask of its defect.

use image::RgbImage;
use rand::Rng;

use super::defect::Defect;
use super::geometry::Point;
use super::part::Part;
use crate::Mask;

/// Samples per pixel and direction.
const SAMPLES: u32 = 2;
/// Deviation of the sensor's noise in grey levels.
const NOISE: f32 = 1.3;
/// A pixel belongs to the defect from this share of the defect's largest change upward.
const NOTICEABLE: f32 = 0.25;
/// Gaps in the mask up to twice this many image widths are closed.
const CLOSING: f32 = 0.016;

/// Takes the photo of a part and, if it has a defect, the defect's mask.
///
/// The part is drawn with and without the defect. The mask marks the pixels that differ, in any channel, by
/// at least a quarter of the largest difference. Narrow gaps are closed, because a turned texture agrees with
/// the sound one here and there by chance.
pub(super) fn take(
    part: &Part,
    defect: Option<&Defect>,
    size: u32,
    rng: &mut impl Rng,
) -> (RgbImage, Option<Mask>) {
    let mut colours = Vec::with_capacity((size * size) as usize);
    let mut changes = Vec::new();
    for y in 0..size {
        for x in 0..size {
            let sound = pixel(part, None, size, x, y);
            let mut seen = sound;
            if let Some(defect) = defect {
                if defect.reaches(part.to_part(centre(size, x, y))) {
                    seen = pixel(part, Some(defect), size, x, y);
                }
                changes.push(
                    sound
                        .iter()
                        .zip(seen)
                        .map(|(a, b)| (a - b).abs())
                        .fold(0.0, f32::max),
                );
            }
            colours.push(seen);
        }
    }
    let mut photo = RgbImage::new(size, size);
    for (pixel, colour) in photo.pixels_mut().zip(colours) {
        pixel.0 = colour.map(|value| expose(value, rng));
    }
    (photo, defect.map(|_| mask(&changes, size)))
}

fn centre(size: u32, x: u32, y: u32) -> Point {
    (
        (x as f32 + 0.5) / size as f32,
        (y as f32 + 0.5) / size as f32,
    )
}

/// The mean of a grid of samples, in display values (square root of linear, a gamma of 2).
fn pixel(part: &Part, defect: Option<&Defect>, size: u32, x: u32, y: u32) -> [f32; 3] {
    let mut sum = [0.0; 3];
    for j in 0..SAMPLES {
        for i in 0..SAMPLES {
            let position = centre(size * SAMPLES, x * SAMPLES + i, y * SAMPLES + j);
            for (sum, value) in sum.iter_mut().zip(part.colour(position, defect)) {
                *sum += value.max(0.0);
            }
        }
    }
    sum.map(|sum| (sum / (SAMPLES * SAMPLES) as f32).sqrt())
}

/// Adds the sensor's noise and rounds.
fn expose(value: f32, rng: &mut impl Rng) -> u8 {
    // The sum of four uniform bytes is nearly normal, with mean 510 and deviation 147.8.
    let bytes: u16 = rng
        .next_u32()
        .to_le_bytes()
        .into_iter()
        .map(u16::from)
        .sum();
    let noise = (f32::from(bytes) - 510.0) / 147.8 * NOISE;
    (value * 255.0 + noise + 0.5).clamp(0.0, 255.0) as u8
}

fn mask(changes: &[f32], size: u32) -> Mask {
    let largest = changes.iter().copied().fold(0.0, f32::max);
    let marked: Vec<bool> = changes
        .iter()
        .map(|&change| change > 0.0 && change >= NOTICEABLE * largest)
        .collect();
    let radius = (CLOSING * size as f32).round() as i64;
    let closed = erode(&dilate(&marked, size, radius), size, radius);
    Mask::from_pixels(size, size, closed)
}

fn dilate(pixels: &[bool], size: u32, radius: i64) -> Vec<bool> {
    let size = i64::from(size);
    let mut grown = pixels.to_vec();
    for (index, _) in pixels.iter().enumerate().filter(|&(_, &marked)| marked) {
        let (x, y) = (index as i64 % size, index as i64 / size);
        for (dx, dy) in disc(radius) {
            if (0..size).contains(&(x + dx)) && (0..size).contains(&(y + dy)) {
                grown[((y + dy) * size + x + dx) as usize] = true;
            }
        }
    }
    grown
}

fn erode(pixels: &[bool], size: u32, radius: i64) -> Vec<bool> {
    let inverse: Vec<bool> = pixels.iter().map(|marked| !marked).collect();
    dilate(&inverse, size, radius)
        .into_iter()
        .map(|marked| !marked)
        .collect()
}

fn disc(radius: i64) -> impl Iterator<Item = (i64, i64)> {
    let square = (-radius..=radius).flat_map(move |y| (-radius..=radius).map(move |x| (x, y)));
    square.filter(move |(x, y)| x * x + y * y <= radius * radius)
}
