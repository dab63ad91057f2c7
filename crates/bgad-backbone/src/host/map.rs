//! Feature maps on the host.

/// The extent of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub height: usize,
    pub width: usize,
}

impl Size {
    pub fn pixels(self) -> usize {
        self.height * self.width
    }

    /// The size after a convolution with TensorFlow's padding and this stride.
    pub fn strided(self, stride: usize) -> Self {
        Self {
            height: self.height.div_ceil(stride),
            width: self.width.div_ceil(stride),
        }
    }
}

/// Side of the square tiles in which [`transpose`] works, so that source and destination stay in the cache.
const TILE: usize = 16;

/// Transposes `[rows, columns]`.
pub(crate) fn transpose(from: &[f32], rows: usize, columns: usize, to: &mut [f32]) {
    if rows == 3 {
        let (first, others) = from.split_at(columns);
        let (second, third) = others.split_at(columns);
        let (pixels, _) = to.as_chunks_mut::<3>();
        for (to, ((a, b), c)) in pixels.iter_mut().zip(first.iter().zip(second).zip(third)) {
            *to = [*a, *b, *c];
        }
        return;
    }
    for row in (0..rows).step_by(TILE) {
        for column in (0..columns).step_by(TILE) {
            for r in row..rows.min(row + TILE) {
                for c in column..columns.min(column + TILE) {
                    to[c * rows + r] = from[r * columns + c];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::transpose;

    #[test]
    fn transposing_swaps_the_indices() {
        let from: Vec<f32> = (0..19 * 37).map(|v| v as f32).collect();
        let mut to = vec![0.0; from.len()];
        transpose(&from, 19, 37, &mut to);
        for row in 0..19 {
            for column in 0..37 {
                assert_eq!(to[column * 19 + row], from[row * 37 + column]);
            }
        }
    }
}
