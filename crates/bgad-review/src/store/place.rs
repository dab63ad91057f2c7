//! Where a model's decisions are stored: beside its run or, for a taught run, beside the first run.

use std::path::{Path, PathBuf};

use bgad::{path_from_text, path_to_text};

use crate::engine::ModelInfo;
use crate::error::{Result, ReviewError};

/// The file in which a taught run names the folder of its decisions.
const POINTER: &str = "review.txt";

/// The folder of a model's decisions, and the run that it belongs to.
pub(crate) struct StorePlace {
    pub(crate) folder: PathBuf,
    /// The first run, which was not taught; `None` for a model without a run.
    pub(crate) first_run: Option<PathBuf>,
}

impl StorePlace {
    /// The place for `model`.
    pub(crate) fn of(model: &ModelInfo) -> Self {
        let Some(run) = &model.run else {
            let mut name = model.file.file_stem().unwrap_or_default().to_owned();
            name.push("-review");
            return Self {
                folder: model.file.with_file_name(name),
                first_run: None,
            };
        };
        // Resolves links, so that a folder has only one name here.
        let own = std::fs::canonicalize(run).unwrap_or_else(|_| run.clone());
        let first = pointed(run).unwrap_or(own);
        Self {
            folder: first.join("review"),
            first_run: Some(first),
        }
    }
}

/// The run that a taught run's file names, if it still exists.
fn pointed(run: &Path) -> Option<PathBuf> {
    let text = std::fs::read_to_string(run.join(POINTER)).ok()?;
    let first = run.join(path_from_text(text.trim()));
    let first = std::fs::canonicalize(first).ok()?;
    first.join("review").is_dir().then_some(first)
}

/// Makes `run`, which was taught from `first` and is beside it, use the decisions of `first`.
pub(crate) fn point_to(run: &Path, first: &Path) -> Result<()> {
    let beside = run.parent() == first.parent();
    let text = match first.file_name() {
        Some(name) if beside => format!("../{}\n", path_to_text(Path::new(name))),
        _ => format!("{}\n", path_to_text(first)),
    };
    let path = run.join(POINTER);
    bgad_files::write_whole(&path, text.as_bytes()).map_err(ReviewError::io(&path))
}
