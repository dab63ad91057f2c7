//! Statistics of one channel.

/// Bytes cover at most this many standard deviations on each side of a channel's mean.
const FARTHEST: f64 = 12.0;

/// Minimum, maximum and sums of a channel's values.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    least: f32,
    most: f32,
    sum: f64,
    squares: f64,
    count: f64,
}

impl Default for Seen {
    /// The range includes 0 from the start, because padding is 0.
    fn default() -> Self {
        Self {
            least: 0.0,
            most: 0.0,
            sum: 0.0,
            squares: 0.0,
            count: 0.0,
        }
    }
}

impl Seen {
    #[inline]
    pub fn add(&mut self, value: f32) {
        self.least = self.least.min(value);
        self.most = self.most.max(value);
        let value = f64::from(value);
        self.sum += value;
        self.squares += value * value;
        self.count += 1.0;
    }

    pub fn mean(&self) -> f64 {
        self.sum / self.count.max(1.0)
    }

    /// The mean square.
    pub fn square(&self) -> f64 {
        self.squares / self.count.max(1.0)
    }

    /// The range that the bytes cover, 0 included: from minimum to maximum, but at most [`FARTHEST`]
    /// deviations from the mean.
    pub fn range(&self) -> (f64, f64) {
        let deviation = (self.square() - self.mean().powi(2)).max(0.0).sqrt();
        let reach = FARTHEST * deviation;
        (
            f64::from(self.least).max(self.mean() - reach).min(0.0),
            f64::from(self.most).min(self.mean() + reach).max(0.0),
        )
    }

    /// The width of [`range`](Self::range).
    pub fn width(&self) -> f64 {
        let (least, most) = self.range();
        most - least
    }
}
