//! Blocks around a depthwise convolution: expanding or not, gated or not, projected at the end.

use bgad_cpu::{Activation, Panels, Rows};

use super::convolution::Pointwise;
use super::depthwise::Strip;
use super::gate::Gate;
use super::map::Size;
use super::tasks::{SCRATCH, Sharing};

/// Below so many strips, their rows are shared out as well, which costs the rows at the seams twice.
const FEW_PIECES: usize = 8;
/// The least rows of outputs between two seams.
const SEAM_DISTANCE: usize = 16;

/// Pieces of a projection, as long as each has the rows that products take without single ones left.
const PIECES: usize = 16;
const ROWS_AT_ONCE: usize = 32;

#[derive(Debug)]
pub(crate) struct InvertedBlock {
    /// All of the same number of channels.
    pub strips: Vec<Strip>,
    pub gate: Option<Gate>,
    pub projection: Pointwise,
    pub shortcut: bool,
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

    fn strip_channels(&self) -> usize {
        self.strips.first().map_or(0, |strip| strip.channels)
    }

    /// Values between the two halves, for outputs of this size.
    pub fn between(&self, outputs: Size) -> usize {
        outputs.pixels() * self.strips.len() * self.strip_channels()
    }

    /// `to` becomes the output map; `between` and `gated` are overwritten.
    pub fn apply(
        &self,
        (from, size): (&[f32], Size),
        (between, gated): (&mut [f32], &mut Panels),
        to: &mut [f32],
        sharing: Sharing,
    ) {
        let outputs = size.strided(self.stride());
        let means = self.depthwise(from, size, between, sharing);
        // Gates scale the projection's inputs, or, which is less to do, the rows of its weights.
        let weights = match &self.gate {
            Some(gate) => {
                gated.set_scaled(&self.projection.weights, &gate.apply(&means));
                gated
            }
            None => &self.projection.weights,
        };
        let residual = self.shortcut.then_some(from);
        self.project((between, outputs), weights, residual, to, sharing);
    }

    /// Expansion and depthwise convolution, strip by strip; gives the channels' means.
    fn depthwise(
        &self,
        from: &[f32],
        size: Size,
        between: &mut [f32],
        sharing: Sharing,
    ) -> Vec<f32> {
        let outputs = size.strided(self.stride());
        let channels = self.strip_channels();
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

    /// Multiplies the strips as they lie.
    fn project(
        &self,
        (between, outputs): (&[f32], Size),
        weights: &Panels,
        residual: Option<&[f32]>,
        to: &mut [f32],
        sharing: Sharing,
    ) {
        let (strips, channels) = (self.strips.len(), self.strip_channels());
        let narrow = self.projection.outputs();
        // As many rows as fit the cache, and few enough for threads to share them out evenly.
        let pixels = (SCRATCH / (strips * channels))
            .min(outputs.pixels() / PIECES)
            .max(1)
            .next_multiple_of(ROWS_AT_ONCE);
        let of_strip = outputs.pixels() * channels;
        sharing.run(to.chunks_mut(pixels * narrow).enumerate(), |(index, to)| {
            let from = &between[index * pixels * channels..];
            let rows = to.len() / narrow;
            let from = Rows::in_strips(from, rows, (strips, channels), of_strip);
            let residual = residual.map(|from| &from[index * pixels * narrow..][..to.len()]);
            let last = (Activation::Linear, residual);
            self.projection.apply_to(from, weights, last, to);
        });
    }
}
