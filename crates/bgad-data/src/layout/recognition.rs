//! Recognises a folder's layout from its sub-folders and tables.

use std::fmt;
use std::path::{Path, PathBuf};

use super::files::{self, Listing, name};
use super::folder_names::FolderNames;
use super::readings::{readings, tree};
use super::{Layout, coco, manifest, suggestion, visa};
use crate::{DataError, LayoutError, Result};

/// The layout that a folder was recognised as.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecognisedLayout {
    /// The layout.
    pub layout: Layout,
    /// The category to read, if it is a sub-folder of the folder examined.
    pub category: Option<String>,
    /// The folder of the data set, or its table.
    pub folder: PathBuf,
}

/// A readable description: `MVTec AD layout, category screw`.
impl fmt::Display for RecognisedLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.layout.title())?;
        if self.layout.has_categories() {
            write!(f, ", category {}", files::dataset_name(&self.folder))?;
        }
        Ok(())
    }
}

impl Layout {
    /// Recognises the layout of the data set in `folder`, or in its sub-folder `category`, from the names of
    /// folders and tables alone. If `folder` contains nothing but one folder, that folder is examined.
    ///
    /// # Errors
    /// [`LayoutError::Unknown`] and [`LayoutError::Ambiguous`]; [`DataError::CategoryNeeded`] and
    /// [`DataError::CategoryMissing`]; [`DataError::FolderMissing`] and [`DataError::NoImages`];
    /// [`DataError::Parameter`] for a file that is not a table.
    pub fn recognise(folder: &Path, category: Option<&str>) -> Result<RecognisedLayout> {
        Self::recognise_named(folder, category, &FolderNames::default())
    }

    /// Like [`recognise`](Self::recognise), if the user named folders: [`Layout::Mvtec`] if they are in `train`
    /// (in `folder`, or in its only sub-folder), otherwise [`Layout::Folder`].
    ///
    /// # Errors
    /// Those of [`recognise`](Self::recognise).
    pub fn recognise_named(
        folder: &Path,
        category: Option<&str>,
        names: &FolderNames,
    ) -> Result<RecognisedLayout> {
        let found = |layout, category: Option<&str>, folder: &Path| RecognisedLayout {
            layout,
            category: category.map(str::to_owned),
            folder: folder.to_owned(),
        };
        if folder.is_file() {
            if !manifest::is_table(folder) {
                return Err(DataError::Parameter {
                    name: "data set",
                    found: format!("'{}', a single file", folder.display()),
                    expected: "a folder of images, or a table .csv or .json".to_owned(),
                });
            }
            let layout = match coco::is_table(folder) {
                true => Self::Coco,
                false => Self::Manifest,
            };
            return Ok(found(layout, category, folder));
        }
        let set = files::category_folder(folder, category)?;
        let listing = files::list(&set)?;
        if !names.is_empty() {
            let layout = match is_named_tree(&set, names)? {
                true => Self::Mvtec,
                false => Self::Folder,
            };
            let is_here = layout == Self::Mvtec || category.is_some();
            return match (listing.folders.as_slice(), listing.images.as_slice()) {
                ([only], []) if !is_here && is_named_tree(only, names)? => {
                    Ok(found(Self::Mvtec, Some(&name(only)), only))
                }
                ([only], [])
                    if !is_here
                        && names.normal.is_empty()
                        && reading(only, &files::list(only)?)? == Some(Self::Folder) =>
                {
                    Ok(found(Self::Folder, Some(&name(only)), only))
                }
                _ => Ok(found(layout, category, &set)),
            };
        }
        match reading(&set, &listing)? {
            // Its table is beside the categories.
            Some(Self::Visa) if set.join("split_csv").is_dir() => {
                let categories = visa::categories(&set)?;
                return match categories.as_slice() {
                    [only] => Ok(found(Self::Visa, Some(only), &set.join(only))),
                    _ => Err(DataError::CategoryNeeded {
                        folder: set,
                        found: categories,
                    }),
                };
            }
            Some(layout) => return Ok(found(layout, category, &set)),
            None => {}
        }
        let parts = ["train", "test", "val", "valid", "validation"];
        let is_part = |path: &PathBuf| parts.contains(&name(path).to_lowercase().as_str());
        if !listing.folders.iter().any(is_part) {
            let mut sets = Vec::new();
            for inner in &listing.folders {
                if let Some(layout) = reading(inner, &files::list(inner)?)? {
                    sets.push((layout, inner));
                }
            }
            match (sets.as_slice(), listing.folders.len()) {
                ([(layout, inner)], 1) if category.is_none() && listing.images.is_empty() => {
                    return Ok(found(*layout, Some(&name(inner)), inner));
                }
                ([], _) => {}
                _ => {
                    return Err(DataError::CategoryNeeded {
                        folder: set,
                        found: sets.iter().map(|(_, inner)| name(inner)).collect(),
                    });
                }
            }
        }
        if files::images_below(&set, &mut Vec::new())?.is_empty() {
            return Err(DataError::NoImages { folder: set });
        }
        Err(LayoutError::Unknown {
            found: contents(&listing),
            suggestion: suggestion::of(&set, &listing)?,
            folder: set,
            layouts: Self::ALL.map(|layout| layout.to_string()).to_vec(),
        }
        .into())
    }

