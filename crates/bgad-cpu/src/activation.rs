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
    crate::vectorized(
        #[inline(always)]
        || {
            for (i, row) in rows.chunks_exact_mut(columns).enumerate() {
                let residual = residual.map(|residual| &residual[i * columns..][..columns]);
                finish_row(row, bias, activation, residual);
            }
        },
    );
}

#[inline(always)]
fn finish_row(row: &mut [f32], bias: &[f32], activation: Activation, residual: Option<&[f32]>) {
    let (blocks, tail) = row.as_chunks_mut::<16>();
    let (bias_blocks, bias_tail) = bias.as_chunks::<16>();
    for (block, bias) in blocks.iter_mut().zip(bias_blocks) {
        finish_block(block, bias, activation);
    }
    finish_block(tail, bias_tail, activation);
    if let Some(residual) = residual {
        for (value, residual) in row.iter_mut().zip(residual) {
            *value += residual;
        }
    }
}

#[inline(always)]
fn finish_block(block: &mut [f32], bias: &[f32], activation: Activation) {
    for (value, bias) in block.iter_mut().zip(bias) {
        *value += bias;
    }
    activation.apply(block);
}
