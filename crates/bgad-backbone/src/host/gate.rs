//! Squeeze-excite: multiplies each channel by a function of all channels' means.

use bgad_cpu::{Activation, sigmoid_in_place};

use super::layer::Pointwise;

#[derive(Debug)]
pub(crate) struct Gate {
    pub reduce: Pointwise,
    pub expand: Pointwise,
}

impl Gate {
    /// The factors for channels with these means.
    pub fn apply(&self, means: &[f32]) -> Vec<f32> {
        let mut hidden = vec![0.0; self.reduce.outputs()];
        self.reduce
            .apply(means, Activation::Silu, None, &mut hidden);
        let mut gates = vec![0.0; self.expand.outputs()];
        self.expand
            .apply(&hidden, Activation::Linear, None, &mut gates);
        sigmoid_in_place(&mut gates);
        gates
    }
}
