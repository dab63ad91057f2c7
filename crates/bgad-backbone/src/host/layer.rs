//! Products over channels, in single precision or in bytes.

use bgad_cpu::{Activation, BytePanels, ByteRounding, MatrixMut, Rows, finish, multiply_bytes};

use super::convolution::Pointwise;

/// A matrix product over channels, with its bias.
#[derive(Debug)]
pub(crate) enum Layer {
    Single(Pointwise),
    Bytes(ByteProduct),
}

impl Layer {
    pub fn outputs(&self) -> usize {
        match self {
            Self::Single(product) => product.outputs(),
            Self::Bytes(product) => product.panels.columns(),
        }
    }
}

/// A product of bytes.
#[derive(Debug)]
pub(crate) struct ByteProduct {
    /// `[inputs, outputs]`.
    pub panels: BytePanels,
    /// For each output: what a sum of products is multiplied by, and what is added then.
    pub scales: Vec<f32>,
    pub biases: Vec<f32>,
    /// How the channels of an input become bytes.
    pub input: ByteRounding,
}

impl ByteProduct {
    /// `to = activation(from · weights + bias) + residual`, a row for each position.
    pub fn apply(
        &self,
        from: Rows<'_, u8>,
        (activation, residual): (Activation, Option<&[f32]>),
        to: &mut [f32],
    ) {
        let outputs = self.panels.columns();
        let rows = to.len() / outputs;
        let constants = (&self.scales[..], &self.biases[..]);
        multiply_bytes(
            from,
            &self.panels,
            constants,
            MatrixMut::new(to, rows, outputs),
        );
        finish(to, activation, residual);
    }

    /// The same of rows without gaps.
    pub fn apply_to_rows(&self, from: &[u8], last: (Activation, Option<&[f32]>), to: &mut [f32]) {
        let inputs = self.panels.rows();
        let rows = to.len() / self.panels.columns();
        self.apply(Rows::in_strips(from, rows, (1, inputs), 0), last, to);
    }
}
