//! Portable loops, compiled for each set of instructions.

use pulp::Simd;

use crate::arithmetic::MultiplyAdd;
use crate::instructions::{SimdKernel, dispatch};

/// A loop that is compiled for each set of instructions; see [`run`].
pub trait Kernel {
    /// What it gives.
    type Output;

    /// The loop. It must be marked `#[inline(always)]`, like the functions that it uses: what is not
    /// inlined stays as it was compiled. Multiply-adds go through `A`.
    fn call<A: MultiplyAdd>(self) -> Self::Output;
}

/// Runs `kernel` compiled for the [active](crate::Instructions::active) instructions.
#[inline]
pub fn run<K: Kernel>(kernel: K) -> K::Output {
    dispatch(Portable(kernel))
}

/// Runs `work`, a short closure without multiply-adds, compiled for the
/// [active](crate::Instructions::active) instructions. What a closure calls must be inlined, and a long
/// closure may itself not be: write a [`Kernel`] then.
#[inline]
pub fn vectorized<R>(work: impl FnOnce() -> R) -> R {
    dispatch(Portable(Closure(work)))
}

struct Portable<K>(K);

impl<K: Kernel> SimdKernel for Portable<K> {
    type Output = K::Output;

    #[inline(always)]
    fn call<S: Simd, A: MultiplyAdd>(self, _: S) -> K::Output {
        self.0.call::<A>()
    }
}

struct Closure<F>(F);

impl<R, F: FnOnce() -> R> Kernel for Closure<F> {
    type Output = R;

    #[inline(always)]
    fn call<A: MultiplyAdd>(self) -> R {
        (self.0)()
    }
}
