//! Checkpoints of a run, from which it continues as if it had never stopped.
//!
//! A checkpoint is one file, written atomically. The two newest are kept, in case a failing disk damages one.
//! A checkpoint contains what training has changed: the flows, their optimizers, the boundaries, the losses
//! since the last meta-epoch, and the position in the schedule. Everything else follows from the settings and
//! images, and is computed again.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::progress::{MetaEpoch, Seconds};
use super::state::TrainingState;
use crate::config::checked::CheckedConfig;
use crate::config::choices::Granularity;
use crate::error::{Error, Result};
use crate::storage::tensor_file::{Damage, Kind, TensorFile};

const KIND: Kind = Kind {
    key: "bgad_checkpoint",
    version: 3,
};
const PREFIX: &str = "checkpoint-";
const SUFFIX: &str = ".safetensors";
/// Number of files kept.
const KEPT: usize = 2;
/// The time between checkpoints within a long meta-epoch.
const INTERVAL: Duration = Duration::from_secs(300);

/// A run's position in the schedule: what is already done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Position {
    /// Completed meta-epochs, including their evaluation.
    pub meta_epoch: usize,
    /// Completed sub-epochs of the next meta-epoch.
    pub sub_epoch: usize,
    /// Completed batches of the next sub-epoch.
    pub batch: usize,
    /// How many words the generator of positions has produced, lower half first.
    pub words: [u64; 2],
}

/// What a run must share with the one that wrote a checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub config: CheckedConfig,
    pub granularity: Granularity,
    pub backbone_checksum: Option<String>,
    /// A SHA-256 over the training images and masks.
    pub images: String,
}

/// The readable part of a checkpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Description {
    pub identity: Identity,
    pub position: Position,
    pub history: Vec<MetaEpoch>,
    pub seconds: Seconds,
    pub integers: std::collections::BTreeMap<String, u64>,
}

/// The checkpoints of one run in their folder.
pub(crate) struct Checkpoints {
    folder: PathBuf,
    identity: Identity,
    last: Instant,
}

impl Checkpoints {
    /// Opens the folder, creating it if needed.
    pub fn open(folder: &Path, identity: Identity) -> Result<Self> {
        bgad_files::create_folder(folder).map_err(Error::io(folder))?;
        bgad_files::remove_unfinished(folder).map_err(Error::io(folder))?;
        Ok(Self {
            folder: folder.to_owned(),
            identity,
            last: Instant::now(),
        })
    }

    /// Whether the last checkpoint is old enough for a new one.
    pub fn is_due(&self) -> bool {
        self.last.elapsed() >= INTERVAL
    }

    /// Writes a checkpoint, and removes all but the newest.
    pub fn write(
        &mut self,
        position: Position,
        history: &[MetaEpoch],
        seconds: Seconds,
        state: TrainingState<'_>,
    ) -> Result<PathBuf> {
        // Also after a failure, so that a full disk is not tried again after every batch.
        self.last = Instant::now();
        let Position {
            meta_epoch,
            sub_epoch,
            batch,
            ..
        } = position;
        let name = format!("{PREFIX}{meta_epoch:06}-{sub_epoch:06}-{batch:08}{SUFFIX}");
        let path = self.folder.join(name);
        let (tensors, integers) = state.into_parts();
        let description = Description {
            identity: self.identity.clone(),
            position,
            history: history.to_vec(),
            seconds,
            integers,
        };
        let file = TensorFile {
            description: serde_json::to_string(&description)
                .map_err(|e| at(&path)(e.to_string().into()))?,
            tensors,
        };
        file.write(&path, &KIND, |reason| at(&path)(reason.into()))?;
        let files = files(&self.folder)?;
        for old in &files[..files.len().saturating_sub(KEPT)] {
            std::fs::remove_file(old).map_err(Error::io(old))?;
        }
        Ok(path)
    }

