//! What follows a product: bias, activation, residual.

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
    /// `values = activation(values + bias)`; what `values` has beyond `bias` stays.
    #[inline(always)]
    fn add_and_apply(self, values: &mut [f32], bias: &[f32]) {
        // Plain loops: a closure may stay compiled for lesser instructions.
        match self {
            Self::Linear => {
                for (value, bias) in values.iter_mut().zip(bias) {
                    *value += bias;
                }
            }
            Self::Silu => {
                let (pairs, rest) = values.as_chunks_mut::<{ 2 * LANES }>();
                let (bias_pairs, bias_rest) = bias.as_chunks::<{ 2 * LANES }>();
                for (pair, bias) in pairs.iter_mut().zip(bias_pairs) {
                    for i in 0..LANES {
                        let values = [pair[i] + bias[i], pair[i + LANES] + bias[i + LANES]];
                        [pair[i], pair[i + LANES]] = silu_of_two(values);
                    }
                }
                for (value, bias) in rest.iter_mut().zip(bias_rest) {
                    [*value, _] = silu_of_two([*value + bias; 2]);
                }
            }
            Self::Relu6 => {
                for (value, bias) in values.iter_mut().zip(bias) {
                    *value = (*value + bias).clamp(0.0, 6.0);
                }
            }
        }
    }

    /// `values = activation(values)`.
    #[inline(always)]
    pub(crate) fn apply(self, values: &mut [f32]) {
        match self {
            Self::Linear => {}
            Self::Silu => {
                let (pairs, rest) = values.as_chunks_mut::<{ 2 * LANES }>();
                for pair in pairs {
                    for i in 0..LANES {
                        [pair[i], pair[i + LANES]] = silu_of_two([pair[i], pair[i + LANES]]);
                    }
                }
                for value in rest {
                    [*value, _] = silu_of_two([*value; 2]);
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

/// Values that one half of a step takes: a register of AVX-512.
const LANES: usize = 16;

/// Two activations for one division, which costs as much as all the rest: `x / (1 + e^-x)` to within
/// 5e-7 of its value, and 1e-9 where that is nearly 0.
#[inline(always)]
fn silu_of_two([a, b]: [f32; 2]) -> [f32; 2] {
    let (p, q) = (1.0 + exp_of_negative(a), 1.0 + exp_of_negative(b));
    let inverse = 1.0 / (p * q);
    [a * (q * inverse), b * (p * inverse)]
}

/// `e^-x`, held within 2^-100 and 2^60 so that products of two stay finite.
#[inline(always)]
fn exp_of_negative(x: f32) -> f32 {
    // Adding and subtracting 1.5 · 2^23 rounds to the nearest integer, which then stands in the
    // sum's low bits.
    const ROUNDING: f32 = 12_582_912.0;
    let power = x * -std::f32::consts::LOG2_E;
    let power = if power < 60.0 { power } else { 60.0 };
    let power = if power > -100.0 { power } else { -100.0 };
    let rounded = power + ROUNDING;
    let f = power - (rounded - ROUNDING);
    // 2^f for |f| at most a half: the polynomial of least relative error, 7e-8.
    let p = f.mul_add(0.001_327_64, 0.009_675_54);
    let p = f.mul_add(p, 0.055_507_13);
    let p = f.mul_add(p, 0.240_221_2);
    let p = f.mul_add(p, 0.693_146_94);
    let p = f.mul_add(p, 1.000_000_1);
    p * f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23))
}

/// `rows = activation(rows + bias) + residual`, `bias` repeating along `rows`; in place, so best while
/// they still lie in the cache. A bias that holds several rows' is faster than one that holds one.
///
/// # Panics
/// When `residual` has another length.
pub fn finish(rows: &mut [f32], bias: &[f32], activation: Activation, residual: Option<&[f32]>) {
    assert!(
        residual.is_none_or(|residual| residual.len() == rows.len()),
        "{} values, {:?} to add",
        rows.len(),
        residual.map(<[f32]>::len)
    );
    let period = bias.len().max(1);
    crate::vectorized(
        #[inline(always)]
        || {
            for (i, rows) in rows.chunks_mut(period).enumerate() {
                activation.add_and_apply(rows, &bias[..rows.len().min(bias.len())]);
                if let Some(residual) = residual {
                    let residual = &residual[i * period..];
                    for (value, residual) in rows.iter_mut().zip(residual) {
                        *value += residual;
                    }
                }
            }
        },
    );
}
