//! How data sets are arranged on disk.

mod aitex;
mod brain_mri;
mod btad;
mod coco;
mod elpv;
pub(crate) mod files;
mod folder;
mod folder_names;
mod head_ct;
mod kolektor;
mod manifest;
mod manifest_row;
mod mask_index;
mod mask_location;
mod mask_places;
mod mpdd;
mod mvtec;
mod mvtec_ad_2;
mod mvtec_loco;
mod questions;
mod readings;
mod recognition;
mod split_normals;
mod suggestion;
mod table;
mod usual_names;
mod visa;

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{DataError, Dataset, MaskValues, Result};

pub use folder::FolderLayout;
pub use folder_names::FolderNames;
pub use mask_location::MaskLocation;
pub use recognition::RecognisedLayout;

/// The arrangement of a data set's files.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// MVTec AD: `CATEGORY/train/good`, `CATEGORY/test/TYPE`, `CATEGORY/ground_truth/TYPE/NAME_mask.png`.
    ///
    /// Folders of normal images may also be called `ok`, and masks may have the names of their images.
    Mvtec,
    /// MVTec AD 2: `CATEGORY/train/good`, `test_public/good|bad`, `test_public/ground_truth/bad`; the other
    /// test sets have no labels.
    #[serde(rename = "mvtec-ad-2")]
    MvtecAd2,
    /// MVTec LOCO: like MVTec AD, with a folder of masks for each abnormal image; the masks are united.
    MvtecLoco,
    /// MPDD: like MVTec AD.
    Mpdd,
    /// VisA: `CATEGORY/Data/Images/Normal|Anomaly`, `CATEGORY/Data/Masks/Anomaly`, split by
    /// `split_csv/1cls.csv` beside the categories.
    Visa,
    /// BTAD: `01|02|03/train/ok`, `test/ok|ko`, `ground_truth/ko`; images and masks .png or .bmp.
    Btad,
    /// KolektorSDD2: `train` and `test`, with a mask `NAME_GT.png` beside each image. An image is normal if its
    /// mask is black.
    #[serde(rename = "kolektor-sdd2")]
    KolektorSdd2,
    /// AITEX: `NODefect_images`, `Defect_images` and `Mask_images` of 4096x256 pixels, as published; images
    /// are cut into patches of 256x256 as they are read.
    Aitex,
    /// ELPV: `labels.csv` with each image, its probability of a defect, and mono or poly.
    Elpv,
    /// Your own folders: `normal`, `good` or `ok` for normal images, all others for abnormal ones; see
    /// [`FolderLayout`].
    Folder,
    /// HeadCT hemorrhage: `head_ct/NNN.png` and `labels.csv`.
    HeadCt,
    /// BrainMRI tumour detection: `no` and `yes`.
    BrainMri,
    /// Annotations in COCO's JSON format, polygons or boxes; an image with an annotation is abnormal.
    Coco,
    /// A table, CSV or JSON, with images, labels and, optionally, masks, splits and defect types.
    Manifest,
}

impl Layout {
    /// All layouts.
    pub const ALL: [Self; 14] = [
        Self::Mvtec,
        Self::MvtecAd2,
        Self::MvtecLoco,
        Self::Mpdd,
        Self::Visa,
        Self::Btad,
        Self::KolektorSdd2,
        Self::Aitex,
        Self::Elpv,
        Self::BrainMri,
        Self::HeadCt,
        Self::Coco,
        Self::Folder,
        Self::Manifest,
    ];

    /// Whether folders of this layout can be named by [`LayoutOptions::folders`].
    pub fn takes_names(self) -> bool {
        matches!(self, Self::Folder | Self::Mvtec)
    }

    /// Reads the data set in `folder`, or in its sub-folder `category`. For [`Layout::Manifest`], `folder` is
    /// the table itself, or a folder with `manifest.csv` or `manifest.json`. For [`Layout::Coco`] it is the
    /// annotation file, or a folder with such files.
    ///
    /// Files are sorted by name and hidden files ignored; [`Layout::HeadCt`], [`Layout::Elpv`] and
    /// [`Layout::Manifest`] keep the order of their tables. Only names and tables are read, except that
    /// [`Layout::Aitex`] and [`Layout::KolektorSdd2`] also read the masks, because only these show what is
    /// abnormal. [`Dataset::verify`] checks the files.
    ///
    /// # Errors
    /// A [`DataError`] for a missing or empty folder, no normal images, a missing or unknown `category`, a
    /// damaged table, or unclear masks of a layout that reads them.
    pub fn read(self, folder: &Path, category: Option<&str>) -> Result<Dataset> {
        self.read_with(folder, category, &LayoutOptions::default())
    }

    /// Like [`read`](Self::read), with your names of folders and your rule for masks.
    ///
    /// # Errors
    /// Those of [`read`](Self::read), and [`DataError::Parameter`] if you name folders for a layout other than
    /// [`Layout::Folder`] and [`Layout::Mvtec`].
    pub fn read_with(
        self,
        folder: &Path,
        category: Option<&str>,
        options: &LayoutOptions,
    ) -> Result<Dataset> {
        let (names, masks) = (&options.folders, &options.mask_values);
        if !names.is_empty() && !self.takes_names() {
            return Err(DataError::Parameter {
                name: "layout",
                found: format!("'{self}' with names of folders"),
                expected: "folder or mvtec, the layouts whose folders can be named".to_owned(),
            });
        }
        if self == Self::Manifest {
            return manifest::read(folder, category);
        }
        if self == Self::Coco && folder.is_file() {
            return coco::read(folder);
        }
        let folder = files::category_folder(folder, category)?;
        match self {
            Self::Mvtec => mvtec::read(&folder, names),
            Self::MvtecAd2 => mvtec_ad_2::read(&folder),
            Self::MvtecLoco => mvtec_loco::read(&folder),
            Self::Mpdd => mpdd::read(&folder),
            Self::Visa => visa::read(&folder),
            Self::KolektorSdd2 => kolektor::read(&folder, masks),
            Self::Coco => coco::read(&folder),
            Self::Btad => btad::read(&folder),
            Self::Aitex => aitex::read(&folder, masks),
            Self::Elpv => elpv::read(&folder),
            Self::BrainMri => brain_mri::read(&folder),
            Self::HeadCt => head_ct::read(&folder),
            Self::Folder => FolderLayout::discover_named(&folder, names)?.read(),
            Self::Manifest => manifest::read(&folder, None),
        }
    }
}

/// Names of folders and the rule for masks, for [`Layout::read_with`].
#[derive(Debug, Clone, Default)]
pub struct LayoutOptions {
    /// Names of folders that the layout would not recognise.
    pub folders: FolderNames,
    /// The rule for masks. Layouts that read the masks use it to tell abnormal from normal; others leave
    /// the masks to [`Dataset::settle_mask_values`].
    pub mask_values: MaskValues,
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mvtec => "mvtec",
            Self::MvtecAd2 => "mvtec-ad-2",
            Self::MvtecLoco => "mvtec-loco",
            Self::Mpdd => "mpdd",
            Self::Visa => "visa",
            Self::KolektorSdd2 => "kolektor-sdd2",
            Self::Coco => "coco",
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
