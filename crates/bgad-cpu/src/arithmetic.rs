//! `a · b + c` with one rounding or two.

/// How kernels multiply and add. The instruction set decides: without a fused multiply-add in hardware,
/// `f32::mul_add` is a library call, a hundred times slower.
pub trait MultiplyAdd: Copy {
    /// `a · b + c`.
    fn mul_add(a: f32, b: f32, c: f32) -> f32;
}

/// One rounding, for processors with a fused multiply-add instruction.
#[derive(Debug, Clone, Copy)]
pub struct Fused;

impl MultiplyAdd for Fused {
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}

/// Two roundings, for all others.
#[derive(Debug, Clone, Copy)]
pub struct Separate;

impl MultiplyAdd for Separate {
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}
