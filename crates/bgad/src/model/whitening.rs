//! A fixed affine map of features before a flow.

use std::collections::BTreeMap;

use bgad_flow::Parameter;
use burn::tensor::{Device, Tensor, TensorData};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::covariance::{Moments, ShrunkCovariance};
use super::fixed_layer::{FACTORS, FixedLayer, MEAN};
use super::position_means::PositionMeans;
use crate::config::choices::FeatureScaling;
use crate::config::settings::TrainerConfig;
use crate::device::host::read;
use crate::error::{Error, Result};
use crate::features::flow_inputs::FlowInput;

/// The least share of shrinkage, so that directions in which normal features hardly vary are not blown
/// up: they say little about small defects.
const SMALLEST_SHRINKAGE: f64 = 0.1;

/// `(x - mean) · factors`, with the level's mean or each position's: the first layer of a flow, taken
/// from the normal training features and never trained (what Glow calls data-dependent
/// initialisation). Log-likelihoods are those of the scaled features: the map's own log-determinant
/// is the same for all features of a level, so that it moves boundary and scores alike.
#[derive(Debug, Clone)]
pub(crate) struct Whitening {
    /// `[1, dimension]`.
    mean: Tensor<2>,
    factors: Factors,
    of_positions: Option<OfPositions>,
}

/// What positions' means lie apart from the level's.
#[derive(Debug, Clone)]
struct OfPositions {
    means: PositionMeans,
    /// `[positions, dimension]`.
    tensor: Tensor<2>,
}

#[derive(Debug, Clone)]
enum Factors {
    /// Of each channel: `[1, dimension]`.
    Diagonal(Tensor<2>),
    /// `[dimension, dimension]`.
    Full(Tensor<2>),
}

/// Noise for training on few vectors, matched to the covariance's shrinkage `s`.
///
/// With fewer vectors than dimensions a flow learns them by heart. `sqrt(1 - s) · x + sqrt(s) · ε`
/// with standardised noise `ε` has the very covariance that whitening was taken from, so that the
/// flow sees as many different vectors as it has steps.
#[derive(Debug, Clone)]
pub(crate) struct Noise {
    shrinkage: f64,
    /// From standardised to whitened vectors: `[dimension, dimension]`.
    factors: Tensor<2>,
}

impl Whitening {
    /// From `rows` of normal features, `[rows, dimension]`, that positions' means were taken off
    /// where there are some; none for [`FeatureScaling::None`].
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

    /// The features of a whole map or the vector of pooled ones, `[rows, dimension]`, scaled.
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

    /// What positions' means lie apart from the mean.
    pub fn position_means(&self) -> Option<&PositionMeans> {
        self.of_positions.as_ref().map(|of| &of.means)
    }

    /// The mean, `[dimension]`, and the factors as a matrix, `[dimension, dimension]`, or, of a
    /// diagonal one, its diagonal.
    pub fn on_host(&self) -> Result<(Vec<f32>, Vec<f32>)> {
        let (Factors::Diagonal(factors) | Factors::Full(factors)) = &self.factors;
        Ok((read(self.mean.clone())?, read(factors.clone())?))
    }

    /// Mean and factors, by the names that they have in a model file.
    pub fn parameters(&self) -> Vec<(&'static str, TensorData)> {
        let (Factors::Diagonal(factors) | Factors::Full(factors)) = &self.factors;
        let mut parameters = vec![
            (MEAN, self.mean.clone().into_data()),
            (FACTORS, factors.clone().into_data()),
        ];
        parameters.extend(self.position_means().map(PositionMeans::parameter));
        parameters
    }

    /// The scaling of an input's flow as a model file has it, which is taken out of the flow's
    /// `parameters`.
    pub fn restore(
        config: &TrainerConfig,
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
            factors: match config.feature_scaling {
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
    /// Whitened vectors `[rows, dimension]` with noise.
    pub fn add(&self, x: Tensor<2>, rng: &mut impl Rng) -> Tensor<2> {
        let dims = x.dims();
        let count = dims[0] * dims[1];
        let noise: Vec<f32> = (0..count).map(|_| StandardNormal.sample(rng)).collect();
        let noise = Tensor::<2>::from_data(TensorData::new(noise, dims), &x.device());
        x * (1.0 - self.shrinkage).sqrt()
            + noise.matmul(self.factors.clone()) * self.shrinkage.sqrt()
    }
}