    /// The name that its authors gave it.
    fn title(self) -> &'static str {
        match self {
            Self::Mvtec => "MVTec AD layout",
            Self::MvtecAd2 => "MVTec AD 2 layout",
            Self::MvtecLoco => "MVTec LOCO layout",
            Self::Mpdd => "MPDD layout",
            Self::Visa => "VisA layout",
            Self::Btad => "BTAD layout",
            Self::KolektorSdd2 => "KolektorSDD2 layout",
            Self::Aitex => "AITEX layout",
            Self::Elpv => "ELPV layout",
            Self::BrainMri => "BrainMRI layout",
            Self::HeadCt => "HeadCT layout",
            Self::Coco => "COCO annotations",
            Self::Folder => "a folder for each kind of image",
            Self::Manifest => "a table of images (manifest)",
        }
    }

    fn has_categories(self) -> bool {
        matches!(
            self,
            Self::Mvtec | Self::MvtecAd2 | Self::MvtecLoco | Self::Mpdd | Self::Visa | Self::Btad
        )
    }
}

/// The layout that fits; `None` if none does.
fn reading(set: &Path, listing: &Listing) -> Result<Option<Layout>> {
    let readings = readings(set, listing)?;
    match readings.as_slice() {
        [] => Ok(None),
        [(layout, _)] => Ok(Some(*layout)),
        _ => {
            let readings = readings.iter().map(|(layout, why)| {
                let title = layout.title();
                format!("{title} (--layout {layout}; there is {why})")
            });
            Err(LayoutError::Ambiguous {
                folder: set.to_owned(),
                readings: readings.collect(),
            }
            .into())
        }
    }
}

/// Whether the normal folders are in `train`: those that the user named, or else those with usual names.
fn is_named_tree(set: &Path, names: &FolderNames) -> Result<bool> {
    if names.normal.is_empty() {
        return Ok(tree(set)?.is_some());
    }
    let train = files::inner(set, "train");
    let lies_there = |path: &PathBuf| train.join(name(path)).is_dir();
    Ok(train.is_dir() && names.normal.iter().all(lies_there))
}

/// A short description of a folder's contents.
fn contents(listing: &Listing) -> String {
    const SHOWN: usize = 8;
    let folders: Vec<String> = listing.folders.iter().map(|path| name(path)).collect();
    let images = crate::text::count(listing.images.len(), "image");
    if folders.is_empty() {
        return format!("{images} and no folders");
    }
    let more = folders.len().saturating_sub(SHOWN);
    let mut text = folders[..folders.len() - more].join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more folders"));
    }
    if !listing.images.is_empty() {
        text.push_str(&format!(" and {images}"));
    }
    text
}
