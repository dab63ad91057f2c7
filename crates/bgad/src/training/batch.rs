//! The images of a batch.

use bgad_data::Mask;

use crate::features::image_features::ImageFeatures;

/// One image of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    /// A normal training image.
    Normal(usize),
    /// An abnormal training image, unchanged.
    Abnormal(usize),
    /// A fresh CutPaste sample of an abnormal training image; the second number makes the samples of one
    /// epoch differ.
    Pasted(usize, u64),
}

/// An image of a batch with its features.
pub(crate) struct BatchImage {
    pub features: ImageFeatures,
    /// Whether it shows a defect.
    pub abnormal: bool,
    /// The defect's mask at the input's size; `None` for a normal image, and for an abnormal one whose
    /// defect's place is unknown.
    pub mask: Option<Mask>,
}
