//! `dataset.json`: the training and test images of a run, so that it can be resumed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bgad_data::{Dataset, MaskFiles, Sample, path_from_text, path_to_text};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::own_files::{absolute, moved};
use crate::error::{Error, Result};
use crate::storage::file_digest::file_sha256;
use crate::storage::json::{read_json, write_json};

#[derive(Serialize, Deserialize)]
struct DatasetFile {
    name: String,
    #[serde(with = "bgad_data::path_text")]
    root: PathBuf,
    /// The run's own folder when this was written. Files in it move with it.
    #[serde(default, with = "bgad_data::optional_path_text")]
    folder: Option<PathBuf>,
    train: Vec<Sample>,
    test: Vec<Sample>,
    /// The SHA-256 of each readable training image; empty in runs of earlier versions.
    #[serde(default)]
    sha256: BTreeMap<String, String>,
}

/// A data set as stored by a run.
pub(crate) struct KeptDataset {
    pub dataset: Dataset,
    /// The SHA-256 of training images, by their paths as text.
    sha256: BTreeMap<String, String>,
}

impl KeptDataset {
    /// The SHA-256 of each training image.
    pub fn into_digests(self) -> BTreeSet<String> {
        self.sha256.into_values().collect()
    }

    /// The training images whose files exist but have changed.
    pub fn changed(&self) -> Vec<&Path> {
        let files: Vec<&Path> = files(&self.dataset.train);
        let changed = files.into_par_iter().filter(|path| {
            let known = self.sha256.get(&path_to_text(path));
            let now = file_sha256(path).ok();
            known.zip(now).is_some_and(|(known, now)| *known != now)
        });
        changed.collect()
    }
}

/// The image files of samples, without repeating a file whose parts follow each other.
fn files(samples: &[Sample]) -> Vec<&Path> {
    let mut files: Vec<&Path> = samples.iter().map(|s| s.path.as_path()).collect();
    files.dedup();
    files
}

/// Writes the samples of `dataset` to a file, with absolute paths. The file's folder will be moved to
/// `place`, an absolute path, so files in the folder get the paths that they will have there.
pub(super) fn write(path: &Path, dataset: &Dataset, place: &Path) -> Result<()> {
    let here = absolute(path.parent().unwrap_or(Path::new("")))?;
    let absolute = |path: &Path| Ok::<_, Error>(moved(&absolute(path)?, &here, place));
    let sample = |sample: &Sample| {
        let masks = sample.mask.iter().flat_map(MaskFiles::paths);
        Ok(Sample {
            path: absolute(&sample.path)?,
            mask: MaskFiles::several(masks.map(absolute).collect::<Result<Vec<_>>>()?),
            ..sample.clone()
        })
    };
    let samples = |samples: &[Sample]| samples.iter().map(sample).collect::<Result<Vec<_>>>();
    let digests = files(&dataset.train).into_par_iter().filter_map(|file| {
        // Training leaves out unreadable images with a warning.
        let digest = file_sha256(file).ok()?;
        Some(absolute(file).map(|file| (path_to_text(&file), digest)))
    });
    let file = DatasetFile {
        name: dataset.name.clone(),
        root: absolute(&dataset.root)?,
        folder: Some(place.to_owned()),
        train: samples(&dataset.train)?,
        test: samples(&dataset.test)?,
        sha256: digests.collect::<Result<_>>()?,
    };
    write_json(path, &file)
}

pub(super) fn read(path: &Path) -> Result<KeptDataset> {
    let mut file: DatasetFile = read_json(path)?;
    if let (Some(was), Some(is)) = (&file.folder, path.parent()) {
        let is = absolute(is)?;
        let moved = |path: &Path| moved(path, was, &is);
        for sample in file.train.iter_mut().chain(&mut file.test) {
            sample.path = moved(&sample.path);
            let masks = sample.mask.iter().flat_map(MaskFiles::paths);
            sample.mask = MaskFiles::several(masks.map(moved).collect::<Vec<_>>());
        }
        let sha256 = file.sha256.into_iter();
        let sha256 = sha256.map(|(path, digest)| {
            let path = moved(&path_from_text(&path));
            (path_to_text(&path), digest)
        });
        file.sha256 = sha256.collect();
    }
    Ok(KeptDataset {
        dataset: Dataset {
            name: file.name,
            root: file.root,
            train: file.train,
            test: file.test,
            ..Dataset::default()
        },
        sha256: file.sha256,
    })
}
