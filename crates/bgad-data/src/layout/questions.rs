//! Asks about files that may not be images of parts before anything is trained on them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::files::{self, name};
use super::usual_names::{contains_normal, is_no_type, is_of_labels};
use crate::text::{count, typed};
use crate::{LayoutError, Result};

/// Endings of mask names, for masks beside their images.
const ENDINGS: [&str; 8] = [
    "_mask",
    "-mask",
    "_gt",
    "_label",
    "_labels",
    "_seg",
    "_groundtruth",
    "_anno",
];

/// Asks about sub-folders that would each become a defect type, beside these folders of normal images.
pub(super) fn about_types(folder: &Path, types: &[PathBuf], normal: &[PathBuf]) -> Result<()> {
    for path in types {
        let own = name(path);
        about_masks(folder, &own)?;
        if is_no_type(&own) {
            let why = "but its name does not suggest one";
            let answers = "name the folders of defects with --abnormal, and those of normal images with --normal";
            return Err(of_type(folder, &own, why, answers.to_owned()));
        }
        if contains_normal(&own) {
            let why = "but its name suggests normal images";
            let below = |path: &PathBuf| {
                let below = path.strip_prefix(folder).unwrap_or(path);
                typed(&crate::path_to_text(below))
            };
            let all: Vec<String> = normal.iter().chain([path]).map(below).collect();
            let answers = format!(
                "if they are normal, add --normal {}; otherwise name the folders of defects with --abnormal",
                all.join(" ")
            );
            return Err(of_type(folder, &own, why, answers));
        }
    }
    Ok(())
}

/// Asks about a sub-folder with a name for masks that would become a defect type.
pub(super) fn about_masks(folder: &Path, own: &str) -> Result<()> {
    if !is_of_labels(own) {
        return Ok(());
    }
    let answers = format!(
        "if it holds masks, add --mask-dir {}; otherwise name the folders of defects with --abnormal",
        typed(own)
    );
    Err(of_type(folder, own, "but its name suggests masks", answers))
}

fn of_type(folder: &Path, own: &str, why: &str, answers: String) -> crate::DataError {
    LayoutError::Question {
        folder: folder.to_owned(),
        found: format!("the folder '{own}' would be read as a defect type, {why}"),
        answers,
    }
    .into()
}

/// Asks about folders of masks inside a folder of images.
pub(super) fn about_folders_inside(folder: &Path, images: &[PathBuf]) -> Result<()> {
    for image in images {
        let below = image.strip_prefix(folder).ok().and_then(Path::parent);
        let parts = below.into_iter().flat_map(Path::iter).map(Path::new);
        if let Some(inner) = parts.map(name).find(|name| is_of_labels(name)) {
            return Err(LayoutError::Question {
                folder: folder.to_owned(),
                found: format!(
                    "the images in its folder '{inner}' would be used for training or testing, but its name suggests masks"
                ),
                answers: format!(
                    "if they are the masks of the other images, add --mask-dir {}; if they are images, name the folders of defects with --abnormal",
                    typed(&inner)
                ),
            }
            .into());
        }
    }
    Ok(())
}

/// Asks about images that have a mask's name, such as `1_mask.png` beside `1.png`.
pub(super) fn about_masks_beside(folder: &Path, images: &[PathBuf]) -> Result<()> {
    let key = |image: &Path| {
        let parent = image.parent().unwrap_or(Path::new("")).to_owned();
        (parent, files::stem(image).to_lowercase())
    };
    let stems: BTreeSet<(PathBuf, String)> = images.iter().map(|image| key(image)).collect();
    for ending in ENDINGS {
        let is_mask = |image: &&PathBuf| {
            let (parent, stem) = key(image);
            let of = stem.strip_suffix(ending);
            of.is_some_and(|of| stems.contains(&(parent, of.to_owned())))
        };
        let masks: Vec<&PathBuf> = images.iter().filter(is_mask).collect();
        if let Some(first) = masks.first() {
            let written = &files::stem(first);
            let ending = &written[written.len() - ending.len()..];
            return Err(beside(folder, masks.len(), first, ending));
        }
    }
    // Photographs are often JPEG, and their masks PNG with the same name.
    let is_png = |image: &&PathBuf| files::extension(image) == "png";
    let (png, photographs): (Vec<&PathBuf>, Vec<&PathBuf>) = images.iter().partition(is_png);
    let of_png: BTreeSet<(PathBuf, String)> = png.iter().map(|image| key(image)).collect();
    let is_jpeg = |image: &&PathBuf| ["jpg", "jpeg"].contains(&files::extension(image).as_str());
    let all_have = photographs
        .iter()
        .all(|image| is_jpeg(image) && of_png.contains(&key(image)));
    match png.first() {
        Some(first) if all_have && png.len() == photographs.len() => {
            Err(beside(folder, png.len(), first, ".png"))
        }
        _ => Ok(()),
    }
}

fn beside(folder: &Path, number: usize, first: &Path, ending: &str) -> crate::DataError {
    let (files, first) = (count(number, "file"), name(first));
    LayoutError::Question {
        folder: folder.to_owned(),
        found: format!("{files} with the names of masks of images beside them, such as {first}"),
        answers: format!(
            "if they are masks, use --layout folder --mask-suffix {ending}; if they are images, name the folders of defects with --abnormal"
        ),
    }
    .into()
}
