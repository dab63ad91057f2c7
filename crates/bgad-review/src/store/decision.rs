//! Decisions about images.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// What a person says an image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Free of defects.
    Good,
    /// With a defect.
    Defect,
}

/// A decision as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What the image is.
    pub verdict: Verdict,
    /// The kind of defect; empty where none is named, as for good images.
    pub kind: String,
    /// The image's file in the store, relative to its folder.
    pub image: String,
    /// The mask's, where one was painted.
    pub mask: Option<String>,
    /// The image as the page names it: its path, with the region where it is a part of one.
    pub source: String,
    /// Rises with each change of any decision.
    pub revision: u64,
}

/// What becomes of an image's mask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MaskChange {
    /// It stays.
    Keep,
    /// There is none any more.
    Remove,
    /// The file of the new one, a PNG of the image's size.
    Replace(Vec<u8>),
}

/// A decision to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDecision {
    /// What the image is; none takes a decision back.
    pub verdict: Option<Verdict>,
    /// The kind of defect.
    pub kind: String,
    /// The mask.
    pub mask: MaskChange,
    /// The revision that the person saw; 0 for none.
    pub seen: u64,
}

/// The image that a decision is about.
#[derive(Debug)]
pub struct Subject<'a> {
    /// Its short name on the page.
    pub id: &'a str,
    /// Its name in the table.
    pub source: &'a str,
    /// Its file.
    pub path: &'a Path,
    /// Its pixels, where it is only a part of its file.
    pub part: Option<&'a bgad::RgbImage>,
}
