//! BrainMRI's layout.

use std::path::Path;

use super::{RANDOM_STATE, TEST_FRACTION, files, split_normals};
use crate::{DataError, Dataset, Result, Sample};

/// Name of the only defect type.
const TUMOR: &str = "tumor";

pub(super) fn read(folder: &Path) -> Result<Dataset> {
    let mut others = 0;
    let mut images = |name: &str| -> Result<Vec<std::path::PathBuf>> {
        let folder = folder.join(name);
        if folder.is_dir() {
            files::images_below(&folder, &mut others)
        } else {
            Ok(Vec::new())
        }
    };
    let (normal, abnormal) = (images("no")?, images("yes")?);
    if normal.is_empty() && abnormal.is_empty() && files::images_below(folder, &mut 0)?.is_empty() {
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
    let mut warnings: Vec<String> = files::skipped_warning(others, folder).into_iter().collect();
    if abnormal.is_empty() {
        warnings.push(format!(
            "{}: 0 abnormal images in the sub-folder 'yes'",
            folder.display()
        ));
    }
    Ok(split_normals(
        files::dataset_name(folder),
        normal.into_iter().map(Sample::normal).collect(),
        abnormal
            .into_iter()
            .map(|path| Sample::abnormal(path, TUMOR, None))
            .collect(),
        TEST_FRACTION,
        RANDOM_STATE,
        warnings,
    ))
}
