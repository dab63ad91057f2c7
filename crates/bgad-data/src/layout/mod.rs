//! How data sets lie on disk.

mod brain_mri;
mod files;
mod folder;
mod head_ct;
mod mask_index;
mod mvtec;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{DataError, Dataset, Result, Sample, split};

pub use folder::{FolderLayout, MaskLocation};

/// A data set's arrangement of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// MVTec AD: `CATEGORY/train/good`, `CATEGORY/test/TYPE`, `CATEGORY/ground_truth/TYPE/NAME_mask.png`.
    ///
    /// `ok` works as well as `good`, and masks may be named as their images (BTAD).
    Mvtec,
    /// A plain folder: sub-folders `normal`, `good` or `ok`, others for abnormal images; see [`FolderLayout`].
    Folder,
    /// HeadCT hemorrhage: `head_ct/NNN.png` and `labels.csv`.
    HeadCt,
    /// BrainMRI tumour detection: `no` and `yes`.
    BrainMri,
}

impl Layout {
    /// All layouts.
    pub const ALL: [Self; 4] = [Self::Mvtec, Self::Folder, Self::HeadCt, Self::BrainMri];

    /// Reads the data set in `folder`, or in its sub-folder `category`.
    ///
    /// Files are sorted by name, hidden ones ignored. Only names are read here, and the table of
    /// [`Layout::HeadCt`]; [`Dataset::verify`] looks at the files.
    ///
    /// # Errors
    /// A [`DataError`] for a missing or empty folder, no normal images, a `category` that is not there or
    /// is needed and was not given, a damaged table.
    pub fn read(self, folder: &Path, category: Option<&str>) -> Result<Dataset> {
        let folder = files::category_folder(folder, category)?;
        match self {
            Self::Mvtec => mvtec::read(&folder),
            Self::Folder => FolderLayout::discover(&folder)?.read(),
            Self::HeadCt => head_ct::read(&folder),
            Self::BrainMri => brain_mri::read(&folder),
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mvtec => "mvtec",
            Self::Folder => "folder",
            Self::HeadCt => "head-ct",
            Self::BrainMri => "brain-mri",
        })
    }
}

impl FromStr for Layout {
    type Err = DataError;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|layout| layout.to_string() == name)
            .ok_or_else(|| DataError::Parameter {
                name: "layout",
                found: format!("'{name}'"),
                expected: Self::ALL.map(|layout| layout.to_string()).join(", "),
            })
    }
}

/// The share of normal images that tests, where the data set itself does not say.
const TEST_FRACTION: f64 = 0.25;
/// The seed of that split; with it the published results were made.
const RANDOM_STATE: u32 = 42;

/// A data set of normal images that are split and abnormal ones that all test.
fn split_normals(
    name: String,
    normals: Vec<Sample>,
    abnormals: Vec<Sample>,
    test_fraction: f64,
    random_state: u32,
    warnings: Vec<String>,
) -> Dataset {
    let split = split::train_test_split(normals.len(), test_fraction, random_state);
    let pick = |indices: &[usize]| -> Vec<Sample> {
        indices.iter().map(|&i| normals[i].clone()).collect()
    };
    let mut test = pick(&split.test);
    test.extend(abnormals);
    Dataset {
        name,
        train: pick(&split.train),
        test,
        warnings,
    }
}
