//! The parts of a run's folder that the page needs.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bgad::Sample;

use crate::error::{Result, ReviewError};

/// Why a model without a run can't learn.
pub(crate) const NO_RUN: &str = "this is a model without its run, so it can't learn: open the folder \
     that `bgad train --keep-features --out RUN_DIR` made";

/// Where a model is, and its run if there is one.
pub(crate) struct Place {
    pub(crate) model: PathBuf,
    pub(crate) run: Option<PathBuf>,
}

/// Finds the model of a run's folder, or the run of a model's file.
pub(crate) fn locate(path: &Path) -> Result<Place> {
    let path = std::fs::canonicalize(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => ReviewError::Missing(format!(
            "{}: no such run or model; give the --out folder of a `bgad train`, or a model's file",
            path.display()
        )),
        _ => ReviewError::io(path)(error),
    })?;
    let is_run = |folder: &Path| folder.join("run.json").is_file();
    if !path.is_dir() {
        let parent = path.parent().filter(|folder| is_run(folder));
        let of_run = parent.filter(|folder| folder.join("model.bgad") == path);
        return Ok(Place {
            run: of_run.map(Path::to_owned),
            model: path,
        });
    }
    let model = path.join("model.bgad");
    if !is_run(&path) {
        return Err(ReviewError::Missing(format!(
            "{}: not a run (run.json is missing); give the --out folder of a `bgad train`, or a model's file",
            path.display()
        )));
    }
    if !model.is_file() {
        return Err(ReviewError::Missing(format!(
            "{}: this run has no model yet; `bgad train --resume` finishes it",
            path.display()
        )));
    }
    Ok(Place {
        model,
        run: Some(path),
    })
}

/// The test images of a run or, if there are none, its training images.
#[cfg(feature = "runs")]
pub(crate) fn samples(folder: &Path) -> Result<Vec<Sample>> {
    let run = bgad::RunDirectory::at(folder);
    if !folder.join("dataset.json").is_file() {
        return Ok(Vec::new());
    }
    let dataset = run.dataset()?;
    Ok(match dataset.test.is_empty() {
        true => dataset.train,
        false => dataset.test,
    })
}

#[cfg(not(feature = "runs"))]
pub(crate) fn samples(_: &Path) -> Result<Vec<Sample>> {
    Ok(Vec::new())
}
