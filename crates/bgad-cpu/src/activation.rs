//! What follows a product: activation, residual.

use crate::arithmetic::MultiplyAdd;
use crate::kernel::Kernel;

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

/// Values that one half of a step takes: a register of AVX-512.
const LANES: usize = 16;

/// Two activations for one division, which costs as much as all the rest: `x / (1 + e^-x)` to within
/// 5e-7 of its value, and 1e-9 where that is nearly 0.
#[inline(always)]
fn silu_of_two<A: MultiplyAdd>([a, b]: [f32; 2]) -> [f32; 2] {
    let (p, q) = (1.0 + exp_of_negative::<A>(a), 1.0 + exp_of_negative::<A>(b));
    let inverse = 1.0 / (p * q);
    [a * (q * inverse), b * (p * inverse)]
}

/// `e^-x`, held within 2^-100 and 2^60 so that products of two stay finite.
#[inline(always)]
fn exp_of_negative<A: MultiplyAdd>(x: f32) -> f32 {
    // Adding and subtracting 1.5 · 2^23 rounds to the nearest integer, which then stands in the
    // sum's low bits.
    const ROUNDING: f32 = 12_582_912.0;
    let power = x * -std::f32::consts::LOG2_E;
    let power = if power < 60.0 { power } else { 60.0 };
    let power = if power > -100.0 { power } else { -100.0 };
    let rounded = power + ROUNDING;
    let f = power - (rounded - ROUNDING);
    // 2^f for |f| at most a half: the polynomial of least relative error, 7e-8.
    let p = A::mul_add(f, 0.001_327_64, 0.009_675_54);
    let p = A::mul_add(f, p, 0.055_507_13);
    let p = A::mul_add(f, p, 0.240_221_2);
    let p = A::mul_add(f, p, 0.693_146_94);
    let p = A::mul_add(f, p, 1.000_000_1);
    p * f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23))
}

/// `values = activation(values) + residual`; in place, so best while they still lie in the cache.
///
/// # Panics
/// When `residual` has another length.
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
