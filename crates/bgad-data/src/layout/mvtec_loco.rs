//! MVTec LOCO's layout: a folder of masks for each abnormal image.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::files::{self, name};
use super::mvtec::{self, Tree};
use crate::text::count;
use crate::{Dataset, MaskFiles, Result};

/// Each mask of an image is one region, and all masks are united. The regions' saturation thresholds
/// (`defects_config.json`), which the set's own metric uses, are ignored.
pub(super) fn read(folder: &Path) -> Result<Dataset> {
    let mut dataset = mvtec::read_tree(
        folder,
        &Tree {
            is_normal: &|name| name == "good",
            is_type: None,
            test: "test",
            masks: None,
            expected: "train/good",
        },
    )?;
    let masks = folder.join("ground_truth");
    if !masks.is_dir() {
        return Ok(dataset);
    }
    let mut all: BTreeSet<PathBuf> = files::masks_below(&masks, &mut Vec::new())?
        .into_iter()
        .collect();
    let mut without = 0;
    for sample in dataset.test.iter_mut().filter(|s| s.label.is_abnormal()) {
        let own = masks.join(&sample.defect_type);
        let own = own.join(sample.path.file_stem().unwrap_or_default());
        let found: Vec<PathBuf> = all
            .iter()
            .filter(|mask| mask.starts_with(&own))
            .cloned()
            .collect();
        for mask in &found {
            all.remove(mask);
        }
        sample.mask = MaskFiles::several(found);
        without += usize::from(sample.mask.is_none());
    }
    if without > 0 {
        let images = count(without, "abnormal image");
        dataset
            .warnings
            .push(format!("{}: {images} without a mask", folder.display()));
    }
    if let Some(first) = all.first() {
        let (number, first) = (count(all.len(), "mask"), name(first));
        dataset.warnings.push(format!(
            "{}: {number} without an image, such as {first}",
            folder.display()
        ));
    }
    dataset.orphan_masks = all.into_iter().collect();
    // The file that assigns mask values to defects is known and not an image.
    let config = folder.join("defects_config.json");
    dataset.skipped.retain(|file| file.path != config);
    Ok(dataset)
}
