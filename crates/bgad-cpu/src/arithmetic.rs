//! `a · b + c` in one rounding or in two.

/// How kernels multiply and add. It follows from the instructions: without a fused multiply-add in
/// hardware, `f32::mul_add` is a library call that takes a hundred times as long.
pub trait MultiplyAdd: Copy {
    /// `a · b + c`.
    fn mul_add(a: f32, b: f32, c: f32) -> f32;
}

/// One rounding, where the processor does it in one instruction.
#[derive(Debug, Clone, Copy)]
pub struct Fused;

impl MultiplyAdd for Fused {
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}

/// Two roundings, where it does not.
#[derive(Debug, Clone, Copy)]
pub struct Separate;

impl MultiplyAdd for Separate {
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}
