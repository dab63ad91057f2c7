//! BrainMRI's layout.

use std::path::Path;

use super::files;
use super::split_normals::{RANDOM_STATE, TEST_FRACTION, split_normals};
use crate::{DataError, Dataset, Result, Sample};

/// Name of the only defect type.
const TUMOR: &str = "tumor";

pub(super) fn read(folder: &Path) -> Result<Dataset> {
    let mut skipped = Vec::new();
    let mut images = |name: &str| -> Result<Vec<std::path::PathBuf>> {
        let folder = folder.join(name);
        if folder.is_dir() {
            files::images_below(&folder, &mut skipped)
        } else {
            Ok(Vec::new())
        }
    };
    let (normal, abnormal) = (images("no")?, images("yes")?);
    if normal.is_empty()
        && abnormal.is_empty()
        && files::images_below(folder, &mut Vec::new())?.is_empty()
    {
        return Err(DataError::NoImages {
            folder: folder.to_owned(),
        });
    }
    if normal.is_empty() {
        return Err(DataError::NoNormalImages {
            folder: folder.to_owned(),
            expected: "the sub-folder 'no'".to_owned(),
        });
    }
    let mut warnings: Vec<String> = files::skipped_warnings(&skipped, folder);
    if abnormal.is_empty() {
        warnings.push(format!(
            "{}: 0 abnormal images in the sub-folder 'yes'",
            folder.display()
        ));
    }
    let dataset = files::described(folder, skipped, warnings);
    Ok(split_normals(
        dataset,
        normal.into_iter().map(Sample::normal).collect(),
        abnormal
            .into_iter()
            .map(|path| Sample::abnormal(path, TUMOR, None))
            .collect(),
        TEST_FRACTION,
        RANDOM_STATE,
    ))
}
