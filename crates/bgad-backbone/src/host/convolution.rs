//! Convolutions over all channels, followed by a projection or not: the stem, and version 2's first
//! stages.

use bgad_cpu::{
    Activation, Finish, Matrix, MatrixMut, Panels, Rows, Start, finish, multiply_panels,
};

use super::map::Size;
use super::tasks::{SCRATCH, Sharing, with_scratch};
use crate::padding::same;

/// A matrix product over channels, with its bias.
#[derive(Debug, Default)]
pub(crate) struct Pointwise {
    /// `[inputs, outputs]`.
    pub weights: Panels,
    pub bias: Vec<f32>,
}

impl Pointwise {
    pub fn inputs(&self) -> usize {
        self.weights.rows()
    }

    pub fn outputs(&self) -> usize {
        self.weights.columns()
    }

    /// `to = activation(from · weights + bias) + residual`, a row for each position.
    pub fn apply(
        &self,
        from: &[f32],
        activation: Activation,
        residual: Option<&[f32]>,
        to: &mut [f32],
    ) {
        let rows = to.len() / self.outputs();
        let from = Matrix::new(from, rows, self.inputs());
        self.apply_to(from, &self.weights, (activation, residual), to);
    }

    /// The same with other weights of this shape.
    pub fn apply_to<'a>(
        &self,
        from: impl Into<Rows<'a>>,
        weights: &Panels,
        (activation, residual): (Activation, Option<&[f32]>),
        to: &mut [f32],
    ) {
        let rows = to.len() / self.outputs();
        multiply_panels(
            from,
            weights,
            Start::Row(&self.bias),
            Finish::Nothing,
            MatrixMut::new(to, rows, self.outputs()),
        );
        finish(to, activation, residual);
    }
}

/// A convolution with activation, then maybe a 1x1 convolution without; maybe added to its input.
#[derive(Debug)]
pub(crate) struct FullConvolution {
    pub kernel: usize,
    pub stride: usize,
    pub channels: usize,
    /// Its inputs are a window's values, `[kernel, kernel, channels]`.
    pub windows: Pointwise,
    pub activation: Activation,
    pub projection: Option<Pointwise>,
    pub shortcut: bool,
}

impl FullConvolution {
    pub fn outputs(&self) -> usize {
        let last = self.projection.as_ref().unwrap_or(&self.windows);
        last.outputs()
    }

    /// `to` becomes the output map.
    pub fn apply(&self, from: &[f32], size: Size, to: &mut [f32], sharing: Sharing) {
        let width = size.strided(self.stride).width;
        let outputs = self.outputs();
        let (window, wide) = (self.windows.inputs(), self.windows.outputs());
        let wide = self.projection.as_ref().map_or(0, |_| wide);
        // Whole rows, as many as fit the cache.
        let rows = (SCRATCH / (width * (window + wide))).max(1);
        let piece = rows * width * outputs;
        sharing.run(to.chunks_mut(piece).enumerate(), |(index, to)| {
            let pixels = to.len() / outputs;
            let residual = self
                .shortcut
                .then(|| &from[index * piece..][..pixels * outputs]);
            with_scratch(pixels * (window + wide), |scratch| {
                let (gathered, expanded) = scratch.split_at_mut(pixels * window);
                for (row, gathered) in gathered.chunks_exact_mut(width * window).enumerate() {
                    self.gather(from, size, index * rows + row, gathered);
                }
                match &self.projection {
                    Some(projection) => {
                        self.windows
                            .apply(gathered, self.activation, None, expanded);
                        projection.apply(expanded, Activation::Linear, residual, to);
                    }
                    None => self.windows.apply(gathered, self.activation, residual, to),
                }
            });
        });
    }

    /// Copies the windows of a row of outputs, zeros where they reach out of the map.
    fn gather(&self, from: &[f32], size: Size, row: usize, to: &mut [f32]) {
        let Self {
            kernel,
            stride,
            channels,
            ..
        } = *self;
        let (top, _) = same(size.height, kernel, stride);
        let (left, _) = same(size.width, kernel, stride);
        for (x, window) in to.chunks_exact_mut(self.windows.inputs()).enumerate() {
            // Taps of the window that lie within the map.
            let begin = left.saturating_sub(x * stride);
            let end = kernel.min((size.width + left).saturating_sub(x * stride));
            for (ky, taps) in window.chunks_exact_mut(kernel * channels).enumerate() {
                let y = (row * stride + ky).checked_sub(top);
                match y.filter(|&y| y < size.height) {
                    Some(y) => {
                        let first = (y * size.width + x * stride + begin - left) * channels;
                        let length = (end - begin) * channels;
                        taps[..begin * channels].fill(0.0);
                        taps[begin * channels..][..length]
                            .copy_from_slice(&from[first..first + length]);
                        taps[end * channels..].fill(0.0);
                    }
                    None => taps.fill(0.0),
                }
            }
        }
    }
}
