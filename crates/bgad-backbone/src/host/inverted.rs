//! Blocks around a depthwise convolution: expanding or not, gated or not, projected at the end.

use bgad_cpu::{Activation, vectorized};

use super::convolution::Pointwise;
use super::depthwise::Strip;
use super::gate::Gate;
use super::map::Size;
use super::tasks::{SCRATCH, Sharing, with_scratch};

/// Below so many strips, their rows are shared out as well, which costs the rows at the seams twice.
const FEW_PIECES: usize = 8;
/// The least rows of outputs between two seams.
const SEAM_DISTANCE: usize = 16;

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

    /// `to` becomes the output map; `between` is overwritten.
    pub fn apply(
        &self,
        from: &[f32],
        size: Size,
        between: &mut [f32],
        to: &mut [f32],
        sharing: Sharing,
    ) {
        let outputs = size.strided(self.stride());
        let means = self.depthwise(from, size, between, sharing);
        let gates = self.gate.as_ref().map(|gate| gate.apply(&means));
        let residual = self.shortcut.then_some(from);
        self.project(between, outputs, gates.as_deref(), residual, to, sharing);
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

    /// Gathers the strips into rows of all channels, gated on the way, and multiplies.
    fn project(
        &self,
        between: &[f32],
        outputs: Size,
        gates: Option<&[f32]>,
        residual: Option<&[f32]>,
        to: &mut [f32],
        sharing: Sharing,
    ) {
        let channels = self.strip_channels();
        let wide = self.strips.len() * channels;
        let narrow = self.projection.outputs;
        let pixels = (SCRATCH / wide).clamp(16, 512).next_multiple_of(16);
        sharing.run(to.chunks_mut(pixels * narrow).enumerate(), |(index, to)| {
            let rows = to.len() / narrow;
            with_scratch(rows * wide, |gathered| {
                vectorized(
                    #[inline(always)]
                    || {
                        let strips = between.chunks_exact(outputs.pixels() * channels);
                        for (i, strip) in strips.enumerate() {
                            let strip = &strip[index * pixels * channels..];
                            let gates = gates.map(|gates| &gates[i * channels..][..channels]);
                            for (row, from) in gathered
                                .chunks_exact_mut(wide)
                                .zip(strip.chunks_exact(channels))
                            {
                                gate_row(&mut row[i * channels..][..channels], from, gates);
                            }
                        }
                    },
                );
                let residual = residual.map(|from| &from[index * pixels * narrow..][..to.len()]);
                self.projection
                    .apply(gathered, Activation::Linear, residual, to);
            });
        });
    }
}

/// `to = from · gates`, in blocks of fixed length, which vectorise.
#[inline(always)]
fn gate_row(to: &mut [f32], from: &[f32], gates: Option<&[f32]>) {
    let Some(gates) = gates else {
        return to.copy_from_slice(from);
    };
    let (to, _) = to.as_chunks_mut::<16>();
    let (from, _) = from.as_chunks::<16>();
    let (gates, _) = gates.as_chunks::<16>();
    for ((to, from), gates) in to.iter_mut().zip(from).zip(gates) {
        for i in 0..16 {
            to[i] = from[i] * gates[i];
        }
    }
}
