//! MVTec AD 2's layout: only the public test set has labels and masks.

use std::path::Path;

use super::files;
use super::mvtec::{self, Tree};
use crate::text::count;
use crate::{Dataset, Result};

pub(super) fn read(folder: &Path) -> Result<Dataset> {
    let mut dataset = mvtec::read_tree(
        folder,
        &Tree {
            normal: &["good"],
            test: "test_public",
            masks: Some("test_public/ground_truth"),
            expected: "train/good",
        },
    )?;
    // Normal images that are not trained on; a threshold should be calibrated on them.
    let validation = folder.join("validation");
    if validation.is_dir() {
        let images = files::images_below(&validation, &mut Vec::new())?;
        let images = count(images.len(), "normal image");
        dataset.warnings.push(format!(
            "{}: {images} not used; `bgad calibrate --normal` can take the threshold from them",
            validation.display()
        ));
    }
    Ok(dataset)
}
