//! A fixed affine map of features before a flow.

use std::collections::BTreeMap;

use bgad_flow::Parameter;
use burn::tensor::{Device, Tensor, TensorData};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::covariance::{Moments, ShrunkCovariance};
use super::fixed_layer::{FACTORS, FixedLayer, MEAN};
use super::position_means::PositionMeans;
use crate::config::checked::CheckedConfig;
use crate::config::choices::FeatureScaling;
use crate::device::host::read;
use crate::error::{Error, Result};
use crate::features::flow_inputs::FlowInput;

/// The minimum shrinkage. It keeps directions in which normal features hardly vary from being blown up: they
/// say little about small defects.
const SMALLEST_SHRINKAGE: f64 = 0.1;

/// `(x - mean) · factors`, with one mean per level or per position: the first layer of a flow, estimated on
/// the normal training features and never trained (Glow calls this data-dependent initialisation).
/// Log-likelihoods are those of the scaled features: the map's log-determinant is the same for all features
/// of a level, so it shifts boundary and scores equally.
#[derive(Debug, Clone)]
pub(crate) struct Whitening {
    /// `[1, dimension]`.
    mean: Tensor<2>,
    factors: Factors,
    of_positions: Option<OfPositions>,
}

/// Offsets of the positions' means from the level's mean.
#[derive(Debug, Clone)]
struct OfPositions {
    means: PositionMeans,
    /// `[positions, dimension]`.
    tensor: Tensor<2>,
}

#[derive(Debug, Clone)]
enum Factors {
    /// One factor per channel, `[1, dimension]`.
    Diagonal(Tensor<2>),
    /// `[dimension, dimension]`.
    Full(Tensor<2>),
}

/// Noise for training on few vectors, matched to the covariance's shrinkage `s`.
///
/// With fewer vectors than dimensions, a flow memorises them. `sqrt(1 - s) · x + sqrt(s) · ε` with
/// standardised noise `ε` has exactly the covariance that the whitening was computed from, so the flow sees a
/// new vector in every step.
#[derive(Debug, Clone)]
pub(crate) struct Noise {
    shrinkage: f64,
    /// From standardised to whitened vectors: `[dimension, dimension]`.
    factors: Tensor<2>,
}

impl Whitening {
    /// Whitening estimated on `rows` of normal features, `[rows, dimension]`, from which positions' means are
    /// already subtracted if there are any; `None` for [`FeatureScaling::None`].
    pub fn of_rows(
        kind: FeatureScaling,
        rows: &[f32],
        means: Option<PositionMeans>,
        dimension: usize,
        device: &Device,
    ) -> Result<(Option<Self>, Option<Noise>)> {
        if kind == FeatureScaling::None || rows.is_empty() {
            return Ok((None, None));
        }
        let tensor = |values: Vec<f32>| {
            let height = values.len() / dimension;
            Tensor::<2>::from_data(TensorData::new(values, [height, dimension]), device)
        };
        let narrow = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<f32>>();
        let moments = Moments::of(rows, dimension);
        let mean = tensor(narrow(&moments.mean));
        let of_positions = means.map(|means| OfPositions::new(means, device));
        if kind == FeatureScaling::Standardize {
            let factors = moments.deviation.iter().map(|d| (1.0 / d) as f32);
            let factors = Factors::Diagonal(tensor(factors.collect()));
            let scaling = Self {
                mean,
                factors,
                of_positions,
            };
            return Ok((Some(scaling), None));
        }
        let mut covariance = ShrunkCovariance::of(&moments.standardize(rows), dimension);
        covariance.shrink_to(SMALLEST_SHRINKAGE, dimension);
        let Some(whitening) = covariance.whitening(dimension) else {
            return Err(Error::Scaling { dimension });
        };
        let from_raw: Vec<f32> = whitening
            .chunks_exact(dimension)
            .zip(&moments.deviation)
            .flat_map(|(row, deviation)| row.iter().map(move |w| (w / deviation) as f32))
            .collect();
        let of_noise = covariance.mean_variance.sqrt();
        let of_noise: Vec<f32> = whitening.iter().map(|w| (w * of_noise) as f32).collect();
        let scaling = Self {
            mean,
            factors: Factors::Full(tensor(from_raw)),
            of_positions,
        };
        let noise = Noise {
            shrinkage: covariance.shrinkage,
            factors: tensor(of_noise),
        };
        Ok((Some(scaling), Some(noise)))
    }

    /// Scales the features of a whole map, or a vector of pooled features, `[rows, dimension]`.
    pub fn apply(&self, x: Tensor<2>) -> Tensor<2> {
        let x = match &self.of_positions {
            Some(of_positions) => x - of_positions.tensor.clone(),
            None => x,
        };
        let centred = x - self.mean.clone();
        match &self.factors {
            Factors::Diagonal(factors) => centred * factors.clone(),
            Factors::Full(factors) => centred.matmul(factors.clone()),
        }
    }

    /// Offsets of the positions' means from the mean.
    pub fn position_means(&self) -> Option<&PositionMeans> {
        self.of_positions.as_ref().map(|of| &of.means)
    }

    /// The mean, `[dimension]`, and the factors: a matrix `[dimension, dimension]`, or the diagonal of one.
    pub fn on_host(&self) -> Result<(Vec<f32>, Vec<f32>)> {
        let (Factors::Diagonal(factors) | Factors::Full(factors)) = &self.factors;
        Ok((read(self.mean.clone())?, read(factors.clone())?))
    }

    /// Mean and factors under their names in a model file.
    pub fn parameters(&self) -> Vec<(&'static str, TensorData)> {
        let (Factors::Diagonal(factors) | Factors::Full(factors)) = &self.factors;
        let mut parameters = vec![
            (MEAN, self.mean.clone().into_data()),
            (FACTORS, factors.clone().into_data()),
        ];
        parameters.extend(self.position_means().map(PositionMeans::parameter));
        parameters
    }

    /// Restores the scaling of an input's flow from a model file and removes it from the flow's `parameters`.
    pub fn restore(
        config: &CheckedConfig,
        input: &FlowInput,
        parameters: &mut BTreeMap<String, Parameter>,
        device: &Device,
    ) -> Result<Option<Self>> {
        let Some(layer) = FixedLayer::restore(config, input, parameters)? else {
            return Ok(None);
        };
        let dimension = input.dimension;
        let tensor = |values: Vec<f32>| {
            let height = values.len() / dimension;
            Tensor::<2>::from_data(TensorData::new(values, [height, dimension]), device)
        };
        let factors = tensor(layer.factors);
        Ok(Some(Self {
            mean: tensor(layer.mean),
            factors: match config.features.scaling {
                FeatureScaling::Whiten => Factors::Full(factors),
                _ => Factors::Diagonal(factors),
            },
            of_positions: layer.positions.map(|means| OfPositions::new(means, device)),
        }))
    }
}

impl OfPositions {
    fn new(means: PositionMeans, device: &Device) -> Self {
        let tensor = means.on_device(device);
        Self { means, tensor }
    }
}

impl Noise {
    /// Adds noise to whitened vectors `[rows, dimension]`.
    pub fn add(&self, x: Tensor<2>, rng: &mut impl Rng) -> Tensor<2> {
        let dims = x.dims();
        let count = dims[0] * dims[1];
        let noise: Vec<f32> = (0..count).map(|_| StandardNormal.sample(rng)).collect();
        let noise = Tensor::<2>::from_data(TensorData::new(noise, dims), &x.device());
        x * (1.0 - self.shrinkage).sqrt()
            + noise.matmul(self.factors.clone()) * self.shrinkage.sqrt()
    }
}
