//! An image on the wall.

use std::path::Path;
use std::time::UNIX_EPOCH;

use bgad::{Label, Sample, path_to_text};
use serde::{Deserialize, Serialize};

use crate::engine::{FoundRegion, Picture};
use crate::store;

/// An image and its state.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// Its name in URLs: a digest of `source`, the same after a restart.
    pub(crate) id: String,
    /// Its name in the table of decisions: the path, with the region if it is a part of the file.
    pub(crate) source: String,
    /// Its file's name, with the region if it is a part of the file.
    pub(crate) name: String,
    /// A short name of the folder that it came from.
    pub(crate) group: String,
    pub(crate) picture: Picture,
    /// Its label in the run's data set.
    pub(crate) known: Option<Known>,
    pub(crate) outcome: Outcome,
    /// The file's state when it was added; a changed file is a new image.
    pub(crate) stamp: Stamp,
    /// The version of the list in which this entry last changed.
    pub(crate) version: u64,
}

/// A label from the data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) abnormal: bool,
    pub(crate) kind: String,
}

/// The model's result for an image.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// Nothing yet.
    Waiting,
    Scored(Scored),
    /// It can't be read, for this reason.
    Damaged(String),
}

/// A finding without its map, which is on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Scored {
    pub(crate) score: f32,
    pub(crate) p_value: f64,
    pub(crate) size: (u32, u32),
    pub(crate) has_map: bool,
    pub(crate) regions: Vec<FoundRegion>,
}

/// When a file was modified, and its length: enough to detect that it changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Stamp {
    pub(crate) length: u64,
    /// In microseconds since 1970.
    pub(crate) modified: u64,
}

impl Stamp {
    /// The stamp of a file; `None` if it does not exist.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        let modified = metadata.modified().ok();
        let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Some(Self {
            length: metadata.len(),
            modified: since.map_or(0, |since| since.as_micros() as u64),
        })
    }
}

impl Entry {
    /// A sample of the run.
    pub(crate) fn of_sample(sample: Sample, group: String) -> Self {
        let path = path_to_text(&sample.path);
        let source = match sample.region {
            Some(region) => format!("{path}#xywh={region}"),
            None => path,
        };
        let known = Known {
            abnormal: sample.label == Label::Abnormal,
            kind: match sample.label {
                Label::Normal => String::new(),
                Label::Abnormal => sample.defect_type.clone(),
            },
        };
        let name = sample.name();
        Self::new(source, name, group, Picture::Sample(sample), Some(known))
    }

    /// Any other file.
    pub(crate) fn of_file(path: &Path, group: String) -> Self {
        let name = path_to_text(Path::new(path.file_name().unwrap_or_default()));
        let picture = Picture::File(path.to_owned());
        Self::new(path_to_text(path), name, group, picture, None)
    }

    fn new(
        source: String,
        name: String,
        group: String,
        picture: Picture,
        known: Option<Known>,
    ) -> Self {
        Self {
            id: store::id(&source),
            stamp: Stamp::of(picture.path()).unwrap_or_default(),
            source,
            name,
            group,
            picture,
            known,
            outcome: Outcome::Waiting,
            version: 0,
        }
    }

    pub(crate) fn scored(&self) -> Option<&Scored> {
        match &self.outcome {
            Outcome::Scored(scored) => Some(scored),
            Outcome::Waiting | Outcome::Damaged(_) => None,
        }
    }
}
