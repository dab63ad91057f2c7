//! Heat maps over images.

use bgad_data::RgbImage;
use image::imageops::{self, FilterType};

use super::score_map::ScoreMap;

/// The colours from the lowest to the highest score: blue, cyan, yellow, red.
const COLOURS: [[f32; 3]; 4] = [
    [30.0, 60.0, 200.0],
    [0.0, 200.0, 220.0],
    [255.0, 220.0, 0.0],
    [220.0, 0.0, 0.0],
];
/// The opacity of the hottest colour.
const OPACITY: f32 = 0.6;
/// Scores from this share of the threshold upward are coloured.
const LOWER_END: f32 = 0.8;

/// From this multiple of the threshold upward, the colour is the hottest.
const UPPER_END: f32 = 1.1;

/// The threshold that colours depend on: the model's or, if it has none, one that gives the map's
/// highest score the hottest colour.
fn of_colours(map: &ScoreMap, threshold: f32) -> f32 {
    match threshold < f32::MAX {
        true => threshold,
        false => {
            let highest = map.values.iter().copied().fold(f32::MIN, f32::max);
            highest / UPPER_END
        }
    }
}

/// Paints `map` over `image`, at the image's size.
///
/// Colours depend on the pixel `threshold`, not on the image: scores below 0.8 of it stay uncoloured, the
/// threshold is yellow, and 1.1 times the threshold or more is red. So you can compare heat maps of one
/// model, and a normal image looks normal. Without a threshold, colours depend on the map's own highest
/// score.
pub fn overlay(image: &RgbImage, map: &ScoreMap, threshold: f32) -> RgbImage {
    let threshold = of_colours(map, threshold);
    let lower = LOWER_END * threshold;
    // Yellow, at two thirds of the range, marks the threshold.
    let range = ((threshold - lower) * 1.5).max(f32::MIN_POSITIVE);
    let heat = image::ImageBuffer::from_fn(map.width as u32, map.height as u32, |x, y| {
        let score = map.values[y as usize * map.width + x as usize];
        image::Luma([((score - lower) / range).clamp(0.0, 1.0)])
    });
    let (width, height) = image.dimensions();
    let heat = imageops::resize(&heat, width, height, FilterType::Triangle);
    let mut painted = image.clone();
    for (pixel, heat) in painted.pixels_mut().zip(heat.pixels()) {
        let heat = heat.0[0];
        let place = heat * (COLOURS.len() - 1) as f32;
        let first = (place as usize).min(COLOURS.len() - 2);
        let along = place - first as f32;
        // The colour fades in over the lowest fifth.
        let cover = OPACITY * (heat * 5.0).min(1.0);
        for (channel, value) in pixel.0.iter_mut().enumerate() {
            let colour =
                COLOURS[first][channel] * (1.0 - along) + COLOURS[first + 1][channel] * along;
            *value = (f32::from(*value) * (1.0 - cover) + colour * cover).round() as u8;
        }
    }
    painted
}
