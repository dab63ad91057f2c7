//! Flows trained with FrEIA: `SequenceINN` of `AllInOneBlock`s.

use std::collections::BTreeMap;

use burn::tensor::TensorData;

use crate::parameter::{full_name, shapes};
use crate::{FlowConfig, FlowError};

/// How FrEIA bounds the log-scale `s` of a coupling; `a` comes from the subnet, and the bound is 1.9.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SoftClamp {
    /// `1.9 · tanh(a)`: FrEIA up to 0.2, and the published numbers.
    #[default]
    Tanh,
    /// `1.9 · tanh(a / 1.9)`: FrEIA from August 2023 on.
    DividedTanh,
}

/// The bound of the log-scale in the authors' program.
const CLAMP: f64 = 1.9;
/// How far a rotation may be from orthogonal.
const ORTHOGONAL: f32 = 1e-3;
/// Names in a block's state; the inverse of the rotation is its transpose and is not needed.
const NAMES: [&str; 8] = [
    "global_scale",
    "global_offset",
    "w_perm",
    "w_perm_inv",
    "subnet.0.weight",
    "subnet.0.bias",
    "subnet.2.weight",
    "subnet.2.bias",
];

/// The flow of a FrEIA state, whose names are `module_list.BLOCK.NAME`: its configuration, and the
/// parameters for [`FlowConfig::init_from`].
///
/// The blocks must be `AllInOneBlock`s with soft permutation, affine type `SOFTPLUS`, clamping 1.9, and
/// subnets Linear, ReLU, Linear that are twice as wide inside as their input, as in the authors' program.
/// With [`SoftClamp::DividedTanh`], the subnet's output is divided by 1.9 here, which gives the same
/// function.
///
/// # Errors
/// A parameter that is missing, unknown or of another shape, or a rotation that is not orthogonal.
pub fn from_freia(
    state: &BTreeMap<String, TensorData>,
    clamp: SoftClamp,
) -> Result<(FlowConfig, BTreeMap<String, TensorData>), FlowError> {
    let mut blocks: BTreeMap<usize, Block<'_>> = BTreeMap::new();
    for (name, data) in state {
        let parts = name.strip_prefix("module_list.");
        let parts = parts.and_then(|rest| rest.split_once('.'));
        let parts = parts.and_then(|(block, name)| Some((block.parse().ok()?, name)));
        let Some((block, inner)) = parts.filter(|(_, name)| NAMES.contains(name)) else {
            return Err(FlowError::ForeignParameter { name: name.clone() });
        };
        let block = blocks.entry(block).or_insert_with(|| Block {
            prefix: format!("module_list.{block}"),
            tensors: BTreeMap::new(),
        });
        block.tensors.insert(inner, data);
    }
    let missing = || FlowError::MissingParameter {
        name: "module_list.0.global_scale".to_owned(),
    };
    let first = blocks.get(&0).ok_or_else(missing)?;
    let dimension = first.values("global_scale")?.len();
    if dimension < 2 {
        let tensor = first.tensor("global_scale")?;
        return Err(first.wrong("global_scale", tensor, "two channels or more"));
    }
    let plain = FlowConfig::new(dimension)
        .with_blocks(blocks.len())
        .with_clamp(CLAMP);
    let (kept, _) = plain.split();
    let inputs = first.columns("subnet.0.weight")?;
    let config = match inputs.checked_sub(kept) {
        Some(0) | None => plain,
        Some(condition) => plain.with_condition(condition),
    };
    let mut parameters = BTreeMap::new();
    for (expected, (index, block)) in blocks.iter().enumerate() {
        if expected != *index {
            let name = format!("module_list.{expected}.global_scale");
            return Err(FlowError::MissingParameter { name });
        }
        for (name, values) in block.parameters(&config, clamp)? {
            parameters.insert(full_name(*index, name), values);
        }
    }
    Ok((config, parameters))
}

/// One block's tensors by their names within it.
struct Block<'a> {
    prefix: String,
    tensors: BTreeMap<&'a str, &'a TensorData>,
}

