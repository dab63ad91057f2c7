//! Blocks around a depthwise convolution, with optional expansion and gate, and a projection.

use bgad_cpu::{Activation, ByteRounding, Panels, RowScaling, Rows};

use super::depthwise::{Input, Source, Strip};
use super::gate::Gate;
use super::layer::{ByteProduct, Layer, Pointwise};
use super::map::Size;
use super::tasks::{SCRATCH, Sharing, with_bytes};

/// With fewer strips than this, their rows are divided too. Rows at the seams are then computed twice.
const FEW_PIECES: usize = 8;
/// The smallest number of output rows between two seams.
const SEAM_DISTANCE: usize = 16;

/// Weights that one thread scales.
const SCALED_AT_ONCE: usize = 1 << 15;
/// Pieces of a projection, if each has [`ROWS_AT_ONCE`] rows.
const PIECES: usize = 16;
/// A number of rows that products process without single rows left over.
const ROWS_AT_ONCE: usize = 32;

#[derive(Debug)]
pub(crate) struct InvertedBlock {
    /// How to round the block's input, if strips are expanded from bytes.
    pub input: Option<ByteRounding>,
    /// Strips with the same number of channels each.
    pub strips: Vec<Strip>,
    pub gate: Option<Gate>,
    pub projection: Layer,
    pub shortcut: bool,
}

/// A block's scratch memory.
pub(crate) struct BlockMemory<'a> {
    /// The depthwise convolution's outputs.
    pub between: &'a mut [f32],
    pub gated: &'a mut Panels,
    pub bytes: &'a mut Vec<u8>,
}

/// A piece of the depthwise part.
struct Piece<'a> {
    strip: &'a Strip,
    first: usize,
    to: &'a mut [f32],
    sums: &'a mut [f32],
}

impl InvertedBlock {
    pub fn stride(&self) -> usize {
        self.strips.first().map_or(1, |strip| strip.stride)
    }

    /// Whether it expands the block's input to more channels.
    pub fn expands(&self) -> bool {
        let first = self.strips.first();
        first.is_some_and(|strip| !matches!(strip.source, Source::Channels(_)))
    }

    fn strip_channels(&self) -> usize {
        self.strips.first().map_or(0, |strip| strip.channels)
    }

    /// Number of the depthwise convolution's outputs, for an output map of this size.
    pub fn between(&self, outputs: Size) -> usize {
        outputs.pixels() * self.strips.len() * self.strip_channels()
    }

    /// Writes the output map to `to`, and overwrites `memory`.
    pub fn apply(
        &self,
        (from, size): (&[f32], Size),
        memory: BlockMemory<'_>,
        to: &mut [f32],
        sharing: Sharing,
    ) {
        let BlockMemory {
            between,
            gated,
            bytes,
        } = memory;
        let outputs = size.strided(self.stride());
        let means = self.depthwise((from, size), bytes, between, sharing);
        let gates = self.gate.as_ref().map(|gate| gate.apply(&means));
        let residual = self.shortcut.then_some(from);
        match &self.projection {
            Layer::Single(projection) => {
                // Scaling the rows of the projection's weights by the gates costs less than scaling its
                // inputs.
                let weights = match &gates {
                    Some(gates) => {
                        let weights = &projection.weights;
                        let pieces = (weights.rows() * weights.columns()).div_ceil(SCALED_AT_ONCE);
                        let pieces = gated.scaling(weights, gates, pieces);
                        sharing.run(pieces, RowScaling::run);
                        gated
                    }
                    None => &projection.weights,
                };
                let with = (projection, weights);
                self.project((between, outputs), with, residual, to, sharing);
            }
            Layer::Bytes(projection) => {
                let roundings = self.roundings(projection, gates.as_deref());
                let with = (projection, &roundings[..]);
                self.project_bytes((between, outputs), with, residual, to, sharing);
            }
        }
    }

    /// The projection's inputs for the block's input `from`: `[positions, channels]`.
    pub fn widened(&self, from: &[f32], size: Size) -> Vec<f32> {
        let outputs = size.strided(self.stride());
        let mut between = vec![0.0; self.between(outputs)];
        let means = self.depthwise((from, size), &mut Vec::new(), &mut between, Sharing::Pieces);
        let gates = self.gate.as_ref().map(|gate| gate.apply(&means));
        let (channels, all) = (self.strip_channels(), means.len());
        let mut to = vec![0.0; between.len()];
        for (strip, from) in between
            .chunks_exact(outputs.pixels() * channels)
            .enumerate()
        {
            for (row, from) in from.chunks_exact(channels).enumerate() {
                let first = strip * channels;
                let to = &mut to[row * all + first..][..channels];
                for (channel, (to, from)) in to.iter_mut().zip(from).enumerate() {
                    let gate = gates.as_ref().map_or(1.0, |gates| gates[first + channel]);
                    *to = from * gate;
                }
            }
        }
        to
    }

