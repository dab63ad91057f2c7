//! How data sets lie on disk.

mod aitex;
mod brain_mri;
mod btad;
mod elpv;
pub(crate) mod files;
mod folder;
mod folder_names;
mod head_ct;
mod manifest;
mod manifest_row;
mod mask_index;
mod mvtec;
mod split_normals;
mod table;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{DataError, Dataset, Result};

pub use folder::{FolderLayout, MaskLocation};
pub use folder_names::FolderNames;

/// A data set's arrangement of files.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// MVTec AD: `CATEGORY/train/good`, `CATEGORY/test/TYPE`, `CATEGORY/ground_truth/TYPE/NAME_mask.png`.
    ///
    /// `ok` works as well as `good`, and masks may be named as their images.
    Mvtec,
    /// BTAD: `01|02|03/train/ok`, `test/ok|ko`, `ground_truth/ko`; images and masks .png or .bmp.
    Btad,
    /// AITEX: `NODefect_images`, `Defect_images` and `Mask_images` of 4096x256 pixels, as published; cut
    /// into patches of 256x256 while they are read.
    Aitex,
    /// ELPV: `labels.csv`, which names the images, their probability of a defect, and mono or poly.
    Elpv,
    /// A plain folder: sub-folders `normal`, `good` or `ok`, others for abnormal images; see [`FolderLayout`].
    Folder,
    /// HeadCT hemorrhage: `head_ct/NNN.png` and `labels.csv`.
    HeadCt,
    /// BrainMRI tumour detection: `no` and `yes`.
    BrainMri,
    /// A table, CSV or JSON, that names the images, their labels and, optionally, masks, splits and
    /// defect types.
    Manifest,
}

impl Layout {
    /// All layouts.
    pub const ALL: [Self; 8] = [
        Self::Mvtec,
        Self::Btad,
        Self::Aitex,
        Self::Elpv,
        Self::BrainMri,
        Self::HeadCt,
        Self::Folder,
        Self::Manifest,
    ];

    /// Reads the data set in `folder`, or in its sub-folder `category`. For [`Layout::Manifest`]
    /// `folder` is the table itself, or a folder with `manifest.csv` or `manifest.json`.
    ///
    /// Files are sorted by name, hidden ones ignored; the tables of [`Layout::HeadCt`],
    /// [`Layout::Elpv`] and [`Layout::Manifest`] keep their order. Only names and tables are read here,
    /// and for [`Layout::Aitex`] the masks; [`Dataset::verify`] looks at the files.
    ///
    /// # Errors
    /// A [`DataError`] for a missing or empty folder, no normal images, a `category` that is not there or
    /// is needed and was not given, a damaged table.
    pub fn read(self, folder: &Path, category: Option<&str>) -> Result<Dataset> {
        if self == Self::Manifest {
            return manifest::read(folder, category);
        }
        let folder = files::category_folder(folder, category)?;
        match self {
            Self::Mvtec => mvtec::read(&folder),
            Self::Btad => btad::read(&folder),
            Self::Aitex => aitex::read(&folder),
            Self::Elpv => elpv::read(&folder),
            Self::BrainMri => brain_mri::read(&folder),
            Self::HeadCt => head_ct::read(&folder),
            Self::Folder => FolderLayout::discover(&folder)?.read(),
            Self::Manifest => manifest::read(&folder, None),
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mvtec => "mvtec",
            Self::Btad => "btad",
            Self::Aitex => "aitex",
            Self::Elpv => "elpv",
            Self::BrainMri => "brain-mri",
            Self::HeadCt => "head-ct",
            Self::Folder => "folder",
            Self::Manifest => "manifest",
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