impl Block<'_> {
    fn tensor(&self, name: &str) -> Result<&TensorData, FlowError> {
        let tensor = self.tensors.get(name).copied();
        tensor.ok_or_else(|| FlowError::MissingParameter {
            name: format!("{}.{name}", self.prefix),
        })
    }

    fn values(&self, name: &str) -> Result<&[f32], FlowError> {
        let tensor = self.tensor(name)?;
        let values = tensor.as_slice::<f32>();
        values.map_err(|_| self.wrong(name, tensor, "single-precision numbers"))
    }

    fn wrong(&self, name: &str, found: &TensorData, expected: impl Into<String>) -> FlowError {
        FlowError::ParameterShape {
            name: format!("{}.{name}", self.prefix),
            found: format!("{:?} {:?}", found.dtype(), found.shape()),
            expected: expected.into(),
        }
    }

    /// A matrix's number of columns, at most its number of values: a matrix without rows could claim any
    /// number.
    fn columns(&self, name: &str) -> Result<usize, FlowError> {
        let (tensor, count) = (self.tensor(name)?, self.values(name)?.len());
        match tensor.shape().as_slice() {
            [_, columns] if (1..=count).contains(columns) => Ok(*columns),
            _ => Err(self.wrong(name, tensor, "a matrix with values")),
        }
    }

    /// The values of a tensor that must have `rows · columns` of them; ones in the shape do not count.
    fn matrix(&self, name: &str, rows: usize, columns: usize) -> Result<&[f32], FlowError> {
        let values = self.values(name)?;
        let tensor = self.tensor(name)?;
        let without_ones = |shape: &[usize]| -> Vec<usize> {
            shape
                .iter()
                .copied()
                .filter(|extent| *extent != 1)
                .collect()
        };
        let shape = tensor.shape();
        match without_ones(shape.as_slice()) == without_ones(&[rows, columns]) {
            true => Ok(values),
            false => Err(self.wrong(name, tensor, format!("[{rows}, {columns}]"))),
        }
    }

    /// The block's parameters with our names and layout: PyTorch stores a weight as `[outputs, inputs]`, we
    /// store `[inputs, outputs]`.
    fn parameters(
        &self,
        config: &FlowConfig,
        clamp: SoftClamp,
    ) -> Result<Vec<(&'static str, TensorData)>, FlowError> {
        let (kept, changed) = config.split();
        let d = config.dimension;
        let inputs = kept + config.condition.unwrap_or(0);
        let hidden = 2 * inputs;
        let first = self.matrix("subnet.0.weight", hidden, inputs)?;
        let second = self.matrix("subnet.2.weight", 2 * changed, hidden)?;
        let rotation = self.matrix("w_perm", d, d)?;
        if !is_rotation(rotation, d) {
            let tensor = self.tensor("w_perm")?;
            return Err(self.wrong("w_perm", tensor, "an orthogonal matrix"));
        }
        // The first half of the outputs is `a`, which is bounded.
        let factor = |output: usize| match clamp {
            SoftClamp::DividedTanh if output < changed => (1.0 / CLAMP) as f32,
            _ => 1.0,
        };
        let bias = self.matrix("subnet.2.bias", 2 * changed, 1)?;
        let bias = bias.iter().enumerate().map(|(o, b)| b * factor(o));
        let columns = |from: usize, to: usize| {
            let cell = move |i: usize| (0..hidden).map(move |h| first[h * inputs + i]);
            (from..to).flat_map(cell).collect::<Vec<f32>>()
        };
        let cell = |h: usize| (0..2 * changed).map(move |o| second[o * hidden + h] * factor(o));
        let mut values = BTreeMap::from([
            ("input_weight", columns(0, kept)),
            ("condition_weight", columns(kept, inputs)),
            (
                "input_bias",
                self.matrix("subnet.0.bias", hidden, 1)?.to_vec(),
            ),
            ("output_weight", (0..hidden).flat_map(cell).collect()),
            ("output_bias", bias.collect()),
            ("global_scale", self.matrix("global_scale", d, 1)?.to_vec()),
            (
                "global_offset",
                self.matrix("global_offset", d, 1)?.to_vec(),
            ),
            ("rotation", rotation.to_vec()),
        ]);
        let named = shapes(config).into_iter().map(|(name, shape)| {
            let values = values.remove(name).unwrap_or_default();
            (name, TensorData::new(values, shape))
        });
        Ok(named.collect())
    }
}

fn is_rotation(matrix: &[f32], d: usize) -> bool {
    let rows: Vec<&[f32]> = matrix.chunks_exact(d).collect();
    rows.iter().enumerate().all(|(i, a)| {
        rows[i..].iter().enumerate().all(|(offset, b)| {
            let product: f32 = a.iter().zip(*b).map(|(x, y)| x * y).sum();
            let expected = if offset == 0 { 1.0 } else { 0.0 };
            (product - expected).abs() < ORTHOGONAL
        })
    })
}