    /// The newest valid checkpoint, and the errors of newer ones; `None` if there are no files.
    ///
    /// # Errors
    /// If no file is valid, or they belong to another run.
    pub fn newest(&self) -> Result<(Option<Found>, Vec<Error>)> {
        let mut wrong = Vec::new();
        for path in files(&self.folder)?.into_iter().rev() {
            match Found::read(path) {
                Ok(found) => {
                    let identity = &found.description.identity;
                    self.identity.check(identity, &found.path)?;
                    return Ok((Some(found), wrong));
                }
                Err(error) => wrong.push(error),
            }
        }
        match wrong.pop() {
            Some(error) => Err(error),
            None => Ok((None, Vec::new())),
        }
    }
}

/// A valid checkpoint that was read.
pub(crate) struct Found {
    pub path: PathBuf,
    pub description: Description,
    bytes: Vec<u8>,
}

impl Found {
    fn read(path: PathBuf) -> Result<Self> {
        let bytes = std::fs::read(&path).map_err(Error::io(&path))?;
        let description = parse(&bytes).map_err(at(&path))?;
        Ok(Self {
            path,
            description,
            bytes,
        })
    }

    /// Passes the saved state of training to `flows`.
    ///
    /// # Errors
    /// Those of `flows`, with the checkpoint's path.
    pub fn restore(&self, flows: impl FnOnce(TrainingState<'_>) -> Result<()>) -> Result<()> {
        let restore = || {
            let tensors = TensorFile::from_bytes(&self.bytes, &KIND)?.tensors;
            let integers = self.description.integers.clone();
            Ok(flows(TrainingState::from_parts(tensors, integers))?)
        };
        restore().map_err(at(&self.path))
    }
}

fn parse(bytes: &[u8]) -> Result<Description, Damage> {
    let file = TensorFile::from_bytes(bytes, &KIND)?;
    let description: Description =
        serde_json::from_str(&file.description).map_err(|e| format!("its description: {e}"))?;
    let Position {
        meta_epoch,
        sub_epoch,
        ..
    } = description.position;
    let config = &description.identity.config;
    if meta_epoch >= config.schedule.meta_epochs || sub_epoch > config.schedule.sub_epochs {
        let reason =
            format!("meta-epoch {meta_epoch}, sub-epoch {sub_epoch} is beyond its schedule");
        return Err(reason.into());
    }
    Ok(description)
}

impl Identity {
    fn check(&self, other: &Self, path: &Path) -> Result<()> {
        let differs = |what| Error::CheckpointDiffers {
            path: path.to_owned(),
            what,
        };
        if self.config != other.config || self.granularity != other.granularity {
            return Err(differs("settings"));
        }
        if self.backbone_checksum != other.backbone_checksum {
            return Err(differs("backbone's weights"));
        }
        match self.images == other.images {
            true => Ok(()),
            false => Err(differs("training images or masks")),
        }
    }
}

/// The error for damage in the checkpoint at `path`.
fn at(path: &Path) -> impl Fn(Damage) -> Error + '_ {
    move |damage| Error::Checkpoint {
        path: path.to_owned(),
        reason: match damage {
            Damage::Reason(reason) => reason,
            Damage::Version(found) => {
                format!("format {found}, this program reads format {}", KIND.version)
            }
        },
    }
}

/// The checkpoints in a folder, oldest first; names sort in the order of the schedule.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Error::io(folder))? {
        let entry = entry.map_err(Error::io(folder))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(PREFIX) && name.ends_with(SUFFIX) {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// Removes all checkpoints from `folder`, and the folder if it is then empty.
pub(crate) fn remove_all(folder: &Path) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for path in files(folder)? {
        std::fs::remove_file(&path).map_err(Error::io(&path))?;
    }
    bgad_files::remove_unfinished(folder).map_err(Error::io(folder))?;
    // There may be other files in it.
    let _ = std::fs::remove_dir(folder);
    Ok(())
}
