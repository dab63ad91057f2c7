//! Adam on a slice (Kingma and Ba 2015).

use bgad_cpu::vectorized;
use rayon::prelude::*;

/// Adam's state for a [`HostFlow`](super::HostFlow), with PyTorch's constants: decay rates 0.9 and
/// 0.999, epsilon 1e-8.
#[doc(hidden)]
#[derive(Debug, Clone, Default)]
pub struct HostAdam {
    steps: i32,
    means: Vec<f32>,
    squares: Vec<f32>,
}

const MEAN_DECAY: f32 = 0.9;
const SQUARE_DECAY: f32 = 0.999;
const EPSILON: f32 = 1e-8;
/// Number of values per task.
const CHUNK: usize = 1 << 15;

impl HostAdam {
    /// The state before the first step.
    pub fn new() -> Self {
        Self::default()
    }

    /// The state after `steps` steps with these moving averages of gradients and of their squares; `None` if
    /// their lengths differ.
    pub fn restored(steps: i32, means: Vec<f32>, squares: Vec<f32>) -> Option<Self> {
        (means.len() == squares.len()).then_some(Self {
            steps,
            means,
            squares,
        })
    }

    /// Number of steps so far.
    pub fn steps(&self) -> i32 {
        self.steps
    }

    /// The moving averages of the gradients and of their squares, in the order of the flow's values; empty
    /// before the first step.
    pub fn moments(&self) -> (&[f32], &[f32]) {
        (&self.means, &self.squares)
    }

    /// Steps `values` against `gradients`.
    pub(super) fn step(&mut self, rate: f64, values: &mut [f32], gradients: &[f32]) {
        self.means.resize(values.len(), 0.0);
        self.squares.resize(values.len(), 0.0);
        self.steps = self.steps.saturating_add(1);
        let bias = |decay: f32| 1.0 - f64::from(decay).powi(self.steps);
        let mean_bias = bias(MEAN_DECAY);
        let square_bias = (1.0 / bias(SQUARE_DECAY).sqrt()) as f32;
        let rate = (rate / mean_bias) as f32;
        let state = self
            .means
            .par_chunks_mut(CHUNK)
            .zip(self.squares.par_chunks_mut(CHUNK));
        let all = values
            .par_chunks_mut(CHUNK)
            .zip(gradients.par_chunks(CHUNK));
        all.zip(state)
            .for_each(|((values, gradients), (means, squares))| {
                vectorized(|| {
                    let state = means.iter_mut().zip(squares.iter_mut());
                    for ((value, g), (mean, square)) in values.iter_mut().zip(gradients).zip(state)
                    {
                        *mean = MEAN_DECAY * *mean + (1.0 - MEAN_DECAY) * g;
                        *square = SQUARE_DECAY * *square + (1.0 - SQUARE_DECAY) * g * g;
                        *value -= rate * *mean / (square.sqrt() * square_bias + EPSILON);
                    }
                });
            });
    }
}
