//! Progress reports of a run.

use serde::{Deserialize, Serialize};

use crate::config::rotations::Rotations;
use crate::evaluation::result::PaperMetrics;

/// One meta-epoch of a run. A metric is `None` if it is undefined or was not requested.
#[non_exhaustive]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MetaEpoch {
    /// Counted from 1.
    pub meta_epoch: usize,
    /// The mean loss of all steps.
    pub loss: Option<f64>,
    /// AUROC of the test images' scores.
    pub image_auroc: Option<f64>,
    /// AUROC of the test pixels' scores.
    pub pixel_auroc: Option<f64>,
    /// AUPRO up to a false-positive rate of 0.3.
    pub aupro: Option<f64>,
    /// The same metrics as the authors' program computes them.
    pub paper_protocol: PaperMetrics,
}

/// How long each part of a run took, in seconds.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Seconds {
    /// Loading, pasting and the backbone.
    pub features: f64,
    /// Training of the flows.
    pub flow: f64,
    /// Evaluation, calibration and threshold.
    pub evaluation: f64,
    /// The whole run.
    pub total: f64,
}

/// A report to an observer while a run is in progress.
#[non_exhaustive]
#[derive(Debug, Clone)]
pub enum Progress {
    /// Inputs are larger than usual, because images show small parts on plain backgrounds. Training and predictions
    /// take longer; a size in [`image_size`](crate::InputSettings::image_size) avoids that.
    LargerInput {
        /// Their width and height in pixels.
        size: u32,
        /// The usual width and height in pixels.
        usual: u32,
    },
    /// Images are also judged on a second, finer input, because they show no background. Training and predictions take longer;
    /// `off` as [`finer_size`](crate::InputSettings::finer_size) avoids that.
    FinerInput {
        /// Its width and height in pixels.
        finer: u32,
        /// The width and height of the other input.
        usual: u32,
    },
    /// Normal images are also trained on turned, because parts lie at any angle. Training takes longer;
    /// [`rotations`](crate::InputSettings::rotations) can avoid that.
    TurnedCopies(Rotations),
    /// Only positions are scored, although there are no masks, because the images show no background.
    /// [`granularity`](crate::TrainerConfig::granularity) can ask for whole images as well.
    PositionsAlone,
    /// The features of images are being computed.
    Features {
        /// Images done.
        done: usize,
        /// Images in all.
        total: usize,
    },
    /// A batch was trained on.
    Batch {
        /// The meta-epoch, from 1.
        meta_epoch: usize,
        /// Batches done in the whole run.
        done: usize,
        /// Estimated number of batches in the whole run.
        total: usize,
        /// The learning rate.
        learning_rate: f64,
    },
    /// A meta-epoch is over.
    MetaEpoch(MetaEpoch),
    /// The run continues where an earlier one stopped.
    Resumed {
        /// The meta-epoch in which it continues, from 1.
        meta_epoch: usize,
        /// The completed meta-epochs.
        history: Vec<MetaEpoch>,
    },
    /// The earlier and the new model score the images of a run.
    Scored {
        /// Images done.
        done: usize,
        /// Images in all.
        total: usize,
    },
    /// A run is trained, and its files are being written.
    Writing,
    /// Something was left out; one sentence says what and why.
    Warning(String),
}
