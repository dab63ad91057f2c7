//! Seeded random weights.

use std::convert::Infallible;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::activation::Activation;
use crate::backbone::NamedTensor;
use crate::plan::{Convolution, Parameter, ParameterSource, SqueezeExcite};

/// Draws weights uniformly, with the variance that keeps a unit variance through the layers
/// (He et al. 2015).
pub(crate) struct Seeded {
    rng: ChaCha8Rng,
    activation: Activation,
    /// Second moment of the next step's inputs.
    moment: f64,
    /// Second moment of the current block's shortcut.
    shortcut: f64,
}

/// Variance that a block adds to its shortcut; small, so that many blocks don't add up to much.
const RESIDUAL_VARIANCE: f64 = 0.2;
/// Half the width of the biases' interval.
const BIAS: f32 = 0.1;

impl Seeded {
    pub fn new(seed: u64, activation: Activation) -> Self {
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
            activation,
            moment: 1.0,
            shortcut: activated(activation),
        }
    }

    fn draw(&mut self, (name, shape): Parameter, bound: f32) -> NamedTensor {
        let count = shape.iter().product();
        let mut values = Vec::with_capacity(count);
        values.resize_with(count, || self.rng.random_range(-bound..=bound));
        NamedTensor {
            name,
            shape,
            values,
        }
    }

    /// Half the width of the weights' interval that turns inputs of second moment `moment` into outputs of
    /// variance `variance`.
    fn bound(shape: &[usize], moment: f64, variance: f64) -> f32 {
        let fan_in: usize = shape.iter().skip(1).product();
        (3.0 * variance / (fan_in.max(1) as f64 * moment)).sqrt() as f32
    }
}

/// `E[f(x)^2]` of a standard normal `x`.
fn activated(activation: Activation) -> f64 {
    match activation {
        Activation::Silu => 0.356,
        Activation::Relu6 => 0.5,
    }
}

impl ParameterSource for Seeded {
    type Error = Infallible;

    fn convolution(&mut self, plan: &Convolution) -> Result<[NamedTensor; 2], Infallible> {
        let variance = if plan.residual {
            RESIDUAL_VARIANCE
        } else {
            1.0
        };
        let [weight, bias] = plan.parameters();
        let bound = Self::bound(&weight.1, self.moment, variance);
        let parameters = [self.draw(weight, bound), self.draw(bias, BIAS)];
        self.moment = variance;
        if plan.activation {
            self.moment *= activated(self.activation);
        }
        if plan.residual {
            self.moment += self.shortcut;
        }
        // A block ends with a step that has no activation or is added to the block's input.
        if plan.residual || !plan.activation {
            self.shortcut = self.moment;
        }
        Ok(parameters)
    }

    fn gate(&mut self, plan: &SqueezeExcite) -> Result<[NamedTensor; 4], Infallible> {
        let [reduce, reduce_bias, expand, expand_bias] = plan.parameters();
        let reduce_bound = Self::bound(&reduce.1, 1.0, 1.0);
        let expand_bound = Self::bound(&expand.1, 1.0, 1.0);
        let parameters = [
            self.draw(reduce, reduce_bound),
            self.draw(reduce_bias, BIAS),
            self.draw(expand, expand_bound),
            self.draw(expand_bias, BIAS),
        ];
        // The gates are around one half.
        self.moment /= 4.0;
        Ok(parameters)
    }
}
