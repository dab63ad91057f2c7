//! The inputs of the flows, computed from feature maps on the host.
//!
//! Sums run over the rows in order, one after the other, which gives the same bits as Burn's operations on
//! the CPU.

use bgad_backbone::FeatureMap;

use super::flow_inputs::{FlowInputs, Part};
use crate::config::choices::PooledLevels;
use crate::input::view::View;

/// A matrix on the host.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rows {
    pub columns: usize,
    /// `[rows, columns]`.
    pub values: Vec<f32>,
}

impl Rows {
    fn iter(&self) -> std::slice::ChunksExact<'_, f32> {
        self.values.chunks_exact(self.columns)
    }

    fn len(&self) -> usize {
        self.values.len() / self.columns
    }

    /// For each column, the sum of `term` over its values.
    fn sums(&self, term: impl Fn(usize, f32) -> f32) -> Vec<f32> {
        let mut sums = vec![0.0; self.columns];
        bgad_cpu::vectorized(|| {
            for row in self.iter() {
                for (column, (sum, value)) in sums.iter_mut().zip(row).enumerate() {
                    *sum += term(column, *value);
                }
            }
        });
        sums
    }

    fn means(&self) -> Vec<f32> {
        let count = self.len() as f32;
        let sums = self.sums(|_, value| value).into_iter();
        sums.map(|sum| sum / count).collect()
    }

    /// The positions of a map `[height, width, columns]` that the view's image covers.
    fn in_image(&self, width: usize, view: &View) -> Self {
        let height = self.len() / width;
        let (columns, rows) = (view.positions(width).0, view.positions(height).1);
        let mut values = Vec::with_capacity(columns.len() * rows.len() * self.columns);
        for row in rows {
            let row = &self.values[row * width * self.columns..];
            let covered = columns.start * self.columns..columns.end * self.columns;
            values.extend_from_slice(&row[covered]);
        }
        Self {
            columns: self.columns,
            values,
        }
    }
}

impl Part {
    /// Pools `[positions, channels]` to `[dimension]`.
    fn pool(self, rows: &Rows) -> Vec<f32> {
        match self {
            Self::Mean => rows.means(),
            Self::MeanStd => {
                let mut pooled = rows.means();
                let squares = rows.sums(|column, value| {
                    let difference = value - pooled[column];
                    difference * difference
                });
                let freedom = (rows.len().max(2) - 1) as f32;
                let deviations = squares.into_iter().map(|sum| (sum / freedom).sqrt());
                pooled.extend(deviations);
                pooled
            }
            Self::Max => {
                let mut rows = rows.iter();
                let mut best = rows.next().unwrap_or_default().to_vec();
                for row in rows {
                    for (best, value) in best.iter_mut().zip(row) {
                        // NaN stays.
                        if !best.is_nan() && (value.is_nan() || value > best) {
                            *best = *value;
                        }
                    }
                }
                best
            }
        }
    }
}

impl FlowInputs {
    /// One input's vectors, as one matrix per flow: `[height · width, channels]`, one row per position, for
    /// each level; then `[1, dimension]` for the pooled features, and the levels that only the memory bank
    /// uses. Positions in the padding have rows too, but are not pooled.
    pub fn rows(&self, maps: Vec<FeatureMap>, view: &View) -> Vec<Rows> {
        let mut vectors = Vec::new();
        let parts = self
            .pooled
            .map_or(&[] as &[_], |(pooling, _)| Part::of(pooling));
        let mut pooled = vec![Vec::new(); parts.len()];
        let mut of_bank = Vec::new();
        let levels = maps.len();
        for (level, map) in maps.into_iter().enumerate() {
            let rows = Rows {
                columns: map.channels,
                values: map.values,
            };
            let in_image =
                (view.is_padded() && !parts.is_empty()).then(|| rows.in_image(map.width, view));
            for (part, pooled) in parts.iter().zip(&mut pooled) {
                pooled.push(part.pool(in_image.as_ref().unwrap_or(&rows)));
            }
            if self.positions {
                vectors.push(rows);
            } else if self.only_for_bank(level, levels) {
                of_bank.push(rows);
            }
        }
        let one = |values: Vec<f32>| Rows {
            columns: values.len(),
            values,
        };
        for pooled in pooled {
            match self.pooled {
                Some((_, PooledLevels::Joined)) => vectors.push(one(pooled.concat())),
                _ => vectors.extend(pooled.into_iter().map(one)),
            }
        }
        vectors.extend(of_bank);
        vectors
    }
}

/// Enlarges a map `[from, from, channels]` bilinearly to `[to, to, channels]`, between the centres of
/// positions.
pub(super) fn upsample(values: &[f32], from: usize, to: usize, channels: usize) -> Vec<f32> {
    let place = |position: usize| {
        let place = ((position as f32 + 0.5) * from as f32 / to as f32 - 0.5).max(0.0);
        let first = (place as usize).min(from - 1);
        (first, (first + 1).min(from - 1), place - first as f32)
    };
    let mut enlarged = vec![0.0; to * to * channels];
    let at = |row: usize, column: usize| &values[(row * from + column) * channels..][..channels];
    for (position, target) in enlarged.chunks_exact_mut(channels).enumerate() {
        let (top, bottom, down) = place(position / to);
        let (left, right, along) = place(position % to);
        let corners = [
            at(top, left),
            at(top, right),
            at(bottom, left),
            at(bottom, right),
        ];
        let [above_left, above_right, below_left, below_right] = corners;
        bgad_cpu::vectorized(|| {
            let above = above_left.iter().zip(above_right);
            let below = below_left.iter().zip(below_right);
            for ((value, above), below) in target.iter_mut().zip(above).zip(below) {
                let above = above.0 * (1.0 - along) + above.1 * along;
                let below = below.0 * (1.0 - along) + below.1 * along;
                *value = above * (1.0 - down) + below * down;
            }
        });
    }
    enlarged
}
