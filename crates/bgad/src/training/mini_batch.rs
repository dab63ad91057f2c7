//! Mini-batches and their loss.

use bgad_loss::{LogLikelihoods, SeparatingBoundary};
use burn::tensor::Tensor;

use crate::config::checked::CheckedConfig;
use crate::config::choices::{BoundaryScope, Model};
use crate::error::Result;

/// What a meta-epoch's steps have in common.
pub(crate) struct StepSettings<'a> {
    pub config: &'a CheckedConfig,
    /// The first meta-epoch trains by maximum likelihood alone.
    pub first: bool,
    pub rate: f64,
    /// Mini-batches that flows of positions take from each batch of images, at most.
    pub most: usize,
    /// The boundary over the whole set at this level, where it is configured.
    pub boundary: Option<&'a SeparatingBoundary>,
}

/// A mini-batch: positions of a batch of images, those on defects last.
pub(crate) struct MiniBatch {
    /// Numbers of rows among all images', image after image.
    pub order: Vec<u32>,
    /// How many of them are normal.
    pub normal: usize,
}

impl StepSettings<'_> {
    /// A mini-batch's loss (section 3) from its log-likelihoods, the normal ones first; none where
    /// it teaches nothing.
    pub fn loss(&self, l: &Tensor<1>, normal: usize) -> Result<Option<Tensor<1>>> {
        let [count] = l.dims();
        let side = |start, length| (length > 0).then(|| l.clone().narrow(0, start, length));
        let sides = LogLikelihoods {
            normal: side(0, normal),
            abnormal: side(normal, count - normal),
        };
        let objective = &self.config.objective;
        if self.first {
            return Ok(sides.normal.map(|l| objective.first_meta_epoch(l)));
        }
        let boundary = match (self.config.schedule.boundary, self.boundary) {
            (BoundaryScope::Set, Some(boundary)) => Some(boundary.clone()),
            _ => objective.batch_boundary(&sides)?,
        };
        Ok(match (self.config.model, sides, boundary) {
            (
                Model::Bgad,
                LogLikelihoods {
                    normal: Some(normal),
                    ..
                },
                Some(boundary),
            ) => Some(objective.bgad(normal, &boundary).total),
            (Model::Bgad, ..) => None,
            // Abnormal features alone can't be held against a boundary that they don't have.
            (Model::BgadFas, LogLikelihoods { normal: None, .. }, None) => None,
            (Model::BgadFas, sides, boundary) => {
                Some(objective.bgad_fas(&sides, boundary.as_ref()).total)
            }
        })
    }
}
