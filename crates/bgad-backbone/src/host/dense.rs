//! Parameters of products over channels, before they are laid out for computing.

use bgad_cpu::{BytePanels, ByteRounding, Matrix, Panels, Winograd};

use super::convolution::Windows;
use super::layer::{ByteProduct, Layer, Pointwise};
use crate::backbone::NamedTensor;
use crate::plan::ByteSteps;

/// The parameters of a matrix product over channels.
#[derive(Debug, Default)]
pub(super) struct Dense {
    pub inputs: usize,
    pub outputs: usize,
    /// `[inputs, outputs]`.
    pub weights: Vec<f32>,
    pub bias: Vec<f32>,
    /// Set if the weights are whole numbers. The inputs' steps and zeros repeat for each tap.
    pub bytes: Option<ByteSteps>,
}

/// Transposes weights from `[outputs, inputs]` to `[inputs, outputs]`.
pub(super) fn dense(
    inputs: usize,
    outputs: usize,
    weight: &NamedTensor,
    bias: &NamedTensor,
) -> Dense {
    let mut weights = Vec::with_capacity(inputs * outputs);
    for input in 0..inputs {
        weights.extend((0..outputs).map(|output| weight.values[output * inputs + input]));
    }
    Dense {
        inputs,
        outputs,
        weights,
        bias: bias.values.clone(),
        bytes: None,
    }
}

impl Dense {
    /// Padded with zeros to this shape.
    pub fn padded(&self, inputs: usize, outputs: usize) -> Self {
        let mut weights = vec![0.0; inputs * outputs];
        for (to, from) in weights
            .chunks_exact_mut(outputs.max(1))
            .zip(self.weights.chunks_exact(self.outputs.max(1)))
        {
            to[..self.outputs].copy_from_slice(from);
        }
        let mut bias = vec![0.0; outputs];
        bias[..self.outputs].copy_from_slice(&self.bias);
        let bytes = self.bytes.as_ref().map(|bytes| {
            let mut bytes = bytes.clone();
            bytes.scales.resize(outputs, 0.0);
            bytes.steps.resize(inputs, f32::INFINITY);
            bytes.zeros.resize(inputs, 0.0);
            bytes
        });
        Self {
            inputs,
            outputs,
            weights,
            bias,
            bytes,
        }
    }

    /// A range of the outputs.
    pub fn columns(&self, range: std::ops::Range<usize>) -> Self {
        let rows = self.weights.chunks_exact(self.outputs.max(1));
        let weights = rows.flat_map(|row| row[range.clone()].iter().copied());
        Self {
            inputs: self.inputs,
            outputs: range.len(),
            weights: weights.collect(),
            bias: self.bias[range.clone()].to_vec(),
            bytes: self.bytes.as_ref().map(|bytes| ByteSteps {
                scales: bytes.scales[range].to_vec(),
                ..bytes.clone()
            }),
        }
    }

    /// How to round a position's channels to bytes.
    pub fn rounding(&self) -> Option<ByteRounding> {
        let bytes = self.bytes.as_ref()?;
        let factors: Vec<f32> = bytes.steps.iter().map(|step| 1.0 / step).collect();
        (!factors.is_empty()).then(|| ByteRounding::new(&factors, &bytes.zeros))
    }

    /// Laid out for products whose left operand has strips of `strip` columns.
    pub fn laid_out(&self, strip: usize) -> Layer {
        self.in_bytes(strip)
            .map_or_else(|| Layer::Single(self.single()), Layer::Bytes)
    }

    /// `None` if the weights are not bytes, or a product of bytes can't take them.
    fn in_bytes(&self, strip: usize) -> Option<ByteProduct> {
        let (steps, input) = (self.bytes.as_ref()?, self.rounding()?);
        let values: Vec<i8> = self.weights.iter().map(|weight| *weight as i8).collect();
        let panels = BytePanels::new(&values, (self.inputs, self.outputs), strip)?;
        let mut offsets = vec![0.0; self.outputs];
        for (row, zero) in values
            .chunks_exact(self.outputs)
            .zip(steps.zeros.iter().cycle())
        {
            for (offset, weight) in offsets.iter_mut().zip(row) {
                *offset += f64::from(*weight) * f64::from(*zero);
            }
        }
        let constants = self.bias.iter().zip(offsets).zip(&steps.scales);
        let biases = constants
            .map(|((bias, offset), scale)| (f64::from(*bias) - offset * f64::from(*scale)) as f32);
        Some(ByteProduct {
            panels,
            biases: biases.collect(),
            scales: steps.scales.clone(),
            input,
        })
    }

    /// In single precision.
    pub fn single(&self) -> Pointwise {
        let weights = self.multiplied();
        let weights = Matrix::new(&weights, self.inputs, self.outputs);
        Pointwise {
            weights: Panels::new(weights),
            bias: self.bias.clone(),
        }
    }

    /// In single precision, as a convolution of 3 x 3 pixels with stride 1.
    pub fn by_winograd(self) -> Windows {
        let weights = Matrix::new(&self.weights, self.inputs, self.outputs);
        Windows::Winograd(Winograd::new(weights), self.bias)
    }

    /// The weights in single precision.
    fn multiplied(&self) -> Vec<f32> {
        let mut weights = self.weights.clone();
        if let Some(ByteSteps { scales, steps, .. }) = &self.bytes {
            let rows = weights.chunks_exact_mut(self.outputs.max(1));
            for (row, step) in rows.zip(steps.iter().cycle()) {
                for (weight, scale) in row.iter_mut().zip(scales) {
                    *weight *= scale / step;
                }
            }
        }
        weights
    }
}
