//! AITEX's layout: long fabric images, cut into patches as they are read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::files::{self, name, stem};
use super::split_normals::{RANDOM_STATE, TEST_FRACTION, split_normals};
use crate::text::count;
use crate::{DataError, Dataset, MaskFiles, MaskValues, Orientation, Region, Result, Sample};
use crate::{image_file, mask_decision, verify};

/// Columns of a patch. A patch is as high as its image, which is 256 rows in the published set.
const PATCH: u32 = 256;

/// Defect types by the second number of an image's name.
const TYPES: [(&str, &str); 12] = [
    ("002", "Broken_end"),
    ("006", "Broken_yarn"),
    ("010", "Broken_pick"),
    ("016", "Weft_curling"),
    ("019", "Fuzzyball"),
    ("022", "Cut_selvage"),
    ("023", "Crease"),
    ("025", "Warp_ball"),
    ("027", "Knots"),
    ("029", "Contamination"),
    ("030", "Nep"),
    ("036", "Weft_crack"),
];

/// Whether a folder of this name holds the fabric without defects.
pub(super) fn is_normal_folder(name: &str) -> bool {
    plain(name) == "nodefectimage"
}

/// Normal samples are all patches of the defect-free images, sorted by folder, name and column. Abnormal
/// samples are the patches of defect images whose part of the mask is not empty. A defect image's other
/// patches are not used: the published split takes normal patches from defect-free fabric.
pub(super) fn read(folder: &Path, masks_by: &MaskValues) -> Result<Dataset> {
    let listing = files::list(folder)?;
    let find = |wanted: &str| {
        let is = |path: &&PathBuf| plain(&name(path)) == wanted;
        listing.folders.iter().find(is)
    };
    let Some(normal_folder) = find("nodefectimage") else {
        return Err(DataError::NoNormalImages {
            folder: folder.to_owned(),
            expected: "the sub-folder 'NODefect_images'".to_owned(),
        });
    };
    let mut skipped = Vec::new();
    let normal_images = files::images_below(normal_folder, &mut skipped)?;
    let defect_images = match find("defectimage") {
        Some(folder) => files::images_below(folder, &mut skipped)?,
        None => Vec::new(),
    };
    let (mut masks, mut orphans) = by_image(match find("maskimage") {
        Some(folder) => files::masks_below(folder, &mut skipped)?,
        None => Vec::new(),
    });

    let mut normal = Vec::new();
    for path in normal_images {
        match image_file::dimensions(&path, Orientation::Stored) {
            Ok((width, height)) => normal.extend(
                Region::columns(width, height, PATCH)
                    .map(|region| Sample::normal(path.clone()).of_region(region)),
            ),
            Err(error) => skipped.push(files::skipped(path, &without_path(&error))),
        }
    }
    if normal.is_empty() {
        return Err(DataError::NoNormalImages {
            folder: normal_folder.clone(),
            expected: "folders of fabric images".to_owned(),
        });
    }

    let mut masked = Vec::new();
    for path in defect_images {
        match masks.remove(&stem(&path)) {
            Some(files) => masked.push(Sample::abnormal(path.clone(), defect_type(&path), files)),
            None => {
                let reason = "a defect image without a mask: its abnormal patches are unknown";
                skipped.push(files::skipped(path, reason));
            }
        }
    }
    let decision = mask_decision::decide_for(folder, &masked, masks_by)?;
    if let Some(decision) = &decision {
        for sample in &mut masked {
            sample.mask_values = decision.values.clone();
        }
    }
    // Collected in order, whichever thread finishes first.
    let patches: Vec<Result<Vec<Sample>>> = masked.par_iter().map(defect_patches).collect();
    let mut abnormal = Vec::new();
    for (sample, patches) in masked.into_iter().zip(patches) {
        match patches {
            Ok(patches) if patches.is_empty() => {
                skipped.push(files::skipped(sample.path, "its mask marks no defect"));
            }
            Ok(patches) => abnormal.extend(patches),
            Err(error) => skipped.push(files::skipped(sample.path, &error.to_string())),
        }
    }
    orphans.extend(
        masks
            .into_values()
            .flatten()
            .flat_map(|files| files.paths().map(Path::to_owned).collect::<Vec<_>>()),
    );
    orphans.sort();

    let mut warnings = files::skipped_warnings(&skipped, folder);
    if !orphans.is_empty() {
        let what = count(orphans.len(), "mask");
        let names: Vec<String> = orphans.iter().take(5).map(|path| name(path)).collect();
        let text = format!(
            "{}: {what} without an image: {}",
            folder.display(),
            names.join(", ")
        );
        warnings.push(text);
    }
    if abnormal.is_empty() {
        warnings.push(format!(
            "{}: 0 abnormal patches; nothing can be evaluated",
            folder.display()
        ));
    }
    let dataset = Dataset {
        orphan_masks: orphans,
        mask_decision: decision,
        labelled_by_masks: true,
        ..files::described(folder, skipped, warnings)
    };
    Ok(split_normals(
        dataset,
        normal,
        abnormal,
        TEST_FRACTION,
        RANDOM_STATE,
    ))
}

/// The patches of a defect image whose part of the mask is not empty.
fn defect_patches(image: &Sample) -> Result<Vec<Sample>> {
    verify::verify_sample(image)?;
    let (width, height) = image_file::dimensions(&image.path, image.orientation)?;
    let Some(mask) = image.load_mask()? else {
        return Ok(Vec::new());
    };
    let mut patches = Vec::new();
    for region in Region::columns(width, height, PATCH) {
        if !region.of_mask(&mask, &image.path)?.is_empty() {
            patches.push(image.clone().of_region(region));
        }
    }
    Ok(patches)
}

/// Masks keyed by their image's name (before `_mask` and an optional number), and the masks named otherwise.
fn by_image(masks: Vec<PathBuf>) -> (BTreeMap<String, Option<MaskFiles>>, Vec<PathBuf>) {
    let mut found: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    let mut others = Vec::new();
    for path in masks {
        let stem = stem(&path);
        match stem
            .trim_end_matches(|c: char| c.is_ascii_digit())
            .strip_suffix("_mask")
        {
            Some(image) => found.entry(image.to_owned()).or_default().push(path),
            None => others.push(path),
        }
    }
    let found = found.into_iter();
    let found = found
        .map(|(image, paths)| (image, MaskFiles::several(paths)))
        .collect();
    (found, others)
}

/// The defect type given by the second number of the name, or the number itself if it has no type.
fn defect_type(path: &Path) -> &str {
    let code = path
        .file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| name.split(['_', '.']).nth(1))
        .filter(|code| !code.is_empty() && code.chars().all(|c| c.is_ascii_digit()));
    let Some(code) = code else {
        return "defect";
    };
    TYPES
        .iter()
        .find(|(number, _)| *number == code)
        .map_or(code, |(_, name)| name)
}

/// A folder's name in lower case, without separators and plural: the set was published in several spellings.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    let name: String = letters.flat_map(char::to_lowercase).collect();
    name.trim_end_matches('s').to_owned()
}

/// The error without its path, for a place where the path is already shown.
fn without_path(error: &DataError) -> String {
    match error {
        DataError::NotAnImage { found, .. } => found.clone(),
        DataError::DamagedImage { .. } => "a damaged image".to_owned(),
        other => other.to_string(),
    }
}
