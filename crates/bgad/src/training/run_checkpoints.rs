//! Where a run continues, when it writes a checkpoint, and when it stops.

use std::path::Path;

use super::checkpoints::{self, Checkpoints, Identity, Position};
use super::flow_ensemble::FlowTrainers;
use super::progress::{MetaEpoch, Progress};
use super::run::Run;
use crate::error::{Error, Result};

impl Run<'_> {
    /// Opens the folder of checkpoints. With `resume`, it restores `flows` from the newest one and returns
    /// its position in the schedule and the completed meta-epochs; `None` if there is no checkpoint.
    pub(super) fn open_checkpoints(
        &mut self,
        folder: &Path,
        identity: Identity,
        resume: bool,
        flows: &mut FlowTrainers<'_>,
    ) -> Result<Option<(Position, Vec<MetaEpoch>)>> {
        if !resume {
            checkpoints::remove_all(folder)?;
        }
        let checkpoints = Checkpoints::open(folder, identity)?;
        let (newest, wrong) = checkpoints.newest()?;
        self.checkpoints = Some(checkpoints);
        let Some(newest) = newest else {
            return Ok(None);
        };
        wrong
            .into_iter()
            .for_each(|error| self.warn(error.to_string()));
        newest.restore(|state| flows.restore(state, &self.device))?;
        let description = newest.description;
        self.before = description.seconds;
        self.context.tell(Progress::Resumed {
            meta_epoch: description.position.meta_epoch + 1,
            history: description.history.clone(),
        });
        Ok(Some((description.position, description.history)))
    }

    /// Writes a checkpoint if one is due, and stops if requested.
    pub(super) fn between_batches(
        &mut self,
        position: Position,
        history: &[MetaEpoch],
        flows: &FlowTrainers<'_>,
    ) -> Result<()> {
        let stop = self.context.is_stopped();
        let over = position.sub_epoch == self.config.schedule.sub_epochs;
        let seconds = self.seconds();
        let Some(checkpoints) = &mut self.checkpoints else {
            return match stop {
                true => Err(Error::Stopped { checkpoint: None }),
                false => Ok(()),
            };
        };
        if !(stop || over || checkpoints.is_due()) {
            return Ok(());
        }
        let written = checkpoints.write(position, history, seconds, flows.state()?);
        match (written, stop) {
            (Ok(path), true) => Err(Error::Stopped {
                checkpoint: Some(path),
            }),
            (Err(error), true) => Err(error),
            (Ok(_), false) => Ok(()),
            // A full disk should not end a night of training; there may be room again later.
            (Err(error), false) => {
                self.warn(format!("no checkpoint could be written: {error}"));
                Ok(())
            }
        }
    }
}
