//! `dataset.json`: the training and test images of a run, so that it can be resumed.

use std::path::{Path, PathBuf};

use bgad_data::{Dataset, MaskFiles, Sample};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::storage::json::{read_json, write_json};

#[derive(Serialize, Deserialize)]
struct DatasetFile {
    name: String,
    #[serde(with = "bgad_data::path_text")]
    root: PathBuf,
    train: Vec<Sample>,
    test: Vec<Sample>,
}

/// Writes the samples of `dataset` with absolute paths.
pub(super) fn write(path: &Path, dataset: &Dataset) -> Result<()> {
    let absolute = |path: &Path| std::path::absolute(path).map_err(Error::io(path));
    let sample = |sample: &Sample| {
        let masks = sample.mask.iter().flat_map(MaskFiles::paths);
        Ok(Sample {
            path: absolute(&sample.path)?,
            mask: MaskFiles::several(masks.map(absolute).collect::<Result<Vec<_>>>()?),
            ..sample.clone()
        })
    };
    let samples = |samples: &[Sample]| samples.iter().map(sample).collect::<Result<Vec<_>>>();
    let file = DatasetFile {
        name: dataset.name.clone(),
        root: absolute(&dataset.root)?,
        train: samples(&dataset.train)?,
        test: samples(&dataset.test)?,
    };
    write_json(path, &file)
}

pub(super) fn read(path: &Path) -> Result<Dataset> {
    let file: DatasetFile = read_json(path)?;
    Ok(Dataset {
        name: file.name,
        root: file.root,
        train: file.train,
        test: file.test,
        ..Dataset::default()
    })
}
