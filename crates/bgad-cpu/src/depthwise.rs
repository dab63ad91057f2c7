//! Depthwise convolution of a strip of channels, one row of outputs at a time.

use pulp::Simd;

use crate::activation::Activation;
use crate::arithmetic::MultiplyAdd;
use crate::instructions::{SimdKernel, dispatch};

/// Channels in a block: one register of AVX-512, two of AVX2, four of NEON.
const BLOCK: usize = 16;
/// Blocks in the widest strip.
const WIDEST: usize = 3;

/// A depthwise convolution of up to 48 channels.
#[derive(Debug, Clone, Copy)]
pub struct Depthwise<'a> {
    /// Channels: 16, 32 or 48.
    pub channels: usize,
    /// Kernel size along each axis: 3 or 5.
    pub kernel: usize,
    /// Stride, in inputs: 1 or 2.
    pub stride: usize,
    /// `[kernel, kernel, channels]`.
    pub weights: &'a [f32],
    /// One for each channel.
    pub bias: &'a [f32],
    /// Applied at the end.
    pub activation: Activation,
}

/// Computes one row of outputs `[width, channels]` from `kernel` rows of padded inputs, and adds each channel's
/// outputs to `sums`. The first output's first tap is at the first position of each row.
///
/// # Panics
/// If a shape doesn't fit.
pub fn depthwise_row(
    layer: &Depthwise<'_>,
    rows: &[&[f32]],
    outputs: &mut [f32],
    sums: &mut [f32],
) {
    let Depthwise {
        channels,
        kernel,
        stride,
        ..
    } = *layer;
    let width = outputs.len() / channels.max(1);
    let reach = (width.max(1) - 1) * stride + kernel;
    assert!(
        channels % BLOCK == 0
            && (1..=WIDEST).contains(&(channels / BLOCK))
            && matches!((kernel, stride), (3 | 5, 1 | 2))
            && layer.weights.len() == kernel * kernel * channels
            && layer.bias.len() == channels
            && sums.len() == channels
            && outputs.len() == width * channels
            && rows.len() == kernel
            && rows.iter().all(|row| row.len() >= reach * channels),
        "a row of {width} outputs of {channels} channels, kernel {kernel}, stride {stride}, does not fit"
    );
    dispatch(Row {
        layer,
        rows,
        outputs,
        sums,
    });
}

struct Row<'a> {
    layer: &'a Depthwise<'a>,
    rows: &'a [&'a [f32]],
    outputs: &'a mut [f32],
    sums: &'a mut [f32],
}

impl SimdKernel for Row<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd, A: MultiplyAdd>(self, simd: S) {
        match (S::F32_LANES, self.layer.channels / BLOCK) {
            (16, 3) => self.of_width::<S, A, 3>(simd),
            (16, 2) => self.of_width::<S, A, 2>(simd),
            (16, _) => self.of_width::<S, A, 1>(simd),
            (8, 3) => self.of_width::<S, A, 6>(simd),
            (8, 2) => self.of_width::<S, A, 4>(simd),
            (8, _) => self.of_width::<S, A, 2>(simd),
            (4, 3) => self.of_width::<S, A, 12>(simd),
            (4, 2) => self.of_width::<S, A, 8>(simd),
            (4, _) => self.of_width::<S, A, 4>(simd),
            (_, 3) => self.of_width::<S, A, 48>(simd),
            (_, 2) => self.of_width::<S, A, 32>(simd),
            _ => self.of_width::<S, A, 16>(simd),
        }
    }
}

impl Row<'_> {
    #[inline(always)]
    fn of_width<S: Simd, A: MultiplyAdd, const W: usize>(self, simd: S) {
        if W * S::F32_LANES != self.layer.channels {
            return; // Never: such a pair is not chosen above.
        }
        match (self.layer.kernel, self.layer.stride) {
            (3, 1) => self.run::<S, A, W, 3, 1, 8, 10>(simd),
            (3, _) => self.run::<S, A, W, 3, 2, 4, 9>(simd),
            (_, 1) => self.run::<S, A, W, 5, 1, 8, 12>(simd),
            _ => self.run::<S, A, W, 5, 2, 4, 11>(simd),
        }
    }

    /// Computes `T` outputs at a time, which use `N` inputs.
    #[inline(always)]
    fn run<
        S: Simd,
        A: MultiplyAdd,
        const W: usize,
        const K: usize,
        const STRIDE: usize,
        const T: usize,
        const N: usize,
    >(
        self,
        simd: S,
    ) {
        let (weights, _) = S::as_simd_f32s(self.layer.weights);
        let (weights, _) = weights.as_chunks::<W>();
        let (weights, _) = weights.as_chunks::<K>();
        let (bias, _) = S::as_simd_f32s(self.layer.bias);
        let (bias, _) = bias.as_chunks::<W>();
        let (Some(weights), Some(bias)) = (weights.first_chunk::<K>(), bias.first()) else {
            return;
        };
        let mut rows: [&[[S::f32s; W]]; K] = [&[]; K];
        for (to, row) in rows.iter_mut().zip(self.rows) {
            *to = S::as_simd_f32s(row).0.as_chunks::<W>().0;
        }

        let (outputs, _) = S::as_mut_simd_f32s(self.outputs);
        let (outputs, _) = outputs.as_chunks_mut::<W>();
        let (tiles, rest) = outputs.as_chunks_mut::<T>();
        let first = tiles.len() * T;
        for (tile, outputs) in tiles.iter_mut().enumerate() {
            tile_of::<S, W, K, STRIDE, T, N>(simd, weights, bias, &rows, tile * T, outputs);
        }
        for (x, output) in rest.iter_mut().enumerate() {
            let output = std::array::from_mut(output);
            tile_of::<S, W, K, STRIDE, 1, K>(simd, weights, bias, &rows, first + x, output);
        }

        self.layer.activation.apply::<A>(self.outputs);
        let (outputs, _) = S::as_simd_f32s(self.outputs);
        let (outputs, _) = outputs.as_chunks::<W>();
        let (totals, _) = S::as_mut_simd_f32s(self.sums);
        let Some(totals) = totals.first_chunk_mut::<W>() else {
            return;
        };
        let mut sums = *totals;
        for output in outputs {
            for w in 0..W {
                sums[w] = simd.add_f32s(sums[w], output[w]);
            }
        }
        *totals = sums;
    }
}

#[inline(always)]
fn tile_of<
    S: Simd,
    const W: usize,
    const K: usize,
    const STRIDE: usize,
    const T: usize,
    const N: usize,
>(
    simd: S,
    weights: &[[[S::f32s; W]; K]; K],
    bias: &[S::f32s; W],
    rows: &[&[[S::f32s; W]]; K],
    first: usize,
    outputs: &mut [[S::f32s; W]; T],
) {
    for w in 0..W {
        let mut sums = [bias[w]; T];
        for ky in 0..K {
            let Some(inputs) = rows[ky][first * STRIDE..].first_chunk::<N>() else {
                return;
            };
            for kx in 0..K {
                for t in 0..T {
                    let input = inputs[t * STRIDE + kx][w];
                    sums[t] = simd.mul_add_e_f32s(input, weights[ky][kx][w], sums[t]);
                }
            }
        }
        for t in 0..T {
            outputs[t][w] = sums[t];
        }
    }
}
