//! KolektorSDD2's layout: a mask beside every image; masks of normal images are black.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::files::{self, name, stem};
use crate::mask_decision;
use crate::{DataError, Dataset, MaskValues, Result, Sample, SkippedFile};

/// The ending of mask names.
const ENDING: &str = "_GT";
/// Name of the only defect type.
const DEFECT: &str = "defect";

/// Whether a folder directly contains masks.
pub(super) fn has_masks(folder: &Path) -> Result<bool> {
    let images = files::list(folder)?.images;
    Ok(images.iter().any(|image| stem(image).ends_with(ENDING)))
}

/// Reads all masks, because an image is abnormal if its mask marks anything. Both parts of the published
/// split contain abnormal images.
pub(super) fn read(folder: &Path, masks_by: &MaskValues) -> Result<Dataset> {
    let mut skipped = Vec::new();
    let mut orphan_masks = Vec::new();
    let train = pairs(&folder.join("train"), &mut skipped, &mut orphan_masks)?;
    let test = pairs(&folder.join("test"), &mut skipped, &mut orphan_masks)?;
    let both = train.iter().chain(&test);
    let Some(decision) = mask_decision::decide_for(folder, both, masks_by)? else {
        return Err(DataError::NoNormalImages {
            folder: folder.to_owned(),
            expected: "train, each with a mask NAME_GT.png beside it".to_owned(),
        });
    };
    let train = labelled(train, &decision.values, &mut skipped);
    let mut test = labelled(test, &decision.values, &mut skipped);
    if train.iter().all(|sample| sample.label.is_abnormal()) {
        return Err(DataError::NoNormalImages {
            folder: folder.to_owned(),
            expected: "train: images with a black mask".to_owned(),
        });
    }
    test.sort_by_key(|sample| sample.label.is_abnormal());
    let mut warnings = files::skipped_warnings(&skipped, folder);
    if let Some(first) = orphan_masks.first() {
        let number = crate::text::count(orphan_masks.len(), "mask");
        let first = name(first);
        warnings.push(format!(
            "{}: {number} without an image, such as {first}",
            folder.display()
        ));
    }
    Ok(Dataset {
        train,
        test,
        orphan_masks,
        mask_decision: Some(decision),
        labelled_by_masks: true,
        ..files::described(folder, skipped, warnings)
    })
}

/// The images of a folder with their masks, and the masks without an image.
fn pairs(
    folder: &Path,
    skipped: &mut Vec<SkippedFile>,
    orphans: &mut Vec<PathBuf>,
) -> Result<Vec<Sample>> {
    let (masks, images): (Vec<PathBuf>, Vec<PathBuf>) = files::images_below(folder, skipped)?
        .into_iter()
        .partition(|path| stem(path).ends_with(ENDING));
    let key = |path: &Path, stem: String| (path.parent().map(Path::to_owned), stem);
    let mut masks: BTreeMap<_, PathBuf> = masks
        .into_iter()
        .map(|path| (key(&path, stem(&path)), path))
        .collect();
    let mut samples = Vec::new();
    for image in images {
        match masks.remove(&key(&image, format!("{}{ENDING}", stem(&image)))) {
            Some(mask) => samples.push(Sample::abnormal(image, DEFECT, Some(mask.into()))),
            None => {
                let reason = "no mask beside it, so it may be normal or abnormal";
                skipped.push(files::skipped(image, reason));
            }
        }
    }
    orphans.extend(masks.into_values());
    Ok(samples)
}

/// The samples, normal where the mask marks nothing. An image whose mask can't be read is skipped.
fn labelled(
    samples: Vec<Sample>,
    values: &MaskValues,
    skipped: &mut Vec<SkippedFile>,
) -> Vec<Sample> {
    // Collected in order, whichever thread finishes first.
    let is_normal: Vec<Result<bool>> = samples
        .par_iter()
        .map(|sample| {
            let mask = sample.load_mask_as(values)?;
            Ok(mask.is_none_or(|mask| mask.is_empty()))
        })
        .collect();
    let mut all = Vec::new();
    for (sample, is_normal) in samples.into_iter().zip(is_normal) {
        match is_normal {
            Ok(true) => all.push(Sample::normal(sample.path)),
            Ok(false) => all.push(Sample {
                mask_values: values.clone(),
                ..sample
            }),
            Err(error) => {
                let reason = format!("its mask can't be read: {error}");
                skipped.push(files::skipped(sample.path, &reason));
            }
        }
    }
    all
}
