//! Held-out log-likelihoods of normal training images.

use burn::tensor::{Device, Tensor};
use rayon::prelude::*;

use super::level_flow::LevelFlow;
use super::likelihoods::LogLikelihoodMaps;
use super::mirrored;
use super::normal_statistics::NormalStatistics;
use super::whitening::Whitening;
use crate::config::checked::CheckedConfig;
use crate::device::host::read;
use crate::error::Result;
use crate::features::flow_inputs::FlowInput;
use crate::features::image_features::ImageFeatures;

/// The Gaussian models that flows start from, each fitted without one fold of the normal images.
///
/// The difference between such a model's log-likelihood and that of the Gaussian over all images estimates
/// what an image gains from having been trained on. It is exact for flows in their initial state, and trained
/// flows need no second training.
pub(crate) struct HeldOut {
    /// For each fold, the scaling of each flow that has one.
    of_folds: Vec<Vec<Option<Whitening>>>,
}

impl HeldOut {
    /// Fits the models for the flows of `inputs` from `statistics`, which must still have their rows.
    pub fn new(
        config: &CheckedConfig,
        statistics: &NormalStatistics,
        inputs: &[FlowInput],
        device: &Device,
    ) -> Result<Self> {
        let kind = config.features.scaling;
        let of_fold = |fold: usize| {
            let scaling = inputs.iter().enumerate().map(|(index, input)| {
                let level = statistics.level_without(index, fold);
                let (rows, means) = (&level.rows, level.means);
                Ok(Whitening::of_rows(kind, rows, means, input.dimension, device)?.0)
            });
            scaling.collect::<Result<Vec<_>>>()
        };
        let folds = match config.pooled.folds {
            0 => 0,
            _ => statistics.folds().count(),
        };
        let folds = (0..folds).into_par_iter();
        Ok(Self {
            of_folds: folds.map(of_fold).collect::<Result<_>>()?,
        })
    }

    /// Subtracts from a normal training input's log-likelihoods under `flows` what it gains from having been
    /// trained on. `fold` is the input's fold; only flows whose index is `wanted` are corrected.
    pub fn correct(
        &self,
        maps: &mut LogLikelihoodMaps,
        flows: &[LevelFlow],
        (features, fold): (&ImageFeatures, usize),
        wanted: impl Fn(usize) -> bool,
    ) -> Result<()> {
        let Some(scalings) = self.of_folds.get(fold) else {
            return Ok(());
        };
        for (index, (flow, scaling)) in flows.iter().zip(scalings).enumerate() {
            let Some(scaling) = scaling.as_ref().filter(|_| wanted(index)) else {
                continue;
            };
            let gain = |x: Tensor<2>| -> Result<Vec<f32>> {
                let [_, dimension] = x.dims();
                let seen = flow.scaled(x.clone()).square().sum_dim(1);
                let unseen = scaling.apply(x).square().sum_dim(1);
                read((unseen - seen) / (2.0 * dimension as f64))
            };
            let mut gains = gain(features.level(index))?;
            if let Some(mirror_image) = features.mirrored_level(index) {
                let side = gains.len().isqrt();
                mirrored::average(&mut gains, &gain(mirror_image)?, side);
            }
            let values = &mut maps.levels[index].values;
            values
                .iter_mut()
                .zip(gains)
                .for_each(|(l, gain)| *l -= gain);
        }
        Ok(())
    }
}
