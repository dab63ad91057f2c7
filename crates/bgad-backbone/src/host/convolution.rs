//! Convolutions over all channels, followed by a projection or not: the stem, and version 2's first
//! stages.

use bgad_cpu::{
    Activation, Finish, Matrix, MatrixMut, Panels, Rows, Start, finish, multiply_panels,
};

use super::map::Size;
use super::tasks::{SCRATCH, Sharing, with_scratch};
use crate::padding::same;

/// Pieces that a map is cut into, where each has a row at least.
const PIECES: usize = 16;

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
        let Self {
            kernel,
            stride,
            channels,
            ..
        } = *self;
        let outputs = size.strided(stride);
        let (narrow, width) = (self.outputs(), outputs.width);
        let (left, right) = same(size.width, kernel, stride);
        let padded = left + size.width + right;
        let line = padded * channels;
        let wide = self
            .projection
            .as_ref()
            .map_or(0, |_| self.windows.outputs());
        // Whole rows, as many as fit the cache, and few enough for threads to share them out evenly.
        let rows = (SCRATCH / (width * wide + stride * line))
            .min(outputs.height.div_ceil(PIECES))
            .max(1);
        let piece = rows * width * narrow;
        sharing.run(to.chunks_mut(piece).enumerate(), |(index, to)| {
            let pixels = to.len() / narrow;
            let rows_here = pixels / width;
            let held = (rows_here - 1) * stride + kernel;
            let residual = self
                .shortcut
                .then(|| &from[index * piece..][..pixels * narrow]);
            with_scratch(held * line + pixels * wide, |scratch| {
                let (map, expanded) = scratch.split_at_mut(held * line);
                self.pad(
                    (from, size),
                    index * rows * stride,
                    left,
                    map.chunks_exact_mut(line),
                );
                let windows = Rows::windows(
                    map,
                    (padded, channels),
                    (kernel, stride),
                    (rows_here, width),
                );
                let weights = &self.windows.weights;
                match &self.projection {
                    Some(projection) => {
                        let last = (self.activation, None);
                        self.windows.apply_to(windows, weights, last, expanded);
                        projection.apply(expanded, Activation::Linear, residual, to);
                    }
                    None => {
                        let last = (self.activation, residual);
                        self.windows.apply_to(windows, weights, last, to);
                    }
                }
            });
        });
    }

    /// Copies lines of the map from `first` on, counted from the padding's top, with zeros where they
    /// reach out of the map.
    fn pad<'a>(
        &self,
        (from, size): (&[f32], Size),
        first: usize,
        left: usize,
        lines: impl Iterator<Item = &'a mut [f32]>,
    ) {
        let (top, _) = same(size.height, self.kernel, self.stride);
        let length = size.width * self.channels;
        for (i, line) in lines.enumerate() {
            let y = (first + i).checked_sub(top).filter(|&y| y < size.height);
            let Some(y) = y else {
                line.fill(0.0);
                continue;
            };
            let (before, rest) = line.split_at_mut(left * self.channels);
            let (inner, after) = rest.split_at_mut(length);
            before.fill(0.0);
            inner.copy_from_slice(&from[y * length..][..length]);
            after.fill(0.0);
        }
    }
}
