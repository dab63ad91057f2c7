//! Products over channels, in single precision or in bytes.

use bgad_cpu::{
    Activation, BytePanels, ByteRounding, Finish, Matrix, MatrixMut, Panels, Rows, Start, finish,
    multiply_bytes, multiply_panels,
};

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

/// A product in single precision.
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

    /// The same with other weights of the same shape.
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

/// A product in bytes.
#[derive(Debug)]
pub(crate) struct ByteProduct {
    /// `[inputs, outputs]`.
    pub panels: BytePanels,
    /// For each output, the factor of the integer sum and the bias.
    pub scales: Vec<f32>,
    pub biases: Vec<f32>,
    /// How to round the input's channels to bytes.
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

    /// The same for contiguous rows.
    pub fn apply_to_rows(&self, from: &[u8], last: (Activation, Option<&[f32]>), to: &mut [f32]) {
        let inputs = self.panels.rows();
        let rows = to.len() / self.panels.columns();
        self.apply(Rows::in_strips(from, rows, (1, inputs), 0), last, to);
    }
}
