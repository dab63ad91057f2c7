//! Score maps as pictures.

use image::{Rgb, RgbImage};

use crate::data::GalleryEntry;

/// The scores drawn without colour and with the strongest colour, the same in all pictures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct HeatScale {
    pub(crate) low: f32,
    pub(crate) high: f32,
}

/// Dark violet, red, orange, pale yellow: lighter is higher, which also works without colour vision.
const RAMP: [[f32; 3]; 5] = [
    [66.0, 10.0, 104.0],
    [147.0, 38.0, 103.0],
    [221.0, 81.0, 58.0],
    [252.0, 165.0, 10.0],
    [252.0, 255.0, 164.0],
];
const OUTLINE: Rgb<u8> = Rgb([86, 255, 236]);
const OUTLINE_EDGE: Rgb<u8> = Rgb([0, 32, 40]);

impl HeatScale {
    /// From the median of all scores to the 99.9th percentile, estimated on about a million of them.
    pub(crate) fn of(entries: &[GalleryEntry]) -> Option<Self> {
        let maps = || entries.iter().filter_map(|entry| entry.score_map.as_ref());
        let total: usize = maps().map(|map| map.scores.len()).sum();
        let stride = total.div_ceil(1_000_000).max(1);
        let mut sample: Vec<f32> = maps()
            .flat_map(|map| map.scores.iter().copied().step_by(stride))
            .filter(|score| score.is_finite())
            .collect();
        let last = sample.len().checked_sub(1)?;
        sample.sort_unstable_by(f32::total_cmp);
        let at = |share: f64| sample[(share * last as f64) as usize];
        let (low, high) = (at(0.5), at(0.999));
        // If nearly all scores are equal, the colours span the full range.
        let (low, high) = if low < high {
            (low, high)
        } else {
            (at(0.0), at(1.0))
        };
        Some(Self { low, high })
    }

    /// Strength in [0, 1]; NaN has strength 0.
    fn strength(self, score: f32) -> f32 {
        if self.low < self.high && !score.is_nan() {
            ((score - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
        } else {
            0.0
        }
    }

    /// The ramp as a CSS gradient.
    pub(crate) fn css_gradient() -> String {
        let stops = RAMP.map(|[r, g, b]| format!("rgb({r},{g},{b})"));
        format!("linear-gradient(90deg,{})", stops.join(","))
    }
}

/// The scores in colour over the image; low scores leave it as it is.
pub(crate) fn heat_map(image: &RgbImage, scores: &[f32], scale: HeatScale) -> RgbImage {
    let mut heat = image.clone();
    for (pixel, &score) in heat.pixels_mut().zip(scores) {
        let strength = scale.strength(score);
        let place = strength * (RAMP.len() - 1) as f32;
        let below = (place as usize).min(RAMP.len() - 2);
        let across = place - below as f32;
        // Quadratic, so that the texture of normal regions stays uncoloured.
        let cover = 0.85 * (6.0 * strength * strength).min(1.0);
        for channel in 0..3 {
            let (from, to) = (RAMP[below][channel], RAMP[below + 1][channel]);
            let colour = from + (to - from) * across;
            let mixed = f32::from(pixel[channel]) * (1.0 - cover) + colour * cover;
            pixel[channel] = mixed.round() as u8;
        }
    }
    heat
}

/// The image with the border of the positive pixels: a bright line with a dark edge, visible on any ground.
pub(crate) fn outline(image: &RgbImage, positive: &[bool]) -> RgbImage {
    let (width, height) = image.dimensions();
    let near = |x: u32, y: u32| {
        let columns = x.saturating_sub(1)..(x + 2).min(width);
        let rows = y.saturating_sub(1)..(y + 2).min(height);
        rows.flat_map(move |row| {
            columns
                .clone()
                .map(move |column| (row * width + column) as usize)
        })
    };
    let at = |pixels: &[bool], index: usize| pixels.get(index) == Some(&true);
    // Both sides of the border, which makes the line two pixels wide.
    let line: Vec<bool> = (0..width * height)
        .map(|index| {
            let here = at(positive, index as usize);
            near(index % width, index / width).any(|other| at(positive, other) != here)
        })
        .collect();
    let mut outlined = image.clone();
    for (x, y, pixel) in outlined.enumerate_pixels_mut() {
        if at(&line, (y * width + x) as usize) {
            *pixel = OUTLINE;
        } else if near(x, y).any(|other| at(&line, other)) {
            *pixel = OUTLINE_EDGE;
        }
    }
    outlined
}

/// Defects white on dark.
pub(crate) fn mask_picture(mask: &[bool], width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let defect = mask.get((y * width + x) as usize) == Some(&true);
        Rgb(if defect { [245; 3] } else { [24, 28, 36] })
    })
}
