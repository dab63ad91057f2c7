//! BTAD's layout.

use std::path::Path;

use super::mvtec::{self, Tree};
use crate::{Dataset, Result};

/// The tree is MVTec AD's with other names: `ok` for normal images, `ko` for abnormal ones, and masks with
/// the names of their images, with the same extension or another (.bmp images, .png masks in 01 and 02).
pub(super) fn read(folder: &Path) -> Result<Dataset> {
    let tree = Tree {
        is_normal: &|name| name == "ok",
        is_type: None,
        test: "test",
        masks: mvtec::mask_folder(folder.join("ground_truth")),
        expected: "train/ok",
    };
    mvtec::read_tree(folder, &tree)
}
