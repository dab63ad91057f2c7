//! Images, masks and score maps with their sizes.

use serde::{Deserialize, Serialize};

/// An image with 8 bits per channel (red, green, blue), row by row from the top left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RgbPicture {
    /// Columns, in pixels.
    pub width: u32,
    /// Rows, in pixels.
    pub height: u32,
    /// `3 * width * height` values.
    pub pixels: Vec<u8>,
}

/// A mask, row by row from the top left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskPicture {
    /// Columns, in pixels.
    pub width: u32,
    /// Rows, in pixels.
    pub height: u32,
    /// `true` at defects; `width * height` entries.
    pub pixels: Vec<bool>,
}

/// A score map, row by row from the top left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreMapPicture {
    /// Columns, in pixels.
    pub width: u32,
    /// Rows, in pixels.
    pub height: u32,
    /// Higher is more abnormal; `width * height` scores.
    pub scores: Vec<f32>,
}

fn is_size(width: u32, height: u32, channels: u64, length: usize) -> bool {
    width > 0
        && height > 0
        && (u64::from(width) * u64::from(height)).checked_mul(channels) == Some(length as u64)
}

impl RgbPicture {
    pub(crate) fn is_valid(&self) -> bool {
        is_size(self.width, self.height, 3, self.pixels.len())
    }
}

impl MaskPicture {
    pub(crate) fn is_valid(&self) -> bool {
        is_size(self.width, self.height, 1, self.pixels.len())
    }

    /// The mask at another size, by nearest neighbour.
    pub(crate) fn resized(&self, width: u32, height: u32) -> Vec<bool> {
        let nearest = |at: u32, to: u32, from: u32| {
            let place = (u64::from(at) * 2 + 1) * u64::from(from) / (u64::from(to) * 2);
            place.min(u64::from(from) - 1) as usize
        };
        let mut mask = Vec::with_capacity(width as usize * height as usize);
        for row in 0..height {
            let from = nearest(row, height, self.height) * self.width as usize;
            let columns = (0..width).map(|column| nearest(column, width, self.width));
            mask.extend(columns.map(|column| self.pixels[from + column]));
        }
        mask
    }
}

impl ScoreMapPicture {
    pub(crate) fn is_valid(&self) -> bool {
        is_size(self.width, self.height, 1, self.scores.len())
    }

    /// The map at another size, bilinear with pixel centres at halves.
    pub(crate) fn resized(&self, width: u32, height: u32) -> Vec<f32> {
        let place = |at: u32, to: u32, from: u32| {
            let last = (from - 1) as f32;
            let place = (at as f32 + 0.5) * from as f32 / to as f32 - 0.5;
            let place = place.clamp(0.0, last);
            let below = place as usize;
            (below, (below + 1).min(last as usize), place - below as f32)
        };
        let at = |row: usize, column: usize| self.scores[row * self.width as usize + column];
        let mut map = Vec::with_capacity(width as usize * height as usize);
        for row in 0..height {
            let (top, bottom, down) = place(row, height, self.height);
            for column in 0..width {
                let (left, right, across) = place(column, width, self.width);
                let mix = |row| at(row, left) + (at(row, right) - at(row, left)) * across;
                map.push(mix(top) + (mix(bottom) - mix(top)) * down);
            }
        }
        map
    }

    /// Which pixels of the resized map reach the threshold or cover a pixel of the full map that does, so
    /// that no positive pixel disappears in a small picture.
    pub(crate) fn reaching(&self, threshold: f32, width: u32, height: u32) -> Vec<bool> {
        let resized = self.resized(width, height);
        let mut positive: Vec<bool> = resized.iter().map(|&s| s >= threshold).collect();
        let columns = self.width as usize;
        for (index, _) in self
            .scores
            .iter()
            .enumerate()
            .filter(|(_, s)| **s >= threshold)
        {
            let row = (index / columns) as u64 * u64::from(height) / u64::from(self.height);
            let column = (index % columns) as u64 * u64::from(width) / u64::from(self.width);
            positive[(row * u64::from(width) + column) as usize] = true;
        }
        positive
    }
}
