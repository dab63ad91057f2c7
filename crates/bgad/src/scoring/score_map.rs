//! Scores of an image's pixels.

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
    /// The highest score, which is the image's score in the paper.
    pub fn maximum(&self) -> f32 {
        self.values
            .iter()
            .copied()
            .fold(f32::NEG_INFINITY, f32::max)
    }

    /// A map of the same size.
    pub(crate) fn with_values(&self, values: Vec<f32>) -> Self {
        Self {
            width: self.width,
            height: self.height,
            values,
        }
    }

    /// Evenly spaced scores, at most `most` of them.
    pub(crate) fn some(&self, most: usize) -> impl Iterator<Item = f32> + '_ {
        self.values.iter().copied().step_by(self.step(most))
    }

    /// The step between evenly spaced pixels, of which there are at most `most`. An odd step rarely divides the width,
    /// so that all columns are sampled.
    pub(crate) fn step(&self, most: usize) -> usize {
        let step = self.values.len().div_ceil(most).max(1);
        if step > 1 { step | 1 } else { 1 }
    }

    /// The mean score.
    pub(crate) fn mean(&self) -> f32 {
        let sum: f64 = self.values.iter().map(|value| f64::from(*value)).sum();
        (sum / self.values.len().max(1) as f64) as f32
    }

    /// The map at another size, for example that of the predicted image: bilinear between pixel centres when
    /// it grows; when it shrinks, each pixel averages those that it covers.
    pub fn resized(&self, width: u32, height: u32) -> Self {
        let (width, height) = (width as usize, height as usize);
        let columns = weights(self.width, width);
        let rows = weights(self.height, height);
        let lines = self.values.chunks_exact(self.width.max(1));
        let narrowed = lines.flat_map(|line| {
            let columns = columns.iter();
            columns.map(move |(first, weights)| weighted(weights, &line[*first..]))
        });
        let narrowed: Vec<f32> = narrowed.collect();
        let mut values = Vec::with_capacity(width * height);
        for (first, weights) in &rows {
            let column = |x: usize| narrowed[first * width + x..].iter().step_by(width.max(1));
            values.extend((0..width).map(|x| weighted(weights, column(x))));
        }
        Self {
            width,
            height,
            values,
        }
    }

    /// Which pixels of an image of this size score above `threshold` and so belong to the regions of a
    /// prediction, row by row.
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

/// For each of `to` pixels along an axis: the first of the `from` pixels that it uses, and the weights of
/// that one and those after it. They form a triangle around the pixel's centre, as wide as two pixels of the
/// coarser side.
fn weights(from: usize, to: usize) -> Vec<(usize, Vec<f32>)> {
    let scale = from as f64 / to as f64;
    let reach = scale.max(1.0);
    let of_pixel = |pixel: usize| {
        let middle = (pixel as f64 + 0.5) * scale;
        let first = ((middle - reach).floor().max(0.0) as usize).min(from.saturating_sub(1));
        let end = ((middle + reach).ceil() as usize).clamp(first + 1, from.max(first + 1));
        let weight = |at: usize| (1.0 - ((at as f64 + 0.5 - middle) / reach).abs()).max(0.0);
        let sum: f64 = (first..end).map(weight).sum();
        let weights = (first..end).map(|at| (weight(at) / sum) as f32);
        (first, weights.collect())
    };
    (0..to).map(of_pixel).collect()
}

fn weighted<'v>(weights: &[f32], values: impl IntoIterator<Item = &'v f32>) -> f32 {
    let products = weights
        .iter()
        .zip(values)
        .map(|(weight, value)| weight * value);
    products.sum()
}
