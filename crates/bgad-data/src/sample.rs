//! One labelled image of a data set.

use std::path::{Path, PathBuf};

use image::RgbImage;
use serde::{Deserialize, Serialize};

use crate::{
    BitDepth, ImageReading, MaskValues, Orientation, Region, Result, Turn, decoded, image_file,
    names,
};
#[cfg(feature = "datasets")]
use crate::{Mask, annotation_file};

/// Whether an image shows a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// Free of defects.
    Normal,
    /// With at least one defect.
    Abnormal,
}

impl Label {
    /// True for [`Label::Abnormal`].
    pub fn is_abnormal(self) -> bool {
        self == Self::Abnormal
    }
}

/// The files that together mark an image's defects: one file, or several whose masks are united.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<String>", try_from = "Vec<String>")]
pub struct MaskFiles {
    first: PathBuf,
    others: Vec<PathBuf>,
}

impl MaskFiles {
    /// Several files; `None` without files.
    pub fn several(paths: impl IntoIterator<Item = PathBuf>) -> Option<Self> {
        let mut paths = paths.into_iter();
        Some(Self {
            first: paths.next()?,
            others: paths.collect(),
        })
    }

    /// The files, at least one. A mask drawn from annotations is named after their file:
    /// `annotations.json#image=7`.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        std::iter::once(&self.first)
            .chain(&self.others)
            .map(PathBuf::as_path)
    }
}

#[cfg(feature = "datasets")]
impl MaskFiles {
    /// The files on disk that contain the masks; for drawn masks, the annotation file.
    pub fn on_disk(&self) -> impl Iterator<Item = PathBuf> {
        self.paths().map(|path| match annotation_file::named(path) {
            Some((annotations, _)) => annotations,
            None => path.to_owned(),
        })
    }
}

impl From<PathBuf> for MaskFiles {
    fn from(first: PathBuf) -> Self {
        Self {
            first,
            others: Vec::new(),
        }
    }
}

impl From<MaskFiles> for Vec<PathBuf> {
    fn from(files: MaskFiles) -> Self {
        let mut all = vec![files.first];
        all.extend(files.others);
        all
    }
}

impl From<MaskFiles> for Vec<String> {
    fn from(files: MaskFiles) -> Self {
        files.paths().map(names::path_to_text).collect()
    }
}

impl TryFrom<Vec<String>> for MaskFiles {
    type Error = &'static str;

    fn try_from(paths: Vec<String>) -> std::result::Result<Self, Self::Error> {
        let paths = paths.iter().map(|path| names::path_from_text(path));
        Self::several(paths).ok_or("a mask without files")
    }
}

/// An image file with its label and its mask's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// The image file.
    #[serde(with = "names::path_text")]
    pub path: PathBuf,
    /// The part of the image that this sample covers; `None` for the whole image.
    pub region: Option<Region>,
    /// Normal or abnormal.
    pub label: Label,
    /// The type of defect as named by the data set; `good` for normal images.
    pub defect_type: String,
    /// The mask, if the data set has one; always `None` for normal images.
    pub mask: Option<MaskFiles>,
    /// Whether image and mask are turned by their orientation tags before the region is cut.
    #[serde(default, skip_serializing_if = "Orientation::is_stored")]
    pub orientation: Orientation,
    /// How many of 16 bits hold the image's values.
    #[serde(default, skip_serializing_if = "BitDepth::is_full")]
    pub bit_depth: BitDepth,
    /// Which values of the mask mark a defect; the same for all samples of a data set.
    #[serde(default, skip_serializing_if = "MaskValues::is_auto")]
    pub mask_values: MaskValues,
    /// How far image and mask are turned, after the region is cut.
    #[serde(default, skip_serializing_if = "Turn::is_none")]
    pub turn: Turn,
}

impl Sample {
    /// The defect type of normal images.
    pub const GOOD: &'static str = "good";

    /// A whole normal image.
    pub fn normal(path: PathBuf) -> Self {
        Self {
            path,
            region: None,
            label: Label::Normal,
            defect_type: Self::GOOD.to_owned(),
            mask: None,
            orientation: Orientation::Stored,
            bit_depth: BitDepth::FULL,
            mask_values: MaskValues::Auto,
            turn: Turn::None,
        }
    }

    /// A whole image with a defect.
    pub fn abnormal(path: PathBuf, defect_type: &str, mask: Option<MaskFiles>) -> Self {
        Self {
            path,
            region: None,
            label: Label::Abnormal,
            defect_type: defect_type.to_owned(),
            mask,
            orientation: Orientation::Stored,
            bit_depth: BitDepth::FULL,
            mask_values: MaskValues::Auto,
            turn: Turn::None,
        }
    }

    /// Restricts this sample to a part of its image.
    #[cfg(feature = "datasets")]
    pub(crate) fn of_region(self, region: Region) -> Self {
        Self {
            region: Some(region),
            ..self
        }
    }

    /// Width and height of the image, or of the region if there is one, turned; reads only the file's header.
    ///
    /// # Errors
    /// Those of [`load_image`](crate::load_image).
    pub fn dimensions(&self) -> Result<(u32, u32)> {
        let size = match self.region {
            Some(region) => (region.width, region.height),
            None => image_file::dimensions(&self.path, self.orientation)?,
        };
        Ok(self.turn.of_size(size))
    }

    /// Loads the image, cut to the region and turned. The whole image is then kept for a while, for the regions that
    /// follow.
    ///
    /// # Errors
    /// Those of [`load_image`](crate::load_image), and [`DataError::Size`](crate::DataError::Size) if the
    /// region lies outside the image.
    pub fn load_image(&self) -> Result<RgbImage> {
        let image = match self.region {
            None => image_file::load(&self.path, self.reading())?,
            Some(region) => {
                let image = decoded::image(&self.path, self.reading())?;
                region.of_image(&image, &self.path)?
            }
        };
        Ok(self.turn.of_image(image))
    }

    /// How the image's pixels are read.
    pub fn reading(&self) -> ImageReading {
        ImageReading::default()
            .oriented(self.orientation)
            .of_depth(self.bit_depth)
    }

    #[cfg(feature = "datasets")]
    /// Loads the mask, cut to the region and turned; several files are united. `None` without a mask, as for every
    /// normal image.
    ///
    /// # Errors
    /// Those of [`Mask::load`], and [`DataError::Size`](crate::DataError::Size) if the files differ in size
    /// or the region lies outside them.
    pub fn load_mask(&self) -> Result<Option<Mask>> {
        self.load_mask_as(&self.mask_values)
    }

    #[cfg(feature = "datasets")]
    /// Loads the mask by this rule.
    pub(crate) fn load_mask_as(&self, values: &MaskValues) -> Result<Option<Mask>> {
        let Some(files) = &self.mask else {
            return Ok(None);
        };
        let load = |path: &Path| Mask::load_as(path, self.orientation, values);
        let mut whole = load(&files.first)?;
        for path in &files.others {
            whole = whole.union(&load(path)?, path)?;
        }
        let mask = match self.region {
            None => whole,
            Some(region) => region.of_mask(&whole, &files.first)?,
        };
        Ok(Some(self.turn.of_mask(mask)))
    }

    /// The file's name. For a part of an image, the region is added like a media fragment:
    /// `0001.png#xywh=256,0,256,256`.
    pub fn name(&self) -> String {
        let name = names::path_to_text(Path::new(self.path.file_name().unwrap_or_default()));
        match self.region {
            None => name,
            Some(region) => format!("{name}#xywh={region}"),
        }
    }
}
