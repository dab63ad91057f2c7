//! Portable loops, compiled for each instruction set.

use pulp::Simd;

use crate::arithmetic::MultiplyAdd;
use crate::instructions::{SimdKernel, dispatch};

/// A loop that is compiled for each instruction set; see [`run`].
pub trait Kernel {
    /// The result of [`call`](Self::call).
    type Output;

    /// The loop. Mark it and the functions that it calls `#[inline(always)]`: code that is not inlined is
    /// compiled for the plain target. Use `A` for multiply-adds.
    fn call<A: MultiplyAdd>(self) -> Self::Output;
}

/// Runs `kernel`, compiled for the [active](crate::Instructions::active) instruction set.
#[inline]
pub fn run<K: Kernel>(kernel: K) -> K::Output {
    dispatch(Portable(kernel))
}

/// Runs `work`, a short closure without multiply-adds, compiled for the [active](crate::Instructions::active)
/// instruction set. Everything that the closure calls must be inlined. The compiler may not inline a long
/// closure: write a [`Kernel`] instead.
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
