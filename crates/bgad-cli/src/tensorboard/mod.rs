//! A run's metrics for TensorBoard, in an event file in the run's folder.

mod crc32c;
mod event_file;

use std::path::Path;

use bgad::MetaEpoch;

use crate::failure::Failure;
use event_file::EventFile;

pub use event_file::remove_earlier;

/// The event file of a run.
pub struct TensorBoard {
    events: EventFile,
}

impl TensorBoard {
    /// Creates an event file in `folder` with the meta-epochs so far.
    pub fn create<'a>(
        folder: &Path,
        history: impl IntoIterator<Item = &'a MetaEpoch>,
    ) -> Result<Self, Failure> {
        let mut board = Self {
            events: EventFile::create(folder)?,
        };
        for meta_epoch in history {
            board.append(meta_epoch)?;
        }
        Ok(board)
    }

    /// Adds a meta-epoch.
    pub fn append(&mut self, meta_epoch: &MetaEpoch) -> Result<(), Failure> {
        let paper = meta_epoch.paper_protocol;
        let scalars = [
            ("loss", meta_epoch.loss),
            ("test/image_auroc", meta_epoch.image_auroc),
            ("test/pixel_auroc", meta_epoch.pixel_auroc),
            ("test/aupro", meta_epoch.aupro),
            ("paper_protocol/image_auroc", paper.image_auroc),
            ("paper_protocol/pixel_auroc", paper.pixel_auroc),
            ("paper_protocol/aupro", paper.aupro),
        ];
        let known = scalars.into_iter().filter_map(|(tag, v)| Some((tag, v?)));
        let known: Vec<_> = known.collect();
        self.events.scalars(meta_epoch.meta_epoch, &known)
    }
}
