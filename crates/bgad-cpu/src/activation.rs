//! Activations, and the addition of a residual after them.

use crate::arithmetic::MultiplyAdd;
use crate::kernel::Kernel;

/// The activation function at the end of a kernel.
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
    /// `values = activation(values)`.
    #[inline(always)]
    pub(crate) fn apply<A: MultiplyAdd>(self, values: &mut [f32]) {
        match self {
            Self::Linear => {}
            Self::Silu => {
                let (pairs, rest) = values.as_chunks_mut::<{ 2 * LANES }>();
                for pair in pairs {
                    for i in 0..LANES {
                        [pair[i], pair[i + LANES]] = silu_of_two::<A>([pair[i], pair[i + LANES]]);
                    }
                }
                for value in rest {
                    [*value, _] = silu_of_two::<A>([*value; 2]);
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

/// Values in each half of a step: one AVX-512 register.
const LANES: usize = 16;

/// Computes `x / (1 + e^-x)` of two values with one division, because a division costs as much as
/// everything else together. The relative error is at most 5e-7; near 0 the absolute error is at most 1e-9.
#[inline(always)]
fn silu_of_two<A: MultiplyAdd>([a, b]: [f32; 2]) -> [f32; 2] {
    let (p, q) = (1.0 + exp_of_negative::<A>(a), 1.0 + exp_of_negative::<A>(b));
    let inverse = 1.0 / (p * q);
    [a * (q * inverse), b * (p * inverse)]
}

/// `e^-x`, clamped to 2^-100 to 2^60 so that the product of two stays finite.
#[inline(always)]
fn exp_of_negative<A: MultiplyAdd>(x: f32) -> f32 {
    // Adding 1.5 · 2^23 rounds to the nearest integer and leaves it in the sum's low bits.
    const ROUNDING: f32 = 12_582_912.0;
    let power = x * -std::f32::consts::LOG2_E;
    let power = if power < 60.0 { power } else { 60.0 };
    let power = if power > -100.0 { power } else { -100.0 };
    let rounded = power + ROUNDING;
    let f = power - (rounded - ROUNDING);
    // 2^f for |f| <= 1/2: the minimax polynomial, with relative error 7e-8.
    let p = A::mul_add(f, 0.001_327_64, 0.009_675_54);
    let p = A::mul_add(f, p, 0.055_507_13);
    let p = A::mul_add(f, p, 0.240_221_2);
    let p = A::mul_add(f, p, 0.693_146_94);
    let p = A::mul_add(f, p, 1.000_000_1);
    p * f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23))
}

/// `values = activation(values) + residual`, in place. Call it while `values` are still in the cache.
///
/// # Panics
/// If `residual` has another length.
pub fn finish(values: &mut [f32], activation: Activation, residual: Option<&[f32]>) {
    assert!(
        residual.is_none_or(|residual| residual.len() == values.len()),
        "{} values, {:?} to add",
        values.len(),
        residual.map(<[f32]>::len)
    );
    if activation != Activation::Linear || residual.is_some() {
        crate::run(Finishing {
            values,
            activation,
            residual,
        });
    }
}

struct Finishing<'a> {
    values: &'a mut [f32],
    activation: Activation,
    residual: Option<&'a [f32]>,
}

impl Kernel for Finishing<'_> {
    type Output = ();

    #[inline(always)]
    fn call<A: MultiplyAdd>(self) {
        self.activation.apply::<A>(self.values);
        if let Some(residual) = self.residual {
            for (value, residual) in self.values.iter_mut().zip(residual) {
                *value += residual;
            }
        }
    }
}
