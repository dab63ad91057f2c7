//! Convolutions over all channels, with an optional projection: the stem, and the first stages of
//! EfficientNetV2.

use bgad_cpu::{Activation, PaddedMap, Rows, Winograd, finish};

use super::layer::{ByteProduct, Layer};
use super::map::Size;
use super::tasks::{SCRATCH, Sharing, with_bytes, with_scratch};
use crate::padding::same;

/// Pieces that a map is divided into, if each has at least one row.
const PIECES: usize = 16;

/// A convolution with activation, then optionally a 1x1 convolution without, optionally added to the input.
#[derive(Debug)]
pub(crate) struct FullConvolution {
    pub kernel: usize,
    pub stride: usize,
    pub channels: usize,
    pub windows: Windows,
    pub activation: Activation,
    pub projection: Option<Layer>,
    pub shortcut: bool,
}

/// How a convolution is computed.
#[derive(Debug)]
pub(crate) enum Windows {
    /// As a product; its inputs are a window's values, `[kernel, kernel, channels]`.
    Product(Layer),
    /// With fewer multiplications, and its bias.
    Winograd(Winograd, Vec<f32>),
}

impl Windows {
    pub fn outputs(&self) -> usize {
        match self {
            Self::Product(layer) => layer.outputs(),
            Self::Winograd(weights, _) => weights.outputs(),
        }
    }

    /// The lines of outputs that are computed together.
    fn lines(&self) -> usize {
        match self {
            Self::Product(_) => 1,
            Self::Winograd(..) => Winograd::TILE,
        }
    }

    /// Values that it needs as memory, beside the padded map.
    fn memory(&self) -> usize {
        match self {
            Self::Product(_) => 0,
            Self::Winograd(weights, _) => weights.memory(),
        }
    }
}

/// Memory for a piece of the outputs.
struct Memory<'a> {
    /// The padded lines that the piece needs.
    map: &'a mut [f32],
    /// What [`Windows::memory`] asks for.
    products: &'a mut [f32],
}

impl FullConvolution {
    pub fn outputs(&self) -> usize {
        let projection = self.projection.as_ref();
        projection.map_or_else(|| self.windows.outputs(), Layer::outputs)
    }

    /// Writes the output map to `to`.
    pub fn apply(&self, from: &[f32], size: Size, to: &mut [f32], sharing: Sharing) {
        let residual = self.shortcut.then_some(from);
        let last = (self.projection.as_ref(), residual);
        self.apply_with(from, size, last, to, sharing);
    }

    /// The map between the convolution and the projection, for the input `from`.
    pub fn widened(&self, from: &[f32], size: Size) -> Vec<f32> {
        let pixels = size.strided(self.stride).pixels();
        let mut to = vec![0.0; pixels * self.windows.outputs()];
        self.apply_with(from, size, (None, None), &mut to, Sharing::Pieces);
        to
    }

