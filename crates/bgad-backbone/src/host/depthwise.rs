//! Computes one strip of channels, from a block's input to the depthwise convolution's output.

use bgad_cpu::{Activation, Depthwise, depthwise_row};

use super::layer::{ByteProduct, Pointwise};
use super::map::Size;
use super::tasks::{SCRATCH, with_scratch};
use crate::padding::same;

/// Where a strip's inputs come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// A 1x1 convolution and its activation.
    Expansion(Pointwise),
    /// The same in bytes.
    ByteExpansion(ByteProduct),
    /// The channels of the block's input from this one on.
    Channels(usize),
}

/// A block's input. `bytes` holds it in bytes if strips are expanded from bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a> {
    pub values: &'a [f32],
    pub bytes: &'a [u8],
}

/// A strip of channels of a depthwise convolution.
#[derive(Debug)]
pub(crate) struct Strip {
    pub source: Source,
    pub channels: usize,
    pub kernel: usize,
    pub stride: usize,
    /// `[kernel, kernel, channels]`.
    pub weights: Vec<f32>,
    pub bias: Vec<f32>,
    pub activation: Activation,
}

impl Strip {
    /// Writes output rows from `first` on, as many as `to` holds, and adds each channel's outputs to `sums`.
    ///
    /// A window of input rows moves down the map, so that each input row is computed once.
    pub fn apply(
        &self,
        from: Input<'_>,
        size: Size,
        first: usize,
        to: &mut [f32],
        sums: &mut [f32],
    ) {
        let Self {
            channels,
            kernel,
            stride,
            ..
        } = *self;
        let (top, _) = same(size.height, kernel, stride);
        let (left, right) = same(size.width, kernel, stride);
        let width = size.strided(stride).width;
        let row = (left + size.width + right) * channels;
        let rows = to.len() / (width * channels);
        // Output rows for each position of the window.
        let step = ((SCRATCH / row).saturating_sub(kernel) / stride + 1).min(rows);
        let held = (step - 1) * stride + kernel;
        let layer = Depthwise {
            channels,
            kernel,
            stride,
            weights: &self.weights,
            bias: &self.bias,
            activation: self.activation,
        };
        with_scratch(held * row, |window| {
            let mut ready = 0;
            for (index, to) in to.chunks_mut(step * width * channels).enumerate() {
                let outputs = to.len() / (width * channels);
                let needed = (outputs - 1) * stride + kernel;
                let begin = (first + index * step) * stride;
                for (i, row) in window.chunks_exact_mut(row).enumerate() {
                    if (ready..needed).contains(&i) {
                        let y = (begin + i).checked_sub(top).filter(|&y| y < size.height);
                        self.fill(from, size, y, left, row);
                    }
                }
                for (i, to) in to.chunks_exact_mut(width * channels).enumerate() {
                    let mut inputs = [&window[..0]; 5];
                    for (ky, input) in inputs[..kernel].iter_mut().enumerate() {
                        *input = &window[(i * stride + ky) * row..][..row];
                    }
                    depthwise_row(&layer, &inputs[..kernel], to, sums);
                }
                if outputs < step {
                    break;
                }
                // Keep the rows that the next position shares with this one.
                window.copy_within(step * stride * row.., 0);
                ready = held - step * stride;
            }
        });
    }

    /// Writes an input row with its padding; all zeros if `y` is outside the map.
    fn fill(&self, from: Input<'_>, size: Size, y: Option<usize>, left: usize, row: &mut [f32]) {
        let Some(y) = y else {
            return row.fill(0.0);
        };
        let (before, rest) = row.split_at_mut(left * self.channels);
        let (inner, after) = rest.split_at_mut(size.width * self.channels);
        before.fill(0.0);
        after.fill(0.0);
        let all = from.values.len() / size.pixels();
        let line = y * size.width * all..(y + 1) * size.width * all;
        let bytes = || &from.bytes[line.clone()];
        let from = &from.values[line.clone()];
        match &self.source {
            Source::ByteExpansion(expansion) => {
                expansion.apply_to_rows(bytes(), (self.activation, None), inner);
            }
            Source::Expansion(expansion) => expansion.apply(from, self.activation, None, inner),
            Source::Channels(first) => {
                let length = self.channels.min(all - first);
                for (to, from) in inner
                    .chunks_exact_mut(self.channels)
                    .zip(from.chunks_exact(all))
                {
                    to[..length].copy_from_slice(&from[*first..first + length]);
                    to[length..].fill(0.0);
                }
            }
        }
    }
}
