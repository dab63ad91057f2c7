//! MPDD's layout: painted metal parts.

use std::path::Path;

use super::folder_names::FolderNames;
use super::mvtec;
use crate::{Dataset, Result};

const CATEGORIES: [&str; 6] = [
    "bracket_black",
    "bracket_brown",
    "bracket_white",
    "connector",
    "metal_plate",
    "tubes",
];

/// The tree is MVTec AD's.
pub(super) fn read(folder: &Path) -> Result<Dataset> {
    mvtec::read(folder, &FolderNames::default())
}

pub(super) fn is_category(name: &str) -> bool {
    CATEGORIES.contains(&name)
}
