//! MVTec AD 2's layout: only the public test set has labels and masks.

use std::path::Path;

use super::mvtec::{self, Tree};
use crate::{Dataset, Result};

pub(super) fn read(folder: &Path) -> Result<Dataset> {
    mvtec::read_tree(
        folder,
        &Tree {
            is_normal: &|name| name == "good",
            is_type: None,
            test: "test_public",
            masks: mvtec::mask_folder(folder.join("test_public/ground_truth")),
            expected: "train/good",
        },
    )
}