    /// How to gate each strip's channels and round them to bytes.
    fn roundings(&self, projection: &ByteProduct, gates: Option<&[f32]>) -> Vec<ByteRounding> {
        let channels = self.strip_channels();
        let (factors, zeros) = projection.input.constants();
        let gated = |channel: usize| gates.map_or(1.0, |gates| gates[channel]) * factors[channel];
        let strip = |strip: usize| {
            let channels = strip * channels..(strip + 1) * channels;
            let factors: Vec<f32> = channels.clone().map(gated).collect();
            ByteRounding::new(&factors, &zeros[channels])
        };
        (0..self.strips.len()).map(strip).collect()
    }

    /// Expands and convolves strip by strip, and returns the channels' means.
    fn depthwise(
        &self,
        (values, size): (&[f32], Size),
        bytes: &mut Vec<u8>,
        between: &mut [f32],
        sharing: Sharing,
    ) -> Vec<f32> {
        let outputs = size.strided(self.stride());
        let channels = self.strip_channels();
        if let Some(input) = &self.input {
            bytes.resize(values.len(), 0);
            input.apply(values, bytes);
        }
        let from = Input { values, bytes };
        let parts = FEW_PIECES
            .div_ceil(self.strips.len())
            .min(outputs.height / SEAM_DISTANCE)
            .max(1);
        let rows = outputs.height.div_ceil(parts);
        let parts = outputs.height.div_ceil(rows);
        let mut sums = vec![0.0; self.strips.len() * parts * channels];
        let pieces = self
            .strips
            .iter()
            .zip(between.chunks_exact_mut(outputs.pixels() * channels))
            .zip(sums.chunks_exact_mut(parts * channels))
            .flat_map(|((strip, to), sums)| {
                to.chunks_mut(rows * outputs.width * channels)
                    .zip(sums.chunks_exact_mut(channels))
                    .enumerate()
                    .map(move |(part, (to, sums))| Piece {
                        strip,
                        first: part * rows,
                        to,
                        sums,
                    })
            });
        sharing.run(pieces, |piece| {
            piece
                .strip
                .apply(from, size, piece.first, piece.to, piece.sums);
        });
        let scale = 1.0 / outputs.pixels() as f32;
        let mut means = Vec::with_capacity(self.strips.len() * channels);
        for parts in sums.chunks_exact(parts * channels) {
            let (first, others) = parts.split_at(channels);
            means.extend(first.iter().enumerate().map(|(channel, first)| {
                let others = others.chunks_exact(channels).map(|sums| sums[channel]);
                others.fold(*first, |sum, part| sum + part) * scale
            }));
        }
        means
    }

    /// Projects directly from the strips.
    fn project(
        &self,
        (between, outputs): (&[f32], Size),
        (projection, weights): (&Pointwise, &Panels),
        residual: Option<&[f32]>,
        to: &mut [f32],
        sharing: Sharing,
    ) {
        let (strips, channels) = (self.strips.len(), self.strip_channels());
        let (narrow, pixels) = (projection.outputs(), self.pixels_of_piece(outputs));
        let of_strip = outputs.pixels() * channels;
        sharing.run(to.chunks_mut(pixels * narrow).enumerate(), |(index, to)| {
            let from = &between[index * pixels * channels..];
            let rows = to.len() / narrow;
            let from = Rows::in_strips(from, rows, (strips, channels), of_strip);
            let residual = residual.map(|from| &from[index * pixels * narrow..][..to.len()]);
            let last = (Activation::Linear, residual);
            projection.apply_to(from, weights, last, to);
        });
    }

    /// The same in bytes.
    fn project_bytes(
        &self,
        (between, outputs): (&[f32], Size),
        (projection, roundings): (&ByteProduct, &[ByteRounding]),
        residual: Option<&[f32]>,
        to: &mut [f32],
        sharing: Sharing,
    ) {
        let (strips, channels) = (self.strips.len(), self.strip_channels());
        let (narrow, pixels) = (self.projection.outputs(), self.pixels_of_piece(outputs));
        let of_strip = outputs.pixels() * channels;
        sharing.run(to.chunks_mut(pixels * narrow).enumerate(), |(index, to)| {
            let rows = to.len() / narrow;
            let here = rows * channels;
            let residual = residual.map(|from| &from[index * pixels * narrow..][..to.len()]);
            with_bytes(strips * here, |bytes| {
                let strips_of_bytes = bytes.chunks_exact_mut(here.max(1)).enumerate();
                for ((strip, bytes), rounding) in strips_of_bytes.zip(roundings) {
                    let from = &between[strip * of_strip + index * pixels * channels..];
                    rounding.apply(&from[..here], bytes);
                }
                let from = Rows::in_strips(bytes, rows, (strips, channels), here);
                projection.apply(from, (Activation::Linear, residual), to);
            });
        });
    }

    /// As many rows as fit in the cache, but few enough to divide evenly among threads.
    fn pixels_of_piece(&self, outputs: Size) -> usize {
        (SCRATCH / (self.strips.len() * self.strip_channels()))
            .min(outputs.pixels() / PIECES)
            .max(1)
            .next_multiple_of(ROWS_AT_ONCE)
    }
}
