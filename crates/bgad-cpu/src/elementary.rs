//! Elementary functions without branches, so that loops over them vectorise.
//!
//! Multiply-adds go through [`MultiplyAdd`]. Where they are fused, results don't depend on the width of
//! registers.

use crate::arithmetic::MultiplyAdd;
use crate::kernel::{Kernel, run};

/// Adding and subtracting 1.5 · 2^23 rounds a small number to the nearest integer.
const ROUNDING: f32 = 12_582_912.0;
/// `ln 2` in two parts; the first has few digits, so that its multiples are exact.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// `e^x` to 2 units in the last place. `x` is clamped to -87 to 88, so the result is finite and never 0.
#[inline(always)]
pub fn exp<A: MultiplyAdd>(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    // x = n · ln 2 + r with |r| <= ln 2 / 2; the polynomial is the Taylor series to r^7.
    let rounded = A::mul_add(x, std::f32::consts::LOG2_E, ROUNDING);
    let n = rounded - ROUNDING;
    let r = A::mul_add(n, -LN_2_LOW, A::mul_add(n, -LN_2_HIGH, x));
    let p = A::mul_add(r, 1.0 / 5040.0, 1.0 / 720.0);
    let p = A::mul_add(r, p, 1.0 / 120.0);
    let p = A::mul_add(r, p, 1.0 / 24.0);
    let p = A::mul_add(r, p, 1.0 / 6.0);
    let p = A::mul_add(r, p, 0.5);
    let p = A::mul_add(r, p, 1.0);
    let p = A::mul_add(r, p, 1.0);
    // The rounded sum's low bits hold n. Within the bounds above, n + 127 is 2 to 254, the exponent of a
    // normal number. A conversion to integers would not vectorise.
    p * f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23))
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub fn sigmoid<A: MultiplyAdd>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<A>(-x))
}

/// `values = 1 / (1 + e^-values)`.
pub fn sigmoid_in_place(values: &mut [f32]) {
    struct Sigmoid<'a>(&'a mut [f32]);
    impl Kernel for Sigmoid<'_> {
        type Output = ();

        #[inline(always)]
        fn call<A: MultiplyAdd>(self) {
            for value in self.0 {
                *value = sigmoid::<A>(*value);
            }
        }
    }
    run(Sigmoid(values));
}

/// `x / (1 + e^-x)`, also called swish.
#[inline(always)]
pub fn silu<A: MultiplyAdd>(x: f32) -> f32 {
    x / (1.0 + exp::<A>(-x))
}

/// The hyperbolic tangent to 4 units in the last place.
///
/// A rational minimax approximation, odd degree 13 over even degree 6, with the Eigen library's coefficients.
#[inline(always)]
pub fn tanh<A: MultiplyAdd>(x: f32) -> f32 {
    // Beyond this bound the result rounds to ±1.
    let x = x.clamp(-7.903_1, 7.903_1);
    let square = x * x;
    let p = A::mul_add(square, -2.760_768_5e-16, 2.000_188e-13);
    let p = A::mul_add(square, p, -8.604_672e-11);
    let p = A::mul_add(square, p, 5.122_297e-8);
    let p = A::mul_add(square, p, 1.485_722_4e-5);
    let p = A::mul_add(square, p, 6.372_619_3e-4);
    let p = A::mul_add(square, p, 4.893_524_6e-3);
    let q = A::mul_add(square, 1.198_258_4e-6, 1.185_347_1e-4);
    let q = A::mul_add(square, q, 2.268_434_6e-3);
    let q = A::mul_add(square, q, 4.893_525e-3);
    x * p / q
}
