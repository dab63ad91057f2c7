//! Finds masks by the names of their images.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::files;
use crate::text::count;
use crate::{MaskFiles, Result, Sample, SkippedFile};

/// The masks below one folder that images can claim.
#[derive(Debug, Default)]
pub(super) struct MaskIndex {
    /// Keyed by relative folder and name without extension; several paths if only the extensions differ.
    masks: BTreeMap<(PathBuf, String), Vec<PathBuf>>,
    claimed: usize,
    /// The folder of masks, and the other files in it.
    folder: PathBuf,
    others: Vec<SkippedFile>,
}

/// An image that is looking for its mask.
pub(super) struct Seeker<'a> {
    pub(super) image: &'a Path,
    /// Folders that may contain its mask, relative to the index's folder.
    pub(super) folders: Vec<PathBuf>,
}

/// A mask has its image's name, with or without this ending.
const ENDING: &str = "_mask";

impl MaskIndex {
    /// Lists the masks below `folder`.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let mut index = Self {
            folder: folder.to_owned(),
            ..Self::default()
        };
        for path in files::masks_below(folder, &mut index.others)? {
            let relative = path
                .strip_prefix(folder)
                .ok()
                .and_then(Path::parent)
                .unwrap_or(Path::new(""));
            index
                .masks
                .entry((relative.to_owned(), files::stem(&path)))
                .or_default()
                .push(path);
        }
        for paths in index.masks.values_mut() {
            paths.sort_by_key(|path| {
                files::EXTENSIONS
                    .iter()
                    .position(|e| *e == files::extension(path))
            });
        }
        Ok(index)
    }

    /// Finds the mask of each image and removes it from the index.
    ///
    /// The full name is tried first (`1.bmp` or `1.bmp.png` for `1.bmp`), then the name without extension. A
    /// mask that several images could equally claim stays an orphan.
    pub(super) fn claim_all(&mut self, seekers: &[Seeker<'_>]) -> Vec<Option<MaskFiles>> {
        let mut found: Vec<Option<MaskFiles>> = vec![None; seekers.len()];
        for by_name in [Self::of_full_name, Self::of_stem] {
            let wanted: Vec<Option<PathBuf>> = seekers
                .iter()
                .zip(&found)
                .map(|(seeker, found)| match found {
                    Some(_) => None,
                    None => by_name(self, seeker),
                })
                .collect();
            let mut claims: BTreeMap<&PathBuf, usize> = BTreeMap::new();
            for mask in wanted.iter().flatten() {
                *claims.entry(mask).or_insert(0) += 1;
            }
            for (found, mask) in found.iter_mut().zip(&wanted) {
                if let Some(mask) = mask.as_ref().filter(|mask| claims.get(mask) == Some(&1)) {
                    *found = Some(mask.clone().into());
                }
            }
            let taken = claims.into_iter().filter(|(_, number)| *number == 1);
            let taken: Vec<PathBuf> = taken.map(|(mask, _)| mask.clone()).collect();
            for paths in self.masks.values_mut() {
                paths.retain(|path| taken.binary_search(path).is_err());
            }
        }
        self.claimed += found.iter().flatten().count();
        found
    }

    fn of_full_name(&self, seeker: &Seeker<'_>) -> Option<PathBuf> {
        let (name, stem) = (files::name(seeker.image), files::stem(seeker.image));
        let same = seeker.folders.iter().find_map(|folder| {
            let paths = self.masks.get(&(folder.clone(), stem.clone()))?;
            paths.iter().find(|path| files::name(path) == name)
        });
        same.cloned()
            .or_else(|| self.first(&seeker.folders, [format!("{name}{ENDING}"), name]))
    }

    fn of_stem(&self, seeker: &Seeker<'_>) -> Option<PathBuf> {
        let stem = files::stem(seeker.image);
        self.first(&seeker.folders, [format!("{stem}{ENDING}"), stem])
    }

    /// The first mask with one of these names; of several extensions, the first.
    fn first(&self, folders: &[PathBuf], names: [String; 2]) -> Option<PathBuf> {
        let mut keys = names.iter().flat_map(|name| {
            folders
                .iter()
                .map(move |folder| (folder.clone(), name.clone()))
        });
        keys.find_map(|key| self.masks.get(&key)?.first().cloned())
    }

    /// Adds a mask whose image is expected in `folder`; `stem` is the part that both names share.
    pub(super) fn add(&mut self, path: PathBuf, folder: PathBuf, stem: &str) {
        self.masks
            .entry((folder, stem.to_owned()))
            .or_default()
            .push(path);
    }

    /// The masks that no image claimed.
    pub(super) fn orphans(&self) -> Vec<PathBuf> {
        self.masks.values().flatten().cloned().collect()
    }

    /// Warnings about masks that no image claimed, and about abnormal images without a mask.
    pub(super) fn warnings(&self, folder: &Path, abnormal: &[Sample]) -> Vec<String> {
        let mut warnings = Vec::new();
        let unmasked: Vec<&Path> = abnormal
            .iter()
            .filter(|sample| sample.mask.is_none())
            .map(|sample| sample.path.as_path())
            .collect();
        if self.claimed > 0 && !unmasked.is_empty() {
            let what = count(unmasked.len(), "abnormal image");
            warnings.push(format!(
                "{}: {what} without a mask: {}",
                folder.display(),
                examples(&unmasked)
            ));
        }
        warnings.extend(files::skipped_warnings(&self.others, &self.folder));
        let orphans = self.orphans();
        let orphans: Vec<&Path> = orphans.iter().map(PathBuf::as_path).collect();
        if !orphans.is_empty() {
            let what = count(orphans.len(), "mask");
            warnings.push(format!(
                "{}: {what} without an image: {}",
                folder.display(),
                examples(&orphans)
            ));
        }
        warnings
    }
}

/// The first few paths, shortened to folder and name.
fn examples(paths: &[&Path]) -> String {
    let short = |path: &Path| match path.parent() {
        Some(parent) => format!("{}/{}", files::name(parent), files::name(path)),
        None => files::name(path),
    };
    let mut text = paths
        .iter()
        .take(5)
        .map(|path| short(path))
        .collect::<Vec<_>>()
        .join(", ");
    if paths.len() > 5 {
        text.push_str(&format!(" and {} more", paths.len() - 5));
    }
    text
}
