//! Masks by the names of their images.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::files;
use crate::text::count;
use crate::{MaskFiles, Result, Sample};

/// The masks below one folder, to be claimed by images.
#[derive(Debug, Default)]
pub(super) struct MaskIndex {
    /// By folder (relative) and name without extension; several where only the extensions differ.
    masks: BTreeMap<(PathBuf, String), Vec<PathBuf>>,
    claimed: usize,
}

/// A mask has its image's name, with or without this ending.
const ENDING: &str = "_mask";

impl MaskIndex {
    /// Lists the masks below `folder`.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let mut index = Self::default();
        for path in files::images_below(folder, &mut Vec::new())? {
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

    /// The mask of the image named `stem` in one of `folders` (relative), which is then its own.
    pub(super) fn claim(&mut self, folders: &[&Path], stem: &str) -> Option<MaskFiles> {
        let names = [format!("{stem}{ENDING}"), stem.to_owned()];
        let mut keys = names.iter().flat_map(|name| {
            folders
                .iter()
                .map(move |folder| (folder.to_path_buf(), name.clone()))
        });
        let paths = keys.find_map(|key| self.masks.remove(&key))?;
        self.claimed += 1;
        paths.into_iter().next().map(MaskFiles::from)
    }

    /// Adds a mask that lies beside its image; `stem` is what its name and the image's have in common.
    pub(super) fn add(&mut self, path: PathBuf, stem: &str) {
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        self.masks
            .entry((folder, stem.to_owned()))
            .or_default()
            .push(path);
    }

    /// Claims the mask beside `image`.
    pub(super) fn claim_beside(&mut self, image: &Path) -> Option<MaskFiles> {
        let folder = image.parent().unwrap_or(Path::new("")).to_owned();
        let paths = self.masks.remove(&(folder, files::stem(image)))?;
        self.claimed += 1;
        paths.into_iter().next().map(MaskFiles::from)
    }

    /// The masks that no image claimed.
    pub(super) fn orphans(&self) -> Vec<PathBuf> {
        self.masks.values().flatten().cloned().collect()
    }

    /// Sentences about masks that no image claimed, and abnormal images without a mask.
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