    fn apply_with(
        &self,
        from: &[f32],
        size: Size,
        (projection, residual): (Option<&Layer>, Option<&[f32]>),
        to: &mut [f32],
        sharing: Sharing,
    ) {
        let Self {
            kernel,
            stride,
            channels,
            ..
        } = *self;
        let outputs = size.strided(stride);
        let narrow = projection.map_or_else(|| self.windows.outputs(), Layer::outputs);
        let width = outputs.width;
        let (left, right) = same(size.width, kernel, stride);
        let padded = match &self.windows {
            Windows::Product(_) => left + size.width + right,
            Windows::Winograd(..) => Winograd::padded(width),
        };
        let line = padded * channels;
        let wide = projection.map_or(0, |_| self.windows.outputs());
        // Whole rows, as many as fit in the cache, but few enough to divide evenly among threads.
        let together = self.windows.lines();
        let rows = (SCRATCH / (width * wide + stride * line)).min(outputs.height.div_ceil(PIECES))
            / together
            * together;
        let rows = rows.max(together);
        let products = self.windows.memory();
        let piece = rows * width * narrow;
        sharing.run(to.chunks_mut(piece).enumerate(), |(index, to)| {
            let pixels = to.len() / narrow;
            let rows_here = pixels / width;
            let held = match &self.windows {
                Windows::Product(_) => (rows_here - 1) * stride + kernel,
                Windows::Winograd(..) => Winograd::padded(rows_here),
            };
            let residual = residual.map(|from| &from[index * piece..][..pixels * narrow]);
            let first = index * rows * stride;
            let positions = (padded, rows_here, width);
            with_scratch(held * line + products + pixels * wide, |scratch| {
                let (map, rest) = scratch.split_at_mut(held * line);
                let (products, expanded) = rest.split_at_mut(products);
                let memory = Memory { map, products };
                let Some(projection) = projection else {
                    let last = (self.activation, residual);
                    return self.convolve((from, size), (first, left), memory, positions, last, to);
                };
                let last = (self.activation, None);
                self.convolve(
                    (from, size),
                    (first, left),
                    memory,
                    positions,
                    last,
                    expanded,
                );
                let last = (Activation::Linear, residual);
                match projection {
                    Layer::Single(projection) => {
                        projection.apply(expanded, Activation::Linear, residual, to);
                    }
                    Layer::Bytes(projection) => with_bytes(expanded.len(), |bytes| {
                        projection.input.apply(expanded, bytes);
                        projection.apply_to_rows(bytes, last, to);
                    }),
                }
            });
        });
    }

    /// Convolves lines from `first` on, counted from the top of the padding.
    fn convolve(
        &self,
        from: (&[f32], Size),
        (first, left): (usize, usize),
        Memory { map, products }: Memory<'_>,
        (padded, down, across): (usize, usize, usize),
        last: (Activation, Option<&[f32]>),
        to: &mut [f32],
    ) {
        let channels = self.channels;
        let line = padded * channels;
        let kernel = (self.kernel, self.stride);
        match &self.windows {
            Windows::Product(Layer::Single(windows)) => {
                let lines = map.chunks_exact_mut(line);
                self.pad(from, first, left, lines);
                let rows = Rows::windows(map, (padded, channels), kernel, (down, across));
                windows.apply_to(rows, &windows.weights, last, to);
            }
            Windows::Product(Layer::Bytes(windows)) => with_bytes(map.len(), |map| {
                let lines = map.chunks_exact_mut(line);
                self.pad_bytes(windows, from, first, left, lines);
                let rows = Rows::windows(map, (padded, channels), kernel, (down, across));
                windows.apply(rows, last, to);
            }),
            Windows::Winograd(weights, bias) => {
                let lines = map.chunks_exact_mut(line);
                self.pad(from, first, left, lines);
                let map = PaddedMap {
                    values: map,
                    width: padded,
                };
                weights.apply(map, bias, across, products, to);
                let (activation, residual) = last;
                finish(to, activation, residual);
            }
        }
    }

    /// Copies lines of the map from `first` on, counted from the top of the padding, with zeros outside the
    /// map.
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

    /// The same in bytes.
    fn pad_bytes<'a>(
        &self,
        windows: &ByteProduct,
        (from, size): (&[f32], Size),
        first: usize,
        left: usize,
        lines: impl Iterator<Item = &'a mut [u8]>,
    ) {
        let (top, _) = same(size.height, self.kernel, self.stride);
        let length = size.width * self.channels;
        let zeros: Vec<u8> = (0..self.channels).map(|c| windows.input.zero(c)).collect();
        let pad = |bytes: &mut [u8]| {
            let pixels = bytes.chunks_exact_mut(self.channels);
            pixels.for_each(|pixel| pixel.copy_from_slice(&zeros));
        };
        for (i, line) in lines.enumerate() {
            let y = (first + i).checked_sub(top).filter(|&y| y < size.height);
            let Some(y) = y else {
                pad(line);
                continue;
            };
            let (before, rest) = line.split_at_mut(left * self.channels);
            let (inner, after) = rest.split_at_mut(length);
            pad(before);
            windows.input.apply(&from[y * length..][..length], inner);
            pad(after);
        }
    }
}
