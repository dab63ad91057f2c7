//! What is told of a run while it goes on.

use serde::{Deserialize, Serialize};

use crate::evaluation::result::PaperMetrics;

/// One meta-epoch of a run; metrics are none where they can't be had or were not asked for.
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
    /// The same as the authors' program computes them.
    pub paper_protocol: PaperMetrics,
}

/// Where a run's time went, in seconds.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Seconds {
    /// Loading, pasting and the backbone.
    pub features: f64,
    /// The flows' training.
    pub flow: f64,
    /// Evaluation, calibration and threshold.
    pub evaluation: f64,
    /// All of the run.
    pub total: f64,
}

/// What an observer is told while a run goes on.
#[non_exhaustive]
#[derive(Debug, Clone)]
pub enum Progress {
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
        /// Batches in the whole run, as far as is known.
        total: usize,
        /// The learning rate.
        learning_rate: f64,
    },
    /// A meta-epoch is over.
    MetaEpoch(MetaEpoch),
    /// The run goes on where an earlier one stopped.
    Resumed {
        /// The meta-epoch that it goes on in, from 1.
        meta_epoch: usize,
        /// The meta-epochs that are over.
        history: Vec<MetaEpoch>,
    },
    /// The images of a run are scored by the model of before and by the one that has learned.
    Scored {
        /// Images done.
        done: usize,
        /// Images in all.
        total: usize,
    },
    /// A run is trained, and its files are written.
    Writing,
    /// Something was left out; one sentence says what and why.
    Warning(String),
}
