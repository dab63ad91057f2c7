//! Scores of an image's pixels.

use image::imageops::{self, FilterType};
use image::{ImageBuffer, Luma};

/// A score for each pixel, row-major; the higher, the more anomalous.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreMap {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The scores.
    pub values: Vec<f32>,
}

impl ScoreMap {
    /// The highest score: the image's.
    pub fn maximum(&self) -> f32 {
        self.values
            .iter()
            .copied()
            .fold(f32::NEG_INFINITY, f32::max)
    }

    /// The mean score.
    pub(crate) fn mean(&self) -> f32 {
        let sum: f64 = self.values.iter().map(|value| f64::from(*value)).sum();
        (sum / self.values.len().max(1) as f64) as f32
    }

    /// The map at another size, as that of the image that was predicted: bilinear between the
    /// centres of pixels.
    pub fn resized(&self, width: u32, height: u32) -> Self {
        let (columns, rows) = (self.width as u32, self.height as u32);
        let at = |x: u32, y: u32| self.values[y as usize * self.width + x as usize];
        let map = ImageBuffer::from_fn(columns, rows, |x, y| Luma([at(x, y)]));
        let resized = imageops::resize(&map, width, height, FilterType::Triangle);
        Self {
            width: width as usize,
            height: height as usize,
            values: resized.into_raw(),
        }
    }

    /// Which pixels of an image of this size belong to the regions of a prediction, row-major: those
    /// above `threshold`.
    pub fn mask(&self, threshold: f32, width: u32, height: u32) -> Vec<bool> {
        let nearest = |to: u32, of: u32, from: usize| {
            (u64::from(to) * from as u64 / u64::from(of.max(1))) as usize
        };
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let above = |(x, y)| {
            let (x, y) = (
                nearest(x, width, self.width),
                nearest(y, height, self.height),
            );
            self.values[y * self.width + x] > threshold
        };
        pixels.map(above).collect()
    }
}
