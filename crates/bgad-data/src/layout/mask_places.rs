//! Finds masks among the images: beside them, or in folders inside theirs.

use std::path::{Path, PathBuf};

use super::files::{self, name};
use super::mask_index::MaskIndex;
use super::mask_location::MaskLocation;
use crate::text::count;
use crate::{Result, SkippedFile};

/// Names of folders that only separate images from masks.
const IMAGES: [&str; 6] = ["images", "image", "imgs", "img", "data", "rgb"];

/// The images of a folder, and the masks among them.
pub(super) struct Parted {
    pub(super) images: Vec<PathBuf>,
    /// Each mask with the folder and name that its image should have.
    masks: Vec<(PathBuf, PathBuf, String)>,
}

impl Parted {
    pub(super) fn read(
        folder: &Path,
        place: Option<&MaskLocation>,
        skipped: &mut Vec<SkippedFile>,
    ) -> Result<Self> {
        let mut parted = Self {
            images: Vec::new(),
            masks: Vec::new(),
        };
        let files = match place {
            Some(MaskLocation::Inside(inner)) => {
                files::images_and_masks_below(folder, inner, skipped)?
            }
            _ => files::images_below(folder, skipped)?,
        };
        for path in files {
            let mask = match place {
                Some(MaskLocation::Beside(ending)) => stem_before(&path, ending)
                    .map(|stem| (path.parent().unwrap_or(folder).to_owned(), stem)),
                Some(MaskLocation::Inside(inner)) => without(folder, &path, &[inner.as_str()])
                    .map(|parent| (parent, files::stem(&path))),
                Some(MaskLocation::Folder(_)) | None => None,
            };
            match mask {
                Some((folder, stem)) => parted.masks.push((path, folder, stem)),
                None => parted.images.push(path),
            }
        }
        Ok(parted)
    }

    pub(super) fn mask_count(&self) -> usize {
        self.masks.len()
    }

    /// Lets images claim these masks.
    pub(super) fn add_masks_to(&self, index: &mut MaskIndex) {
        for (path, folder, stem) in &self.masks {
            index.add(path.clone(), folder.clone(), stem);
        }
    }
}

/// Whether a folder of this name only separates images from masks.
pub(super) fn divides(folder: &Path) -> bool {
    IMAGES
        .iter()
        .any(|wanted| name(folder).eq_ignore_ascii_case(wanted))
}

/// A warning about masks of normal images.
pub(super) fn of_normal(number: usize, folder: &Path) -> Option<String> {
    let masks = count(number, "mask");
    (number > 0).then(|| format!("{}: {masks} of normal images not used", folder.display()))
}

/// The folders in which the mask of an image of `folder` is looked for.
pub(super) fn folders_of(image: &Path, folder: &Path) -> Vec<PathBuf> {
    let own = image.parent().unwrap_or(folder).to_owned();
    let divided = without(folder, image, &IMAGES);
    [own].into_iter().chain(divided).collect()
}

/// The file's folder without the parts below `folder` that have one of these names; `None` if none has.
fn without(folder: &Path, file: &Path, names: &[&str]) -> Option<PathBuf> {
    let below = file.strip_prefix(folder).ok()?.parent()?;
    let is_one = |part: &Path| {
        names
            .iter()
            .any(|wanted| name(part).eq_ignore_ascii_case(wanted))
    };
    let (removed, kept): (Vec<&Path>, Vec<&Path>) =
        below.iter().map(Path::new).partition(|part| is_one(part));
    let kept = kept
        .into_iter()
        .fold(folder.to_owned(), |path, part| path.join(part));
    (!removed.is_empty()).then_some(kept)
}

/// The part of a file's name before `ending`, if the name ends that way. An ending without a dot applies to
/// the name without its extension.
fn stem_before(path: &Path, ending: &str) -> Option<String> {
    let name = if ending.contains('.') {
        name(path)
    } else {
        files::stem(path)
    };
    let cut = name.len().checked_sub(ending.len())?;
    let tail = name.get(cut..)?;
    tail.eq_ignore_ascii_case(ending)
        .then(|| name[..cut].to_owned())
}
