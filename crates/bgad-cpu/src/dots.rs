//! Dot products of bytes in registers.
//!
//! Every instruction set gives the same result, although some add products in 16 bits: those sums can't
//! overflow, because the right operand keeps to [`MOST`].

use pulp::{Scalar, Simd, cast};

/// The largest byte in the left operand.
pub(crate) const LARGEST: u8 = 127;
/// Lanes of four bytes whose products are added in 16 bits.
pub(crate) const GROUP: usize = 4;
/// The largest allowed sum of the absolute values of the right operand's bytes that are added in 16 bits: the
/// first two of each lane of a group, or the last two. `127 · 258` is the largest multiple that fits in 16 bits.
pub(crate) const MOST: u32 = i16::MAX as u32 / LARGEST as u32;

/// Registers that multiply bytes. Each lane of 32 bits holds four: on the left unsigned and at most
/// [`LARGEST`], on the right signed.
pub(crate) trait Dots: Simd {
    /// Adds to each lane its four products, for up to [`GROUP`] pairs of registers.
    fn add_dots<const N: usize>(
        self,
        sums: Self::i32s,
        left: [Self::u32s; N],
        right: [Self::u32s; N],
    ) -> Self::i32s;

    /// Converts to `f32`, rounded.
    fn to_f32s(self, values: Self::i32s) -> Self::f32s;
}

/// The dot product of two vectors of four bytes.
#[inline(always)]
fn dot(left: u32, right: u32) -> i32 {
    let (left, right) = (left.to_le_bytes(), right.to_le_bytes());
    let product = |i: usize| i32::from(left[i]) * i32::from(right[i] as i8);
    product(0) + product(1) + product(2) + product(3)
}

impl Dots for Scalar {
    #[inline(always)]
    fn add_dots<const N: usize>(self, sums: i32, left: [u32; N], right: [u32; N]) -> i32 {
        let mut sums = sums;
        for n in 0..N {
            sums += dot(left[n], right[n]);
        }
        sums
    }

    #[inline(always)]
    fn to_f32s(self, values: i32) -> f32 {
        values as f32
    }
}

#[cfg(target_arch = "x86_64")]
impl Dots for pulp::x86::V3 {
    #[inline(always)]
    fn add_dots<const N: usize>(
        self,
        sums: Self::i32s,
        left: [Self::u32s; N],
        right: [Self::u32s; N],
    ) -> Self::i32s {
        let avx2 = self.avx2;
        let mut pairs = self.avx._mm256_setzero_si256();
        for n in 0..N {
            let products = avx2._mm256_maddubs_epi16(cast(left[n]), cast(right[n]));
            pairs = match n {
                0 => products,
                _ => avx2._mm256_add_epi16(pairs, products),
            };
        }
        let ones = self.avx._mm256_set1_epi16(1);
        let quads = avx2._mm256_madd_epi16(pairs, ones);
        cast(avx2._mm256_add_epi32(cast(sums), quads))
    }

    #[inline(always)]
    fn to_f32s(self, values: Self::i32s) -> Self::f32s {
        cast(self.avx._mm256_cvtepi32_ps(cast(values)))
    }
}

#[cfg(target_arch = "x86_64")]
impl Dots for pulp::x86::V4 {
    #[inline(always)]
    fn add_dots<const N: usize>(
        self,
        sums: Self::i32s,
        left: [Self::u32s; N],
        right: [Self::u32s; N],
    ) -> Self::i32s {
        let (avx512bw, avx512f) = (self.avx512bw, self.avx512f);
        let mut pairs = avx512f._mm512_setzero_si512();
        for n in 0..N {
            let products = avx512bw._mm512_maddubs_epi16(cast(left[n]), cast(right[n]));
            pairs = match n {
                0 => products,
                _ => avx512bw._mm512_add_epi16(pairs, products),
            };
        }
        let ones = avx512f._mm512_set1_epi16(1);
        let quads = avx512bw._mm512_madd_epi16(pairs, ones);
        cast(avx512f._mm512_add_epi32(cast(sums), quads))
    }

    #[inline(always)]
    fn to_f32s(self, values: Self::i32s) -> Self::f32s {
        cast(self.avx512f._mm512_cvtepi32_ps(cast(values)))
    }
}

#[cfg(target_arch = "aarch64")]
impl Dots for pulp::aarch64::Neon {
    #[inline(always)]
    fn add_dots<const N: usize>(
        self,
        sums: Self::i32s,
        left: [Self::u32s; N],
        right: [Self::u32s; N],
    ) -> Self::i32s {
        use std::arch::aarch64::{int8x16_t, int16x8_t};
        let neon = self.neon;
        let mut pairs: int16x8_t = neon.vdupq_n_s16(0);
        for n in 0..N {
            // The left side fits signed bytes too.
            let (left, right): (int8x16_t, int8x16_t) = (cast(left[n]), cast(right[n]));
            let low = neon.vmull_s8(neon.vget_low_s8(left), neon.vget_low_s8(right));
            let high = neon.vmull_high_s8(left, right);
            pairs = neon.vaddq_s16(pairs, neon.vpaddq_s16(low, high));
        }
        cast(neon.vpadalq_s16(cast(sums), pairs))
    }

    #[inline(always)]
    fn to_f32s(self, values: Self::i32s) -> Self::f32s {
        cast(self.neon.vcvtq_f32_s32(cast(values)))
    }
}

#[cfg(target_arch = "wasm32")]
impl Dots for pulp::wasm::Simd128 {
    #[inline(always)]
    fn add_dots<const N: usize>(
        self,
        sums: Self::i32s,
        left: [Self::u32s; N],
        right: [Self::u32s; N],
    ) -> Self::i32s {
        use std::arch::wasm32::v128;
        let (simd, mut sums): (_, v128) = (self.simd128, cast(sums));
        for n in 0..N {
            // The left side fits signed bytes too.
            let (left, right): (v128, v128) = (cast(left[n]), cast(right[n]));
            let low = simd.i16x8_extmul_low_i8x16(left, right);
            let high = simd.i16x8_extmul_high_i8x16(left, right);
            let low = simd.i32x4_extadd_pairwise_i16x8(low);
            let high = simd.i32x4_extadd_pairwise_i16x8(high);
            let even = simd.i32x4_shuffle::<0, 2, 4, 6>(low, high);
            let odd = simd.i32x4_shuffle::<1, 3, 5, 7>(low, high);
            sums = simd.i32x4_add(sums, simd.i32x4_add(even, odd));
        }
        cast(sums)
    }

    #[inline(always)]
    fn to_f32s(self, values: Self::i32s) -> Self::f32s {
        cast(self.simd128.f32x4_convert_i32x4(cast(values)))
    }
}
