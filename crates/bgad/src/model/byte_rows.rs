//! Rows of a memory bank in bytes.

#[cfg(feature = "train")]
use bgad_cpu::to_signed_bytes;
use bgad_cpu::{ByteDistances, BytePanels, Rows, least_of_rows, to_centred_bytes};

/// The byte of the number 0 in a vector that is compared with the rows.
const CENTRE: f32 = 64.0;
/// Products of bytes take so many values at once.
const LANE: usize = 4;

/// Rows of whole numbers from -127 to 127, with a scale for each.
#[derive(Debug, Clone)]
pub(super) struct ByteRows {
    dimension: usize,
    /// `[dimension, rows]`, padded with zeros to a multiple of four.
    panels: BytePanels,
    scales: Vec<f32>,
    /// What [`CENTRE`] adds to the product with each row.
    biases: Vec<f32>,
    /// `[dimension, rows]`, as in a model file.
    #[cfg(feature = "train")]
    columns: Vec<i8>,
}

impl ByteRows {
    /// Rounds each of `rows`, `[rows, dimension]`, to 127 steps on either side of zero, or to a few
    /// less if products of bytes could overflow.
    #[cfg(feature = "train")]
    pub fn round(rows: &[f32], dimension: usize) -> Option<Self> {
        let count = rows.len() / dimension;
        let mut columns = vec![0; rows.len()];
        let mut scales = Vec::with_capacity(count);
        let mut whole = vec![0; dimension];
        let depth = dimension.next_multiple_of(LANE);
        for (index, row) in rows.chunks_exact(dimension).enumerate() {
            scales.push(to_signed_bytes(row, depth, &mut whole));
            for (channel, value) in whole.iter().enumerate() {
                columns[channel * count + index] = *value;
            }
        }
        Self::new(columns, scales, dimension)
    }

    /// Rows from whole numbers, `[dimension, rows]`, and a scale for each row; `None` if products
    /// of bytes can't use them.
    pub fn new(columns: Vec<i8>, scales: Vec<f32>, dimension: usize) -> Option<Self> {
        let count = scales.len();
        let depth = dimension.next_multiple_of(LANE);
        let mut padded = columns.clone();
        padded.resize(depth * count, 0);
        let mut sums = vec![0_i32; count];
        for channel in columns.chunks_exact(count.max(1)) {
            let sums = sums.iter_mut().zip(channel);
            sums.for_each(|(sum, value)| *sum += i32::from(*value));
        }
        let biases = sums.iter().zip(&scales);
        let biases = biases.map(|(sum, scale)| -CENTRE * *sum as f32 * scale);
        Some(Self {
            dimension,
            panels: BytePanels::new(&padded, (depth, count), depth)?,
            biases: biases.collect(),
            scales,
            #[cfg(feature = "train")]
            columns,
        })
    }

    /// The rows in single precision, `[rows, dimension]`.
    #[cfg(feature = "train")]
    pub fn rows(&self) -> Vec<f32> {
        let count = self.scales.len();
        let rows = self.scales.iter().enumerate();
        let row = |(row, scale): (usize, &f32)| {
            let (scale, channels) = (*scale, self.columns.iter().skip(row).step_by(count));
            channels.map(move |value| f32::from(*value) * scale)
        };
        rows.flat_map(row).collect()
    }

    /// The whole numbers, `[dimension, rows]`, and the rows' scales.
    #[cfg(feature = "train")]
    pub fn parameters(&self) -> (Vec<f32>, Vec<f32>) {
        let columns = self.columns.iter().map(|value| f32::from(*value));
        (columns.collect(), self.scales.clone())
    }

    /// For each of `vectors`, `[vectors, dimension]`, the smallest `starts[row] - 2 · vector ·
    /// row`.
    pub fn least(&self, vectors: &[f32], starts: &[f32]) -> Vec<f32> {
        let depth = self.panels.rows();
        let count = vectors.len() / self.dimension;
        let mut bytes = vec![0; count * depth];
        let mut factors = Vec::with_capacity(count);
        let vectors = vectors.chunks_exact(self.dimension);
        for (vector, bytes) in vectors.zip(bytes.chunks_exact_mut(depth)) {
            let step = to_centred_bytes(vector, &mut bytes[..self.dimension]);
            factors.push(-2.0 * step);
        }
        let mut least = vec![0.0; count];
        let of_columns = ByteDistances {
            scales: &self.scales,
            biases: &self.biases,
            starts,
        };
        let rows = Rows::in_strips(&bytes, count, (1, depth), 0);
        least_of_rows(rows, &self.panels, of_columns, &factors, &mut least);
        least
    }
}
