//! The logs of `bgad train`: `metrics.jsonl` and, if asked for, TensorBoard events.

use bgad::{MetaEpoch, MetricsLog, RunDirectory};

use crate::failure::Failure;
use crate::tensorboard::{self, TensorBoard};

/// The logs of a run, with one entry per meta-epoch.
pub struct RunLogs {
    metrics: MetricsLog,
    tensorboard: Option<TensorBoard>,
}

impl RunLogs {
    /// The logs of a new run.
    pub fn new(directory: &RunDirectory, tensorboard: bool) -> Result<Self, Failure> {
        let metrics = directory.metrics_log()?;
        let tensorboard = tensorboard
            .then(|| TensorBoard::create(directory.path(), []))
            .transpose()?;
        Ok(Self {
            metrics,
            tensorboard,
        })
    }

    /// The logs of a run that continues after this many meta-epochs.
    pub fn resumed(
        directory: &RunDirectory,
        meta_epochs: usize,
        tensorboard: bool,
    ) -> Result<Self, Failure> {
        let metrics = directory.resumed_metrics_log(meta_epochs)?;
        tensorboard::remove_earlier(directory.path())?;
        let history = match tensorboard {
            true => Some(directory.history()?),
            false => None,
        };
        let tensorboard = history.map(|history| {
            let behind = history.iter().map(|line| &line.meta_epoch);
            TensorBoard::create(directory.path(), behind)
        });
        Ok(Self {
            metrics,
            tensorboard: tensorboard.transpose()?,
        })
    }

    /// Adds a meta-epoch to all logs.
    pub fn append(&mut self, meta_epoch: &MetaEpoch) -> Result<(), Failure> {
        self.metrics.append(meta_epoch)?;
        match &mut self.tensorboard {
            Some(board) => board.append(meta_epoch),
            None => Ok(()),
        }
    }
}
