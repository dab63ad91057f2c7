//! A flow that was never trained, on the CPU.

use bgad_cpu::{Finish, Matrix, MatrixMut, Panels, Start, multiply_panels, squares};
use rayon::prelude::*;

use super::position_means::PositionMeans;

/// Rows that pass through the layer together, so that they stay in the cache.
const TILE: usize = 96;

/// A flow that was never trained, with its fixed first layer. It would only rotate what this layer gives, which leaves
/// log-likelihoods as they are, so it is not computed.
#[derive(Debug)]
pub(crate) struct RestingFlow {
    dimension: usize,
    layer: Option<Layer>,
}

/// `(x - mean) · factors`.
#[derive(Debug)]
struct Layer {
    /// `[dimension]`.
    mean: Vec<f32>,
    factors: Factors,
}

#[derive(Debug)]
enum Factors {
    /// `[dimension]`.
    Diagonal(Vec<f32>),
    /// `[dimension, dimension]`.
    Full(Panels),
}

impl RestingFlow {
    /// `layer` is the first layer's mean, `[dimension]`, and its factors, a matrix or its diagonal.
    pub fn new(dimension: usize, layer: Option<(&[f32], &[f32])>) -> Self {
        let layer = layer.map(|(mean, factors)| Layer {
            mean: mean.to_vec(),
            factors: match factors.len() == dimension {
                // One dimension's matrix is its diagonal.
                true => Factors::Diagonal(factors.to_vec()),
                false => Factors::Full(Panels::new(Matrix::new(factors, dimension, dimension))),
            },
        });
        Self { dimension, layer }
    }

    /// The per-dimension log-likelihoods of one image's vectors, `[rows, dimension]`, one row per place, whose `means`
    /// are subtracted. They are computed on all cores.
    pub fn log_likelihoods(&self, mut rows: Vec<f32>, means: Option<&PositionMeans>) -> Vec<f32> {
        if let Some(means) = means {
            means.take_off(&mut rows);
        }
        let tiles = rows.par_chunks_mut(TILE * self.dimension);
        tiles.flat_map_iter(|rows| self.of_tile(rows)).collect()
    }

    fn of_tile(&self, rows: &mut [f32]) -> Vec<f32> {
        let d = self.dimension;
        let count = rows.len() / d;
        let mut scaled = Vec::new();
        let latent: &[f32] = match &self.layer {
            None => rows,
            Some(layer) => {
                for row in rows.chunks_exact_mut(d) {
                    row.iter_mut().zip(&layer.mean).for_each(|(v, m)| *v -= m);
                }
                match &layer.factors {
                    Factors::Diagonal(factors) => {
                        for row in rows.chunks_exact_mut(d) {
                            row.iter_mut().zip(factors).for_each(|(v, f)| *v *= f);
                        }
                        rows
                    }
                    Factors::Full(factors) => {
                        scaled.resize(count * d, 0.0);
                        multiply_panels(
                            Matrix::new(rows, count, d),
                            factors,
                            Start::Zero,
                            Finish::Nothing,
                            MatrixMut::new(&mut scaled, count, d),
                        );
                        &scaled
                    }
                }
            }
        };
        let constant = 0.5 * (2.0 * std::f32::consts::PI).ln();
        let squares = squares(latent, d).into_iter();
        squares
            .map(|square| -0.5 * square / d as f32 - constant)
            .collect()
    }
}
