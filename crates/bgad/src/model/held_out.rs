//! Held-out log-likelihoods of normal training images.

use burn::tensor::Device;
use rayon::prelude::*;

use super::image_maps::mean_log_likelihoods;
use super::level_flow::{LevelFlow, WhitenedFlow};
use super::likelihoods::LogLikelihoodMaps;
use super::mirrored;
use super::normal_statistics::NormalStatistics;
use super::whitening::Whitening;
use crate::config::checked::CheckedConfig;
use crate::error::Result;
use crate::features::flow_inputs::FlowInput;
use crate::features::image_features::ImageFeatures;

/// The Gaussian models that flows start from, each fitted without one fold of the normal images.
///
/// The difference between such a model's log-likelihood and that of the Gaussian over all images estimates
/// what an image gains from having been trained on. It is exact for flows in their initial state, and trained
/// flows need no second training.
pub(crate) struct HeldOut {
    /// For each fold, each input's flow at rest, if it has a fixed layer.
    of_folds: Vec<Vec<Option<LevelFlow>>>,
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
            let flows = inputs.iter().enumerate().map(|(index, input)| {
                let level = statistics.level_without(index, fold);
                let (rows, means) = (&level.rows, level.means);
                let (scaling, _) = Whitening::of_rows(kind, rows, means, input.dimension, device)?;
                let at_rest = |scaling| {
                    let flow = WhitenedFlow {
                        scaling: Some(scaling),
                        flow: None,
                    };
                    LevelFlow::new(flow, config, input, device)
                };
                scaling.map(at_rest).transpose()
            });
            flows.collect::<Result<Vec<_>>>()
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
        let Some(of_fold) = self.of_folds.get(fold) else {
            return Ok(());
        };
        for (index, (flow, held_out)) in flows.iter().zip(of_fold).enumerate() {
            let Some(held_out) = held_out.as_ref().filter(|_| wanted(index)) else {
                continue;
            };
            let unseen = mean_log_likelihoods(held_out, features, index)?;
            let values = &mut maps.levels[index].values;
            if flow.is_at_rest() {
                *values = unseen;
                continue;
            }
            let mut seen = flow.of_fixed_layer(features.level(index))?;
            if let Some(mirror_image) = features.mirrored_level(index) {
                let side = seen.len().isqrt();
                mirrored::average(&mut seen, &flow.of_fixed_layer(mirror_image)?, side);
            }
            for ((value, unseen), seen) in values.iter_mut().zip(unseen).zip(seen) {
                *value += unseen - seen;
            }
        }
        Ok(())
    }
}
