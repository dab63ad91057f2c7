//! The log-likelihoods of an image under all flows.

use rayon::prelude::*;

#[cfg(not(feature = "train"))]
use super::cpu_flow::LevelFlow;
#[cfg(feature = "train")]
use super::level_flow::LevelFlow;
use super::likelihoods::LogLikelihoodMap;
use super::mirrored;
use crate::error::Result;
use crate::features::image_features::ImageFeatures;

/// The log-likelihoods of one image, which do not depend on other images.
pub(crate) fn log_likelihood_maps(
    flows: &[LevelFlow],
    features: &ImageFeatures,
) -> Result<Vec<LogLikelihoodMap>> {
    let maps = flows.par_iter().enumerate().map(|(index, flow)| {
        let values = mean_log_likelihoods(flow, features, index)?;
        let side = values.len().isqrt();
        Ok(LogLikelihoodMap {
            width: side,
            height: side,
            values,
            pooled: flow.pooled,
        })
    });
    maps.collect()
}

/// One flow's log-likelihoods of an image, averaged with those of its mirror image if it is used.
pub(crate) fn mean_log_likelihoods(
    flow: &LevelFlow,
    features: &ImageFeatures,
    index: usize,
) -> Result<Vec<f32>> {
    let mut values = flow.of_image(features, index)?;
    if let Some(mirrored_values) = flow.of_mirrored(features, index)? {
        let side = values.len().isqrt();
        mirrored::average(&mut values, &mirrored_values, side);
    }
    Ok(values)
}
