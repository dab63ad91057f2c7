//! One labelled image of a data set.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Whether an image shows a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// Free of defects.
    Normal,
    /// With at least one defect.
    Abnormal,
}

impl Label {
    /// True for [`Label::Abnormal`].
    pub fn is_abnormal(self) -> bool {
        self == Self::Abnormal
    }
}

/// An image file, its label, and where its mask lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The image file.
    pub path: PathBuf,
    /// Normal or abnormal.
    pub label: Label,
    /// The kind of defect as the data set names it; `good` for normal images.
    pub defect_type: String,
    /// The mask file, where the data set has one; never for normal images.
    pub mask: Option<PathBuf>,
}

impl Sample {
    /// Defect type of normal images.
    pub const GOOD: &'static str = "good";

    pub(crate) fn normal(path: PathBuf) -> Self {
        Self {
            path,
            label: Label::Normal,
            defect_type: Self::GOOD.to_owned(),
            mask: None,
        }
    }

    pub(crate) fn abnormal(path: PathBuf, defect_type: &str, mask: Option<PathBuf>) -> Self {
        Self {
            path,
            label: Label::Abnormal,
            defect_type: defect_type.to_owned(),
            mask,
        }
    }
}
