//! KolektorSDD2's layout: a mask beside every image; masks of normal images are black.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::files::{self, name, stem};
use crate::mask_decision;
use crate::{DataError, Dataset, MaskFiles, MaskValues, Orientation, Result, Sample};

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
pub(super) fn read(folder: &Path) -> Result<Dataset> {
    let mut skipped = Vec::new();
    let mut parts = Vec::new();
    for part in ["train", "test"] {
        let found = files::images_below(&folder.join(part), &mut skipped)?;
        let (masks, images): (Vec<PathBuf>, Vec<PathBuf>) = found
            .into_iter()
            .partition(|path| stem(path).ends_with(ENDING));
        let mut samples = Vec::new();
        for image in images {
            let wanted = format!("{}{ENDING}", stem(&image));
            let mask = masks
                .iter()
                .find(|mask| mask.parent() == image.parent() && stem(mask) == wanted);
            match mask {
                Some(mask) => {
                    let mask = MaskFiles::from(mask.clone());
                    samples.push(Sample::abnormal(image, DEFECT, Some(mask)));
                }
                None => {
                    let reason = "no mask beside it, so it may be normal or abnormal";
                    skipped.push(files::skipped(image, reason));
                }
            }
        }
        let used: Vec<&Path> = samples
            .iter()
            .flat_map(|sample| sample.mask.iter().flat_map(MaskFiles::paths))
            .collect();
        let orphans = masks.iter().filter(|mask| !used.contains(&mask.as_path()));
        let orphans: Vec<PathBuf> = orphans.cloned().collect();
        parts.push((samples, orphans));
    }
    let masks: Vec<(&Path, Orientation)> = parts
        .iter()
        .flat_map(|(samples, _)| samples)
        .flat_map(|sample| sample.mask.iter().flat_map(MaskFiles::paths))
        .map(|path| (path, Orientation::Stored))
        .collect();
    if masks.is_empty() {
        return Err(DataError::NoNormalImages {
            folder: folder.to_owned(),
            expected: "train, each with a mask NAME_GT.png beside it".to_owned(),
        });
    }
    let decision = mask_decision::decide(folder, &masks, &MaskValues::Auto)?;
    let mut orphan_masks = Vec::new();
    let mut labelled = Vec::new();
    for (samples, orphans) in parts {
        orphan_masks.extend(orphans);
        // Collected in order, whichever thread finishes first.
        let samples: Vec<Result<Sample>> = samples
            .into_par_iter()
            .map(|sample| {
                let mask = sample.load_mask_as(&decision.values)?;
                Ok(match mask.is_none_or(|mask| mask.is_empty()) {
                    true => Sample::normal(sample.path),
                    false => sample,
                })
            })
            .collect();
        labelled.push(samples.into_iter().collect::<Result<Vec<Sample>>>()?);
    }
    let (Some(mut test), Some(train)) = (labelled.pop(), labelled.pop()) else {
        return Err(DataError::NoImages {
            folder: folder.to_owned(),
        });
    };
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
            "{}: {number} without an image, as {first}",
            folder.display()
        ));
    }
    Ok(Dataset {
        train,
        test,
        orphan_masks,
        mask_decision: Some(decision),
        ..files::described(folder, skipped, warnings)
    })
}
