//! Decisions about images.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// A person's verdict on an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Without a defect.
    Good,
    /// With a defect.
    Defect,
}

/// A stored decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The verdict.
    pub verdict: Verdict,
    /// The kind of defect; empty if unnamed, and for good images.
    pub kind: String,
    /// The image's file in the store, relative to its folder.
    pub image: String,
    /// The mask's file, if one was painted.
    pub mask: Option<String>,
    /// The image's name on the page: its path, with the region if it is a part of the file.
    pub source: String,
    /// Rises with each change of any decision.
    pub revision: u64,
}

/// A change to an image's mask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MaskChange {
    /// Keep it.
    Keep,
    /// Remove it.
    Remove,
    /// Replace it with this PNG file of the image's size.
    Replace(Vec<u8>),
}

/// A decision to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDecision {
    /// The verdict; `None` removes the decision.
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
    /// Its pixels, if it is only a part of its file.
    pub part: Option<&'a bgad::RgbImage>,
}
