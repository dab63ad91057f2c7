//! Mini-batches and their loss.

use bgad_loss::{LogLikelihoods, SeparatingBoundary};
use burn::tensor::Tensor;

use crate::config::checked::CheckedConfig;
use crate::config::choices::{BoundaryScope, Model};
use crate::error::Result;

/// Settings that all steps of a batch share.
pub(crate) struct StepSettings<'a> {
    pub config: &'a CheckedConfig,
    /// Whether this is the first meta-epoch, which trains by maximum likelihood alone.
    pub first: bool,
    pub rate: f64,
    /// The most mini-batches that position flows take from each batch of images.
    pub most: usize,
    /// This level's boundary over the whole set, if so configured.
    pub boundary: Option<&'a SeparatingBoundary>,
}

/// A mini-batch: positions of a batch of images, those on defects last.
pub(crate) struct MiniBatch {
    /// Row indices among all images' rows, image by image.
    pub order: Vec<u32>,
    /// How many of them are normal.
    pub normal: usize,
}

impl StepSettings<'_> {
    /// A mini-batch's loss from its log-likelihoods, normal ones first; `None` if there is nothing
    /// to learn from it.
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
            // Without normal features there is no boundary to compare abnormal ones with.
            (Model::BgadFas, LogLikelihoods { normal: None, .. }, None) => None,
            (Model::BgadFas, sides, boundary) => {
                Some(objective.bgad_fas(&sides, boundary.as_ref()).total)
            }
        })
    }
}
