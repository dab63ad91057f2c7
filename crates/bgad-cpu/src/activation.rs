//! What follows a product: bias, activation, residual.

use crate::elementary::silu;

/// The non-linearity at the end of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// None.
    Linear,
    /// [`silu`](crate::silu).
    Silu,
    /// `min(max(x, 0), 6)`.
    Relu6,
}

impl Activation {
    #[inline(always)]
    pub(crate) fn apply(self, values: &mut [f32]) {
        // Plain loops: a closure may stay compiled for lesser instructions.
        match self {
            Self::Linear => {}
            Self::Silu => {
                for value in values {
                    *value = silu(*value);
                }
            }
            Self::Relu6 => {
                for value in values {
                    *value = value.clamp(0.0, 6.0);
                }
            }
        }
    }
}

/// `rows = activation(rows + bias) + residual`, for rows as long as `bias`; in place, so best while
/// they still lie in the cache.
///
/// # Panics
/// When `rows` is not whole rows, or `residual` has another length.
pub fn finish(rows: &mut [f32], bias: &[f32], activation: Activation, residual: Option<&[f32]>) {
    let columns = bias.len().max(1);
    assert!(
        rows.len() % columns == 0 && residual.is_none_or(|residual| residual.len() == rows.len()),
        "{} values, {:?} to add, rows of {columns}",
        rows.len(),
        residual.map(<[f32]>::len)
    );
    // Passes over as many rows as the first cache holds; long loops vectorise best.
    let group = (FIRST_CACHE / columns).max(1) * columns;
    crate::vectorized(
        #[inline(always)]
        || {
            for (i, rows) in rows.chunks_mut(group).enumerate() {
                for row in rows.chunks_exact_mut(columns) {
                    add(row, bias);
                }
                activation.apply(rows);
                if let Some(residual) = residual {
                    add(rows, &residual[i * group..][..rows.len()]);
                }
            }
        },
    );
}

/// Values that lie in the first cache with room to spare.
const FIRST_CACHE: usize = 4096;

/// `to += values`, in blocks of fixed length, which vectorise at any alignment.
#[inline(always)]
fn add(to: &mut [f32], values: &[f32]) {
    let (blocks, tail) = to.as_chunks_mut::<8>();
    let (value_blocks, value_tail) = values.as_chunks::<8>();
    for (block, values) in blocks.iter_mut().zip(value_blocks) {
        for i in 0..8 {
            block[i] += values[i];
        }
    }
    for (to, value) in tail.iter_mut().zip(value_tail) {
        *to += value;
    }
}
